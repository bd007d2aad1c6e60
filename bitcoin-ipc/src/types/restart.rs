//! What a node says when it is to start its wallet process again.
//!
//! In: a pause. Out: a message as `handleInitMessage` tells it, and the pause back. Whoever does not read it shows it.

use std::time::Duration;

const BEFORE: &str = "The wallet process is started again in ";
const AFTER: &str = " s.";

/// The message for a pause.
#[must_use]
pub fn message(pause: Duration) -> String {
    format!("{BEFORE}{}{AFTER}", pause.as_secs_f32())
}

/// The pause that a message tells; `None` for one about something else. No pause is longer than a day.
#[must_use]
pub fn pause(message: &str) -> Option<Duration> {
    let seconds: f32 = message.strip_prefix(BEFORE)?.strip_suffix(AFTER)?.parse().ok()?;
    let most = Duration::from_secs(86_400);
    Duration::try_from_secs_f32(seconds).ok().filter(|pause| *pause <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_read_back() {
        for pause_ in [Duration::from_millis(250), Duration::from_secs(8), Duration::ZERO] {
            assert_eq!(pause(&message(pause_)), Some(pause_));
        }
        assert_eq!(message(Duration::from_millis(250)), "The wallet process is started again in 0.25 s.");
        for other in ["Loading…", "The wallet process is started again in  s.", "-1", "1e30", "NaN", "inf"]
        {
            assert_eq!(pause(other), None, "{other}");
            assert_eq!(pause(&format!("{BEFORE}{other}{AFTER}")), None, "{other}");
        }
    }
}
