//! Our programs, run for real.
//!
//! In: where they are, and arguments. Out: a [`Node`] or an attached [`Wallet`] on a temporary
//! directory, its RPC methods, its log, its end.

mod bridge;
mod caller;
mod find;
mod node;
mod process;
mod wallet;

pub use caller::Caller;
pub use find::Programs;
pub use node::{Form, Node, NodeOptions, Way};
pub use process::Process;
pub use wallet::Wallet;

use std::time::{Duration, Instant};

use crate::Result;

/// How long anything may take before it counts as hanging.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until the answer is there; `None` after [`PATIENCE`].
///
/// # Errors
///
/// The question's.
pub fn wait_for<T>(mut ask: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask()? {
            return Ok(Some(answer));
        }
        if Instant::now() > until {
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
