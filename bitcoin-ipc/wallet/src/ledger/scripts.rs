//! Which scripts are the wallet's, and which outputs pay them.
//!
//! In: descriptors with the scripts that are derived for them, transactions. Out: for each script the
//! descriptors that it comes from, the wallet's outputs, and changes to keep.
//!
//! Descriptors may overlap: `wpkh(KEY/*)` and `wpkh(KEY/0)`, or `multi` and `sortedmulti` of the same keys.
//! So a script has one entry with one owner, and the list of all descriptors that have it; an output counts
//! once, whatever stands in that list. The parts of `bdk_chain` that would see a script twice are not used:
//! this index stands in their place.

use std::collections::{BTreeMap, BTreeSet};

use bdk_wallet::chain::{Indexer, Merge};
use bitcoin::{OutPoint, PublicKey, Script, ScriptBuf, Transaction, TxOut};
use indexmap::IndexMap;

use crate::keys::{Derived, Deriver, Range, Step};

/// A descriptor's number, and the number of a script in it.
pub(crate) type Origin = (u32, u32);

/// What changed in the index.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ScriptChanges {
    /// What is derived of descriptors now.
    pub(crate) ranges: BTreeMap<u32, Range>,
    /// New scripts, by descriptor, number, and place among those of one number.
    pub(crate) scripts: BTreeMap<(u32, u32, u32), ScriptBuf>,
    /// New public keys that take private ones to be derived, by descriptor and number.
    pub(crate) keys: BTreeMap<Origin, Vec<PublicKey>>,
}

impl Merge for ScriptChanges {
    fn merge(&mut self, other: Self) {
        self.ranges.extend(other.ranges);
        self.scripts.extend(other.scripts);
        self.keys.extend(other.keys);
    }

    fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.scripts.is_empty() && self.keys.is_empty()
    }
}

/// Where a script comes from.
#[derive(Debug)]
struct Owners {
    /// The descriptor that speaks for the script: one that tells how it is spent, if there is one.
    owner: Origin,
    others: Vec<Origin>,
}

impl Owners {
    fn all(&self) -> impl Iterator<Item = Origin> {
        std::iter::once(self.owner).chain(self.others.iter().copied())
    }
}

/// A descriptor in the index.
struct Known {
    deriver: Deriver,
    range: Range,
    /// How many scripts there are at each number.
    width: usize,
    /// The places of its scripts among all, number by number.
    places: Vec<usize>,
}

impl Known {
    /// The places of the scripts of a number.
    fn at(&self, number: u32) -> &[usize] {
        let first = number.checked_sub(self.range.start).and_then(|past| usize::try_from(past).ok());
        let first = first.and_then(|past| past.checked_mul(self.width));
        first.and_then(|first| self.places.get(first..first.checked_add(self.width)?)).unwrap_or_default()
    }
}

/// The index.
pub(crate) struct Scripts {
    /// How many scripts of each descriptor are derived beyond the next new one.
    ahead: u32,
    /// In the order in which they were added, so that a place in it stays.
    scripts: IndexMap<ScriptBuf, Owners>,
    known: BTreeMap<u32, Known>,
    outputs: BTreeSet<OutPoint>,
    /// Numbers that are new no more since somebody paid one of them or a later one.
    marked: BTreeSet<Origin>,
}

impl Scripts {
    pub(super) fn new(ahead: u32) -> Self {
        Scripts {
            ahead,
            scripts: IndexMap::new(),
            known: BTreeMap::new(),
            outputs: BTreeSet::new(),
            marked: BTreeSet::new(),
        }
    }

    /// Adds a descriptor, or more of one that is there: what is derived contains what was then.
    pub(super) fn add(&mut self, id: u32, deriver: Deriver, derived: Derived) {
        let Derived { range, scripts, keys } = derived;
        deriver.learn(&keys);
        let width = deriver.width();
        let known = Known { deriver, range, width, places: Vec::with_capacity(scripts.len()) };
        self.known.insert(id, known);
        for (number, script) in range.numbers(width).zip(scripts) {
            self.insert((id, number), script);
        }
    }

