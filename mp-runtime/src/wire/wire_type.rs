//! What a Rust type is on the wire.
//!
//! In: a type. Out: the room it takes, and its schema type.

use super::node::Type;
use super::slot::{Slot, Slots};

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
    /// Whether none is a value of this type, so that an `Option` around it would lose a level.
    const OPTIONAL: bool = false;
    /// Why the type has no form on the wire that keeps all of its values, if it has none. Only what stands in the
    /// type itself counts, not what is inside of structs, which may hold themselves.
    const MISTAKE: Option<&'static str> = None;
    /// What one of a value counts, for readers of the schema: `nanoseconds` of a duration.
    const UNIT: &'static str = "";
    /// Whether no log may show a value of this type, as if each field of it had `#[ipc(secret)]`.
    const SECRET: bool = false;
}

/// Why a list of this type has no form, if it has none.
pub(super) const fn mistake_in_list<T: WireType<M> + ?Sized, M: ?Sized>() -> Option<&'static str> {
    if T::MISTAKE.is_some() {
        T::MISTAKE
    } else if matches!(T::TYPE, Type::Parameter(_)) {
        Some(
            "a generic schema struct has no lists of a type parameter, because Cap'n Proto has none; leave out `generic` \
             for a concrete struct per instance",
        )
    } else if T::SLOTS.has_flag {
        Some(
            "an `Option` of a number, bool or enum has no form inside a list, a set or an array; hold a struct with an \
             `Option` field",
        )
    } else if T::OPTIONAL && matches!(T::TYPE, Type::Struct(_)) {
        Some(
            "an `Option` of a struct has no form inside a list, a set or an array, whose structs lie side by side; hold a \
             struct with an `Option` field",
        )
    } else {
        None
    }
}

/// The first of two mistakes.
pub(super) const fn either(one: Option<&'static str>, other: Option<&'static str>) -> Option<&'static str> {
    if one.is_some() { one } else { other }
}

/// The type parameter at a position of a generic schema struct, in the form of the struct that its declaration is printed
/// from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Parameter<const POSITION: u16>;

impl<M: ?Sized, const POSITION: u16> WireType<M> for Parameter<POSITION> {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Parameter(POSITION);
}
