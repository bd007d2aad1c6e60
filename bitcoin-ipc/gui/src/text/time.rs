//! Times.
//!
//! In: seconds since 1970, and now. Out: a length such as "37 weeks", a date.

use jiff::Timestamp;
use jiff::tz::TimeZone;

const UNITS: [(i64, &str); 5] =
    [(365 * 86_400, "year"), (7 * 86_400, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute")];

/// A length of time in the largest unit of which there are two, or in minutes.
pub(crate) fn length(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (size, name) =
        UNITS.into_iter().find(|(size, _)| seconds >= 2 * size).unwrap_or(UNITS[UNITS.len() - 1]);
    match seconds / size {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
}

/// A date and time of day.
pub(crate) fn date(time: i64, zone: &TimeZone) -> String {
    Timestamp::from_second(time).map_or_else(
        |_| "unknown".to_owned(),
        |time| time.to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M").to_string(),
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
