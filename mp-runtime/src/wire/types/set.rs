//! `BTreeSet` and `HashSet` as lists of their elements.

use std::collections::{BTreeSet, HashSet};
use std::hash::{BuildHasher, Hash};

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::collect::Collect;
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType, read_list};
use crate::wire::wire_type::mistake_in_list;

impl<T: WireType<M>, M: ?Sized> WireType<M> for BTreeSet<T> {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::List(&T::TYPE);
    const LENDABLE: bool = T::LENDABLE;
    const MISTAKE: Option<&'static str> = mistake_in_list::<T, M>();
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M>, M: ?Sized> BuildField<M> for BTreeSet<T> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_list::<T, M, _>(self.iter(), |item, out| item.build_field(cx, out))
    }
}

impl<'a, T: ReadField<'a, M> + Ord, M: ?Sized> ReadField<'a, M> for BTreeSet<T> {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
        read_list::<M, T, Self>(cx, input, Collect::with_room)
    }
}

impl<T: WireType<M>, M: ?Sized, S> WireType<M> for HashSet<T, S> {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::List(&T::TYPE);
    const LENDABLE: bool = T::LENDABLE;
    const MISTAKE: Option<&'static str> = mistake_in_list::<T, M>();
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M>, M: ?Sized, S> BuildField<M> for HashSet<T, S> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_list::<T, M, _>(self.iter(), |item, out| item.build_field(cx, out))
    }
}

impl<'a, T, M, S> ReadField<'a, M> for HashSet<T, S>
where
    T: ReadField<'a, M> + Eq + Hash,
    M: ?Sized,
    S: BuildHasher + Default,
{
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
        read_list::<M, T, Self>(cx, input, Collect::with_room)
    }
}
