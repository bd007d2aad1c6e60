//! An implementation of an interface as an object that a peer can call.

use std::any::Any;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::interface::Interface;
use crate::connection::{Call, LocalObject, Object};
use crate::error::Result;
use crate::wire::node::InterfaceNode;

/// A shared implementation.
pub(crate) struct Served<I: ?Sized>(pub(crate) Arc<I>);

impl<I: Interface + ?Sized + 'static> Object for Served<I> {
    fn node(&self) -> &'static InterfaceNode {
        I::NODE
    }

    fn call_blocking(&self, interface: u64, ordinal: u16, call: &mut Call) -> Result<()> {
        self.0.call_blocking(interface, ordinal, call)
    }

    fn call_async(
        self: Arc<Self>,
        interface: u64,
        ordinal: u16,
        call: Call,
    ) -> BoxFuture<'static, Result<Call>> {
        Box::pin(async move { self.0.call_async(interface, ordinal, call).await })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn bases(&self) -> Vec<Arc<dyn Object>> {
        self.0.clone().bases().into_iter().map(|base| base.0).collect()
    }
}

/// An object under the type of an interface that its own interface extends.
pub struct Base(Arc<dyn Object>);

impl std::fmt::Debug for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Base({})", self.0.node().name)
    }
}

impl Base {
    /// The object, whose type here is that of the base interface.
    pub fn new<I: Interface + ?Sized + 'static>(object: Arc<I>) -> Self {
        Base(Arc::new(Served(object)))
    }
}

/// Makes an object that a peer can call.
pub(crate) fn export<I: Interface + ?Sized + 'static>(object: Arc<I>) -> Arc<LocalObject> {
    LocalObject::new(Arc::new(Served(object)))
}
