//! Tuples as structs.
//!
//! A pair is Bitcoin Core's `Pair` with fields `key` and `value`; longer tuples have the fields
//! `f0`, `f1` and so on. The struct has no file of its own: the schema text names it after its
//! types and places it in the file that uses it.

use std::marker::PhantomData;

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::describe::{Field, Fields};
use crate::wire::node::{StructNode, Type};
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::structs::{build_struct, read_struct};
use crate::wire::traits::{BuildField, ReadField, WireType};
use crate::wire::wire_type::either;

/// Writes a pair whose halves are lent one by one, as the entries of a map are.
pub(crate) fn build_pair<M: ?Sized, K: BuildField<M>, V: BuildField<M>>(
    key: &K,
    value: &V,
    cx: &mut BuildContext<'_>,
    out: FieldBuilder<'_>,
) -> Result<()> {
    let mut writer = build_struct(Node::<M, (K, V)>::NODE, out)?;
    writer.put::<M, K>(cx, 0, key)?;
    writer.put::<M, V>(cx, 1, value)
}

/// Holds the node of a tuple in a conversion set.
struct Node<M: ?Sized, T>(PhantomData<T>, PhantomData<M>);

macro_rules! tuple {
    ($name:literal, $($T:ident $index:tt $field:literal),*) => {
        impl<M: ?Sized, $($T: WireType<M>),*> Node<M, ($($T,)*)> {
            const NODE: &'static StructNode = &StructNode::new(
                $name,
                &const { Fields::place([$(Field::part::<$T, M>($field)),*], 0) },
            )
            .arguments(&[$(<$T as WireType<M>>::TYPE),*]);
        }

        impl<M: ?Sized, $($T: WireType<M>),*> WireType<M> for ($($T,)*) {
            const SLOTS: Slots = Slots::one(Slot::Pointer);
            const TYPE: Type = Type::Struct(|| Node::<M, Self>::NODE);
            const STRUCT: Option<(u16, u16)> =
                Some((Node::<M, Self>::NODE.data_words, Node::<M, Self>::NODE.pointers));
            const LENDABLE: bool = $(<$T as WireType<M>>::LENDABLE)&&*;
            const MISTAKE: Option<&'static str> = {
                let mistake = None;
                $(let mistake = either(mistake, <$T as WireType<M>>::MISTAKE);)*
                mistake
            };
        }

        impl<M: ?Sized, $($T: BuildField<M>),*> BuildField<M> for ($($T,)*) {
            fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
                let mut writer = build_struct(Node::<M, Self>::NODE, out)?;
                $(writer.put::<M, $T>(cx, $index, &self.$index)?;)*
                Ok(())
            }

            fn build_owned(self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
                let mut writer = build_struct(Node::<M, Self>::NODE, out)?;
                $(writer.give::<M, $T>(cx, $index, self.$index)?;)*
                Ok(())
            }
        }

        impl<'a, M: ?Sized, $($T: ReadField<'a, M>),*> ReadField<'a, M> for ($($T,)*) {
            fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
                let fields = read_struct(Node::<M, Self>::NODE, input)?;
                Ok(($(fields.get::<M, $T>(cx, $index)?,)*))
            }
        }
    };
}

tuple!("Tuple", A 0 "f0");
tuple!("Pair", A 0 "key", B 1 "value");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5", G 6 "f6");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5", G 6 "f6", H 7 "f7");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5", G 6 "f6", H 7 "f7", I 8 "f8");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5", G 6 "f6", H 7 "f7", I 8 "f8", J 9 "f9");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5", G 6 "f6", H 7 "f7", I 8 "f8", J 9 "f9", K 10 "f10");
tuple!("Tuple", A 0 "f0", B 1 "f1", C 2 "f2", D 3 "f3", E 4 "f4", F 5 "f5", G 6 "f6", H 7 "f7", I 8 "f8", J 9 "f9", K 10 "f10", L 11 "f11");
