//! Whose turn it is to spend.
//!
//! In: those who want to choose coins, sign and commit. Out: a [`Turn`], which one of them has at a time.
//!
//! Coins are chosen with the node's help, which must not be asked while the wallet's state is locked; so
//! it is not the state that keeps two payments from the same coin, but the turn.

use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use crate::listeners::lock;
use crate::{Error, Result};

/// How long somebody waits for whoever has the turn, whose node may hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// The turns of a wallet.
#[derive(Default)]
pub(crate) struct Turns {
    holder: Mutex<Option<ThreadId>>,
    free: Condvar,
}

/// A turn, which ends when it is dropped.
pub(crate) struct Turn<'a>(&'a Turns);

impl Turns {
    /// Waits for a turn.
    ///
    /// # Errors
    ///
    /// Another payment takes too long, or this thread is in the middle of one: it is called back by a
    /// listener or the node, and would wait for itself.
    pub(crate) fn take(&self) -> Result<Turn<'_>> {
        self.take_within(PATIENCE)
    }

    fn take_within(&self, patience: Duration) -> Result<Turn<'_>> {
        let (this, until) = (thread::current().id(), Instant::now() + patience);
        let mut holder = lock(&self.holder);
        while let Some(other) = *holder {
            let left = until.saturating_duration_since(Instant::now());
            if other == this || left.is_zero() {
                let text = "The wallet is in the middle of another payment; try again when that is done";
                return Err(Error::Refused(text.into()));
            }
            holder = self.free.wait_timeout(holder, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        *holder = Some(this);
        Ok(Turn(self))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.0.holder) = None;
        self.0.free.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn one_has_it_at_a_time() {
        let (turns, held) = (Turns::default(), AtomicBool::new(false));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let turn = turns.take().unwrap();
                        assert!(!held.swap(true, Ordering::SeqCst));
                        thread::yield_now();
                        held.store(false, Ordering::SeqCst);
                        drop(turn);
                    }
                });
            }
        });
        assert!(turns.take().is_ok());
    }

    #[test]
    fn nobody_waits_for_ever_or_for_himself() {
        let turns = Turns::default();
        let turn = turns.take().unwrap();
        assert!(turns.take().is_err(), "this thread has it");
        let late = thread::scope(|scope| {
            scope.spawn(|| turns.take_within(Duration::from_millis(1)).is_err()).join().unwrap()
        });
        assert!(late);
        drop(turn);
        assert!(turns.take_within(Duration::ZERO).is_ok());
    }
}
