//! Floating-point numbers, bit for bit.

use crate::error::Result;
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

macro_rules! float {
    ($($rust:ty as $bits:ty, $slot:ident, $ty:ident;)*) => {$(
        impl<M: ?Sized> WireType<M> for $rust {
            const SLOTS: Slots = Slots::one(Slot::$slot);
            const TYPE: Type = Type::$ty;
        }

        impl<M: ?Sized> BuildField<M> for $rust {
            fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
                out.set_bits(u64::from(self.to_bits()));
                Ok(())
            }
        }

        impl<'a, M: ?Sized> ReadField<'a, M> for $rust {
            fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Self> {
                Ok(<$rust>::from_bits(input.bits() as $bits))
            }
        }
    )*};
}

float! {
    f32 as u32, FourBytes, Float32;
    f64 as u64, EightBytes, Float64;
}
