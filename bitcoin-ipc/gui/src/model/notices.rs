//! What happened, for the user to read.
//!
//! In: texts. Out: the latest ones.

use std::collections::VecDeque;

use crate::text::address::sentence;

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// Something to know.
    Information,
    /// Something doubtful.
    Warning,
    /// Something wrong.
    Error,
}

/// One notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Its number; a later one has a higher one.
    pub(crate) number: u64,
    /// How much it matters.
    pub(crate) level: Level,
    /// What happened.
    pub(crate) text: String,
    /// How often, one directly after the other.
    pub(crate) times: u32,
    /// The amount that it is about, in satoshi.
    pub(crate) amount: Option<u64>,
    /// Whether it is worth telling somebody who looks elsewhere.
    pub(crate) urgent: bool,
}

/// How many are kept.
const KEPT: usize = 200;

/// The latest notices, the last one last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notices {
    latest: VecDeque<Notice>,
    told: u64,
}

impl Notices {
    /// Adds one. The same as the last one is only counted.
    pub(crate) fn add(&mut self, level: Level, text: impl Into<String>) {
        self.put(level, &text.into(), None, level == Level::Error);
    }

    /// Adds one for somebody who may look elsewhere, perhaps about an amount in satoshi.
    pub(crate) fn add_urgent(&mut self, level: Level, text: impl Into<String>, amount: Option<u64>) {
        self.put(level, &text.into(), amount, true);
    }

    fn put(&mut self, level: Level, text: &str, amount: Option<u64>, urgent: bool) {
        self.told += 1;
        let text = sentence(text);
        let new = Notice { number: self.told, level, text, times: 1, amount, urgent };
        if let Some(last) = self.latest.back_mut() {
            let again = Notice { number: last.number, times: last.times, ..new.clone() };
            if *last == again {
                last.times = last.times.saturating_add(1);
                last.number = new.number;
                return;
            }
        }
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(new);
    }

    /// Those that came after the one with this number, the first one first.
    pub(crate) fn since(&self, number: u64) -> impl Iterator<Item = &Notice> {
        let first = self.latest.partition_point(|notice| notice.number <= number);
        self.latest.range(first..)
    }

    /// All that are kept, the latest one first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.latest.iter().rev()
    }

    /// The number of the latest one; 0 without any.
    pub(crate) fn last(&self) -> u64 {
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_notices_is_counted() {
        let mut notices = Notices::default();
        for _ in 0..1_000 {
            notices.add(Level::Warning, "again");
        }
        assert_eq!(notices.iter().map(|notice| notice.times).collect::<Vec<_>>(), [1_000]);
        for number in 0..1_000 {
            notices.add(Level::Information, number.to_string());
        }
        assert_eq!(notices.iter().count(), KEPT);
        assert_eq!(notices.iter().next().map(|notice| notice.text.as_str()), Some("999"));
        assert_eq!(notices.last(), 2_000);
        assert_eq!(notices.since(1_998).map(|notice| notice.number).collect::<Vec<_>>(), [1_999, 2_000]);
        assert_eq!((notices.since(0).count(), notices.since(2_000).count()), (KEPT, 0));
        // Two amounts are two things.
        notices.add_urgent(Level::Information, "999", Some(1));
        notices.add_urgent(Level::Information, "999", Some(2));
        notices.add_urgent(Level::Information, "999", Some(2));
        let latest: Vec<_> = notices.iter().take(3).map(|notice| (notice.times, notice.amount)).collect();
        assert_eq!(latest, [(2, Some(2)), (1, Some(1)), (1, None)]);
    }
}
