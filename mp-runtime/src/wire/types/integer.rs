//! Integers, `bool` and `char`.
//!
//! An integer travels in the Cap'n Proto integer of its own width; `usize` and `isize` as 64 bits.
//! Every value that does not fit is an error, never a wrap.

use crate::error::{Error, Result};
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

macro_rules! integer {
    ($($rust:ty as $wire:ty, $slot:ident, $ty:ident;)*) => {$(
        impl<M: ?Sized> WireType<M> for $rust {
            const SLOTS: Slots = Slots::one(Slot::$slot);
            const TYPE: Type = Type::$ty;
        }

        impl<M: ?Sized> BuildField<M> for $rust {
            fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
                let wire = <$wire>::try_from(*self).map_err(|_| out_of_range(self, stringify!($ty)))?;
                out.set_bits(wire as u64);
                Ok(())
            }
        }

        impl<'a, M: ?Sized> ReadField<'a, M> for $rust {
            fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
                let wire = input.bits() as $wire;
                <$rust>::try_from(wire).map_err(|_| out_of_range(&wire, stringify!($rust)))
            }
        }
    )*};
}

integer! {
    i8 as i8, Byte, Int8;
    i16 as i16, TwoBytes, Int16;
    i32 as i32, FourBytes, Int32;
    i64 as i64, EightBytes, Int64;
    isize as i64, EightBytes, Int64;
    u16 as u16, TwoBytes, UInt16;
    u32 as u32, FourBytes, UInt32;
    u64 as u64, EightBytes, UInt64;
    usize as u64, EightBytes, UInt64;
    char as u32, FourBytes, UInt32;
}

fn out_of_range(value: &dyn std::fmt::Display, target: &str) -> Error {
    Error::bad_value(format!("{value} does not fit {target}"))
}

impl<M: ?Sized> WireType<M> for u8 {
    const SLOTS: Slots = Slots::one(Slot::Byte);
    const TYPE: Type = Type::UInt8;
    const LIST: Type = Type::Data;
}

impl<M: ?Sized> BuildField<M> for u8 {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_bits(u64::from(*self));
        Ok(())
    }

    fn build_slice(items: &[u8], _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_data(items)
    }

    fn build_vec(items: Vec<u8>, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_data(&items)
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for u8 {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<u8> {
        Ok(input.bits() as u8)
    }

    fn read_vec(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Vec<u8>> {
        Ok(input.data()?.to_vec())
    }
}

impl<M: ?Sized> WireType<M> for bool {
    const SLOTS: Slots = Slots::one(Slot::Bit);
    const TYPE: Type = Type::Bool;
}

impl<M: ?Sized> BuildField<M> for bool {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        out.set_bits(u64::from(*self));
        Ok(())
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for bool {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<bool> {
        Ok(input.bits() & 1 == 1)
    }
}
