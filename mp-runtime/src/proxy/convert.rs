//! Interfaces as values: `Box<dyn I>` owned, `Arc<dyn I>` shared, [`Lent`] for one call.
//!
//! In: a trait object. Out: a capability, and back. An object that is a proxy of the same peer
//! goes home as itself; one of our own objects that comes home is the object, not a proxy.

use std::sync::Arc;

use super::client::Proxy;
use super::interface::Interface;
use super::lent::Lent;
use super::served::{Served, export};
use crate::connection::{Capability, LocalObject, Object};
use crate::error::{Error, Result};
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

fn capability<I: Interface + ?Sized + 'static>(object: Arc<I>, cx: &BuildContext<'_>) -> Capability {
    match object.proxy() {
        Some(proxy) if proxy.cap().shared().id() == cx.connection() && proxy.has_form_of(I::NODE) => {
            // The object is the peer's own. Once it has it back, nobody here destroys it, which could come before
            // the peer has taken it out of the message; letting go of it is enough.
            Capability::Given(proxy.cap().clone(), proxy.inner().clone())
        }
        _ => Capability::Local(export(object)),
    }
}

/// Writes an owned object and gives it away: the peer's `destroy` drops it.
///
/// # Errors
///
/// When the place is not one for a capability.
pub fn write_owned<I: Interface + ?Sized + 'static>(
    object: Box<I>,
    cx: &mut BuildContext<'_>,
    out: FieldBuilder<'_>,
) -> Result<()> {
    let cap = capability::<I>(Arc::from(object), cx);
    out.set_capability(cx, cap.into())
}

/// One of our own objects that came home as an owned one. Generated code forwards the trait.
///
/// To implement the trait for `Arc<T>` would do the same, but then `arc.method()` would be the method of the `Arc`, which
/// the compiler finds before it looks into it: in place of an inherent method of that name that `T` has, and for a local
/// method that takes `self: &Arc<Self>` or is generic in place of the one of `T`. So there is a type that nobody calls
/// methods on by name.
pub struct Home<T: ?Sized>(pub Arc<T>);

impl<T: ?Sized> std::fmt::Debug for Home<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Home")
    }
}

/// What a capability is here.
enum Found<I: ?Sized> {
    /// An object of this process.
    Ours(Arc<I>),
    /// A proxy for an object of the peer.
    Theirs(Proxy),
}

fn find<I: Interface + ?Sized + 'static>(cx: &ReadContext<'_>, input: &FieldReader<'_>) -> Result<Found<I>> {
    match input.capability(cx)?.as_ref().map(Capability::of) {
        Some(Capability::Remote(cap) | Capability::Given(cap, _)) => {
            Ok(Found::Theirs(Proxy::new(cap, I::NODE)))
        }
        Some(Capability::Local(object)) => come_home(&object).map(Found::Ours),
        Some(Capability::Null) | None => Err(Error::bad_value(format!(
            "a null {} where an object is needed; declare it `Option<…>` if none is allowed",
            I::NODE.name
        ))),
    }
}

fn come_home<I: Interface + ?Sized + 'static>(object: &Arc<LocalObject>) -> Result<Arc<I>> {
    as_interface(&*object.get()?).ok_or_else(|| {
        Error::bad_value(format!(
            "our own {} object came back where a {} is needed, or after it was only lent",
            object.node.name,
            I::NODE.name
        ))
    })
}

/// The object as one of an interface that is its own, or that its own one extends.
fn as_interface<I: Interface + ?Sized + 'static>(object: &dyn Object) -> Option<Arc<I>> {
    match object.as_any().downcast_ref::<Served<I>>() {
        Some(served) => served.get().ok().cloned(),
        None => object.bases().iter().find_map(|base| as_interface(&**base)),
    }
}

/// Reads an owned object. `local` wraps one of our own objects that came home.
///
/// # Errors
///
/// When there is none, or it is not of this interface.
pub fn read_box<I: Interface + ?Sized + 'static>(
    cx: &ReadContext<'_>,
    input: FieldReader<'_>,
    local: impl FnOnce(Arc<I>) -> Box<I>,
) -> Result<Box<I>> {
    match find(cx, &input)? {
        Found::Ours(object) => Ok(local(object)),
        Found::Theirs(proxy) => Ok(I::boxed(proxy)),
    }
}

impl<I: Interface + ?Sized + 'static, M: ?Sized> WireType<M> for Arc<I> {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Interface(|| I::NODE);
}

impl<I: Interface + ?Sized + 'static, M: ?Sized> BuildField<M> for Arc<I> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        let cap = capability(self.clone(), cx);
        out.set_capability(cx, cap.into())
    }
}

impl<'a, I: Interface + ?Sized + 'static, M: ?Sized> ReadField<'a, M> for Arc<I> {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Arc<I>> {
        match find(cx, &input)? {
            Found::Ours(object) => Ok(object),
            Found::Theirs(proxy) => Ok(I::shared(proxy)),
        }
    }
}

impl<M: ?Sized> WireType<M> for Lent {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::AnyPointer;
}

impl<M: ?Sized> BuildField<M> for Lent {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_capability(cx, Capability::Local(self.0.clone()).into())
    }
}
