//! Times as logs write them.
//!
//! In: microseconds since 1970, or the start of a line. Out: `2026-11-21T10:10:35.123456Z`, or the
//! microseconds.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: u64 = 86_400;

/// Microseconds since 1970; 0 for a clock that is set before.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// The text of a time.
pub(crate) fn format(micros: u64) -> String {
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (year, month, day) = date(seconds / DAY);
    let second = seconds % DAY;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// The time with which a line starts, with or without a fraction of at most six digits, and how many
/// bytes it takes.
pub(crate) fn parse(line: &[u8]) -> Option<(u64, usize)> {
    let number = |at: usize, length: usize| -> Option<u64> {
        line.get(at..at + length)?
            .iter()
            .try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
    };
    for (at, mark) in [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')] {
        if line.get(at) != Some(&mark) {
            return None;
        }
    }
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    if year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut end = 19;
    let mut micros = 0;
    if line.get(end) == Some(&b'.') {
        let digits = line[end + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=6).contains(&digits) {
            return None;
        }
        micros = number(end + 1, digits)? * 10_u64.pow(6 - u32::try_from(digits).ok()?);
        end += 1 + digits;
    }
    if line.get(end) != Some(&b'Z') {
        return None;
    }
    let seconds = days(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    Some((seconds * 1_000_000 + micros, end + 1))
}

/// Years that start in March, so that the leap day is a year's last: 400 of them have 146097 days,
/// and 719468 days lie between 1 March of year 0 and 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let late = month >= 10;
    (era * 400 + year + u64::from(late), if late { month - 9 } else { month + 3 }, day)
}

/// The reverse of [`date`], for years from 1970 on.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let (era, year) = (year / 400, year % 400);
    era * 146_097 + 365 * year + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times() {
        assert_eq!(format(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(format(951_782_400_000_000), "2000-02-29T00:00:00.000000Z");
        assert_eq!(format(1_795_255_835_123_456), "2026-11-21T10:10:35.123456Z");
        assert_eq!(parse(b"2026-11-21T10:10:35Z x"), Some((1_795_255_835_000_000, 20)));
        assert_eq!(parse(b"2026-11-21T10:10:35.5Z"), Some((1_795_255_835_500_000, 22)));
        for other in ["", "x", "2026-13-21T10:10:35Z", "2026-11-21 10:10:35Z", "2026-11-21T10:10:35.Z"] {
            assert_eq!(parse(other.as_bytes()), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(micros in 0..250_000_000_000_000_000_u64) {
            let text = format(micros);
            prop_assert_eq!(parse(text.as_bytes()), Some((micros, 27)));
        }

        #[test]
        fn any_bytes_are_read(bytes in any::<Vec<u8>>()) {
            parse(&bytes);
        }
    }
}
