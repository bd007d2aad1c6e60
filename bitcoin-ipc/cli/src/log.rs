//! The log of calls, for `--debug`.
//!
//! In: how often the option was given. Out: lines on stderr, like those of `bitcoin-node -debug=ipc`.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Starts the log: calls for 1, their contents too for 2, nothing for 0.
pub(crate) fn start(level: u8) {
    let filter = match level {
        0 => return,
        1 => "ipc=debug",
        _ => "ipc=trace",
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        .with_ansi(
            std::io::stderr().is_terminal()
                && anstream::ColorChoice::global() != anstream::ColorChoice::Never,
        )
        .init();
}
