//! The objects of both sides, as other threads and as capnp-rpc know them.
//!
//! In: capnp-rpc's hooks, or the capabilities of a message. Out: the other form of each.
//!
//! Invariant: an object of the peer is here from its arrival until the last [`RemoteCap`] of its key is dropped, or the
//! connection is closed. It is what holds the peer's object on this connection.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use capnp::private::capability::ClientHook;

use super::budget::Budget;
use super::capability::{Capability, RemoteCap};
use super::payload::Payload;
use super::server::{Kind, Servers};
use super::shared::Shared;
use crate::error::{Error, ErrorKind, Result};
use crate::wire::capability::MessageCap;

type Hook = Box<dyn ClientHook>;

/// The table.
pub(crate) struct Objects {
    shared: Weak<Shared>,
    servers: Rc<Servers>,
    budget: Arc<Budget>,
    /// Objects of the peer, by the key that other threads hold; nothing once the connection is closed.
    theirs: RefCell<Option<HashMap<u64, Hook>>>,
}

impl Objects {
    pub(crate) fn new(shared: &Arc<Shared>, servers: &Rc<Servers>) -> Self {
        Objects {
            shared: Arc::downgrade(shared),
            servers: servers.clone(),
            budget: shared.budget.clone(),
            theirs: RefCell::new(Some(HashMap::new())),
        }
    }

    /// Files an object of the peer under a key that somebody holds.
    pub(crate) fn file(&self, key: u64, hook: Hook) {
        if let Some(theirs) = &mut *self.theirs.borrow_mut() {
            theirs.insert(key, hook);
        }
    }

    /// The object of the peer that is filed under a key.
    pub(crate) fn find(&self, key: u64) -> Option<Hook> {
        self.theirs.borrow().as_ref()?.get(&key).map(|hook| hook.add_ref())
    }

    /// Releases the object of the peer that is filed under a key.
    pub(crate) fn release(&self, key: u64) {
        let hook = self.theirs.borrow_mut().as_mut().and_then(|theirs| theirs.remove(&key));
        drop(hook);
    }

    /// Releases all of them. No more are filed.
    pub(crate) fn close(&self) {
        let theirs = self.theirs.take();
        drop(theirs);
    }

    /// A received capability for other threads: one of our own objects as itself, one of the peer's under a new key.
    pub(crate) fn receive(&self, hook: Hook) -> MessageCap {
        if let Some(Kind::Object(object)) =
            self.servers.find(hook.as_ref()).as_deref().map(|server| &server.kind)
        {
            return Capability::Local(object.clone().keep()).into();
        }
        let Some(shared) = self.shared.upgrade() else { return MessageCap::null() };
        let cap = RemoteCap::new(shared);
        self.file(cap.key(), hook);
        Capability::Remote(cap).into()
    }

    /// The form of a message's capability on this connection.
    pub(crate) fn hook(&self, cap: &MessageCap) -> Option<Hook> {
        match Capability::of(cap) {
            Capability::Null => None,
            Capability::Remote(cap) | Capability::Given(cap, _) => self.find(cap.key()),
            Capability::Local(object) => Some(self.servers.object(object)),
        }
    }

    /// Refuses results with more objects than the peer may hold.
    ///
    /// # Errors
    ///
    /// When there are too many.
    pub(crate) fn check_exports(&self, results: &Payload) -> Result<()> {
        let ours =
            results.caps.iter().filter(|cap| matches!(Capability::of(cap), Capability::Local(_))).count();
        let (held, most) = (self.servers.len(), self.budget.limits().exported_objects());
        if ours > 0 && held + ours > most {
            let text =
                format!("the peer holds {held} objects of this process, as many as it may; release some");
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        Ok(())
    }
}
