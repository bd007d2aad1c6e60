//! What the tests share.

pub mod family;
pub mod foo;
pub mod peer;
pub mod reference;
pub mod setup;
pub mod victim;
