//! Numbers with a unit: amounts, durations and points in time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bitcoin::{Amount, SignedAmount};
use bitcoin_ipc::Result;
use bitcoin_ipc::types::Bitcoin;
use mp_runtime::ipc_interface;
use mp_runtime::with::{microseconds, milliseconds, milliseconds_or_forever, seconds};

use crate::ends::{Ends, Mirror, Tape, echoes};

echoes! {
    Numbers, NumbersWire, i64, 0x9a1c_4e07_55d2_8b05;
    amount: Amount,
    signed: SignedAmount,
    duration: Duration,
    time: SystemTime,
}

/// Durations in units other than the one that they have by themselves.
#[ipc_interface(
    file = "values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b06,
    construct
)]
trait Units: Send + Sync {
    #[ipc(result(with = seconds))]
    fn seconds(&self, #[ipc(with = seconds)] value: Duration) -> Result<Duration>;
    #[ipc(result(with = milliseconds))]
    fn milliseconds(&self, #[ipc(with = milliseconds)] value: Duration) -> Result<Duration>;
    #[ipc(result(with = microseconds))]
    fn microseconds(&self, #[ipc(with = microseconds)] value: Duration) -> Result<Duration>;
}

#[ipc_interface(
    file = "other/values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b06,
    construct
)]
trait UnitsWire: Send + Sync {
    fn seconds(&self, value: i64) -> Result<i64>;
    fn milliseconds(&self, value: i64) -> Result<i64>;
    fn microseconds(&self, value: i64) -> Result<i64>;
}

impl Units for Mirror {
    fn seconds(&self, value: Duration) -> Result<Duration> {
        Ok(value)
    }
    fn milliseconds(&self, value: Duration) -> Result<Duration> {
        Ok(value)
    }
    fn microseconds(&self, value: Duration) -> Result<Duration> {
        Ok(value)
    }
}

impl UnitsWire for Tape<i64> {
    fn seconds(&self, value: i64) -> Result<i64> {
        self.turn(value)
    }
    fn milliseconds(&self, value: i64) -> Result<i64> {
        self.turn(value)
    }
    fn microseconds(&self, value: i64) -> Result<i64> {
        self.turn(value)
    }
}

#[ipc_interface(
    file = "values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b07,
    construct
)]
trait Limits: Send + Sync {
    #[ipc(result(with = milliseconds_or_forever))]
    fn limit(
        &self,
        #[ipc(with = milliseconds_or_forever)] value: Option<Duration>,
    ) -> Result<Option<Duration>>;
}

#[ipc_interface(
    file = "other/values.capnp",
    file_id = 0xd0c1_8a52_7f31_9e64,
    id = 0x9a1c_4e07_55d2_8b07,
    construct
)]
trait LimitsWire: Send + Sync {
    fn limit(&self, value: f64) -> Result<f64>;
}

impl Limits for Mirror {
    fn limit(&self, value: Option<Duration>) -> Result<Option<Duration>> {
        Ok(value)
    }
}

impl LimitsWire for Tape<f64> {
    fn limit(&self, value: f64) -> Result<f64> {
        self.turn(value)
    }
}

fn ends() -> Ends<dyn Numbers, dyn NumbersWire, i64> {
    Ends::<dyn Numbers, dyn NumbersWire, i64>::new(Arc::new(Mirror), |tape| tape)
}

#[test]
fn an_amount_is_satoshis_and_never_negative() {
    let ends = ends();
    for satoshis in [0, 1, Amount::MAX_MONEY.to_sat(), i64::MAX as u64] {
        let amount = Amount::from_sat(satoshis);
        ends.same(Numbers::amount, NumbersWire::amount, &amount, &(satoshis as i64));
    }
    for negative in [-1, i64::MIN] {
        let error = ends.refused(Numbers::amount, NumbersWire::amount, &Amount::ZERO, &negative);
        assert!(error.text().contains(&negative.to_string()), "{error}");
    }
    ends.unwritable(Numbers::amount, Amount::from_sat(u64::MAX));
    ends.same(Numbers::amount, NumbersWire::amount, &Amount::ZERO, &0);
}

#[test]
fn a_signed_amount_is_any_number_of_satoshis() {
    let ends = ends();
    for satoshis in [0, 1, -1, -2_100_000_000_000_000, i64::MIN, i64::MAX] {
        ends.same(Numbers::signed, NumbersWire::signed, &SignedAmount::from_sat(satoshis), &satoshis);
    }
}

#[test]
fn durations_and_times_are_counts() {
    let ends = ends();
    let duration = Duration::new(1, 5);
    ends.same(Numbers::duration, NumbersWire::duration, &duration, &1_000_000_005);
    ends.refused(Numbers::duration, NumbersWire::duration, &duration, &-1);
    ends.unwritable(Numbers::duration, Duration::MAX);
    for nanoseconds in [0, 1_600_000_000_000_000_007, -5] {
        let distance = Duration::from_nanos(u64::try_from(i64::abs(nanoseconds)).expect("no overflow"));
        let time = match nanoseconds {
            0.. => SystemTime::UNIX_EPOCH + distance,
            _ => SystemTime::UNIX_EPOCH - distance,
        };
        ends.same(Numbers::time, NumbersWire::time, &time, &nanoseconds);
    }
}

#[test]
fn durations_have_the_unit_that_is_named() {
    let ends = Ends::<dyn Units, dyn UnitsWire, i64>::new(Arc::new(Mirror), |tape| tape);
    let value = Duration::from_secs(7);
    ends.same(Units::seconds, UnitsWire::seconds, &value, &7);
    ends.same(Units::milliseconds, UnitsWire::milliseconds, &value, &7_000);
    ends.same(Units::microseconds, UnitsWire::microseconds, &value, &7_000_000);
    ends.refused(Units::seconds, UnitsWire::seconds, &value, &-1);
    ends.refused(Units::milliseconds, UnitsWire::milliseconds, &value, &i64::MIN);
    ends.same(Units::seconds, UnitsWire::seconds, &Duration::from_secs(i64::MAX as u64), &i64::MAX);
    ends.unwritable(Units::microseconds, Duration::MAX);
}

#[test]
fn the_largest_number_of_milliseconds_is_for_ever() {
    let ends = Ends::<dyn Limits, dyn LimitsWire, f64>::new(Arc::new(Mirror), |tape| tape);
    ends.same(Limits::limit, LimitsWire::limit, &None, &f64::MAX);
    ends.same(Limits::limit, LimitsWire::limit, &Some(Duration::ZERO), &0.0);
    ends.same(Limits::limit, LimitsWire::limit, &Some(Duration::from_micros(1500)), &1.5);
    ends.reads(Limits::limit, &None, &f64::INFINITY);
    for bad in [-1.0, f64::MIN, f64::NEG_INFINITY, f64::NAN] {
        ends.refused(Limits::limit, LimitsWire::limit, &None, &bad);
    }
}
