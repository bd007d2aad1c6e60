//! What happened, for the user to read.
//!
//! In: texts. Out: the latest ones.

use std::collections::VecDeque;

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
        let text = text.into();
        self.told += 1;
        let number = self.told;
        if let Some(last) = self.latest.back_mut().filter(|last| last.level == level && last.text == text) {
            last.times += 1;
            last.number = number;
            return;
        }
        if self.latest.len() == KEPT {
            self.latest.pop_front();
        }
        self.latest.push_back(Notice { number, level, text, times: 1 });
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
    }
}
