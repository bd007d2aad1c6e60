//! Callbacks that others registered with wallets, and what is locked for a moment.
//!
//! In: callbacks, events. Out: a handler for each, which ends it when dropped. A window that hangs holds up no
//! wallet.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) use mp_runtime::callbacks::{Callbacks, News};

/// Whose callbacks they are, for the log.
pub(crate) const WALLET: &str = "a wallet";

/// Locks, also after a panic of somebody who held the lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
