//! Transactions that are restricted until they are confirmed: version 3, BIP 431.
//!
//! In: a transaction, its parents, what it replaces, what it comes with. Out: the limit that it breaks,
//! and the sibling that could make room.

use bitcoin::{Transaction, Txid};

use super::workspace::Workspace;
use crate::entry::Entry;
use crate::mempool::Mempool;
use crate::reject::{RejectKind, Rejected};

const VERSION: i32 = 3;
const MAX_VSIZE: u64 = 10_000;
const MAX_CHILD_VSIZE: u64 = 1000;

fn is_truc(tx: &Transaction) -> bool {
    tx.version.0 == VERSION
}

fn spends(tx: &Transaction, parent: Txid) -> bool {
    tx.input.iter().any(|input| input.previous_output.txid == parent)
}

/// A child that is of version 3 where its parent is not, or the other way round.
fn mixed(child: &Transaction, parent: &Transaction) -> String {
    let (no, yes) = if is_truc(child) { ("", "non-") } else { ("non-", "") };
    format!("{no}version=3 {} cannot spend from {yes}version=3 {}", named(child), named(parent))
}

/// Ids as Bitcoin Core's messages name them.
fn named(tx: &Transaction) -> String {
    format!("tx {} (wtxid={})", tx.compute_txid(), tx.compute_wtxid())
}

impl Mempool {
    /// Checks the limits of version 3: Bitcoin Core's `SingleTRUCChecks`. Gives a transaction that
    /// has to be replaced as well, if one stands in the way and may be.
    pub(super) fn single_truc_checks(
        &self,
        tx: &Transaction,
        vsize: u64,
        conflicts: &[Txid],
        allow_sibling_eviction: bool,
    ) -> Result<Option<Txid>, Rejected> {
        let broken =
            |details: String| Err(Rejected::new(RejectKind::MempoolPolicy, "TRUC-violation", details));
        let parents = self.parents(tx);
        if let Some(other) = parents.iter().find(|parent| is_truc(&parent.tx) != is_truc(tx)) {
            return broken(mixed(tx, &other.tx));
        }
        if !is_truc(tx) {
            return Ok(None);
        }
        if vsize > MAX_VSIZE {
            return broken(too_big("", tx, vsize, MAX_VSIZE));
        }
        let Some(parent) = parents.first() else { return Ok(None) };
        if parents.len() > 1 || !self.ancestors(&parent.txid).is_empty() {
            return broken(format!("{} would have too many ancestors", named(tx)));
        }
        if vsize > MAX_CHILD_VSIZE {
            return broken(too_big("child ", tx, vsize, MAX_CHILD_VSIZE));
        }
        let siblings = self.descendants(&parent.txid);
        if siblings.is_empty() || siblings.iter().any(|sibling| conflicts.contains(&sibling.txid)) {
            return Ok(None);
        }
        // After a reorganisation there may be more, of which none is chosen.
        match &siblings[..] {
            [sibling] if allow_sibling_eviction && self.ancestors(&sibling.txid).len() == 1 => {
                Ok(Some(sibling.txid))
            }
            _ => broken(format!("{} would exceed descendant count limit", named(&parent.tx))),
        }
    }

    /// Checks the limits of version 3 within a package: Bitcoin Core's `PackageTRUCChecks`. Gives the
    /// words for the one that is broken.
    pub(super) fn package_truc_checks(&self, package: &[Workspace]) -> Result<(), String> {
        let package: Vec<_> = package.iter().map(|workspace| &workspace.entry).collect();
        package.iter().try_for_each(|entry| {
            let here = self.parents(&entry.tx);
            let with: Vec<_> =
                package.iter().copied().filter(|other| spends(&entry.tx, other.txid)).collect();
            self.package_truc_check(entry, &here, &with, &package)
        })
    }

    fn package_truc_check(
        &self,
        entry: &Entry,
        here: &[&Entry],
        with: &[&Entry],
        package: &[&Entry],
    ) -> Result<(), String> {
        let tx = &entry.tx;
        let ancestors = |tx: &Transaction| format!("{} would have too many ancestors", named(tx));
        if !is_truc(tx) {
            let parent = here.iter().chain(with).find(|parent| is_truc(&parent.tx));
            return parent.map_or(Ok(()), |parent| Err(mixed(tx, &parent.tx)));
        }
        let parent = match (here, with) {
            ([], []) => return Ok(()),
            ([parent], []) if self.ancestors(&parent.txid).is_empty() => parent,
            ([], [parent]) => parent,
            _ => return Err(ancestors(tx)),
        };
        if entry.vsize > MAX_CHILD_VSIZE {
            return Err(too_big("child ", tx, entry.vsize, MAX_CHILD_VSIZE));
        }
        if !is_truc(&parent.tx) {
            return Err(mixed(tx, &parent.tx));
        }
        let crowded = || format!("{} would exceed descendant count limit", named(&parent.tx));
        for other in package.iter().filter(|other| other.txid != entry.txid) {
            for input in &other.tx.input {
                if input.previous_output.txid == parent.txid {
                    return Err(crowded());
                }
                if input.previous_output.txid == entry.txid {
                    return Err(ancestors(&other.tx));
                }
            }
        }
        if self.descendants(&parent.txid).is_empty() { Ok(()) } else { Err(crowded()) }
    }
}

fn too_big(child: &str, tx: &Transaction, vsize: u64, limit: u64) -> String {
    format!("version=3 {child}{} is too big: {vsize} > {limit} virtual bytes", named(tx))
}
