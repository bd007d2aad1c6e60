//! An implementation of an interface as an object that a peer can call.

use std::any::Any;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::base::Base;
use super::interface::{Interface, index};
use crate::connection::{Call, LocalObject, Object};
use crate::error::{Error, Result};
use crate::event_loop::drop_off_loop;
use crate::wire::node::InterfaceNode;

/// A shared implementation. Wherever the runtime lets go of it, the implementation's destructor does not run on an
/// event loop.
pub(crate) struct Served<I: Interface + ?Sized + 'static> {
    /// There until this is dropped.
    object: Option<Arc<I>>,
}

impl<I: Interface + ?Sized + 'static> Served<I> {
    fn new(object: Arc<I>) -> Self {
        Served { object: Some(object) }
    }

    /// The implementation.
    ///
    /// # Errors
    ///
    /// None while this exists.
    pub(crate) fn get(&self) -> Result<&Arc<I>> {
        self.object.as_ref().ok_or_else(|| Error::failed("the object is gone"))
    }
}

impl<I: Interface + ?Sized + 'static> Drop for Served<I> {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            drop_off_loop(object);
        }
    }
}

impl<I: Interface + ?Sized + 'static> Object for Served<I> {
    fn node(&self) -> &'static InterfaceNode {
        I::NODE
    }

    fn call_blocking(&self, interface: u64, ordinal: u16, call: &mut Call) -> Result<()> {
        self.get()?.call_blocking(index(I::NODE, interface, ordinal)?, call)
    }

    fn call_async(
        self: Arc<Self>,
        interface: u64,
        ordinal: u16,
        call: Box<Call>,
    ) -> BoxFuture<'static, Result<Call>> {
        Box::pin(async move { self.get()?.call_async(index(I::NODE, interface, ordinal)?, *call).await })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn bases(&self) -> Vec<Arc<dyn Object>> {
        let bases = self.get().map(|object| object.clone().bases()).unwrap_or_default();
        bases.into_iter().map(|base| base.0).collect()
    }
}

impl Base {
    /// The object, whose type here is that of the base interface.
    pub fn new<I: Interface + ?Sized + 'static>(object: Arc<I>) -> Self {
        Base(Arc::new(Served::new(object)))
    }
}

/// Makes an object that a peer can call.
pub(crate) fn export<I: Interface + ?Sized + 'static>(object: Arc<I>) -> Arc<LocalObject> {
    LocalObject::new(Arc::new(Served::new(object)))
}
