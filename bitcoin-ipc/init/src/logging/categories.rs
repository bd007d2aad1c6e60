//! What belongs to which category, and what of it is logged.
//!
//! In: `-debug`, `-debugexclude`, `-loglevel`, later switches, and the target of an event. Out: whether
//! it counts.

use std::collections::{BTreeMap, BTreeSet};

use tracing::Level;

use crate::error::{Error, Result};

/// The categories that this library's programs log something for.
pub const CATEGORIES: &[&str] = &["ipc", "kernel", "mempool", "net", "node", "rpc", "validation", "wallet"];

/// The categories of Bitcoin Core, and their bits in its `BCLog::LogFlags`. Those that are not among
/// [`CATEGORIES`] can be switched too, and change nothing.
pub const CORE_CATEGORIES: &[(&str, u32)] = &[
    ("addrman", 9),
    ("bench", 4),
    ("blockstorage", 24),
    ("cmpctblock", 12),
    ("coindb", 17),
    ("estimatefee", 8),
    ("http", 3),
    ("i2p", 21),
    ("ipc", 22),
    ("kernel", 28),
    ("leveldb", 19),
    ("mempool", 2),
    ("mempoolrej", 16),
    ("net", 0),
    ("privatebroadcast", 29),
    ("proxy", 15),
    ("prune", 14),
    ("qt", 18),
    ("rand", 13),
    ("reindex", 11),
    ("rpc", 7),
    ("scan", 26),
    ("selectcoins", 10),
    ("tor", 1),
    ("txpackages", 27),
    ("txreconciliation", 25),
    ("validation", 20),
    ("walletdb", 6),
    ("zmq", 5),
];

/// The category of crates whose events name none.
const CRATES: &[(&str, &str)] = &[
    ("mp_runtime", "ipc"),
    ("bitcoin_backend", "node"),
    ("bitcoin_ipc", "ipc"),
    ("bitcoin_node", "node"),
    ("bitcoin_wallet", "wallet"),
];

/// All that can be switched, in the order of their names.
fn known() -> BTreeSet<&'static str> {
    CATEGORIES.iter().copied().chain(CORE_CATEGORIES.iter().map(|(name, _)| *name)).collect()
}

/// The category of an event: what its target begins with. None for other crates' events.
pub(super) fn category(target: &str) -> Option<&'static str> {
    let first = target.split("::").next().unwrap_or(target);
    let known = CATEGORIES.iter().find(|known| **known == first).copied();
    known.or_else(|| CRATES.iter().find(|(name, _)| *name == first).map(|(_, category)| *category))
}

/// The most detailed level that is logged, by category. What is not chosen, and what has no category,
/// ends at info.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Levels {
    chosen: BTreeSet<&'static str>,
    general: Level,
    own: BTreeMap<&'static str, Level>,
}

impl Default for Levels {
    fn default() -> Self {
        Levels { chosen: BTreeSet::new(), general: Level::DEBUG, own: BTreeMap::new() }
    }
}

impl Levels {
    /// What the options say, and what is strange in them.
    pub(super) fn new(
        debug: &[String],
        exclude: &[String],
        levels: &[String],
    ) -> Result<(Self, Vec<String>)> {
        let mut warnings = Vec::new();
        let mut new = Levels { chosen: names("debug", debug, &mut warnings), ..Levels::default() };
        for excluded in names("debugexclude", exclude, &mut warnings) {
            new.chosen.remove(excluded);
        }
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
                None => new.general = level(text)?,
                Some((name, text)) => {
                    let known = CATEGORIES.iter().find(|known| **known == name);
                    new.own.insert(*known.ok_or_else(|| fail("no such category"))?, level(text)?);
                }
            }
        }
        Ok((new, warnings))
    }

    /// All categories, and whether each is chosen.
    pub(super) fn list(&self) -> Vec<(&'static str, bool)> {
        known().into_iter().map(|name| (name, self.chosen.contains(name))).collect()
    }

    /// Chooses a category, or takes that back; false if there is none of this name.
    pub(super) fn switch(&mut self, name: &str, on: bool) -> bool {
        // Bitcoin Core takes this name still, for nothing.
        if name == "libevent" {
            return true;
        }
        let Some(names) = named(name) else { return false };
        if on {
            self.chosen.extend(names);
        } else {
            self.chosen.retain(|chosen| !names.contains(chosen));
        }
        true
    }

    /// Whether any event of this level may be logged.
    pub(super) fn most(&self) -> Level {
        self.chosen.iter().map(|name| self.level(name)).max().unwrap_or(Level::INFO).max(Level::INFO)
    }

    /// The most detailed level of a category that is chosen.
    fn level(&self, name: &str) -> Level {
        self.own.get(name).copied().unwrap_or(self.general)
    }

    /// Whether an event of a category is logged.
    pub(super) fn wants(&self, level: Level, category: Option<&str>) -> bool {
        // The more detailed, the greater.
        level <= Level::INFO
            || category.is_some_and(|name| self.chosen.contains(name) && level <= self.level(name))
    }
}

/// What a name means: a category, or all of them.
fn named(name: &str) -> Option<BTreeSet<&'static str>> {
    let known = known();
    if matches!(name, "" | "1" | "all") {
        return Some(known);
    }
    known.get(name).map(|name| BTreeSet::from([*name]))
}

/// The categories that an option names, after the last value that takes all back.
fn names(option: &str, values: &[String], warnings: &mut Vec<String>) -> BTreeSet<&'static str> {
    let after = values.iter().rposition(|value| value == "0" || value == "none").map_or(0, |at| at + 1);
    let mut names = BTreeSet::new();
    for value in &values[after..] {
        let known = named(value);
        if known.is_none()
            || (known.as_ref().is_some_and(|known| known.len() == 1) && !CATEGORIES.contains(&value.as_str()))
        {
            warnings.push(format!(
                "-{option}={value}: this program has no such category; it has {}",
                CATEGORIES.join(", ")
            ));
        }
        names.extend(known.unwrap_or_default());
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
            levels(debug, exclude, level).expect("good options").0.wants(at, category(target))
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
    fn categories_are_switched() {
        let mut levels = levels(&["rpc"], &[], &["node:trace"]).expect("good options").0;
        let on = |levels: &Levels| {
            let chosen = levels.list().into_iter().filter(|(_, on)| *on);
            chosen.map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert!(levels.switch("node", true) && levels.switch("tor", true));
        assert_eq!(on(&levels), ["node", "rpc", "tor"]);
        assert!(levels.wants(Level::TRACE, category("node")));
        assert!(levels.switch("rpc", false) && !levels.wants(Level::DEBUG, category("rpc")));
        assert!(!levels.switch("nonesuch", true) && levels.switch("libevent", true));
        assert_eq!(on(&levels), ["node", "tor"]);
        assert!(levels.switch("all", true) && levels.list().iter().all(|(_, on)| *on));
        assert!(levels.switch("1", false) && on(&levels).is_empty());
        assert_eq!(levels.most(), Level::INFO);
        assert!(levels.list().is_sorted());
        assert!(CORE_CATEGORIES.is_sorted());
    }

    #[test]
    fn mistakes() {
        assert!(levels(&[], &[], &["loud"]).expect_err("no level").text().contains("no such level"));
        assert!(levels(&[], &[], &["x:info"]).expect_err("no category").text().contains("no such category"));
        assert_eq!(levels(&["tor"], &[], &[]).expect("a warning").1.len(), 1);
    }
}
