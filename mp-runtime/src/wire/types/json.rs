//! JSON values as Text, Core's form of `UniValue`.

use serde_json::Value;

use crate::error::{Error, Result};
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

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
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Value> {
        serde_json::from_str(input.text()?)
            .map_err(|error| Error::bad_value(format!("the text is not JSON: {error}")))
    }
}
