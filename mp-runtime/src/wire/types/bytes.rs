//! Byte slices as Data, and arrays.
//!
//! `Vec<u8>` and `&[u8]` are Data by way of `u8`'s own list form; `[u8; N]` is Data of exactly N
//! bytes, `[T; N]` a list of exactly N elements.

use crate::error::{Error, Result};
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};
use crate::wire::wire_type::mistake_in_list;

/// Points into the message, without a copy.
impl<'a, M: ?Sized> ReadField<'a, M> for &'a [u8] {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<&'a [u8]> {
        input.data()
    }
}

impl<T: WireType<M>, M: ?Sized, const N: usize> WireType<M> for [T; N] {
    const SLOTS: Slots = Slots::one(Slot::Pointer);
    const TYPE: Type = T::LIST;
    const LENDABLE: bool = T::LENDABLE;
    const MISTAKE: Option<&'static str> = mistake_in_list::<T, M>();
    const UNIT: &'static str = T::UNIT;
    const SECRET: bool = T::SECRET;
}

impl<T: BuildField<M>, M: ?Sized, const N: usize> BuildField<M> for [T; N] {
    fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        T::build_slice(self, cx, out)
    }

    fn build_owned(self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        T::build_vec(Vec::from(self), cx, out)
    }
}

impl<'a, T: ReadField<'a, M>, M: ?Sized, const N: usize> ReadField<'a, M> for [T; N] {
    fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<[T; N]> {
        let items = T::read_vec(cx, input)?;
        let length = items.len();
        <[T; N]>::try_from(items)
            .map_err(|_| Error::bad_value(format!("expected {N} elements, found {length}")))
    }
}
