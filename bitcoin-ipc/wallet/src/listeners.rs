//! Callbacks that others registered.
//!
//! In: callbacks, events. Out: a [`Handler`] for each, which ends it when dropped. Callbacks are called
//! in the order of their registration, with nothing locked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use bitcoin_ipc::interfaces::Handler;
use bitcoin_ipc::{ErrorKind, Result};

/// Callbacks of one kind.
pub(crate) struct Listeners<F>(Arc<Mutex<Registered<F>>>);

struct Registered<F> {
    next: u64,
    callbacks: BTreeMap<u64, Arc<F>>,
}

impl<F> Default for Listeners<F> {
    fn default() -> Self {
        Listeners(Arc::new(Mutex::new(Registered { next: 0, callbacks: BTreeMap::new() })))
    }
}

impl<F: Send + Sync + 'static> Listeners<F> {
    /// Adds a callback.
    pub(crate) fn add(&self, callback: F) -> Box<dyn Handler> {
        let mut registered = lock(&self.0);
        let id = registered.next;
        registered.next += 1;
        registered.callbacks.insert(id, Arc::new(callback));
        Box::new(Registration { id, listeners: Arc::downgrade(&self.0) })
    }

    /// Calls all of them. Those whose other end is gone are dropped.
    pub(crate) fn tell(&self, call: impl Fn(&F) -> Result<()>) {
        let callbacks: Vec<_> = lock(&self.0).callbacks.iter().map(|(id, f)| (*id, f.clone())).collect();
        for (id, callback) in callbacks {
            let Err(error) = call(&callback) else { continue };
            tracing::debug!(target: "wallet", %error, "a callback failed");
            if error.kind() == ErrorKind::Disconnected {
                let gone = lock(&self.0).callbacks.remove(&id);
                drop(gone);
            }
        }
    }
}

struct Registration<F> {
    id: u64,
    listeners: Weak<Mutex<Registered<F>>>,
}

impl<F: Send + Sync> Handler for Registration<F> {
    fn disconnect(&self) -> Result<()> {
        self.end();
        Ok(())
    }
}

impl<F> Registration<F> {
    fn end(&self) {
        let Some(listeners) = self.listeners.upgrade() else { return };
        // Dropping a callback may be a call, for which nothing may be locked.
        let callback = lock(&listeners).callbacks.remove(&self.id);
        drop(callback);
    }
}

impl<F> Drop for Registration<F> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Locks, also after a panic of somebody who held the lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
