//! Ctrl-C and the request to end.
//!
//! In: signals. Out: the exit code that a shell expects after them; and the end of the program in any case,
//! soon.

use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals as Hook;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::failure::Failure;

/// Shells tell 128 and the signal's number for a program that a signal ended.
const INTERRUPTED: u8 = 128 + 2;
/// See [`INTERRUPTED`].
const TERMINATED: u8 = 128 + 15;

/// How long tidying up may take. It cannot begin while nobody takes the output, for example.
const PATIENCE: Duration = Duration::from_secs(1);

/// The signals that end the program.
pub(crate) struct Signals(UnboundedReceiver<u8>);

impl Signals {
    /// From now on they are waited for, and end the program only by that. To be called before there is
    /// anything to tidy up.
    pub(crate) fn heed() -> Result<Signals, Failure> {
        let refused = |error: std::io::Error| {
            Failure::other(format!("cannot hear of signals: {error}"), "close other programs and try again")
        };
        let mut signals = Hook::new([SIGINT, SIGTERM]).map_err(refused)?;
        let (sender, receiver) = unbounded_channel();
        let thread = std::thread::Builder::new().name("signals".into());
        let heard = thread.spawn(move || {
            let Some(signal) = signals.forever().next() else { return };
            let code = if signal == SIGINT { INTERRUPTED } else { TERMINATED };
            let _ = sender.send(code);
            std::thread::sleep(PATIENCE);
            std::process::exit(code.into());
        });
        heard.map_err(refused)?;
        Ok(Signals(receiver))
    }

    /// Waits for SIGINT or SIGTERM and gives the exit code for it.
    pub(crate) async fn next(&mut self) -> u8 {
        match self.0.recv().await {
            Some(code) => code,
            None => std::future::pending().await,
        }
    }
}
