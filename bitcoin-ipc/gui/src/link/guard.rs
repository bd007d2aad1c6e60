//! What notices that a closure is dropped.
//!
//! In: closures that another process holds. Out: a message when that process lets go of one although nobody here
//! wanted that: it has ended, or found that nobody listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::engine::{Event, Msg, Sender};
use crate::model::SessionId;

/// Keeps its guards silent, once it is disarmed or one of them has told.
#[derive(Clone)]
pub(super) struct Arm(Arc<AtomicBool>);

impl Arm {
    /// One without guards.
    pub(super) fn new() -> Arm {
        Arm(Arc::new(AtomicBool::new(true)))
    }

    /// The drop is wanted from now on.
    pub(super) fn disarm(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// A guard, which tells this.
    pub(super) fn guard(&self, session: SessionId, sender: Sender, event: Event) -> Guard {
        Guard { arm: self.clone(), sender, session, event }
    }
}

/// Lies in a closure, and tells when that is dropped.
pub(super) struct Guard {
    arm: Arm,
    sender: Sender,
    session: SessionId,
    event: Event,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.arm.0.swap(false, Ordering::SeqCst) {
            let _ = self.sender.send(Msg::Event(self.session, self.event.clone()));
        }
    }
}
