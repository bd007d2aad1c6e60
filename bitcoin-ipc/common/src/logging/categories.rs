//! What belongs to which category, and what of it is logged.
//!
//! In: `-debug`, `-debugexclude`, `-loglevel`, and the target of an event. Out: whether it counts.

use std::collections::BTreeMap;

use tracing::{Level, Metadata};

use crate::error::{Error, Result};

/// The categories that `-debug` knows.
pub const CATEGORIES: &[&str] = &["ipc", "mempool", "net", "node", "rpc", "validation", "wallet"];

/// The category of crates whose events name none.
const CRATES: &[(&str, &str)] =
    &[("mp_runtime", "ipc"), ("bitcoin_ipc", "ipc"), ("bitcoin_node", "node"), ("bitcoin_wallet", "wallet")];

/// The category of an event: what its target begins with. None for other crates' events.
pub(super) fn category(target: &str) -> Option<&'static str> {
    let first = target.split("::").next().unwrap_or(target);
    let known = CATEGORIES.iter().find(|known| **known == first).copied();
    known.or_else(|| CRATES.iter().find(|(name, _)| *name == first).map(|(_, category)| *category))
}

/// The most detailed level that is logged, by category. All others, and what has no category, end at
/// info.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Levels {
    by_category: BTreeMap<&'static str, Level>,
}

impl Levels {
    /// What the options say, and what is strange in them.
    pub(super) fn new(
        debug: &[String],
        exclude: &[String],
        levels: &[String],
    ) -> Result<(Self, Vec<String>)> {
        let mut warnings = Vec::new();
        let mut chosen = names("debug", debug, &mut warnings);
        for excluded in names("debugexclude", exclude, &mut warnings) {
            chosen.retain(|name| *name != excluded);
        }
        let mut general = Level::DEBUG;
        let mut own = BTreeMap::new();
        for text in levels {
            let fail = |problem: &str| {
                let known = CATEGORIES.join(", ");
                Error::new(format!(
                    "-loglevel={text}: {problem}; it is info, debug or trace, or a category, a colon and one of these; the categories are {known}"
                ))
            };
            let level = |name: &str| match name {
                "info" => Ok(Level::INFO),
                "debug" => Ok(Level::DEBUG),
                "trace" => Ok(Level::TRACE),
                _ => Err(fail("no such level")),
            };
            match text.split_once(':') {
                None => general = level(text)?,
                Some((name, text)) => {
                    let known = CATEGORIES.iter().find(|known| **known == name);
                    own.insert(*known.ok_or_else(|| fail("no such category"))?, level(text)?);
                }
            }
        }
        let level = |name| own.get(name).copied().unwrap_or(general);
        let by_category = chosen.into_iter().map(|name| (name, level(name))).collect();
        Ok((Levels { by_category }, warnings))
    }

    /// The categories of which more than info is logged.
    pub(super) fn chosen(&self) -> impl Iterator<Item = &'static str> {
        self.by_category.iter().filter(|(_, level)| **level > Level::INFO).map(|(name, _)| *name)
    }

    /// Whether an event is logged.
    pub(super) fn wants(&self, event: &Metadata<'_>) -> bool {
        self.wants_level(*event.level(), event.target())
    }

    /// Whether any event of this level may be logged.
    pub(super) fn most(&self) -> Level {
        self.by_category.values().copied().max().unwrap_or(Level::INFO).max(Level::INFO)
    }

    fn wants_level(&self, level: Level, target: &str) -> bool {
        // The more detailed, the greater.
        level <= Level::INFO
            || category(target).and_then(|name| self.by_category.get(name)).is_some_and(|most| level <= *most)
    }
}

/// The categories that an option names, after the last value that takes all back.
fn names(option: &str, values: &[String], warnings: &mut Vec<String>) -> Vec<&'static str> {
    let after = values.iter().rposition(|value| value == "0" || value == "none").map_or(0, |at| at + 1);
    let mut names = Vec::new();
    for value in &values[after..] {
        match CATEGORIES.iter().find(|known| *known == value) {
            Some(name) => names.push(*name),
            None if matches!(value.as_str(), "" | "1" | "all") => names.extend(CATEGORIES),
            None => warnings.push(format!(
                "-{option}={value}: this program has no such category; it has {}",
                CATEGORIES.join(", ")
            )),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(debug: &[&str], exclude: &[&str], level: &[&str]) -> Result<(Levels, Vec<String>)> {
        let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Levels::new(&own(debug), &own(exclude), &own(level))
    }

    #[test]
    fn categories_and_levels() {
        let wants = |debug: &[&str], exclude: &[&str], level: &[&str], at, target| {
            levels(debug, exclude, level).expect("good options").0.wants_level(at, target)
        };
        assert!(wants(&[], &[], &[], Level::INFO, "h2"));
        assert!(!wants(&[], &[], &["trace"], Level::DEBUG, "ipc"));
        assert!(wants(&["ipc"], &[], &[], Level::DEBUG, "ipc"));
        assert!(wants(&["node"], &[], &[], Level::DEBUG, "bitcoin_node::mempool"));
        assert!(!wants(&["ipc"], &[], &[], Level::TRACE, "ipc"));
        assert!(wants(&["ipc"], &[], &["ipc:trace"], Level::TRACE, "mp_runtime::wire"));
        assert!(!wants(&["all"], &[], &["ipc:trace"], Level::TRACE, "node"));
        assert!(wants(&["1"], &[], &["trace", "node:debug"], Level::TRACE, "wallet"));
        assert!(!wants(&[""], &["ipc"], &[], Level::DEBUG, "ipc"));
        assert!(!wants(&["all"], &[], &[], Level::DEBUG, "h2"));
        assert!(!wants(&["ipc", "none", "node"], &[], &[], Level::DEBUG, "ipc"));
        assert!(wants(&["ipc"], &["ipc", "0"], &[], Level::DEBUG, "ipc"));
    }

    #[test]
    fn mistakes() {
        assert!(levels(&[], &[], &["loud"]).expect_err("no level").text().contains("no such level"));
        assert!(levels(&[], &[], &["x:info"]).expect_err("no category").text().contains("no such category"));
        assert_eq!(levels(&["tor"], &[], &[]).expect("a warning").1.len(), 1);
    }
}
