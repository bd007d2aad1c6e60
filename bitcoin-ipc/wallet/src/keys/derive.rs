//! The scripts of a descriptor.
//!
//! In: a descriptor, and which of its numbers are wanted. Out: the scripts of each.

use bitcoin::ScriptBuf;

use super::Public;

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

/// Derives the scripts of a descriptor.
#[derive(Clone, Debug)]
pub(crate) struct Deriver(Public);

impl Deriver {
    pub(crate) fn new(public: &Public) -> Self {
        Deriver(public.clone())
    }

    /// How many scripts there are at each number.
    pub(crate) fn width(&self) -> usize {
        1
    }

    /// Whether it tells how its scripts are spent.
    pub(crate) fn is_solvable(&self) -> bool {
        true
    }

    /// Whether there are several numbers.
    pub(crate) fn is_ranged(&self) -> bool {
        self.0.has_wildcard()
    }

    /// The scripts of a number; `None` if that takes a private key, which is not there.
    pub(crate) fn scripts_at(&self, number: u32) -> Option<Vec<ScriptBuf>> {
        Some(vec![self.0.at_derivation_index(number).ok()?.script_pubkey()])
    }

    /// Where a range has to end for so many numbers to be there beyond the next new one.
    pub(crate) fn end(&self, range: Range, ahead: u32) -> u32 {
        let end = if self.is_ranged() { range.next.saturating_add(ahead).min(LAST + 1) } else { 1 };
        end.max(range.end)
    }

    /// Derives a range, and more if there are not so many beyond the next new one. It may take long.
    pub(crate) fn derive(&self, mut range: Range, ahead: u32) -> Option<Derived> {
        if !self.is_ranged() {
            range = Range { start: 0, end: 1, next: range.next.min(1) };
        }
        range.end = self.end(range, ahead);
        let mut scripts = Vec::with_capacity(range.len());
        for number in range.start..range.end {
            scripts.extend(self.scripts_at(number)?);
        }
        Some(Derived { range, scripts })
    }
}
