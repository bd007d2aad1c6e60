//! Where threads wait until there is room.
//!
//! In: threads that want to begin, and somebody who makes room. Out: they go on when there is room, or when nobody
//! makes any more.

use std::sync::PoisonError;

use crate::sync::atomic::{AtomicUsize, Ordering, fence};
use crate::sync::{Condvar, Mutex};

/// The gate.
#[derive(Debug)]
pub(crate) struct Gate {
    waiting: AtomicUsize,
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Gate { waiting: AtomicUsize::new(0), closed: Mutex::new(false), opened: Condvar::new() }
    }

    /// Keeps this thread as long as there is no room, unless the gate is closed.
    pub(crate) fn wait_while(&self, is_full: impl Fn() -> bool) {
        if !is_full() {
            return;
        }
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        // Whoever makes room looks for those who wait afterwards: one of the two sees the other.
        fence(Ordering::SeqCst);
        while !*closed && is_full() {
            closed = self.opened.wait(closed).unwrap_or_else(PoisonError::into_inner);
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Lets threads go on after room was made.
    pub(crate) fn has_room(&self) {
        fence(Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            drop(self.closed.lock().unwrap_or_else(PoisonError::into_inner));
            self.opened.notify_all();
        }
    }

    /// Lets all threads go on, now and later.
    pub(crate) fn close(&self) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }
}
