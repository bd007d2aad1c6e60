//! The node that there is at the moment.
//!
//! In: nodes that come and go. Out: the one that is there, or why there is none, for all who answer by it.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::ask::lock;
use crate::core::Core;

/// Whichever node there is. Clones are the same place.
#[derive(Clone)]
pub struct Present(Arc<Place>);

struct Place {
    inside: Mutex<Result<Core, String>>,
    changed: Condvar,
}

impl Default for Present {
    fn default() -> Self {
        let inside = Mutex::new(Err("it has not answered yet".to_owned()));
        Present(Arc::new(Place { inside, changed: Condvar::new() }))
    }
}

impl std::fmt::Debug for Present {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Present").field(&self.core()).finish()
    }
}

impl Present {
    /// From now on this is the node.
    pub fn come(&self, core: Core) {
        self.set(Ok(core));
    }

    /// From now on there is none, for a reason.
    pub fn gone(&self, why: impl Into<String>) {
        self.set(Err(why.into()));
    }

    fn set(&self, inside: Result<Core, String>) {
        let before = std::mem::replace(&mut *lock(&self.0.inside), inside);
        self.0.changed.notify_all();
        drop(before);
    }

    /// The node, or why there is none.
    ///
    /// # Errors
    ///
    /// There is none; the text says why.
    pub fn core(&self) -> Result<Core, String> {
        lock(&self.0.inside).clone()
    }

    /// Waits until there is a node, at most so long.
    pub(crate) fn wait(&self, patience: Duration) {
        let absent = |inside: &mut Result<Core, String>| inside.is_err();
        let waited = self.0.changed.wait_timeout_while(lock(&self.0.inside), patience, absent);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}
