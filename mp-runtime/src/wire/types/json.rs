//! JSON values as Text, Core's form of `UniValue`.

use serde_json::Value;

use crate::error::Result;
use crate::json::Json;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

impl<M: ?Sized> WireType<M> for Json {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Text;
}

impl<M: ?Sized> BuildField<M> for Json {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_text(&self.to_string())
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for Json {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Json> {
        input.text()?.parse()
    }
}

impl<M: ?Sized> WireType<M> for Value {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::Text;
}

impl<M: ?Sized> BuildField<M> for Value {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_text(&self.to_string())
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for Value {
    /// Keeps the first of several fields of one name, as `UniValue` finds it.
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Value> {
        Ok(input.text()?.parse::<Json>()?.into())
    }
}
