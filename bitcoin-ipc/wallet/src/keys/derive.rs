//! The scripts of a descriptor.
//!
//! In: a descriptor, which of its numbers are wanted, and its private keys where steps after the last public key
//! are hardened. Out: the scripts of each number, and how they are spent; also without the private keys where the
//! public ones were derived before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use bitcoin::{PublicKey, ScriptBuf};
use bitcoin_rpc::descriptor::{Expanded, Expander, Output, Parsed, PrivateKeys};

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

/// The public keys of numbers, in the order in which the descriptor has them: Bitcoin Core's `DescriptorCache`.
pub(crate) type PublicKeys = BTreeMap<u32, Vec<PublicKey>>;

/// What was derived at a number.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) number: u32,
    pub(crate) scripts: Vec<ScriptBuf>,
    /// The keys, of a descriptor that cannot derive them again without private ones.
    pub(crate) keys: Option<Vec<PublicKey>>,
}

/// Scripts that were derived.
#[derive(Clone, Debug, Default)]
pub(crate) struct Derived {
    /// Their numbers.
    pub(crate) range: Range,
    /// The scripts of the first number, then those of the next.
    pub(crate) scripts: Vec<ScriptBuf>,
    /// The keys, of a descriptor that cannot derive them again without private ones; those that were written before
    /// this program wrote them are missing.
    pub(crate) keys: PublicKeys,
}

impl Derived {
    /// How many scripts there are at each number.
    pub(crate) fn width(&self) -> usize {
        self.scripts.len().checked_div(self.range.len()).unwrap_or_default()
    }
}

/// Derives the scripts of a descriptor. Clones share its private keys, and the public ones that are known.
#[derive(Clone, Debug)]
pub(crate) struct Deriver(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    public: Public,
    /// The private form, while it is there and needed.
    private: Mutex<Option<Arc<Parsed>>>,
    /// Public keys that take a private one to be derived.
    known: Mutex<PublicKeys>,
}

impl Deriver {
    pub(crate) fn new(public: Public) -> Self {
        Deriver(Arc::new(Inner { public, private: Mutex::new(None), known: Mutex::default() }))
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

    /// Takes public keys that were derived before. A descriptor that does not need them does not keep them.
    pub(crate) fn learn(&self, keys: &PublicKeys) {
        if self.is_hardened() {
            lock(&self.0.known).extend(keys.iter().map(|(number, keys)| (*number, keys.clone())));
        }
    }

    /// The public keys of numbers that are known.
    pub(crate) fn known(&self, numbers: std::ops::Range<u32>) -> PublicKeys {
        let known = lock(&self.0.known);
        if numbers.is_empty() {
            return PublicKeys::new();
        }
        known.range(numbers).map(|(number, keys)| (*number, keys.clone())).collect()
    }

    /// The public keys of numbers that are not known, if the private ones are there now.
    pub(crate) fn missing(&self, numbers: std::ops::Range<u32>) -> PublicKeys {
        if !self.is_hardened() {
            return PublicKeys::new();
        }
        let missing: Vec<u32> = {
            let (known, count) = (lock(&self.0.known), self.public().key_count());
            numbers.filter(|number| known.get(number).is_none_or(|keys| keys.len() != count)).collect()
        };
        let derived =
            |number: u32, expander: &Expander<'_>| Some((number, keys_of(&expander.at(number).ok()?)));
        let all = |expander: &Expander<'_>| {
            Some(missing.iter().filter_map(|number| derived(*number, expander)).collect())
        };
        self.with(all).unwrap_or_default()
    }

    fn with<T>(&self, derive: impl FnOnce(&Expander<'_>) -> Option<T>) -> Option<T> {
        let private = lock(&self.0.private).clone();
        let none = PrivateKeys::default();
        let known = private.as_ref().and_then(|private| Some((private.all.first()?, &private.keys)));
        let (descriptor, keys) = known.unwrap_or((self.public(), &none));
        derive(&Expander::new(descriptor, keys, &SECP).ok()?)
    }

    /// The descriptor at a number; `None` if that takes a private key that is not there, and its public keys are not
    /// known.
    pub(crate) fn at(&self, number: u32) -> Option<Expanded<'_>> {
        if let Some(keys) = self.with(|expander| Some(expander.at(number).ok()?.keys)) {
            return Some(self.public().with_keys(keys));
        }
        let known = lock(&self.0.known);
        self.public().with_public_keys(number, known.get(&number)?)
    }

    /// The scripts of a number; `None` as in [`at`](Self::at).
    pub(crate) fn scripts_at(&self, number: u32) -> Option<Vec<ScriptBuf>> {
        let outputs = self.at(number)?.outputs().ok()?;
        Some(outputs.iter().map(Output::script_pubkey).collect())
    }

    /// The scripts of numbers, as far as they can be had, and the keys that are to be known when private ones are not
    /// there any more.
    pub(crate) fn steps(&self, numbers: std::ops::Range<u32>) -> Vec<Step> {
        let hardened = self.is_hardened();
        let step = |number: u32, expander: &Expander<'_>| {
            let expanded = expander.at(number).ok()?;
            let scripts = expanded.outputs().ok()?.iter().map(Output::script_pubkey).collect();
            Some(Step { number, scripts, keys: hardened.then(|| keys_of(&expanded)) })
        };
        let all =
            |expander: &Expander<'_>| Some(numbers.map_while(|number| step(number, expander)).collect());
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
        let all = self.steps(range.start..range.end);
        if all.len() != range.len() {
            return None;
        }
        let mut derived = Derived { range, ..Derived::default() };
        for Step { number, scripts, keys } in all {
            derived.scripts.extend(scripts);
            derived.keys.extend(keys.map(|keys| (number, keys)));
        }
        Some(derived)
    }
}

fn keys_of(expanded: &Expanded<'_>) -> Vec<PublicKey> {
    expanded.keys.iter().map(|key| key.public).collect()
}
