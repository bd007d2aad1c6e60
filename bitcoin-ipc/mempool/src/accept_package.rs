//! How transactions are taken that need each other.
//!
//! In: a package. Out: a [`PackageVerdict`]. First each
//! transaction is tried by itself; those that only lack fees, or parents that lack fees, are then
//! judged together, and all of these are taken or none: Bitcoin Core's `AcceptPackage` and
//! `AcceptMultipleTransactions`.

use std::collections::HashMap;
use std::sync::Arc;

use bitcoin::{OutPoint, Transaction, Txid, Wtxid};
use bitcoin_ipc::types::{Coin, MempoolRemovalReason};

use super::accept::{Candidate, Terms, check_max_rate};
use super::verdict::{own_rate, taken};
use super::{
    AcceptOptions, Accepted, Change, Entry, MEMPOOL_HEIGHT, Mempool, Outcome, PackageRefused, PackageVerdict,
    Rate, RejectKind, Rejected, View, ViewError, package, scripts,
};

/// The chain, and outputs of transactions that are about to come.
struct WithOutputs<'a> {
    view: &'a dyn View,
    coins: HashMap<OutPoint, Coin>,
}

impl View for WithOutputs<'_> {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        self.coins.get(outpoint).map_or_else(|| self.view.coin(outpoint), |coin| Ok(Some(coin.clone())))
    }

    fn height(&self) -> u32 {
        self.view.height()
    }

    fn median_time_past_at(&self, height: u32) -> Result<u32, ViewError> {
        self.view.median_time_past_at(height)
    }
}

/// A package that keeps to all rules.
struct Checked {
    candidates: Vec<Candidate>,
    replaced: Vec<Txid>,
    outcomes: HashMap<Wtxid, Outcome>,
}

impl Mempool {
    /// Takes a transaction with some or all of its unconfirmed parents, the parents first, or as many
    /// of them as may be; parents that are here already need not be among them. A child may pay for
    /// parents that pay too little, and together with its only parent replace others.
    ///
    /// With [`AcceptOptions::test_only`] the transactions need not be a child and its parents, each has
    /// to pay for itself, and they must not replace anything. [`AcceptOptions::bypass_limits`] is for
    /// single transactions only.
    pub fn accept_package(
        &mut self,
        view: &dyn View,
        txs: &[Arc<Transaction>],
        options: AcceptOptions,
    ) -> PackageVerdict {
        let options = AcceptOptions { bypass_limits: false, ..options };
        if options.test_only {
            let terms = Terms { replaces: false, replaces_sibling: false, ..Terms::single(options) };
            return match self.check_together(view, txs, terms) {
                Ok(checked) => PackageVerdict { outcomes: checked.outcomes, ..PackageVerdict::default() },
                Err(refused) => *refused,
            };
        }
        if let Err(reason) = package::check(txs) {
            return PackageVerdict::refused(PackageRefused::policy(reason, ""), None);
        }
        if txs.len() > 1 && !package::is_child_with_parents(txs) {
            let refused = PackageRefused::policy("package-not-child-with-parents", "");
            return PackageVerdict::refused(refused, None);
        }
        let (mut verdict, left) = self.accept_each(view, txs, options);
        if verdict.refused.is_none() && !left.is_empty() {
            let whole = self.accept_together(view, &left, options);
            verdict.refused = whole.refused;
            verdict.outcomes.extend(whole.outcomes);
            verdict.changes.extend(whole.changes);
        }
        verdict.changes.extend(self.limit(options.now));
        for tx in txs {
            let gone = self.get(&tx.compute_txid()).is_none();
            match verdict.outcomes.get_mut(&tx.compute_wtxid()) {
                None | Some(Outcome::Refused(_)) => {}
                Some(outcome) if gone => {
                    *outcome = Outcome::Refused(Rejected::plain(RejectKind::MempoolPolicy, "mempool full"));
                    verdict.refused = Some(PackageRefused::transaction("transaction failed"));
                }
                Some(_) => {}
            }
        }
        verdict
    }

    /// Takes each transaction by itself if it can be. Gives those that have a chance together.
    fn accept_each(
        &mut self,
        view: &dyn View,
        txs: &[Arc<Transaction>],
        options: AcceptOptions,
    ) -> (PackageVerdict, Vec<Arc<Transaction>>) {
        let terms = Terms { in_package: true, ..Terms::single(options) };
        let (mut verdict, mut left) = (PackageVerdict::default(), Vec::new());
        for tx in txs {
            let (txid, wtxid) = (tx.compute_txid(), tx.compute_wtxid());
            let outcome = if let Some(entry) = self.get(&txid) {
                if entry.wtxid == wtxid {
                    Outcome::Present { vsize: entry.vsize, fee: entry.fee }
                } else {
                    Outcome::OtherWitness(entry.wtxid)
                }
            } else {
                match self.accept_one(view, tx.clone(), terms) {
                    Ok(Accepted { entry, replaced, changes }) => {
                        verdict.changes.extend(changes);
                        taken(&entry, own_rate(&entry), vec![wtxid], replaced)
                    }
                    Err(rejected) => {
                        left.push(tx.clone());
                        let kind = rejected.kind;
                        if !matches!(kind, RejectKind::Reconsiderable | RejectKind::MissingInputs) {
                            verdict.refused = Some(PackageRefused::transaction("transaction failed"));
                        }
                        Outcome::Refused(rejected)
                    }
                }
            };
            verdict.outcomes.insert(wtxid, outcome);
        }
        // One alone would fare as it did before.
        if left.len() == 1 {
            verdict.refused = Some(PackageRefused::transaction("transaction failed"));
        }
        (verdict, left)
    }

