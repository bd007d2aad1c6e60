//! The kernel's log, and the reject reasons that are found nowhere else.
//!
//! In: the kernel's log lines, on the thread that called it. Out: `tracing` events of the target
//! `kernel`, and the reasons of the blocks that were refused during a call.
//!
//! The kernel's interface gives the kind of a failure, not Bitcoin Core's reason for it; the log
//! has both. A line that is not understood costs the reason only, never the verdict.

use std::cell::RefCell;
use std::sync::Once;

use bitcoin::BlockHash;
use bitcoinkernel::{Log, Logger};

/// A block, or none for the one at hand; its reason and details.
type Refusal = (Option<BlockHash>, String);

thread_local! {
    /// Refusals since [`listen`]; none outside of it.
    static REFUSALS: RefCell<Option<Vec<Refusal>>> = const { RefCell::new(None) };
}

struct Lines;

impl Log for Lines {
    fn log(&self, message: &str) {
        let line = message.trim_end();
        tracing::debug!(target: "kernel", "{line}");
        let Some(refusal) = refusal(line) else { return };
        // Nothing may panic here, below C++: not even when the thread is about to end.
        let _ = REFUSALS.try_with(|cell| {
            if let Ok(mut cell) = cell.try_borrow_mut()
                && let Some(refusals) = cell.as_mut()
            {
                refusals.push(refusal);
            }
        });
    }
}

/// The block and the reason, if a line tells of a refusal.
fn refusal(line: &str) -> Option<Refusal> {
    if let Some((_, rest)) = line.split_once("AcceptBlock FAILED (") {
        return Some((None, rest.strip_suffix(')')?.to_owned()));
    }
    let (_, rest) = line.split_once("ConnectBlock ")?;
    let (hash, reason) = rest.split_once(" failed, ")?;
    Some((Some(hash.parse().ok()?), reason.to_owned()))
}

/// Sends the log of every kernel in this process to `tracing`, from the first call on.
pub(super) fn connect() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| match Logger::new(Lines) {
        // The connection lasts as long as the process.
        Ok(logger) => std::mem::forget(logger),
        Err(error) => tracing::warn!(target: "node", "No log of the kernel: {error}"),
    });
}

/// Runs a call of the kernel, and returns with its result the reason that a block was refused for.
pub(super) fn listen<T>(hash: BlockHash, call: impl FnOnce() -> T) -> (T, Option<String>) {
    REFUSALS.with(|cell| *cell.borrow_mut() = Some(Vec::new()));
    let result = call();
    let refusals = REFUSALS.with(|cell| cell.borrow_mut().take()).unwrap_or_default();
    let reason = refusals.into_iter().find(|(block, _)| block.is_none_or(|block| block == hash));
    (result, reason.map(|(_, reason)| reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_found_in_lines() {
        let line = "2026-01-01T00:00:00Z [error] ProcessNewBlock: AcceptBlock FAILED (high-hash, proof of work failed)";
        assert_eq!(refusal(line), Some((None, "high-hash, proof of work failed".to_owned())));
        let hash = "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206";
        let line =
            format!("[error] ConnectTip: ConnectBlock {hash} failed, bad-cb-amount, too much (1 vs 2)");
        let reason = "bad-cb-amount, too much (1 vs 2)".to_owned();
        assert_eq!(refusal(&line), Some((Some(hash.parse().unwrap()), reason)));
        assert_eq!(refusal("ConnectBlock x failed, y"), None);
        assert_eq!(refusal("UpdateTip: new best"), None);
    }
}
