//! Transactions that are restricted until they are confirmed: version 3, BIP 431.
//!
//! In: a transaction, its parents, what it replaces. Out: the limit that it breaks, and the sibling
//! that could make room.

use bitcoin::{Transaction, Txid};

use super::{Entry, Mempool, RejectKind, Rejected};

const VERSION: i32 = 3;
const MAX_VSIZE: u64 = 10_000;
const MAX_CHILD_VSIZE: u64 = 1000;

/// Ids as Bitcoin Core's messages name them.
fn named(tx: &Transaction) -> String {
    format!("tx {} (wtxid={})", tx.compute_txid(), tx.compute_wtxid())
}

impl Mempool {
    /// Checks the limits of version 3: Bitcoin Core's `SingleTRUCChecks`. Gives a transaction that
    /// has to be replaced as well, if one stands in the way and may be.
    pub(super) fn check_truc(
        &self,
        tx: &Transaction,
        vsize: u64,
        parents: &[&Entry],
        conflicts: &[Txid],
    ) -> Result<Option<Txid>, Rejected> {
        let broken =
            |details: String| Err(Rejected::new(RejectKind::MempoolPolicy, "TRUC-violation", details));
        let restricted = tx.version.0 == VERSION;
        for parent in parents {
            let other = named(&parent.tx);
            match (restricted, parent.tx.version.0 == VERSION) {
                (false, true) => {
                    return broken(format!(
                        "non-version=3 {} cannot spend from version=3 {other}",
                        named(tx)
                    ));
                }
                (true, false) => {
                    return broken(format!(
                        "version=3 {} cannot spend from non-version=3 {other}",
                        named(tx)
                    ));
                }
                _ => {}
            }
        }
        if !restricted {
            return Ok(None);
        }
        let too_big = |child: &str, limit| {
            broken(format!("version=3 {child}{} is too big: {vsize} > {limit} virtual bytes", named(tx)))
        };
        if vsize > MAX_VSIZE {
            return too_big("", MAX_VSIZE);
        }
        let Some(parent) = parents.first() else { return Ok(None) };
        if parents.len() > 1 || !self.ancestors(&parent.txid).is_empty() {
            return broken(format!("{} would have too many ancestors", named(tx)));
        }
        if vsize > MAX_CHILD_VSIZE {
            return too_big("child ", MAX_CHILD_VSIZE);
        }
        let siblings = self.descendants(&parent.txid);
        if siblings.is_empty() || siblings.iter().any(|sibling| conflicts.contains(&sibling.txid)) {
            return Ok(None);
        }
        // After a reorganisation there may be more, of which none is chosen.
        match &siblings[..] {
            [sibling] if self.ancestors(&sibling.txid).len() == 1 => Ok(Some(sibling.txid)),
            _ => broken(format!("{} would exceed descendant count limit", named(&parent.tx))),
        }
    }
}
