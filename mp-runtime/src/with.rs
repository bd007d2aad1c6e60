//! Conversions to name in `#[ipc(with = …)]`.
//!
//! In: a value. Out: a value of another type that has the wire form wanted. Each module has a type
//! `Wire` and the functions `build` and `read`, which is all that a module of your own needs too.

use std::time::Duration;

use crate::error::{Error, Result};

macro_rules! ticks {
    ($($(#[$doc:meta])* $name:ident, $unit:literal, $per_second:literal;)*) => {$(
        $(#[$doc])*
        pub mod $name {
            use super::{Duration, Result};

            /// Ticks.
            pub type Wire = i64;

            #[doc = concat!("Counts ", $unit, "; a rest is dropped, as `duration_cast` does.")]
            ///
            /// # Errors
            ///
            /// When the count exceeds 64 bits.
            pub fn build(value: &Duration) -> Result<Wire> {
                super::to_ticks(*value, $per_second, $unit)
            }

            #[doc = concat!("Makes a duration of so many ", $unit, ".")]
            ///
            /// # Errors
            ///
            /// When the count is negative.
            pub fn read(wire: Wire) -> Result<Duration> {
                super::from_ticks(wire, $per_second, $unit)
            }
        }
    )*};
}

ticks! {
    /// A [`Duration`] as whole seconds in an Int64 (`std::chrono::seconds`).
    seconds, "seconds", 1;
    /// A [`Duration`] as whole milliseconds in an Int64 (`std::chrono::milliseconds`).
    milliseconds, "milliseconds", 1_000;
    /// A [`Duration`] as whole microseconds in an Int64 (`std::chrono::microseconds`).
    microseconds, "microseconds", 1_000_000;
}

fn to_ticks(value: Duration, per_second: u128, unit: &str) -> Result<i64> {
    i64::try_from(value.as_nanos() * per_second / 1_000_000_000)
        .map_err(|_| Error::bad_value(format!("{value:?} is longer than 64 bits of {unit}")))
}

fn from_ticks(ticks: i64, per_second: u64, unit: &str) -> Result<Duration> {
    let ticks = u64::try_from(ticks)
        .map_err(|_| Error::bad_value(format!("a duration of {ticks} {unit} is negative")))?;
    let rest = ticks % per_second * (1_000_000_000 / per_second);
    Ok(Duration::from_secs(ticks / per_second) + Duration::from_nanos(rest))
}

/// An optional [`Duration`] as milliseconds in a Float64, where none is the largest finite number,
/// "for ever" (Bitcoin Core's `MillisecondsDouble`).
pub mod milliseconds_or_forever {
    use super::{Duration, Error, Result};

    /// Milliseconds.
    pub type Wire = f64;

    /// Counts milliseconds.
    ///
    /// # Errors
    ///
    /// Never; the signature is that of all conversions.
    pub fn build(value: &Option<Duration>) -> Result<Wire> {
        Ok(value.map_or(f64::MAX, |value| value.as_secs_f64() * 1000.0))
    }

    /// Makes a duration, or none for more than a [`Duration`] can hold.
    ///
    /// # Errors
    ///
    /// When the number is negative or not a number.
    pub fn read(wire: Wire) -> Result<Option<Duration>> {
        if wire.is_nan() || wire < 0.0 {
            return Err(Error::bad_value(format!("{wire} milliseconds is no duration")));
        }
        Ok(Duration::try_from_secs_f64(wire / 1000.0).ok())
    }
}

/// A path as Text, for schemas that write paths so.
pub mod path_text {
    use std::path::PathBuf;

    use super::{Error, Result};

    /// The path.
    pub type Wire = String;

    /// Writes the path.
    ///
    /// # Errors
    ///
    /// When the path is not UTF-8.
    pub fn build(value: &std::path::Path) -> Result<Wire> {
        let text = value.to_str();
        text.map(str::to_owned)
            .ok_or_else(|| Error::bad_value(format!("the path {} is not UTF-8", value.display())))
    }

    /// Reads the path.
    ///
    /// # Errors
    ///
    /// Never; the signature is that of all conversions.
    pub fn read(wire: Wire) -> Result<PathBuf> {
        Ok(PathBuf::from(wire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_their_ticks() {
        let value = Duration::new(3, 250_000_000);
        assert_eq!(seconds::build(&value), Ok(3));
        assert_eq!(milliseconds::build(&value), Ok(3_250));
        assert_eq!(milliseconds::read(3_250), Ok(value));
        assert_eq!(microseconds::read(1), Ok(Duration::from_micros(1)));
        assert!(seconds::read(-1).is_err());
        assert!(microseconds::build(&Duration::MAX).is_err());
    }

    #[test]
    fn for_ever_is_the_largest_number() {
        assert_eq!(milliseconds_or_forever::build(&None), Ok(f64::MAX));
        assert_eq!(milliseconds_or_forever::read(f64::MAX), Ok(None));
        assert_eq!(milliseconds_or_forever::read(1500.0), Ok(Some(Duration::from_millis(1500))));
        assert!(milliseconds_or_forever::read(f64::NAN).is_err());
    }
}
