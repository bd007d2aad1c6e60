//! `Vec` and slices as lists.

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};
use crate::wire::wire_type::mistake_in_list;

impl<T: WireType<M>, M: ?Sized> WireType<M> for [T] {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = T::LIST;
    const LENDABLE: bool = T::LENDABLE;
    const MISTAKE: Option<&'static str> = mistake_in_list::<T, M>();
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M>, M: ?Sized> BuildField<M> for [T] {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        T::build_slice(self, cx, out)
    }
}

impl<T: WireType<M>, M: ?Sized> WireType<M> for Vec<T> {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = T::LIST;
    const LENDABLE: bool = T::LENDABLE;
    const MISTAKE: Option<&'static str> = mistake_in_list::<T, M>();
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M>, M: ?Sized> BuildField<M> for Vec<T> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        T::build_slice(self, cx, out)
    }

    fn build_owned(self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        T::build_vec(self, cx, out)
    }
}

impl<'a, T: ReadField<'a, M>, M: ?Sized> ReadField<'a, M> for Vec<T> {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Vec<T>> {
        T::read_vec(cx, input)
    }
}
