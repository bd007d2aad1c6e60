//! How a transaction is taken.
//!
//! In: a transaction. Out: an [`Accepted`], or the first rule that it breaks, in the order of Bitcoin
//! Core's `MemPoolAccept`: what is cheap first, scripts last.

use std::collections::BTreeSet;
use std::sync::Arc;

use bitcoin::{OutPoint, SignedAmount, Transaction, Txid};
use bitcoin_ipc::types::{Coin, MempoolRemovalReason};

use super::verdict::Accepted;
use super::workspace::{AtmpArgs, Workspace};
use crate::entry::{Change, Entry};
use crate::mempool::Mempool;
use crate::options::AcceptOptions;
use crate::policy::{check, standard};
use crate::reject::{RejectKind, Rejected};
use crate::scripts;
use crate::view::{MEMPOOL_HEIGHT, View};

/// One larger than the size that stands for an inner node of a merkle tree (CVE-2017-12842).
const MIN_BASE_SIZE: usize = 65;
const MAX_SIGOPS_COST: u64 = 16_000;

impl Mempool {
    /// Takes a transaction, or says why not.
    ///
    /// # Errors
    ///
    /// It breaks a rule of consensus or of policy, or the chain cannot be read.
    pub fn accept(
        &mut self,
        view: &dyn View,
        tx: Arc<Transaction>,
        options: AcceptOptions,
    ) -> Result<Accepted, Rejected> {
        self.accept_one(view, tx, AtmpArgs::single(options))
    }

    /// Takes one transaction on some terms.
    pub(super) fn accept_one(
        &mut self,
        view: &dyn View,
        tx: Arc<Transaction>,
        args: AtmpArgs,
    ) -> Result<Accepted, Rejected> {
        let options = args.options;
        let workspace = self.pre_checks(view, tx, args)?;
        let entry = &workspace.entry;
        let replaced = if workspace.conflicts.is_empty() {
            let preview = self.pool.preview(&[entry.into()], &[]);
            // One that comes back from a block may tie clusters together: `after_reorg` cuts them.
            if !self.within_limits(&preview) && !options.bypass_limits {
                return Err(Rejected::plain(RejectKind::MempoolPolicy, "too-large-cluster"));
            }
            Vec::new()
        } else {
            self.check_replacement(&workspace)?
        };
        self.check_no_circle(entry, &workspace.conflicts)?;
        check_max_rate(entry, options)?;
        if !options.bypass_limits && self.options.require_standard {
            self.check_ephemeral_spends(entry, &self.parents(&entry.tx))?;
        }
        scripts::verify(&*self.scripts, &entry.tx, &workspace.coins)?;
        let mut accepted = Accepted { entry: workspace.entry, replaced, changes: Vec::new() };
        if !options.test_only {
            self.finish(&mut accepted, args)?;
        }
        Ok(accepted)
    }

