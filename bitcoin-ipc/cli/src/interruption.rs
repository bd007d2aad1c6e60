//! Ctrl-C and the request to end.
//!
//! In: signals. Out: the exit code that a shell expects after them.

use tokio::signal::unix::{SignalKind, signal as listen};

use crate::failure::Failure;

/// Shells tell 128 and the signal's number for a program that a signal ended.
const INTERRUPTED: u8 = 128 + 2;
/// See [`INTERRUPTED`].
const TERMINATED: u8 = 128 + 15;

/// Waits for SIGINT or SIGTERM and gives the exit code for it.
pub(crate) async fn signal() -> Result<u8, Failure> {
    let refused = |error: std::io::Error| {
        Failure::other(format!("cannot hear of signals: {error}"), "close other programs and try again")
    };
    let mut interrupt = listen(SignalKind::interrupt()).map_err(refused)?;
    let mut terminate = listen(SignalKind::terminate()).map_err(refused)?;
    Ok(tokio::select! {
        _ = interrupt.recv() => INTERRUPTED,
        _ = terminate.recv() => TERMINATED,
    })
}
