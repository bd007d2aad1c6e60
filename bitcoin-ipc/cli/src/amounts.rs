//! How numbers and durations are written for people.
//!
//! In: counts, amounts, durations. Out: short texts.

use std::time::Duration;

use bitcoin::Amount;

/// A count with its thousands apart: `12 345`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// A length as a count.
pub(crate) fn length(number: usize) -> String {
    count(u64::try_from(number).unwrap_or(u64::MAX))
}

/// An amount in both units: `0.00001000 BTC (1 000 sat)`.
pub(crate) fn amount(amount: Amount) -> String {
    let sat = amount.to_sat();
    format!("{}.{:08} BTC ({} sat)", sat / 100_000_000, sat % 100_000_000, count(sat))
}

/// A duration with three digits, in the unit that suits it: `71.3 µs`.
pub(crate) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    let (value, unit) = match seconds {
        _ if seconds < 1e-3 => (seconds * 1e6, "µs"),
        _ if seconds < 1.0 => (seconds * 1e3, "ms"),
        _ if seconds < 100.0 => (seconds, "s"),
        _ => return format!("{} s", count(duration.as_secs())),
    };
    let places = match value {
        _ if value < 10.0 => 2,
        _ if value < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.places$} {unit}")
}

/// Microseconds, for scripts.
pub(crate) fn micros(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e7).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        assert_eq!(
            ["0", "999", "1 000", "1 234 567"],
            [0, 999, 1_000, 1_234_567].map(count).each_ref().map(|s| s.as_str())
        );
        assert_eq!(amount(Amount::from_sat(312_500_001)), "3.12500001 BTC (312 500 001 sat)");
        let shown = [71_300, 1_500_000, 123_456_000, 5_000_000_000, 250_000_000_000]
            .map(|nanos| duration(Duration::from_nanos(nanos)));
        assert_eq!(shown, ["71.3 µs", "1.50 ms", "123 ms", "5.00 s", "250 s"]);
        assert_eq!(micros(Duration::from_nanos(71_340)), 71.3);
    }
}
