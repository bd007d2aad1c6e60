//! How a transaction is taken.
//!
//! In: a transaction. Out: an [`Accepted`], or the first rule that it breaks, in the order of Bitcoin
//! Core's `MemPoolAccept`: what is cheap first, scripts last.

use std::collections::BTreeSet;
use std::sync::Arc;

use bitcoin::{OutPoint, SignedAmount, Transaction, Txid};
use bitcoin_ipc::types::{Coin, MempoolRemovalReason};

use super::{
    AcceptOptions, Change, Entry, MEMPOOL_HEIGHT, Mempool, RejectKind, Rejected, View, check, scripts,
    standard,
};

/// One larger than the size that stands for an inner node of a merkle tree (CVE-2017-12842).
const MIN_BASE_SIZE: usize = 65;
const MAX_SIGOPS_COST: u64 = 16_000;

/// A transaction that was taken, or would be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// What it became.
    pub entry: Entry,
    /// What it replaces.
    pub replaced: Vec<Txid>,
    /// What changed, in order: those that it replaced or that had to go leave, then it comes. Empty
    /// when it was only tested.
    pub changes: Vec<Change>,
}

/// A transaction that keeps to all rules for one by itself, but whose scripts were not run.
pub(super) struct Candidate {
    pub(super) entry: Entry,
    pub(super) coins: Vec<Coin>,
    /// The transactions here that spend the same outputs, and a sibling that has to go.
    pub(super) conflicts: Vec<Txid>,
    /// Whether there is such a sibling.
    pub(super) sibling: bool,
}

/// Which rules hold for a call: Bitcoin Core's `ATMPArgs`.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) options: AcceptOptions,
    /// Others may have to leave.
    pub(super) replaces: bool,
    /// A sibling may have to leave though it spends something else.
    pub(super) replaces_sibling: bool,
    /// What it pays is looked at together with the rest of its package.
    pub(super) shares_fees: bool,
    /// Room is made once the whole package is in.
    pub(super) in_package: bool,
}

impl Terms {
    /// For one transaction.
    pub(super) fn single(options: AcceptOptions) -> Self {
        let no = false;
        Terms { options, replaces: true, replaces_sibling: true, shares_fees: no, in_package: no }
    }
}

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
        self.accept_one(view, tx, Terms::single(options))
    }

    /// Takes one transaction on some terms.
    pub(super) fn accept_one(
        &mut self,
        view: &dyn View,
        tx: Arc<Transaction>,
        terms: Terms,
    ) -> Result<Accepted, Rejected> {
        let options = terms.options;
        let candidate = self.candidate(view, tx, terms)?;
        let entry = &candidate.entry;
        let replaced = if candidate.conflicts.is_empty() {
            let preview = self.pool.preview(&[entry.newcomer()], &[]);
            // One that comes back from a block may tie clusters together: `after_reorg` cuts them.
            if !self.within_limits(&preview) && !options.bypass_limits {
                return Err(Rejected::plain(RejectKind::MempoolPolicy, "too-large-cluster"));
            }
            Vec::new()
        } else {
            self.check_replacement(&candidate)?
        };
        self.check_no_circle(entry, &candidate.conflicts)?;
        check_max_rate(entry, options)?;
        if !options.bypass_limits && self.options.require_standard {
            self.check_ephemeral_dust(entry, &self.parents(&entry.tx))?;
        }
        scripts::verify(&*self.scripts, &entry.tx, &candidate.coins)?;
        let mut accepted = Accepted { entry: candidate.entry, replaced, changes: Vec::new() };
        if !options.test_only {
            self.finish(&mut accepted, terms)?;
        }
        Ok(accepted)
    }

    /// Everything that needs neither scripts nor a comparison of fees: Bitcoin Core's `PreChecks`.
    pub(super) fn candidate(
        &self,
        view: &dyn View,
        tx: Arc<Transaction>,
        terms: Terms,
    ) -> Result<Candidate, Rejected> {
        let (policy, options) = (&self.options, terms.options);
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
        if !terms.replaces && !conflicts.is_empty() {
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
            if !terms.shares_fees {
                self.check_rate(entry.modified_fee.to_sat(), entry.vsize, options.now)?;
            }
            sibling = self.check_truc(&entry.tx, entry.vsize, &conflicts, terms.replaces_sibling)?;
            conflicts.extend(sibling);
        }
        Ok(Candidate { entry, coins, conflicts, sibling: sibling.is_some() })
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
    pub(super) fn check_rate(&self, fee: i64, vsize: u64, now: u64) -> Result<(), Rejected> {
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
    pub(super) fn check_ephemeral_dust(&self, entry: &Entry, parents: &[&Entry]) -> Result<(), Rejected> {
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
    fn finish(&mut self, accepted: &mut Accepted, terms: Terms) -> Result<(), Rejected> {
        let txid = accepted.entry.txid;
        let replaced = self.take_out(&accepted.replaced, MempoolRemovalReason::Replaced);
        let mut changes: Vec<_> = replaced.into_iter().map(Change::Removed).collect();
        self.put_in(accepted.entry.clone());
        if !terms.options.bypass_limits && !terms.in_package {
            changes.extend(self.limit(terms.options.now));
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