    /// Takes all of these, or none.
    fn accept_together(
        &mut self,
        view: &dyn View,
        txs: &[Arc<Transaction>],
        options: AcceptOptions,
    ) -> PackageVerdict {
        let terms =
            Terms { replaces_sibling: false, shares_fees: true, in_package: true, ..Terms::single(options) };
        let Checked { candidates, replaced, outcomes } = match self.check_together(view, txs, terms) {
            Ok(checked) => checked,
            Err(refused) => return *refused,
        };
        let removed = self.take_out(&replaced, MempoolRemovalReason::Replaced);
        let mut changes: Vec<_> = removed.into_iter().map(Change::Removed).collect();
        for Candidate { entry, .. } in candidates {
            self.put_in(entry.clone());
            changes.push(Change::Added { entry, sequence: self.next_sequence() });
        }
        PackageVerdict { refused: None, outcomes, changes }
    }

    /// Everything that is to be checked of transactions that come together.
    fn check_together(
        &self,
        view: &dyn View,
        txs: &[Arc<Transaction>],
        terms: Terms,
    ) -> Result<Checked, Box<PackageVerdict>> {
        let refused = |refused| Box::new(PackageVerdict::refused(refused, None));
        package::check(txs).map_err(|reason| refused(PackageRefused::policy(reason, "")))?;
        let candidates = self.candidates(view, txs, terms)?;
        self.check_package_truc(&candidates)
            .map_err(|details| refused(PackageRefused::policy("TRUC-violation", details)))?;
        let entries: Vec<_> = candidates.iter().map(|candidate| &candidate.entry).collect();
        let fee = entries.iter().fold(0_i64, |sum, entry| sum.saturating_add(entry.modified_fee.to_sat()));
        let vsize = entries.iter().map(|entry| entry.vsize).sum();
        let all: Vec<_> = entries.iter().map(|entry| entry.wtxid).collect();
        if terms.shares_fees
            && let Some(last) = all.last()
        {
            let rate = self.check_rate(fee, vsize, terms.options.now);
            rate.map_err(|rejected| Box::new(PackageVerdict::failed(*last, rejected)))?;
        }
        let replaced = if candidates.iter().all(|candidate| candidate.conflicts.is_empty()) {
            let new: Vec<_> = entries.iter().map(|entry| entry.newcomer()).collect();
            if !self.within_limits(&self.pool.preview(&new, &[])) {
                return Err(refused(PackageRefused::policy("too-large-cluster", "")));
            }
            Vec::new()
        } else {
            self.check_package_replacement(&candidates).map_err(refused)?
        };
        if self.options.require_standard {
            self.check_package_dust(&entries)?;
        }
        let mut outcomes = HashMap::new();
        for (place, Candidate { entry, coins, .. }) in candidates.iter().enumerate() {
            if let Err(rejected) = scripts::verify(&*self.scripts, &entry.tx, coins) {
                let mut failed = PackageVerdict::failed(entry.wtxid, rejected);
                if terms.options.test_only {
                    failed.outcomes.extend(outcomes);
                }
                return Err(Box::new(failed));
            }
            let (rate, together) = if terms.shares_fees {
                (Rate::of(fee, vsize), all.clone())
            } else {
                (own_rate(entry), vec![entry.wtxid])
            };
            let replaced = if place == 0 { replaced.clone() } else { Vec::new() };
            outcomes.insert(entry.wtxid, taken(entry, rate, together, replaced));
        }
        Ok(Checked { candidates, replaced, outcomes })
    }

    /// Each transaction by itself, on top of those before it.
    fn candidates(
        &self,
        view: &dyn View,
        txs: &[Arc<Transaction>],
        terms: Terms,
    ) -> Result<Vec<Candidate>, Box<PackageVerdict>> {
        let mut view = WithOutputs { view, coins: HashMap::new() };
        let mut candidates = Vec::with_capacity(txs.len());
        for tx in txs {
            let candidate = self.candidate(&view, tx.clone(), terms);
            let checked = candidate
                .and_then(|candidate| check_max_rate(&candidate.entry, terms.options).map(|()| candidate));
            let candidate =
                checked.map_err(|rejected| Box::new(PackageVerdict::failed(tx.compute_wtxid(), rejected)))?;
            let txid = candidate.entry.txid;
            view.coins.extend(tx.output.iter().zip(0..).map(|(output, index)| {
                let coin = Coin { output: output.clone(), height: MEMPOOL_HEIGHT, coinbase: false };
                (OutPoint::new(txid, index), coin)
            }));
            candidates.push(candidate);
        }
        Ok(candidates)
    }

    /// Whoever spends from a transaction with dust, here or in the package, spends the dust.
    fn check_package_dust(&self, package: &[&Entry]) -> Result<(), Box<PackageVerdict>> {
        for entry in package {
            let spends =
                |other: &&&Entry| entry.tx.input.iter().any(|input| input.previous_output.txid == other.txid);
            let mut parents = self.parents(&entry.tx);
            parents.extend(package.iter().filter(spends));
            self.check_ephemeral_dust(entry, &parents).map_err(|rejected| {
                let refused = PackageRefused::transaction("unspent-dust");
                Box::new(PackageVerdict::refused(refused, Some((entry.wtxid, rejected))))
            })?;
        }
        Ok(())
    }
}
