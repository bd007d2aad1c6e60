//! What the user should know of the chain.
//!
//! In: warnings of the kernel, on the thread that called it. Out: those that hold now, and whether they
//! changed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Of each kind there is one at a time. They are told in this order, as by Bitcoin Core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Miners have activated rules that this node does not know.
    UnknownRules,
    /// A branch with much more work than the active chain is invalid here.
    LargeWorkInvalid,
    /// The kernel cannot go on, such as when the disk is full.
    Fatal,
}

impl From<bitcoinkernel::Warning> for Kind {
    fn from(warning: bitcoinkernel::Warning) -> Self {
        match warning {
            bitcoinkernel::Warning::UnknownNewRulesActivated => Kind::UnknownRules,
            bitcoinkernel::Warning::LargeWorkInvalidChain => Kind::LargeWorkInvalid,
        }
    }
}

/// The warnings that hold now.
#[derive(Debug, Default)]
pub(super) struct Warnings {
    current: Mutex<BTreeMap<Kind, String>>,
    changed: AtomicBool,
}

impl Warnings {
    /// Locks, also after a panic elsewhere.
    fn current(&self) -> MutexGuard<'_, BTreeMap<Kind, String>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a warning; the first one of a kind stays.
    pub(super) fn set(&self, kind: Kind, message: String) {
        if let Entry::Vacant(place) = self.current().entry(kind) {
            tracing::warn!(target: "node", "{message}");
            place.insert(message);
            self.changed.store(true, Ordering::Relaxed);
        }
    }

    /// Takes a warning back.
    pub(super) fn unset(&self, kind: Kind) {
        if self.current().remove(&kind).is_some() {
            self.changed.store(true, Ordering::Relaxed);
        }
    }

    /// All texts.
    pub(super) fn texts(&self) -> Vec<String> {
        self.current().values().cloned().collect()
    }

    /// Whether there was a change since the last time.
    pub(super) fn take_change(&self) -> bool {
        self.changed.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_text_and_its_place() {
        let warnings = Warnings::default();
        assert!(!warnings.take_change());
        warnings.set(Kind::Fatal, "c".to_owned());
        warnings.set(Kind::UnknownRules, "a".to_owned());
        assert!(warnings.take_change() && !warnings.take_change());
        warnings.set(Kind::UnknownRules, "b".to_owned());
        warnings.unset(Kind::LargeWorkInvalid);
        assert!(!warnings.take_change());
        assert_eq!(warnings.texts(), ["a", "c"]);
        warnings.unset(Kind::UnknownRules);
        assert!(warnings.take_change());
        assert_eq!(warnings.texts(), ["c"]);
    }
}
