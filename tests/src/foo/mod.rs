//! The interface of libmultiprocess's own test program, as a Rust trait.
//!
//! In: nothing. Out: `FooInterface` and its types, wire-compatible with `foo.capnp` of
//! libmultiprocess, and an implementation.

mod interface;
mod served;
mod types;

pub use interface::{ExtendedCallback, FooCallback, FooFn, FooInterface, IntFn};
pub use served::Foo;
pub use types::{FooCustom, FooEmpty, FooEnum, FooMessage, FooMutable, FooStruct, custom, message, mutable};
