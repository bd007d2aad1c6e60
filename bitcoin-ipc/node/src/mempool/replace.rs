//! When a transaction takes the place of others.
//!
//! In: a transaction and those that it conflicts with. Out: all that would leave, or the rule that
//! forbids it: Bitcoin Core's `policy/rbf`, under which every transaction may be replaced.

use bitcoin::{Amount, Txid};

use super::accept::Candidate;
use super::check::money;
use super::{Mempool, RejectKind, Rejected, cluster};

/// The most clusters that a replacement may touch: Bitcoin Core's `MAX_REPLACEMENT_CANDIDATES`.
const MAX_CLUSTERS: usize = 100;

impl Mempool {
    /// All that would leave for a candidate.
    pub(super) fn check_replacement(
        &self,
        candidate: &Candidate,
        conflicts: &[Txid],
        sibling: bool,
    ) -> Result<Vec<Txid>, Rejected> {
        let txid = candidate.entry.txid;
        let words = |reason: &str| {
            if sibling { format!("{reason} (including sibling eviction)") } else { reason.to_owned() }
        };
        let clusters = self.pool.cluster_ids(conflicts.iter().copied()).len();
        if clusters > MAX_CLUSTERS {
            return Err(Rejected::new(
                RejectKind::MempoolPolicy,
                words("too many potential replacements"),
                format!(
                    "rejecting replacement {txid}; too many conflicting clusters ({clusters} > {MAX_CLUSTERS})"
                ),
            ));
        }
        let replaced = self.pool.with_descendants(conflicts.iter().copied());
        let old = self.totals(replaced.clone()).fees.to_sat();
        let new = candidate.entry.modified_fee.to_sat();
        let insufficient =
            |details| Err(Rejected::new(RejectKind::Reconsiderable, words("insufficient fee"), details));
        let text = |satoshi: i64| money(Amount::from_sat(u64::try_from(satoshi).unwrap_or(0)));
        if new < old {
            return insufficient(format!(
                "rejecting replacement {txid}, less fees than conflicting txs; {} < {}",
                text(new),
                text(old)
            ));
        }
        let (more, needed) =
            (new.saturating_sub(old), self.options.incremental_relay_rate.fee(candidate.entry.vsize));
        if more < needed {
            return insufficient(format!(
                "rejecting replacement {txid}, not enough additional fees to relay; {} < {}",
                text(more),
                text(needed)
            ));
        }
        let preview =
            self.pool.preview(txid, &candidate.entry.tx, candidate.entry.fee_per_weight(), &replaced);
        if !self.within_limits(&preview) {
            return Err(Rejected::plain(RejectKind::MempoolPolicy, "too-large-cluster"));
        }
        if cluster::compare(&preview.after, &preview.before) != Some(std::cmp::Ordering::Greater) {
            return Err(Rejected::new(
                RejectKind::Reconsiderable,
                "replacement-failed",
                "insufficient feerate: does not improve feerate diagram",
            ));
        }
        Ok(replaced)
    }
}
