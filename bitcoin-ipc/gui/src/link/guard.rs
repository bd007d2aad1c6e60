//! What notices that a closure is dropped.
//!
//! In: a closure that another process holds. Out: a message when that process lets go of it although nobody here
//! wanted that: it has ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::engine::{Event, Msg, Sender};
use crate::model::SessionId;

/// Keeps a [`Guard`] silent, once it is disarmed.
#[derive(Clone)]
pub(super) struct Arm(Arc<AtomicBool>);

impl Arm {
    /// The drop is wanted from now on.
    pub(super) fn disarm(&self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

/// Lies in a closure, and tells when that is dropped.
pub(super) struct Guard {
    armed: Arc<AtomicBool>,
    sender: Sender,
    session: SessionId,
    process: u64,
}

impl Guard {
    /// A guard that tells that the process of wallets with this number is gone, and what keeps it silent.
    pub(super) fn new(session: SessionId, sender: Sender, process: u64) -> (Guard, Arm) {
        let armed = Arc::new(AtomicBool::new(true));
        (Guard { armed: armed.clone(), sender, session, process }, Arm(armed))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.armed.load(Ordering::SeqCst) {
            let _ = self.sender.send(Msg::Event(self.session, Event::WalletsGone(self.process)));
        }
    }
}
