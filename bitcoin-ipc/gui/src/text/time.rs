//! Times.
//!
//! In: seconds since 1970, and now. Out: a length such as "37 weeks", a date.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::words::{Language, fill, mark, spoken, t, tr};

/// Seconds of each unit, and how one and several of it are told.
const UNITS: [(i64, &str, &str); 5] = [
    (365 * 86_400, mark!("1 year"), mark!("{count} years")),
    (7 * 86_400, mark!("1 week"), mark!("{count} weeks")),
    (86_400, mark!("1 day"), mark!("{count} days")),
    (3_600, mark!("1 hour"), mark!("{count} hours")),
    (60, mark!("1 minute"), mark!("{count} minutes")),
];

/// A length of time in the largest unit of which there are two, or in minutes.
pub(crate) fn length(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let unit = UNITS.into_iter().find(|(size, ..)| seconds >= 2 * size);
    let (size, one, several) = unit.unwrap_or(UNITS[UNITS.len() - 1]);
    match seconds / size {
        1 => tr(one).to_owned(),
        count => fill(tr(several), &[("count", &count)]),
    }
}

/// A date and time of day.
pub(crate) fn date(time: i64, zone: &TimeZone) -> String {
    // The names of months are English.
    let form = if spoken() == Language::English { "%-d %b %Y %H:%M" } else { "%Y-%m-%d %H:%M" };
    Timestamp::from_second(time).map_or_else(
        |_| t!("unknown").to_owned(),
        |time| time.to_zoned(zone.clone()).strftime(form).to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        assert_eq!(length(60), "1 minute");
        assert_eq!(length(4 * 60), "4 minutes");
        assert_eq!(length(90 * 60), "90 minutes");
        assert_eq!(length(3 * 3_600), "3 hours");
        assert_eq!(length(37 * 7 * 86_400), "37 weeks");
        assert_eq!(date(1_777_766_400, &TimeZone::UTC), "3 May 2026 00:00");
        assert_eq!(date(i64::MAX, &TimeZone::UTC), "unknown");
    }
}
