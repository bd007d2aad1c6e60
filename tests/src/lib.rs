//! What the tests share.

pub mod foo;
pub mod setup;
