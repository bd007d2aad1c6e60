//! When transactions take the place of others.
//!
//! In: a transaction, or a package of two, and those that it conflicts with. Out: all that would
//! leave, or the rule that forbids it: Bitcoin Core's `policy/rbf`, under which every transaction may
//! be replaced, and its `PackageRBFChecks`.

use std::cmp::Ordering;

use bitcoin::{Amount, Txid};

use super::verdict::PackageRefused;
use super::workspace::Workspace;
use crate::cluster;
use crate::mempool::Mempool;
use crate::policy::check::money;
use crate::pool::Preview;
use crate::rate::Rate;
use crate::reject::{RejectKind, Rejected};

/// The most clusters that a replacement may touch: Bitcoin Core's `MAX_REPLACEMENT_CANDIDATES`.
const MAX_CLUSTERS: usize = 100;
const NO_BETTER: &str = "insufficient feerate: does not improve feerate diagram";

impl Mempool {
    /// All that would leave for a transaction.
    pub(super) fn check_replacement(&self, workspace: &Workspace) -> Result<Vec<Txid>, Rejected> {
        let entry = &workspace.entry;
        let words = |reason: &str| {
            let more = if workspace.sibling { " (including sibling eviction)" } else { "" };
            format!("{reason}{more}")
        };
        let replaced = self.leaving(entry.txid, &workspace.conflicts).map_err(|details| {
            Rejected::new(RejectKind::MempoolPolicy, words("too many potential replacements"), details)
        })?;
        self.check_price(entry.txid, &replaced, entry.modified_fee.to_sat(), entry.vsize).map_err(
            |details| Rejected::new(RejectKind::Reconsiderable, words("insufficient fee"), details),
        )?;
        let preview = self.pool.preview(&[entry.into()], &replaced);
        if !self.within_limits(&preview) {
            return Err(Rejected::plain(RejectKind::MempoolPolicy, "too-large-cluster"));
        }
        if !is_better(&preview) {
            return Err(Rejected::new(RejectKind::Reconsiderable, "replacement-failed", NO_BETTER));
        }
        Ok(replaced)
    }

    /// All that would leave for a package: for a child and its parent, which need both to be new and
    /// to spend from nothing else here, and of which the child has to pay for its parent.
    pub(super) fn check_package_replacement(
        &self,
        package: &[Workspace],
    ) -> Result<Vec<Txid>, PackageRefused> {
        let failed =
            |reason: &str, details| PackageRefused::policy(format!("package RBF failed: {reason}"), details);
        let [parent, child] = package else {
            return Err(failed("package must be 1-parent-1-child", String::new()));
        };
        if package.iter().any(|workspace| !self.parents(&workspace.entry.tx).is_empty()) {
            return Err(failed("new transaction cannot have mempool ancestors", String::new()));
        }
        let (parent, child, conflicts) =
            (&parent.entry, &child.entry, [&parent.conflicts[..], &child.conflicts].concat());
        let replaced = self
            .leaving(child.txid, &conflicts)
            .map_err(|details| failed("too many potential replacements", details))?;
        let fee = parent.modified_fee.to_sat().saturating_add(child.modified_fee.to_sat());
        let vsize = parent.vsize + child.vsize;
        self.check_price(child.txid, &replaced, fee, vsize)
            .map_err(|details| failed("insufficient anti-DoS fees", details))?;
        let parent_fee = parent.modified_fee.to_sat();
        if i128::from(fee) * i128::from(parent.vsize) <= i128::from(parent_fee) * i128::from(vsize) {
            let (whole, first) = (Rate::of(fee, vsize), Rate::of(parent_fee, parent.vsize));
            let details = format!("package feerate {whole} <= parent feerate is {first}");
            return Err(failed("package feerate is less than or equal to parent feerate", details));
        }
        let preview = self.pool.preview(&[parent.into(), child.into()], &replaced);
        if !self.within_limits(&preview) {
            return Err(PackageRefused::policy("too-large-cluster", ""));
        }
        if is_better(&preview) { Ok(replaced) } else { Err(failed(NO_BETTER, String::new())) }
    }

    /// The conflicts and all that spend from them, unless they are in too many clusters.
    fn leaving(&self, txid: Txid, conflicts: &[Txid]) -> Result<Vec<Txid>, String> {
        let clusters = self.pool.cluster_ids(conflicts.iter().copied()).len();
        if clusters > MAX_CLUSTERS {
            return Err(format!(
                "rejecting replacement {txid}; too many conflicting clusters ({clusters} > {MAX_CLUSTERS})"
            ));
        }
        Ok(self.pool.with_descendants(conflicts.iter().copied()))
    }

    /// Whether a fee makes up for those that would leave, and for sending the new bytes.
    fn check_price(&self, txid: Txid, replaced: &[Txid], fee: i64, vsize: u64) -> Result<(), String> {
        let old = self.totals(replaced.to_vec()).fees.to_sat();
        let text = |satoshi: i64| money(Amount::from_sat(u64::try_from(satoshi).unwrap_or(0)));
        if fee < old {
            return Err(format!(
                "rejecting replacement {txid}, less fees than conflicting txs; {} < {}",
                text(fee),
                text(old)
            ));
        }
        let (more, needed) = (fee.saturating_sub(old), self.options.incremental_relay_rate.fee(vsize));
        if more < needed {
            return Err(format!(
                "rejecting replacement {txid}, not enough additional fees to relay; {} < {}",
                text(more),
                text(needed)
            ));
        }
        Ok(())
    }
}

/// Whether miners earn more after a change, at every size of what they take.
fn is_better(preview: &Preview) -> bool {
    cluster::compare(&preview.after, &preview.before) == Some(Ordering::Greater)
}
