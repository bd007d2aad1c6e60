//! How transactions are taken that need each other.
//!
//! In: a package. Out: a [`PackageVerdict`]. First each transaction is tried by itself; those that only lack
//! fees, or parents that lack fees, are then judged together, and all of these are taken or none: Bitcoin Core's
//! `AcceptPackage` and `AcceptMultipleTransactions`.

use std::collections::HashMap;
use std::sync::Arc;

use bitcoin::{OutPoint, Transaction, Txid, Wtxid};
use bitcoin_ipc::types::{Coin, MempoolRemovalReason};

use super::single::check_max_rate;
use super::verdict::{Accepted, Outcome, PackageRefused, PackageVerdict, own_rate, taken};
use super::workspace::{AtmpArgs, Workspace};
use crate::entry::{Change, Entry};
use crate::mempool::Mempool;
use crate::options::AcceptOptions;
use crate::policy::package;
use crate::pool::Newcomer;
use crate::rate::Rate;
use crate::reject::{RejectKind, Rejected};
use crate::scripts;
use crate::view::{MEMPOOL_HEIGHT, View, ViewError};

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
    workspaces: Vec<Workspace>,
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
            let args = AtmpArgs {
                allow_replacement: false,
                allow_sibling_eviction: false,
                ..AtmpArgs::single(options)
            };
            return match self.check_together(view, txs, args) {
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
        let args = AtmpArgs { package_submission: true, ..AtmpArgs::single(options) };
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
                match self.accept_one(view, tx.clone(), args) {
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
        let args = AtmpArgs {
            allow_sibling_eviction: false,
            package_feerates: true,
            package_submission: true,
            ..AtmpArgs::single(options)
        };
        let Checked { workspaces, replaced, outcomes } = match self.check_together(view, txs, args) {
            Ok(checked) => checked,
            Err(refused) => return *refused,
        };
        let removed = self.take_out(&replaced, MempoolRemovalReason::Replaced);
        let mut changes: Vec<_> = removed.into_iter().map(Change::Removed).collect();
        for Workspace { entry, .. } in workspaces {
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
        args: AtmpArgs,
    ) -> Result<Checked, Box<PackageVerdict>> {
        let refused = |refused| Box::new(PackageVerdict::refused(refused, None));
        package::check(txs).map_err(|reason| refused(PackageRefused::policy(reason, "")))?;
        let workspaces = self.workspaces(view, txs, args)?;
        self.package_truc_checks(&workspaces)
            .map_err(|details| refused(PackageRefused::policy("TRUC-violation", details)))?;
        let entries: Vec<_> = workspaces.iter().map(|workspace| &workspace.entry).collect();
        let fee = entries.iter().fold(0_i64, |sum, entry| sum.saturating_add(entry.modified_fee.to_sat()));
        let vsize = entries.iter().map(|entry| entry.vsize).sum();
        let all: Vec<_> = entries.iter().map(|entry| entry.wtxid).collect();
        if args.package_feerates
            && let Some(last) = all.last()
        {
            let rate = self.check_fee_rate(fee, vsize, args.options.now);
            rate.map_err(|rejected| Box::new(PackageVerdict::failed(*last, rejected)))?;
        }
        let replaced = if workspaces.iter().all(|workspace| workspace.conflicts.is_empty()) {
            let new: Vec<_> = entries.iter().map(|entry| Newcomer::from(*entry)).collect();
            if !self.within_limits(&self.pool.preview(&new, &[])) {
                return Err(refused(PackageRefused::policy("too-large-cluster", "")));
            }
            Vec::new()
        } else {
            self.check_package_replacement(&workspaces).map_err(refused)?
        };
        if self.options.require_standard {
            self.check_package_dust(&entries)?;
        }
        let mut outcomes = HashMap::new();
        for (place, Workspace { entry, coins, .. }) in workspaces.iter().enumerate() {
            if let Err(rejected) = scripts::verify(&*self.scripts, &entry.tx, coins) {
                let mut failed = PackageVerdict::failed(entry.wtxid, rejected);
                if args.options.test_only {
                    failed.outcomes.extend(outcomes);
                }
                return Err(Box::new(failed));
            }
            let (rate, together) = if args.package_feerates {
                (Rate::of(fee, vsize), all.clone())
            } else {
                (own_rate(entry), vec![entry.wtxid])
            };
            let replaced = if place == 0 { replaced.clone() } else { Vec::new() };
            outcomes.insert(entry.wtxid, taken(entry, rate, together, replaced));
        }
        Ok(Checked { workspaces, replaced, outcomes })
    }

    /// Each transaction by itself, on top of those before it.
    fn workspaces(
        &self,
        view: &dyn View,
        txs: &[Arc<Transaction>],
        args: AtmpArgs,
    ) -> Result<Vec<Workspace>, Box<PackageVerdict>> {
        let mut view = WithOutputs { view, coins: HashMap::new() };
        let mut workspaces = Vec::with_capacity(txs.len());
        for tx in txs {
            let workspace = self.pre_checks(&view, tx.clone(), args);
            let checked = workspace
                .and_then(|workspace| check_max_rate(&workspace.entry, args.options).map(|()| workspace));
            let workspace =
                checked.map_err(|rejected| Box::new(PackageVerdict::failed(tx.compute_wtxid(), rejected)))?;
            let txid = workspace.entry.txid;
            view.coins.extend(tx.output.iter().zip(0..).map(|(output, index)| {
                let coin = Coin { output: output.clone(), height: MEMPOOL_HEIGHT, coinbase: false };
                (OutPoint::new(txid, index), coin)
            }));
            workspaces.push(workspace);
        }
        Ok(workspaces)
    }

    /// Whoever spends from a transaction with dust, here or in the package, spends the dust.
    fn check_package_dust(&self, package: &[&Entry]) -> Result<(), Box<PackageVerdict>> {
        for entry in package {
            let spends =
                |other: &&&Entry| entry.tx.input.iter().any(|input| input.previous_output.txid == other.txid);
            let mut parents = self.parents(&entry.tx);
            parents.extend(package.iter().filter(spends));
            self.check_ephemeral_spends(entry, &parents).map_err(|rejected| {
                let refused = PackageRefused::transaction("unspent-dust");
                Box::new(PackageVerdict::refused(refused, Some((entry.wtxid, rejected))))
            })?;
        }
        Ok(())
    }
}
