//! References and shared pointers to values, written as the value itself.

use std::borrow::Cow;

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::Slots;
use crate::wire::traits::{BuildField, ReadField, WireType};

impl<T: WireType<M> + ?Sized, M: ?Sized> WireType<M> for &T {
    const SLOTS: Slots = T::SLOTS;
    const TYPE: Type = T::TYPE;
    const LIST: Type = T::LIST;
    const STRUCT: Option<(u16, u16)> = T::STRUCT;
    const NEVER_EMPTY: bool = T::NEVER_EMPTY;
    const LENDABLE: bool = T::LENDABLE;
    const OPTIONAL: bool = T::OPTIONAL;
    const MISTAKE: Option<&'static str> = T::MISTAKE;
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M> + ?Sized, M: ?Sized> BuildField<M> for &T {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        T::build_field(self, cx, out)
    }
}

impl<T: WireType<M> + ToOwned + ?Sized, M: ?Sized> WireType<M> for Cow<'_, T> {
    const SLOTS: Slots = T::SLOTS;
    const TYPE: Type = T::TYPE;
    const LIST: Type = T::LIST;
    const STRUCT: Option<(u16, u16)> = T::STRUCT;
    const NEVER_EMPTY: bool = T::NEVER_EMPTY;
    const LENDABLE: bool = T::LENDABLE;
    const OPTIONAL: bool = T::OPTIONAL;
    const MISTAKE: Option<&'static str> = T::MISTAKE;
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M> + ToOwned + ?Sized, M: ?Sized> BuildField<M> for Cow<'_, T> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        T::build_field(self, cx, out)
    }
}

impl<'a, T: WireType<M> + ToOwned + ?Sized, M: ?Sized> ReadField<'a, M> for Cow<'_, T>
where
    T::Owned: ReadField<'a, M>,
{
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
        T::Owned::read_field(cx, input).map(Cow::Owned)
    }
}

/// A box is its content: it is how a struct holds itself.
impl<T: WireType<M>, M: ?Sized> WireType<M> for Box<T> {
    const SLOTS: Slots = T::SLOTS;
    const TYPE: Type = T::TYPE;
    const STRUCT: Option<(u16, u16)> = T::STRUCT;
    const NEVER_EMPTY: bool = T::NEVER_EMPTY;
    const LENDABLE: bool = T::LENDABLE;
    const OPTIONAL: bool = T::OPTIONAL;
    const MISTAKE: Option<&'static str> = T::MISTAKE;
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M>, M: ?Sized> BuildField<M> for Box<T> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        (**self).build_field(cx, out)
    }

    fn build_owned(self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        (*self).build_owned(cx, out)
    }
}

impl<'a, T: ReadField<'a, M>, M: ?Sized> ReadField<'a, M> for Box<T> {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Box<T>> {
        T::read_field(cx, input).map(Box::new)
    }
}
