//! What generated code says about a trait.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::base::Base;
use super::client::Proxy;
use crate::connection::Call;
use crate::error::{Error, Result};
use crate::wire::node::InterfaceNode;

/// A trait that crosses process boundaries. `#[ipc_interface]` implements it for `dyn Trait`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface between processes",
    label = "not an interface",
    note = "put `#[ipc_interface(…)]` on the trait",
    note = "an `Arc` shares an object of such a trait; a value travels as a copy, so hold it without `Arc`"
)]
pub trait Interface: Send + Sync {
    /// The description of the interface.
    const NODE: &'static InterfaceNode;

    /// Calls a blocking method, here or of a base interface, by [its index](InterfaceNode::index).
    ///
    /// # Errors
    ///
    /// What the method returns, or that its parameters or results do not fit their types.
    fn call_blocking(&self, index: usize, call: &mut Call) -> Result<()> {
        let _ = call;
        no_method(index)
    }

    /// Calls an asynchronous method, here or of a base interface, by [its index](InterfaceNode::index).
    fn call_async<'s>(&'s self, index: usize, call: Call) -> BoxFuture<'s, Result<Call>> {
        let _ = call;
        Box::pin(std::future::ready(no_method(index)))
    }

    /// The object under the type of each interface that this one extends.
    fn bases(self: Arc<Self>) -> Vec<Base>
    where
        Self: 'static,
    {
        Vec::new()
    }

    /// The proxy as an owned trait object.
    fn boxed(proxy: Proxy) -> Box<Self>;

    /// The proxy as a shared trait object.
    fn shared(proxy: Proxy) -> Arc<Self>;

    /// The proxy behind this object, if it is one.
    fn proxy(&self) -> Option<&Proxy>;
}

/// The outcome of a method that generated code does not know.
///
/// # Errors
///
/// Always. The runtime looks methods up before it calls generated code, so a caller sees this only when the two disagree.
pub fn no_method<T>(index: usize) -> Result<T> {
    Err(Error::unimplemented(format!("no method of index {index}")))
}

/// The index of a method that a peer calls by its numbers.
///
/// # Errors
///
/// When there is none, which the runtime has found out before.
pub(super) fn index(node: &InterfaceNode, interface: u64, ordinal: u16) -> Result<usize> {
    node.index(interface, ordinal)
        .ok_or_else(|| Error::unimplemented(format!("no method @{ordinal} in interface {interface:#018x}")))
}
