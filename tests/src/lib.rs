//! What the tests share.

pub mod foo;
