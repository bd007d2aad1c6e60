//! Durations and points in time as Int64.
//!
//! A C++ `chrono` value travels as the tick count of its own unit. Here the unit is the
//! nanosecond, the finest that both sides have; for other units name one of the modules of
//! [`with`](crate::with) (`#[ipc(with = mp_runtime::with::seconds)]`).

use std::time::{Duration, SystemTime};

use crate::error::{Error, Result};
use crate::wire::build::{BuildContext, FieldBuilder};
use crate::wire::node::Type;
use crate::wire::read::{FieldReader, ReadContext};
use crate::wire::slot::{Slot, Slots};
use crate::wire::traits::{BuildField, ReadField, WireType};

impl<M: ?Sized> WireType<M> for Duration {
    const SLOTS: Slots = Slots::one(Slot::EightBytes);
    const TYPE: Type = Type::Int64;
    const UNIT: &'static str = "nanoseconds";
}

impl<M: ?Sized> BuildField<M> for Duration {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        let nanos = i64::try_from(self.as_nanos())
            .map_err(|_| Error::bad_value(format!("{self:?} is longer than 64 bits of nanoseconds")))?;
        out.set_bits(nanos as u64);
        Ok(())
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for Duration {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<Duration> {
        let nanos = input.bits() as i64;
        u64::try_from(nanos)
            .map(Duration::from_nanos)
            .map_err(|_| Error::bad_value(format!("a duration of {nanos} nanoseconds is negative")))
    }
}

impl<M: ?Sized> WireType<M> for SystemTime {
    const SLOTS: Slots = Slots::one(Slot::EightBytes);
    const TYPE: Type = Type::Int64;
    const UNIT: &'static str = "nanoseconds since 1970, in UTC";
}

impl<M: ?Sized> BuildField<M> for SystemTime {
    fn build_field(&self, _: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
        let nanos = match self.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).ok(),
            // One more nanosecond fits before 1970 than after it.
            Err(before) => {
                0i64.checked_sub_unsigned(u64::try_from(before.duration().as_nanos()).unwrap_or(u64::MAX))
            }
        };
        let nanos = nanos
            .ok_or_else(|| Error::bad_value("the time is further from 1970 than 64 bits of nanoseconds"))?;
        out.set_bits(nanos as u64);
        Ok(())
    }
}

impl<'a, M: ?Sized> ReadField<'a, M> for SystemTime {
    fn read_field(_: &ReadContext<'a>, input: FieldReader<'a>) -> Result<SystemTime> {
        let nanos = input.bits() as i64;
        let distance = Duration::from_nanos(nanos.unsigned_abs());
        let time = if nanos >= 0 {
            SystemTime::UNIX_EPOCH.checked_add(distance)
        } else {
            SystemTime::UNIX_EPOCH.checked_sub(distance)
        };
        time.ok_or_else(|| Error::bad_value(format!("{nanos} nanoseconds is no time here")))
    }
}
