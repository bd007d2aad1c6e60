//! What a Rust type is on the wire.
//!
//! In: a type. Out: the room it takes, and its schema type.

use super::node::Type;
use super::slot::Slots;

/// The room that a type takes on the wire, and its schema type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no form on the wire",
    label = "cannot cross a process boundary",
    note = "derive `IpcStruct` or `IpcEnum` for it, or implement `WireType`, `BuildField` and `ReadField`",
    note = "for a type of another crate, name a conversion set (`types = …`) or convert it with `#[ipc(with = …)]`"
)]
pub trait WireType<M: ?Sized = ()> {
    /// The slots of a field of this type.
    const SLOTS: Slots;
    /// The schema type.
    const TYPE: Type;
    /// The schema type of a list of this type.
    const LIST: Type = Type::List(&Self::TYPE);
    /// For structs: words of the data and of the pointer section, which a list holds inline.
    const STRUCT: Option<(u16, u16)> = None;
    /// Whether no value of this type has empty Data as its form, so that empty Data is none in an
    /// `Option`, as null is.
    const NEVER_EMPTY: bool = false;
    /// Whether a value can be written from a reference. Owned interfaces and closures cannot: they
    /// are given away.
    const LENDABLE: bool = true;
    /// Whether no log may show a value of this type, as if each field of it had `#[ipc(secret)]`.
    const SECRET: bool = false;
}