    /// Everything that needs neither scripts nor a comparison of fees: Bitcoin Core's `PreChecks`.
    pub(super) fn pre_checks(
        &self,
        view: &dyn View,
        tx: Arc<Transaction>,
        args: AtmpArgs,
    ) -> Result<Workspace, Rejected> {
        let (policy, options) = (&self.options, args.options);
        check::alone(&tx)?;
        if policy.require_standard {
            standard::transaction(&tx, policy)?;
        }
        if tx.base_size() < MIN_BASE_SIZE {
            return Err(Rejected::plain(RejectKind::NotStandard, "tx-size-small"));
        }
        let next = view.height() + 1;
        if !check::is_final(&tx, next, view.median_time_past()?) {
            return Err(Rejected::plain(RejectKind::PrematureSpend, "non-final"));
        }
        let (txid, wtxid) = (tx.compute_txid(), tx.compute_wtxid());
        if self.get_by_wtxid(&wtxid).is_some() {
            return Err(Rejected::plain(RejectKind::Conflict, "txn-already-in-mempool"));
        }
        if self.get(&txid).is_some() {
            return Err(Rejected::plain(RejectKind::Conflict, "txn-same-nonwitness-data-in-mempool"));
        }
        let mut conflicts: Vec<Txid> = self.conflicts(&tx).into_iter().collect();
        if !args.allow_replacement && !conflicts.is_empty() {
            return Err(Rejected::plain(RejectKind::MempoolPolicy, "bip125-replacement-disallowed"));
        }
        let coins = self.coins(view, txid, &tx)?;
        if !check::relative_locks_open(&tx, &coins, view)? {
            return Err(Rejected::plain(RejectKind::PrematureSpend, "non-BIP68-final"));
        }
        let fee = check::inputs(&tx, &coins, next)?;
        if policy.require_standard {
            standard::inputs(&tx, &coins)?;
            standard::witnesses(&tx, &coins)?;
        }
        let entry = self.entry(tx, (txid, wtxid), fee, &coins, view.height(), options);
        let free = fee.to_sat() == 0 && entry.modified_fee == SignedAmount::ZERO;
        if policy.require_standard && !free && !standard::dust(&entry.tx, policy.dust_relay_rate).is_empty() {
            let details = "tx with dust output must be 0-fee";
            return Err(Rejected::new(RejectKind::NotStandard, "dust", details));
        }
        if entry.sigops_cost > MAX_SIGOPS_COST {
            let count = entry.sigops_cost.to_string();
            return Err(Rejected::new(RejectKind::NotStandard, "bad-txns-too-many-sigops", count));
        }
        let mut sibling = None;
        if !options.bypass_limits {
            if !args.package_feerates {
                self.check_fee_rate(entry.modified_fee.to_sat(), entry.vsize, options.now)?;
            }
            sibling =
                self.single_truc_checks(&entry.tx, entry.vsize, &conflicts, args.allow_sibling_eviction)?;
            conflicts.extend(sibling);
        }
        Ok(Workspace { entry, coins, conflicts, sibling: sibling.is_some() })
    }

    /// The coins of all inputs, in order.
    fn coins(&self, view: &dyn View, txid: Txid, tx: &Transaction) -> Result<Vec<Coin>, Rejected> {
        let mut coins = Vec::with_capacity(tx.input.len());
        for input in &tx.input {
            if let Some(coin) = self.coin(view, &input.previous_output)? {
                coins.push(coin);
                continue;
            }
            for index in (0..).take(tx.output.len()) {
                if view.coin(&OutPoint::new(txid, index))?.is_some() {
                    return Err(Rejected::plain(RejectKind::Conflict, "txn-already-known"));
                }
            }
            return Err(Rejected::plain(RejectKind::MissingInputs, "bad-txns-inputs-missingorspent"));
        }
        Ok(coins)
    }

    fn entry(
        &self,
        tx: Arc<Transaction>,
        (txid, wtxid): (Txid, bitcoin::Wtxid),
        fee: bitcoin::Amount,
        coins: &[Coin],
        height: u32,
        options: AcceptOptions,
    ) -> Entry {
        let spent = |outpoint: &OutPoint| {
            let coin = tx.input.iter().zip(coins).find(|(input, _)| input.previous_output == *outpoint);
            coin.map(|(_, coin)| coin.output.clone())
        };
        let sigops_cost = tx.total_sigop_cost(spent) as u64;
        let weight = tx.weight().to_wu();
        let adjusted_weight = weight.max(sigops_cost.saturating_mul(self.options.bytes_per_sigop));
        // Fees are below all bitcoin.
        let modified = (fee.to_sat() as i64).saturating_add(self.delta(&txid));
        Entry {
            txid,
            wtxid,
            fee,
            modified_fee: SignedAmount::from_sat(modified),
            vsize: adjusted_weight.div_ceil(4),
            weight,
            adjusted_weight,
            sigops_cost,
            time: options.entry_time.unwrap_or(options.now),
            height,
            sequence: if options.bypass_limits { 0 } else { self.sequence },
            spends_coinbase: coins.iter().any(|coin| coin.coinbase),
            has_parents: coins.iter().any(|coin| coin.height == MEMPOOL_HEIGHT),
            tx,
        }
    }

