//! An object of asynchronous calls as one of blocking ones.
//!
//! In: any object of a trait that has a blocking view. Out: an object of that view, whose calls wait for those of the
//! first; so is each object that they return.

use std::sync::Arc;

use crate::event_loop::EventLoop;

/// An object with the blocking calls of its view. Generated code implements the view's trait for it.
pub struct Blocking<T: ?Sized> {
    /// What is called.
    pub object: Arc<T>,
    /// The event loop that its calls need.
    pub event_loop: EventLoop,
}

impl<T: ?Sized> std::fmt::Debug for Blocking<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Blocking")
    }
}

/// The blocking view of a trait, made from its objects. Generated code implements it for the view.
#[diagnostic::on_unimplemented(
    message = "no object of `{T}` can be made one of `{Self}`",
    label = "is returned by a method of the blocking view",
    note = "declare it with `blocking = …` in the `#[ipc_interface(…)]` of the trait whose view it is"
)]
pub trait BlockingOf<T: ?Sized> {
    /// The view of a shared object.
    fn shared(object: Arc<T>, event_loop: &EventLoop) -> Arc<Self>;

    /// The view of an owned object.
    fn owned(object: Box<T>, event_loop: &EventLoop) -> Box<Self>;
}

/// A result of an asynchronous method as that of the blocking one.
pub trait InBlocking<To> {
    /// The same with the views of all objects in it.
    fn in_blocking(self, event_loop: &EventLoop) -> To;
}

impl<T: ?Sized, V: BlockingOf<T> + ?Sized> InBlocking<Arc<V>> for Arc<T> {
    fn in_blocking(self, event_loop: &EventLoop) -> Arc<V> {
        V::shared(self, event_loop)
    }
}

impl<T: ?Sized, V: BlockingOf<T> + ?Sized> InBlocking<Box<V>> for Box<T> {
    fn in_blocking(self, event_loop: &EventLoop) -> Box<V> {
        V::owned(self, event_loop)
    }
}

impl<T: InBlocking<V>, V> InBlocking<Option<V>> for Option<T> {
    fn in_blocking(self, event_loop: &EventLoop) -> Option<V> {
        self.map(|value| value.in_blocking(event_loop))
    }
}

impl<T: InBlocking<V>, V> InBlocking<Vec<V>> for Vec<T> {
    fn in_blocking(self, event_loop: &EventLoop) -> Vec<V> {
        self.into_iter().map(|value| value.in_blocking(event_loop)).collect()
    }
}

impl<T: InBlocking<V>, V, E> InBlocking<Result<V, E>> for Result<T, E> {
    fn in_blocking(self, event_loop: &EventLoop) -> Result<V, E> {
        self.map(|value| value.in_blocking(event_loop))
    }
}
