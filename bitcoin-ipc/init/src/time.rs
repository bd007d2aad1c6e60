//! Times as logs write them.
//!
//! In: microseconds since 1970, or the start of a line. Out: `2026-11-21T10:10:35.123456Z`, or the
//! microseconds.

use jiff::Timestamp;

/// Microseconds since 1970; 0 for a clock that is set before.
pub fn now() -> u64 {
    u64::try_from(Timestamp::now().as_microsecond()).unwrap_or_default()
}

/// The text of a time; the last one that there is for anything later.
pub fn format(micros: u64) -> String {
    let time = i64::try_from(micros).ok().and_then(|micros| Timestamp::from_microsecond(micros).ok());
    format!("{:.6}", time.unwrap_or(Timestamp::MAX))
}

/// The time with which a line starts, with or without a fraction of at most six digits, and how many
/// bytes it takes.
pub fn parse(line: &[u8]) -> Option<(u64, usize)> {
    // Only this form: other times that could be read may be part of the text.
    let end = line.iter().take(LONGEST).position(|byte| *byte == b'Z')? + 1;
    let text = std::str::from_utf8(&line[..end]).ok()?;
    if end < SHORTEST || text.as_bytes()[10] != b'T' || text.ends_with(".Z") || text.contains(',') {
        return None;
    }
    let micros = text.parse::<Timestamp>().ok()?.as_microsecond();
    Some((u64::try_from(micros).ok()?, end))
}

/// `2026-11-21T10:10:35Z`
const SHORTEST: usize = 20;
/// `2026-11-21T10:10:35.123456Z`
const LONGEST: usize = 27;

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