    /// Adds a script at the end of its descriptor's.
    fn insert(&mut self, origin: Origin, script: ScriptBuf) {
        let solves = |id: u32| self.known.get(&id).is_some_and(|known| known.deriver.is_solvable());
        let entry = self.scripts.entry(script);
        let place = entry.index();
        match entry {
            indexmap::map::Entry::Vacant(entry) => {
                entry.insert(Owners { owner: origin, others: Vec::new() });
            }
            indexmap::map::Entry::Occupied(mut entry) => {
                let owners = entry.get_mut();
                if owners.all().all(|known| known != origin) {
                    let replaced = !solves(owners.owner.0) && solves(origin.0);
                    owners.others.push(if replaced {
                        std::mem::replace(&mut owners.owner, origin)
                    } else {
                        origin
                    });
                }
            }
        }
        if let Some(known) = self.known.get_mut(&origin.0) {
            known.places.push(place);
        }
    }

    /// Derives more of a descriptor, until so many are there beyond the next new one.
    pub(super) fn top_up(&mut self, id: u32, ahead: u32) -> ScriptChanges {
        let Some(known) = self.known.get(&id) else { return ScriptChanges::default() };
        let wanted = known.range.end..known.deriver.end(known.range, ahead);
        // What is hardened cannot go on while the wallet is locked.
        let steps = if wanted.is_empty() { Vec::new() } else { known.deriver.steps(wanted) };
        self.extend(id, steps)
    }

    /// Adds scripts at the end of a descriptor's; those that are there already are left out.
    pub(super) fn extend(&mut self, id: u32, steps: Vec<Step>) -> ScriptChanges {
        let mut changes = ScriptChanges::default();
        let Some(known) = self.known.get(&id) else { return changes };
        let mut range = known.range;
        let deriver = known.deriver.clone();
        for Step { number, scripts, keys } in steps {
            if number != range.end {
                continue;
            }
            if let Some(keys) = keys {
                deriver.learn(&[(number, keys.clone())].into());
                changes.keys.insert((id, number), keys);
            }
            range.end = number + 1;
            for (place, script) in (0..).zip(scripts) {
                changes.scripts.insert((id, number, place), script.clone());
                self.insert((id, number), script);
            }
        }
        if range != self.range(id) {
            self.set_range(id, range, &mut changes);
        }
        changes
    }

    fn set_range(&mut self, id: u32, range: Range, changes: &mut ScriptChanges) {
        if let Some(known) = self.known.get_mut(&id) {
            known.range = range;
            changes.ranges.insert(id, range);
        }
    }

    /// Takes the next new script of a descriptor, and gives its number.
    pub(super) fn reveal(&mut self, id: u32) -> (Option<(u32, ScriptBuf)>, ScriptChanges) {
        let mut changes = self.top_up(id, self.ahead);
        let Some((number, script)) = self.next(id) else { return (None, changes) };
        if let Some(known) = self.known.get(&id) {
            let range = Range { next: number + 1, ..known.range };
            self.set_range(id, range, &mut changes);
        }
        (Some((number, script)), changes)
    }

    /// The next new script of a descriptor, and its number. It is derived anew, so that an address that is
    /// given out is never one that the file has got wrong.
    pub(super) fn next(&self, id: u32) -> Option<(u32, ScriptBuf)> {
        let known = self.known.get(&id)?;
        let number = known.range.next;
        let [place, ..] = known.at(number) else { return None };
        let (script, _) = self.scripts.get_index(*place)?;
        let derived = known.deriver.scripts_at(number);
        let same = derived.is_none_or(|derived| derived.first() == Some(script));
        same.then(|| (number, script.clone()))
    }

    /// The script that [`reveal`](Self::reveal) would give, also where it is not derived yet.
    pub(crate) fn peek(&self, id: u32) -> Option<ScriptBuf> {
        let known = self.known.get(&id)?;
        let number = known.range.next;
        if number < known.range.end || number >= known.deriver.end(known.range, 1) {
            return self.next(id).map(|(_, script)| script);
        }
        known.deriver.scripts_at(number)?.into_iter().next()
    }

    /// What is derived of a descriptor.
    pub(crate) fn range(&self, id: u32) -> Range {
        self.known.get(&id).map_or_else(Range::default, |known| known.range)
    }

    /// The scripts that are derived of a descriptor.
    pub(crate) fn derived(&self, id: u32) -> Derived {
        let Some(known) = self.known.get(&id) else { return Derived::default() };
        let scripts = known.places.iter().filter_map(|place| self.scripts.get_index(*place));
        let keys = known.deriver.known(known.range.start..known.range.end);
        Derived { range: known.range, scripts: scripts.map(|(script, _)| script.clone()).collect(), keys }
    }

    /// How many scripts of each descriptor are derived beyond the next new one.
    pub(crate) fn ahead(&self) -> u32 {
        self.ahead
    }

