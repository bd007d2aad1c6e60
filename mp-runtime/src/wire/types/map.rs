//! `BTreeMap` and `HashMap` as lists of pairs.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};

use super::tuple::build_pair;
use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::collect::Collect;
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType, read_list};
use crate::wire::wire_type::either;

impl<K: WireType<M>, V: WireType<M>, M: ?Sized> WireType<M> for BTreeMap<K, V> {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::List(&<(K, V) as WireType<M>>::TYPE);
    const LENDABLE: bool = K::LENDABLE && V::LENDABLE;
    const MISTAKE: Option<&'static str> = either(K::MISTAKE, V::MISTAKE);
    const SECRET: bool = K::SECRET || V::SECRET;
}

impl<K: BuildField<M>, V: BuildField<M>, M: ?Sized> BuildField<M> for BTreeMap<K, V> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_list::<(K, V), M, _>(self.iter(), |(key, value), out| {
            build_pair::<M, K, V>(key, value, cx, out)
        })
    }

    fn build_owned(self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_list::<(K, V), M, _>(self.into_iter(), |pair, out| {
            BuildField::<M>::build_owned(pair, cx, out)
        })
    }
}

impl<'a, K, V, M> ReadField<'a, M> for BTreeMap<K, V>
where
    K: ReadField<'a, M> + Ord,
    V: ReadField<'a, M>,
    M: ?Sized,
{
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
        read_list::<M, (K, V), Self>(cx, input, Collect::with_room)
    }
}

impl<K: WireType<M>, V: WireType<M>, M: ?Sized, S> WireType<M> for HashMap<K, V, S> {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = Type::List(&<(K, V) as WireType<M>>::TYPE);
    const LENDABLE: bool = K::LENDABLE && V::LENDABLE;
    const MISTAKE: Option<&'static str> = either(K::MISTAKE, V::MISTAKE);
    const SECRET: bool = K::SECRET || V::SECRET;
}

impl<K: BuildField<M>, V: BuildField<M>, M: ?Sized, S> BuildField<M> for HashMap<K, V, S> {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_list::<(K, V), M, _>(self.iter(), |(key, value), out| {
            build_pair::<M, K, V>(key, value, cx, out)
        })
    }

    fn build_owned(self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_list::<(K, V), M, _>(self.into_iter(), |pair, out| {
            BuildField::<M>::build_owned(pair, cx, out)
        })
    }
}

impl<'a, K, V, M, S> ReadField<'a, M> for HashMap<K, V, S>
where
    K: ReadField<'a, M> + Eq + Hash,
    V: ReadField<'a, M>,
    M: ?Sized,
    S: BuildHasher + Default,
{
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
        read_list::<M, (K, V), Self>(cx, input, Collect::with_room)
    }
}
