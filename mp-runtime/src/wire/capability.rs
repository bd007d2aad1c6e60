//! Capabilities in a message that belongs to no connection.
//!
//! In: whatever the layers above call a capability. Out: an entry in the message's table, and the
//! hook by which capnp's pointers find it.

use std::any::Any;
use std::sync::Arc;

use capnp::capability::{Promise, Request};
use capnp::private::capability::{ClientHook, ParamsHook, ResultsHook};

/// An entry in the table of a detached message. What it is, only the layers above know.
#[derive(Clone)]
pub(crate) struct MessageCap(Option<Arc<dyn Any + Send + Sync>>);

impl std::fmt::Debug for MessageCap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_null() { "MessageCap(null)" } else { "MessageCap" })
    }
}

impl MessageCap {
    pub(crate) fn null() -> Self {
        MessageCap(None)
    }

    pub(crate) fn new(cap: impl Any + Send + Sync) -> Self {
        MessageCap(Some(Arc::new(cap)))
    }

    pub(crate) fn is_null(&self) -> bool {
        self.0.is_none()
    }

    /// The entry, if it is of this type.
    pub(crate) fn get<T: Any>(&self) -> Option<&T> {
        self.0.as_ref()?.downcast_ref()
    }
}

/// Stands for the capability at one index of a detached message's table.
///
/// capnp gives access to a capability pointer's index only through the hook in the table at that
/// index, so the tables of detached messages hold these; their address is the index plus one.
pub(crate) struct SlotHook(usize);

impl SlotHook {
    pub(crate) fn new(index: usize) -> Self {
        SlotHook(index + 1)
    }

    fn refuse<T>() -> Promise<T, capnp::Error> {
        Promise::err(capnp::Error::failed("a capability slot of a detached message was called".into()))
    }
}

impl ClientHook for SlotHook {
    fn add_ref(&self) -> Box<dyn ClientHook> {
        Box::new(SlotHook(self.0))
    }

    fn new_call(
        &self,
        interface: u64,
        method: u16,
        size_hint: Option<capnp::MessageSize>,
    ) -> Request<capnp::any_pointer::Owned, capnp::any_pointer::Owned> {
        let error = capnp::Error::failed("a capability slot of a detached message was called".into());
        capnp_rpc::new_broken_cap(error).new_call(interface, method, size_hint)
    }

    fn call(
        &self,
        _: u64,
        _: u16,
        _: Box<dyn ParamsHook>,
        _: Box<dyn ResultsHook>,
    ) -> Promise<(), capnp::Error> {
        Self::refuse()
    }

    fn get_brand(&self) -> usize {
        0
    }

    fn get_ptr(&self) -> usize {
        self.0
    }

    fn get_resolved(&self) -> Option<Box<dyn ClientHook>> {
        None
    }

    fn when_more_resolved(&self) -> Option<Promise<Box<dyn ClientHook>, capnp::Error>> {
        None
    }

    fn when_resolved(&self) -> Promise<(), capnp::Error> {
        Promise::ok(())
    }
}
