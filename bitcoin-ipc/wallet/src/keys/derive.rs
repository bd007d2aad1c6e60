//! The scripts of a descriptor.
//!
//! In: a descriptor, which of its numbers are wanted, and its private keys where steps after the last public key
//! are hardened. Out: the scripts of each number, and how they are spent.

use std::sync::{Arc, Mutex};

use bitcoin::ScriptBuf;
use bitcoin_rpc::descriptor::{Expanded, Expander, Parsed, PrivateKeys};

use super::{Public, SECP};
use crate::listeners::lock;

/// The highest number that a range may have: one more has to fit into 31 bits too, in which Bitcoin Core keeps
/// the end of a range.
pub(crate) const LAST: u32 = (1 << 31) - 2;

/// Which numbers of a descriptor are derived, as Bitcoin Core's `WalletDescriptor` has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Range {
    /// The first one.
    pub(crate) start: u32,
    /// The one after the last.
    pub(crate) end: u32,
    /// The next one that is new.
    pub(crate) next: u32,
}

impl Range {
    /// The number of each of the scripts, if there are so many at each.
    pub(crate) fn numbers(self, width: usize) -> impl Iterator<Item = u32> {
        (self.start..self.end).flat_map(move |number| std::iter::repeat_n(number, width))
    }

    /// How many of them there are.
    pub(crate) fn len(self) -> usize {
        usize::try_from(self.end.saturating_sub(self.start)).unwrap_or(usize::MAX)
    }
}

/// Scripts that were derived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Derived {
    /// Their numbers.
    pub(crate) range: Range,
    /// The scripts of the first number, then those of the next.
    pub(crate) scripts: Vec<ScriptBuf>,
}

impl Derived {
    /// How many scripts there are at each number.
    pub(crate) fn width(&self) -> usize {
        self.scripts.len().checked_div(self.range.len()).unwrap_or_default()
    }
}

/// Derives the scripts of a descriptor. Clones share its private keys.
#[derive(Clone, Debug)]
pub(crate) struct Deriver(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    public: Public,
    /// The private form, while it is there and needed.
    private: Mutex<Option<Arc<Parsed>>>,
}

impl Deriver {
    pub(crate) fn new(public: Public) -> Self {
        Deriver(Arc::new(Inner { public, private: Mutex::new(None) }))
    }

    /// The descriptor.
    pub(crate) fn public(&self) -> &Public {
        &self.0.public
    }

    /// Whether scripts can only be derived with private keys.
    pub(crate) fn is_hardened(&self) -> bool {
        self.public().is_hardened()
    }

    /// Takes the private form of the same descriptor, or forgets it. One that does not need it does not keep it.
    pub(crate) fn set_private(&self, private: Option<Parsed>) {
        *lock(&self.0.private) = private.filter(|_| self.is_hardened()).map(Arc::new);
    }

    /// How many scripts there are at each number.
    pub(crate) fn width(&self) -> usize {
        self.public().width()
    }

    /// Whether it tells how its scripts are spent.
    pub(crate) fn is_solvable(&self) -> bool {
        self.public().is_solvable()
    }

    /// Whether there are several numbers.
    pub(crate) fn is_ranged(&self) -> bool {
        self.public().is_range()
    }

    fn with<T>(&self, derive: impl FnOnce(&Expander<'_>) -> Option<T>) -> Option<T> {
        let private = lock(&self.0.private).clone();
        let none = PrivateKeys::default();
        let known = private.as_ref().and_then(|private| Some((private.all.first()?, &private.keys)));
        let (descriptor, keys) = known.unwrap_or((self.public(), &none));
        derive(&Expander::new(descriptor, keys, &SECP).ok()?)
    }

    /// The descriptor at a number; `None` if that takes a private key, which is not there.
    pub(crate) fn at(&self, number: u32) -> Option<Expanded<'_>> {
        let keys = self.with(|expander| Some(expander.at(number).ok()?.keys))?;
        Some(self.public().with_keys(keys))
    }

    /// The scripts of a number; `None` as in [`at`](Self::at).
    pub(crate) fn scripts_at(&self, number: u32) -> Option<Vec<ScriptBuf>> {
        self.with(|expander| expander.scripts(number).ok())
    }

    /// The scripts of numbers, as far as they can be had.
    pub(crate) fn scripts(&self, numbers: std::ops::Range<u32>) -> Vec<(u32, Vec<ScriptBuf>)> {
        let all = |expander: &Expander<'_>| {
            Some(numbers.map_while(|number| Some((number, expander.scripts(number).ok()?))).collect())
        };
        self.with(all).unwrap_or_default()
    }

    /// Where a range has to end for so many numbers to be there beyond the next new one.
    pub(crate) fn end(&self, range: Range, ahead: u32) -> u32 {
        let end = if self.is_ranged() { range.next.saturating_add(ahead).min(LAST + 1) } else { 1 };
        end.max(range.end)
    }

    /// Derives a range, and more if there are not so many beyond the next new one. It may take long. `None` if
    /// that takes a private key, which is not there, or if the numbers are too high.
    pub(crate) fn derive(&self, mut range: Range, ahead: u32) -> Option<Derived> {
        if !self.is_ranged() {
            range = Range { start: 0, end: 1, next: range.next.min(1) };
        }
        range.end = self.end(range, ahead);
        let all = self.scripts(range.start..range.end);
        let scripts = (all.len() == range.len()).then(|| all.into_iter().flat_map(|(_, scripts)| scripts))?;
        Some(Derived { range, scripts: scripts.collect() })
    }
}
