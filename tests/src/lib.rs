//! What the tests share.

pub mod foo;
pub mod reference;
pub mod setup;
