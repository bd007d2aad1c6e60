//! Ctrl-C and the request to end.
//!
//! In: signals. Out: the exit code that a shell expects after them.

use tokio::signal::unix::{Signal, SignalKind, signal as listen};

use crate::failure::Failure;

/// Shells tell 128 and the signal's number for a program that a signal ended.
const INTERRUPTED: u8 = 128 + 2;
/// See [`INTERRUPTED`].
const TERMINATED: u8 = 128 + 15;

/// The signals that end the program.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on they are waited for, and end the program only by that. To be called before there is
    /// anything to tidy up.
    pub(crate) fn heed() -> Result<Signals, Failure> {
        let refused = |error: std::io::Error| {
            Failure::other(format!("cannot hear of signals: {error}"), "close other programs and try again")
        };
        Ok(Signals {
            interrupt: listen(SignalKind::interrupt()).map_err(refused)?,
            terminate: listen(SignalKind::terminate()).map_err(refused)?,
        })
    }

    /// Waits for SIGINT or SIGTERM and gives the exit code for it.
    pub(crate) async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => INTERRUPTED,
            _ = self.terminate.recv() => TERMINATED,
        }
    }
}
