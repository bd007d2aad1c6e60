//! The types that `FooInterface` passes.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use mp_runtime::{IpcEnum, IpcStruct};

/// A struct with every kind of collection.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
#[ipc(cxx = "mp::test::FooStruct")]
pub struct FooStruct {
    /// A name.
    pub name: String,
    /// A set.
    #[ipc(cxx_name = "set_int")]
    pub set_int: BTreeSet<i32>,
    /// A vector of bools.
    #[ipc(cxx_name = "vector_bool")]
    pub vector_bool: Vec<bool>,
    /// An optional number, with a flag beside it.
    #[ipc(cxx_name = "optional_int")]
    pub optional_int: Option<i32>,
    /// An unordered set.
    #[ipc(cxx_name = "unordered_set_int")]
    pub unordered_set_int: HashSet<i32>,
    /// A map.
    #[ipc(cxx_name = "map_string_int")]
    pub map_string_int: BTreeMap<String, i32>,
}

/// An enum that travels as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcEnum)]
pub enum FooEnum {
    /// The first.
    One = 1,
    /// The second.
    Two = 2,
}

/// A struct with nothing in it.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(cxx = "mp::test::FooEmpty")]
pub struct FooEmpty {}

/// A type that knows nothing of the wire; see [`custom`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FooCustom {
    /// A text.
    pub v1: String,
    /// A number.
    pub v2: i32,
}

/// A message that changes on its way; see [`message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FooMessage {
    /// The text.
    pub message: String,
}

/// A message that is passed back and forth; see [`mutable`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FooMutable {
    /// The text.
    pub message: String,
}

/// Converts a [`FooCustom`](super::FooCustom).
pub mod custom {
    use mp_runtime::{IpcStruct, Result};

    /// What travels.
    #[derive(Debug, IpcStruct)]
    #[ipc(name = "FooCustom", cxx = "mp::test::FooCustom")]
    pub struct Wire {
        v1: String,
        v2: i32,
    }

    /// To the wire.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn build(value: &super::FooCustom) -> Result<Wire> {
        Ok(Wire { v1: value.v1.clone(), v2: value.v2 })
    }

    /// From the wire.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn read(wire: Wire) -> Result<super::FooCustom> {
        Ok(super::FooCustom { v1: wire.v1, v2: wire.v2 })
    }
}

/// Converts a [`FooMessage`](super::FooMessage), and leaves a trace of it.
pub mod message {
    use mp_runtime::{IpcStruct, Result};

    /// What travels.
    #[derive(Debug, IpcStruct)]
    #[ipc(name = "FooMessage")]
    pub struct Wire {
        message: String,
    }

    /// To the wire.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn build(value: &super::FooMessage) -> Result<Wire> {
        Ok(Wire { message: format!("{} build", value.message) })
    }

    /// From the wire.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn read(wire: Wire) -> Result<super::FooMessage> {
        Ok(super::FooMessage { message: format!("{} read", wire.message) })
    }
}

/// Converts a [`FooMutable`](super::FooMutable), and leaves a trace of it.
pub mod mutable {
    use mp_runtime::{IpcStruct, Result};

    /// What travels.
    #[derive(Debug, IpcStruct)]
    #[ipc(name = "FooMutable")]
    pub struct Wire {
        message: String,
    }

    /// To the wire.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn build(value: &super::FooMutable) -> Result<Wire> {
        Ok(Wire { message: format!("{} build", value.message) })
    }

    /// From the wire.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn read(wire: Wire) -> Result<super::FooMutable> {
        Ok(super::FooMutable { message: format!("{} read", wire.message) })
    }
}
