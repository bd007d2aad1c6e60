//! An object of this process that a peer may call.
//!
//! In: an implementation of an interface. Out: it can be called by numbers, on any thread, until it is destroyed.

use std::any::Any;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;

use super::call::Call;
use crate::error::{Error, Result};
use crate::wire::node::InterfaceNode;

/// An implementation of an interface, with its type erased.
pub(crate) trait Object: Send + Sync {
    /// The interface.
    fn node(&self) -> &'static InterfaceNode;

    /// Runs a blocking method on this thread.
    fn call_blocking(&self, interface: u64, ordinal: u16, call: &mut Call) -> Result<()>;

    /// Runs an asynchronous method.
    fn call_async(
        self: Arc<Self>,
        interface: u64,
        ordinal: u16,
        call: Box<Call>,
    ) -> BoxFuture<'static, Result<Call>>;

    /// The typed reference inside, to recognise an object that comes home.
    fn as_any(&self) -> &dyn Any;

    /// The same under the type of each interface that its own one extends.
    fn bases(&self) -> Vec<Arc<dyn Object>> {
        Vec::new()
    }
}

/// An object that a peer may call. `destroy` empties it; every later call is an error.
pub(crate) struct LocalObject {
    object: Mutex<Option<Arc<dyn Object>>>,
    /// How many of what peers can call stand for it: one that was sent twice has two.
    servers: AtomicUsize,
    pub(crate) node: &'static InterfaceNode,
}

impl LocalObject {
    pub(crate) fn new(object: Arc<dyn Object>) -> Arc<Self> {
        let node = object.node();
        Arc::new(LocalObject { object: Mutex::new(Some(object)), servers: AtomicUsize::new(0), node })
    }

    /// The object.
    ///
    /// # Errors
    ///
    /// When it was destroyed, or the borrow it stood for has ended.
    pub(crate) fn get(&self) -> Result<Arc<dyn Object>> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(|| {
            Error::failed(format!(
                "the {} object is gone: it was destroyed or lent only for one call",
                self.node.name
            ))
        })
    }

    /// The object as it is now, whatever `destroy` or the peer's release does to this one later: a
    /// message that brings it home is read on another thread, after they may have come.
    pub(crate) fn keep(self: Arc<Self>) -> Arc<LocalObject> {
        match self.get() {
            Ok(object) => LocalObject::new(object),
            Err(_) => self,
        }
    }

    /// Notes that a peer can call the object.
    pub(crate) fn is_served(&self) {
        self.servers.fetch_add(1, Ordering::AcqRel);
    }

    /// Notes that a peer cannot call it any more. Returns whether none can.
    pub(crate) fn is_released(&self) -> bool {
        self.servers.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Whether the object was taken away.
    pub(crate) fn is_gone(&self) -> bool {
        self.object.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Takes the object away; the caller drops it where that may block.
    pub(crate) fn take(&self) -> Option<Arc<dyn Object>> {
        self.object.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl std::fmt::Debug for LocalObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LocalObject({})", self.node.name)
    }
}
