//! `()` as Void.

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

impl<M: ?Sized> WireType<M> for () {
    const SLOTS: Slots = Slots::one(Slot::Void);
    const TYPE: Type = Type::Void;
}

impl<M: ?Sized> BuildField<M> for () {
    fn build_field(&self, _: &mut BuildContext<'_>, _: FieldBuilder<'_>) -> Result<()> {
        Ok(())
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for () {
    fn read_field(_: &ReadContext<'a>, _: FieldReader<'a>) -> Result<()> {
        Ok(())
    }
}
