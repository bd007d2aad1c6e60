//! How often a peer may cause a line in the log.
//!
//! In: what happened. Out: a line, or none when there were enough of this kind; the next line says how many are
//! missing.

use std::cell::RefCell;
use std::fmt::Display;
use std::time::{Duration, Instant};

/// So many lines of a kind come at once.
const BURST: u32 = 10;
/// Then one in this time.
const PAUSE: Duration = Duration::from_secs(10);

/// What a peer can cause again and again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Hit {
    /// A question was refused because of a limit.
    Refusal,
    /// A message was of no known kind.
    Unknown,
    /// A call of something that is not there.
    NoMethod,
    /// A call failed.
    Failure,
    /// A call was cancelled.
    Cancel,
    /// A connection could not be accepted.
    Accept,
    /// A connection came from somebody who may not.
    Stranger,
}

/// The lines that one connection has caused.
pub(crate) struct Quota {
    connection: u64,
    kinds: RefCell<Vec<(Hit, Kind)>>,
}

struct Kind {
    left: u32,
    filled: Instant,
    missing: u64,
}

impl Quota {
    pub(crate) fn new(connection: u64) -> Self {
        Quota { connection, kinds: RefCell::default() }
    }

    /// Whether there may be a line of this kind, and how many before it are missing.
    pub(crate) fn allows(&self, hit: Hit) -> Option<u64> {
        self.allows_at(hit, Instant::now())
    }

    fn allows_at(&self, hit: Hit, now: Instant) -> Option<u64> {
        let mut kinds = self.kinds.borrow_mut();
        let place = kinds.iter().position(|(known, _)| *known == hit).unwrap_or_else(|| {
            kinds.push((hit, Kind { left: BURST, filled: now, missing: 0 }));
            kinds.len() - 1
        });
        let kind = &mut kinds[place].1;
        if kind.left == 0 && now.duration_since(kind.filled) >= PAUSE {
            kind.left = 1;
            kind.filled = now;
        }
        if kind.left == 0 {
            kind.missing += 1;
            return None;
        }
        kind.left -= 1;
        if kind.left == 0 {
            kind.filled = now;
        }
        Some(std::mem::take(&mut kind.missing))
    }

    /// Says at most now and then that a limit was hit.
    pub(crate) fn hit(&self, hit: Hit, what: &dyn Display) {
        if let Some(missing) = self.allows(hit) {
            tracing::warn!(target: "ipc", connection = self.connection, missing, "IPC peer refused: {what}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_its_lines_and_then_one_now_and_then() {
        let quota = Quota::new(1);
        let start = Instant::now();
        let lines = |quota: &Quota, at: Instant| {
            (0..1_000).filter_map(|_| quota.allows_at(Hit::Refusal, at)).collect()
        };
        let first: Vec<u64> = lines(&quota, start);
        assert_eq!(first, [0; BURST as usize]);
        assert_eq!(quota.allows_at(Hit::Failure, start), Some(0), "another kind has lines of its own");
        let later: Vec<u64> = lines(&quota, start + PAUSE);
        assert_eq!(later, [990], "the next line says how many are missing");
        let last: Vec<u64> = lines(&quota, start + PAUSE * 2);
        assert_eq!(last, [999]);
    }
}