    /// Bitcoin Core's `CheckFeeRate`, of a transaction or of a whole package.
    pub(super) fn check_fee_rate(&self, fee: i64, vsize: u64, now: u64) -> Result<(), Rejected> {
        for (rate, reason) in [
            (self.min_rate(now), "mempool min fee not met"),
            (self.options.min_relay_rate, "min relay fee not met"),
        ] {
            let needed = rate.fee(vsize);
            if fee < needed {
                return Err(Rejected::new(RejectKind::Reconsiderable, reason, format!("{fee} < {needed}")));
            }
        }
        Ok(())
    }

    /// The transactions here that spend the same outputs.
    fn conflicts(&self, tx: &Transaction) -> BTreeSet<Txid> {
        tx.input.iter().filter_map(|input| self.pool.spender(&input.previous_output)).collect()
    }

    /// No transaction may spend from one that it replaces.
    fn check_no_circle(&self, entry: &Entry, conflicts: &[Txid]) -> Result<(), Rejected> {
        if conflicts.is_empty() {
            return Ok(());
        }
        let ancestors = self.pool.with_ancestors(self.pool.parents(&entry.tx));
        match ancestors.iter().find(|txid| conflicts.contains(txid)) {
            Some(ancestor) => Err(Rejected::new(
                RejectKind::Consensus,
                "bad-txns-spends-conflicting-tx",
                format!("{} spends conflicting transaction {ancestor}", entry.txid),
            )),
            None => Ok(()),
        }
    }

    /// Whoever spends from a transaction with dust spends the dust.
    pub(super) fn check_ephemeral_spends(&self, entry: &Entry, parents: &[&Entry]) -> Result<(), Rejected> {
        for parent in parents {
            for index in standard::dust(&parent.tx, self.options.dust_relay_rate) {
                let outpoint = OutPoint::new(parent.txid, index);
                if !entry.tx.input.iter().any(|input| input.previous_output == outpoint) {
                    let (txid, wtxid) = (entry.txid, entry.wtxid);
                    return Err(Rejected::new(
                        RejectKind::MempoolPolicy,
                        "missing-ephemeral-spends",
                        format!("tx {txid} (wtxid={wtxid}) did not spend parent's ephemeral dust"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Replaces, adds, and makes room.
    fn finish(&mut self, accepted: &mut Accepted, args: AtmpArgs) -> Result<(), Rejected> {
        let txid = accepted.entry.txid;
        let replaced = self.take_out(&accepted.replaced, MempoolRemovalReason::Replaced);
        let mut changes: Vec<_> = replaced.into_iter().map(Change::Removed).collect();
        self.put_in(accepted.entry.clone());
        if !args.options.bypass_limits && !args.package_submission {
            changes.extend(self.limit(args.options.now));
            if self.get(&txid).is_none() {
                let itself =
                    |change: &Change| matches!(change, Change::Removed(gone) if gone.entry.txid == txid);
                changes.retain(|change| !itself(change));
                let full = Rejected::plain(RejectKind::Reconsiderable, "mempool full");
                return Err(Rejected { changes, ..full });
            }
        }
        let sequence = self.next_sequence();
        changes.push(Change::Added { entry: accepted.entry.clone(), sequence });
        accepted.changes = changes;
        Ok(())
    }
}

/// What one transaction pays must not look like a mistake.
pub(super) fn check_max_rate(entry: &Entry, options: AcceptOptions) -> Result<(), Rejected> {
    let (fee, vsize) = (entry.modified_fee.to_sat(), entry.vsize);
    if options.max_fee_rate.is_some_and(|most| most.is_below(fee, vsize)) {
        return Err(Rejected::plain(RejectKind::MempoolPolicy, "max feerate exceeded"));
    }
    Ok(())
}
