//! Capabilities as other threads hold them.
//!
//! In: Cap'n Proto's capability hooks, which belong to the event loop's thread. Out: values that
//! are `Send`: a key for an object of the peer, a counted reference to an object of ours.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::object::LocalObject;
use super::shared::{Order, Shared};
use crate::wire::capability::MessageCap;

/// A capability in a message that has left, or has yet to reach, the event loop.
#[derive(Clone, Debug)]
pub(crate) enum Capability {
    /// None.
    Null,
    /// An object of the peer.
    Remote(RemoteCap),
    /// An object of the peer that goes back to it, with what has to hear of that once it is sent.
    Given(RemoteCap, Arc<dyn InUse>),
    /// An object of this process.
    Local(Arc<LocalObject>),
}

impl Capability {
    /// What a capability of a detached message is.
    pub(crate) fn of(cap: &MessageCap) -> Self {
        cap.get().cloned().unwrap_or(Capability::Null)
    }
}

/// Tells the objects that went back to the peer in a message that it has them.
pub(crate) fn are_given(caps: &[MessageCap]) {
    for cap in caps {
        if let Some(Capability::Given(_, object)) = cap.get() {
            object.give_away();
        }
    }
}

impl From<Capability> for MessageCap {
    fn from(cap: Capability) -> Self {
        match cap {
            Capability::Null => MessageCap::null(),
            cap => MessageCap::new(cap),
        }
    }
}

/// An object of the peer that this process uses.
pub(crate) trait InUse: Send + Sync {
    /// A call on the object was cancelled, and the peer may be running it still.
    fn doubt(&self);

    /// The peer has it back, and owns it again.
    fn give_away(&self);
}

impl std::fmt::Debug for dyn InUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InUse")
    }
}

/// A counted reference to an object of the peer. Dropping the last one releases the object.
#[derive(Clone)]
pub(crate) struct RemoteCap(Arc<RemoteInner>);

struct RemoteInner {
    shared: Arc<Shared>,
    key: u64,
}

static NEXT_KEY: AtomicU64 = AtomicU64::new(1);

impl RemoteCap {
    /// A reference whose object the event loop will file under its key.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let key = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
        RemoteCap(Arc::new(RemoteInner { shared, key }))
    }

    pub(crate) fn key(&self) -> u64 {
        self.0.key
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.0.shared
    }
}

impl std::fmt::Debug for RemoteCap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RemoteCap({})", self.0.key)
    }
}

impl Drop for RemoteInner {
    fn drop(&mut self) {
        self.shared.order(Order::Release(self.key));
    }
}
