//! Waiting for the node.
//!
//! In: the node's changes, a deadline, interrupts. Out: why a wait ended.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::state::{Seen, State};

/// Ends one wait: the one that is under way, or the next one.
#[derive(Default)]
pub(super) struct Interrupt {
    flag: AtomicBool,
    bell: Notify,
}

impl Interrupt {
    pub(super) fn ring(&self) {
        self.flag.store(true, Ordering::SeqCst);
        self.bell.notify_waiters();
    }

    /// Whether it rang; it has not any more then.
    pub(super) fn take(&self) -> bool {
        self.flag.swap(false, Ordering::SeqCst)
    }
}

/// Why a wait ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// What was waited for is there.
    Done,
    /// The time is up.
    TimeUp,
    /// Somebody interrupted it, or the node stops.
    Ended,
}

/// Waits until `done`, at most to the deadline.
pub(super) async fn wait(
    state: &State,
    interrupt: &Interrupt,
    deadline: Option<Instant>,
    done: impl Fn(&Seen) -> bool,
) -> Woken {
    let mut changes = state.changes();
    loop {
        // Before the flag is looked at, so that no ring is missed.
        let rung = interrupt.bell.notified();
        let seen = *changes.borrow_and_update();
        if interrupt.take() || seen.stopping || state.shutdown().requested() {
            return Woken::Ended;
        }
        if done(&seen) {
            return Woken::Done;
        }
        let time_is_up = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = rung => {}
            _ = changes.changed() => {}
            () = time_is_up => return Woken::TimeUp,
        }
    }
}
