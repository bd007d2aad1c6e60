//! `String` and `&str` as Text.

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

impl<M: ?Sized> WireType<M> for str {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Text;
}

impl<M: ?Sized> BuildField<M> for str {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_text(self)
    }
}

impl<M: ?Sized> WireType<M> for String {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Text;
}

impl<M: ?Sized> BuildField<M> for String {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_text(self)
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for String {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<String> {
        Ok(input.text()?.to_owned())
    }
}

/// Points into the message, without a copy.
impl<'a, M: ?Sized> ReadField<'a, M> for &'a str {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<&'a str> {
        input.text()
    }
}
