//! The log of the example programs.
//!
//! In: the environment variable `RUST_LOG`. Out: events on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// Sends the log to standard error: what `RUST_LOG` says (for example `ipc=debug`, which spawned
/// programs inherit), else the IPC log where `debug_ipc`, else warnings.
pub fn start_log(debug_ipc: bool) {
    let default = if debug_ipc { "warn,ipc=debug" } else { "warn" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
}
