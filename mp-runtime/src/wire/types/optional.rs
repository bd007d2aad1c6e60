//! `Option` in its wire forms.
//!
//! - a number, a bool, an enum: a `hasX` flag beside the value,
//! - text, data, lists, structs: a null pointer is none,
//! - interfaces: a null capability is none,
//! - data in a list: an empty value is none as well, because C++ cannot tell it from null there (so nobody writes
//!   one as something), and everywhere for types whose data is never empty ([`WireType::NEVER_EMPTY`]).
//!
//! `#[ipc(optional = flag)]` gives a pointer field a flag, `#[ipc(optional = null)]` insists on
//! the pointer. Which form a field has is part of its layout, so the code below only asks the
//! field.

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::Slots;
use crate::wire::traits::{BuildField, ReadField, WireType};

impl<T: WireType<M>, M: ?Sized> WireType<M> for Option<T> {
    const SLOTS: Slots = if T::SLOTS.value.is_pointer() { T::SLOTS } else { Slots::flagged(T::SLOTS.value) };
    const TYPE: Type = T::TYPE;
    const LENDABLE: bool = T::LENDABLE;
    const OPTIONAL: bool = true;
    const MISTAKE: Option<&'static str> = if T::OPTIONAL && T::MISTAKE.is_none() {
        Some(
            "an `Option` inside an `Option` would lose a level; write one `Option`, or hold a struct with an `Option` field",
        )
    } else {
        T::MISTAKE
    };
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M>, M: ?Sized> BuildField<M> for Option<T> {
    fn build_field(&self, cx: &mut BuildContext<'_>, mut out: FieldBuilder<'_>) -> Result<()> {
        match self {
            Some(value) => {
                out.set_has();
                value.build_field(cx, if matches!(T::TYPE, Type::Data) { out.of_some() } else { out })
            }
            None => Ok(()),
        }
    }

    fn build_owned(self, cx: &mut BuildContext<'_>, mut out: FieldBuilder<'_>) -> Result<()> {
        match self {
            Some(value) => {
                out.set_has();
                value.build_owned(cx, if matches!(T::TYPE, Type::Data) { out.of_some() } else { out })
            }
            None => Ok(()),
        }
    }
}

impl<'a, T: ReadField<'a, M>, M: ?Sized> ReadField<'a, M> for Option<T> {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Option<T>> {
        if !input.is_present() {
            return Ok(None);
        }
        let empty_is_none = T::NEVER_EMPTY || matches!(T::TYPE, Type::Data) && input.is_list_element();
        if empty_is_none && input.data()?.is_empty() {
            return Ok(None);
        }
        T::read_field(cx, input).map(Some)
    }
}