    /// Notes that a script is used, and derives more after it.
    fn used(&mut self, (id, number): Origin, changes: &mut ScriptChanges) {
        let Some(known) = self.known.get(&id) else { return };
        if number >= known.range.next {
            self.marked.extend((known.range.next..=number).map(|number| (id, number)));
            let range = Range { next: number + 1, ..known.range };
            self.set_range(id, range, changes);
            changes.merge(self.top_up(id, self.ahead));
        }
    }

    /// The first scripts of numbers that are new no more since somebody paid one of them or a later one, and their
    /// descriptors.
    pub(super) fn marked(&self) -> impl Iterator<Item = (u32, &ScriptBuf)> {
        self.marked.iter().filter_map(|(id, number)| {
            let place = self.known.get(id)?.at(*number).first()?;
            Some((*id, self.scripts.get_index(*place)?.0))
        })
    }

    /// Forgets these.
    pub(super) fn forget_marked(&mut self) {
        self.marked.clear();
    }

    /// The descriptor that speaks for a script, and the number in it.
    pub(crate) fn origin(&self, script: &Script) -> Option<Origin> {
        self.scripts.get(script).map(|owners| owners.owner)
    }

    /// All descriptors that have a script, and the numbers in them; first the one that speaks for it.
    pub(crate) fn origins(&self, script: &Script) -> impl Iterator<Item = Origin> {
        self.scripts.get(script).into_iter().flat_map(Owners::all)
    }

    /// All scripts, in the order in which they were added.
    pub(crate) fn all(&self) -> impl ExactSizeIterator<Item = &ScriptBuf> {
        self.scripts.keys()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.scripts.len()
    }

    /// The wallet's outputs.
    pub(super) fn outputs(&self) -> impl Iterator<Item = OutPoint> {
        self.outputs.iter().copied()
    }

    /// Whether an output is the wallet's.
    pub(super) fn has(&self, outpoint: OutPoint) -> bool {
        self.outputs.contains(&outpoint)
    }

    /// Forgets all outputs.
    pub(super) fn forget_outputs(&mut self) {
        self.outputs.clear();
    }
}

impl Indexer for Scripts {
    type ChangeSet = ScriptChanges;

    fn index_txout(&mut self, outpoint: OutPoint, output: &TxOut) -> ScriptChanges {
        let mut changes = ScriptChanges::default();
        let origins: Vec<Origin> = self.origins(&output.script_pubkey).collect();
        if !origins.is_empty() {
            self.outputs.insert(outpoint);
        }
        for origin in origins {
            self.used(origin, &mut changes);
        }
        changes
    }

    fn index_tx(&mut self, tx: &Transaction) -> ScriptChanges {
        let txid = tx.compute_txid();
        let mut changes = ScriptChanges::default();
        // An output may pay a script that another output of the same transaction has derived.
        loop {
            let before = self.scripts.len();
            for (vout, output) in (0..).zip(&tx.output) {
                changes.merge(self.index_txout(OutPoint { txid, vout }, output));
            }
            if self.scripts.len() == before {
                return changes;
            }
        }
    }

    fn apply_changeset(&mut self, changes: ScriptChanges) {
        for ((id, number, _), script) in changes.scripts {
            self.insert((id, number), script);
        }
        for ((id, number), keys) in changes.keys {
            if let Some(known) = self.known.get(&id) {
                known.deriver.learn(&[(number, keys)].into());
            }
        }
        for (id, range) in changes.ranges {
            if let Some(known) = self.known.get_mut(&id) {
                known.range = range;
            }
        }
    }

    fn initial_changeset(&self) -> ScriptChanges {
        let mut changes = ScriptChanges::default();
        for (id, known) in &self.known {
            changes.ranges.insert(*id, known.range);
            let keys = known.deriver.known(known.range.start..known.range.end);
            changes.keys.extend(keys.into_iter().map(|(number, keys)| ((*id, number), keys)));
            for (number, places) in (known.range.start..).zip(known.places.chunks(known.width.max(1))) {
                for (place, at) in (0..).zip(places) {
                    if let Some((script, _)) = self.scripts.get_index(*at) {
                        changes.scripts.insert((*id, number, place), script.clone());
                    }
                }
            }
        }
        changes
    }

    fn is_tx_relevant(&self, tx: &Transaction) -> bool {
        tx.output.iter().any(|output| self.scripts.contains_key(output.script_pubkey.as_script()))
            || tx.input.iter().any(|input| self.has(input.previous_output))
    }
}
