//! Whose turn it is: what belongs to an event loop is worked on by one thread at a time, whichever it is.
//!
//! In: requests of any thread. Out: turns, one after the other; no request is forgotten between two of them.
//!
//! ```text
//!          request                      take
//!  Idle ─────────────▶ Requested ─────────────────────▶ Taken ◀──┐ is_requested
//!   ▲     (true:                                       │  │      │ (a round begins)
//!   │  somebody has                            request │  │ end  │
//!   │   to be found)                                   ▼  │      │
//!   │                                     Taken + Requested ─────┘
//!   │                                                  │  │ end (true: somebody has to be found)
//!   └──────────────────────────────────────────────────┼──┘
//!                                        Requested ◀───┘
//! ```
//!
//! Invariant: while a request is noted, somebody has the turn and has not ended it, or somebody was told, by the
//! result of `request` or `end`, to find one who takes it.

use std::sync::{PoisonError, TryLockError};

use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Mutex, MutexGuard};

const REQUESTED: u8 = 1;
const TAKEN: u8 = 2;

/// What is worked on, and whose turn it is.
pub(crate) struct Turns<T> {
    state: AtomicU8,
    inside: Mutex<T>,
}

/// A thread's turn.
pub(crate) struct Turn<'t, T> {
    state: &'t AtomicU8,
    pub(crate) inside: MutexGuard<'t, T>,
}

impl<T> Turns<T> {
    pub(crate) fn new(inside: T) -> Self {
        Turns { state: AtomicU8::new(0), inside: Mutex::new(inside) }
    }

    /// Says that there is something to do. Returns whether somebody has to be found who does it: otherwise somebody
    /// has the turn and will, or was found before.
    #[must_use]
    pub(crate) fn request(&self) -> bool {
        self.state.fetch_or(REQUESTED, Ordering::AcqRel) == 0
    }

    /// Whether there is something to do for somebody who is to be found.
    pub(crate) fn is_open(&self) -> bool {
        self.state.load(Ordering::Acquire) == REQUESTED
    }

    /// Takes the turn as soon as nobody else has it.
    pub(crate) fn take(&self) -> Turn<'_, T> {
        self.begin(self.inside.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the turn unless somebody else has it.
    pub(crate) fn try_take(&self) -> Option<Turn<'_, T>> {
        match self.inside.try_lock() {
            Ok(inside) => Some(self.begin(inside)),
            Err(TryLockError::Poisoned(error)) => Some(self.begin(error.into_inner())),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn begin<'t>(&'t self, inside: MutexGuard<'t, T>) -> Turn<'t, T> {
        self.state.fetch_or(TAKEN, Ordering::AcqRel);
        Turn { state: &self.state, inside }
    }
}

impl<T> Turn<'_, T> {
    /// Whether there is something to do, which whoever asks does now.
    pub(crate) fn is_requested(&self) -> bool {
        self.state.fetch_and(!REQUESTED, Ordering::AcqRel) & REQUESTED != 0
    }

    /// Ends the turn. Returns whether somebody has to be found who does what was requested meanwhile.
    #[must_use]
    pub(crate) fn end(self) -> bool {
        // Before the lock is let go of: from here on requests find somebody else.
        self.state.fetch_and(!TAKEN, Ordering::AcqRel) & REQUESTED != 0
    }
}
