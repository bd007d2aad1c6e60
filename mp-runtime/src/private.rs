//! Everything that generated code may name. Not for other use; changes with the generator.

pub use async_trait::async_trait;
pub use futures::future::BoxFuture;

pub use crate::connection::{Call, Reply};
pub use crate::error::{Error, ErrorKind, Result};
pub use crate::proxy::{
    Base, ClientCall, Handle, Home, Interface, Pending, Proxy, Response, lend, lend_optional, no_method,
    read_box, write_owned,
};
pub use crate::wire::build::{BuildContext, FieldBuilder};
pub use crate::wire::describe::{Field, Fields};
pub use crate::wire::id::child_id;
pub use crate::wire::node::{
    ConstNode, Default, EnumNode, FileNode, InterfaceNode, MethodNode, StructNode, Type,
};
pub use crate::wire::read::{FieldReader, ReadContext};
pub use crate::wire::slot::{Slot, Slots};
pub use crate::wire::structs::{StructFields, StructWriter, build_struct, read_struct};
pub use crate::wire::traits::{BuildField, ReadField, StructType, WireType};

/// Whether an interface or one of its bases has a method.
#[must_use]
pub fn has_method<I: Interface + ?Sized>(interface: u64, ordinal: u16) -> bool {
    I::NODE.find(interface, ordinal).is_some()
}

/// Whether a type is an interface, which a call may be ahead of.
#[must_use]
pub const fn is_interface(ty: Type) -> bool {
    matches!(ty, Type::Interface(_))
}

/// The error for writing an owned interface or closure from a reference. Generated code refuses
/// such fields when it is compiled, through `WireType::LENDABLE`.
#[must_use]
pub fn not_lendable(interface: &str) -> Error {
    Error::new(
        ErrorKind::Misuse,
        format!("an owned {interface} cannot be written from a reference; pass it by value"),
    )
}

/// Ends a call of a method that has no way to return an error: the interface opted in with
/// `panic_on_disconnect`.
///
/// # Panics
///
/// Always.
pub fn panic_on_disconnect(method: &str, error: &Error) -> ! {
    panic!("{method} failed, and its interface has no way to say so: {error}")
}
