//! What the node's state is now, for those who wait for another one.
//!
//! In: each change. Out: threads and tasks that waited for it wake.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

use crate::chainstate::Place;

/// What one can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The active chain's last block.
    pub tip: Place,
    /// How often the mempool has changed.
    pub mempool_changes: u64,
    /// Whether the node is to stop; then nobody should wait any more.
    pub stopping: bool,
}

/// The tip and what else one waits for, with a bell: `m_tip_block` of Bitcoin Core.
pub(super) struct TipBlock {
    now: Mutex<Seen>,
    changed: Condvar,
    tasks: watch::Sender<Seen>,
}

impl TipBlock {
    pub(super) fn new(tip: Place) -> Self {
        let now = Seen { tip, mempool_changes: 0, stopping: false };
        TipBlock { now: Mutex::new(now), changed: Condvar::new(), tasks: watch::Sender::new(now) }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Seen)) {
        let mut now = self.lock();
        change(&mut now);
        self.tasks.send_replace(*now);
        drop(now);
        self.changed.notify_all();
    }

    pub(super) fn now(&self) -> Seen {
        *self.lock()
    }

    /// Blocks until `done`, the deadline or the end of the node.
    pub(super) fn wait(&self, deadline: Option<Instant>, mut done: impl FnMut(&Seen) -> bool) -> Seen {
        let mut now = self.lock();
        while !now.stopping && !done(&now) {
            now = match deadline {
                None => self.changed.wait(now).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    self.changed.wait_timeout(now, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        *now
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Seen> {
        self.tasks.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bitcoin::BlockHash;
    use bitcoin::hashes::Hash;

    use super::*;

    #[test]
    fn a_change_wakes_threads_and_a_deadline_ends_a_wait() {
        let genesis = Place { hash: BlockHash::all_zeros(), height: 0 };
        let tip_block = Arc::new(TipBlock::new(genesis));
        let waiting = tip_block.clone();
        let thread = std::thread::spawn(move || waiting.wait(None, |now| now.tip.height == 1));
        tip_block.change(|now| now.tip.height = 1);
        assert_eq!(thread.join().unwrap().tip.height, 1);
        let past = Some(Instant::now());
        assert_eq!(tip_block.wait(past, |now| now.tip.height == 2).tip.height, 1);
        tip_block.change(|now| now.stopping = true);
        assert!(tip_block.wait(None, |_| false).stopping);
    }
}
