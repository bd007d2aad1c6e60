//! An object under the type of an interface that its own interface extends.
//!
//! In: such an object. Out: one that a peer can call.

use std::sync::Arc;

use crate::connection::Object;

/// An object under the type of an interface that its own interface extends.
pub struct Base(pub(super) Arc<dyn Object>);

impl std::fmt::Debug for Base {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Base({})", self.0.node().name)
    }
}
