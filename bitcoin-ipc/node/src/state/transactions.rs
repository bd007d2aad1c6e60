//! Transactions on their way into the mempool.
//!
//! In: transactions. Out: Bitcoin Core's verdicts; the journal, the estimator and everybody who is
//! told follow.

use std::sync::Arc;

use bitcoin::{Amount, OutPoint, SignedAmount, Transaction, Txid};
use bitcoin_ipc::interfaces::BroadcastFailure;
use bitcoin_ipc::types::{TransactionError, TxBroadcast};
use mp_runtime::Result;

use super::notifier::Event;
use super::{State, lock, unreadable};
use crate::mempool::persist::journal::Record;
use crate::mempool::{
    AcceptOptions, Accepted, Change, Entry, Mempool, PackageVerdict, RejectKind, Rejected, Removed,
};

/// How many times larger than its transactions the journal may become, and from which size on, in
/// bytes, before it is written anew.
const JOURNAL_SLACK: u64 = 4;
const JOURNAL_LEAST: u64 = 4 << 20;

impl State {
    /// Takes a transaction into the mempool, or says why not. The time of the options is not used.
    ///
    /// # Errors
    ///
    /// The chain cannot be read, or the transaction cannot be kept across the end of the process; it
    /// was not taken then.
    pub fn accept(&self, tx: Arc<Transaction>, options: AcceptOptions) -> Result<Result<Accepted, Rejected>> {
        let _writer = lock(&self.writer);
        let mut mempool = self.mempool();
        self.accept_into(&mut mempool, tx, options)
    }

    fn accept_into(
        &self,
        mempool: &mut Mempool,
        tx: Arc<Transaction>,
        options: AcceptOptions,
    ) -> Result<Result<Accepted, Rejected>> {
        let options = AcceptOptions { now: self.clock.now(), ..options };
        let accepted = mempool.accept(&self.view(), tx, options);
        let changes = match &accepted {
            Ok(accepted) => &accepted.changes,
            Err(rejected) if rejected.kind == RejectKind::Unread => {
                return Err(unreadable(rejected.details.clone().into()));
            }
            Err(rejected) => &rejected.changes,
        };
        if !options.test_only && !changes.is_empty() {
            if let Ok(accepted) = &accepted
                && !self.is_initial_block_download()
            {
                self.estimator().transaction_added(&accepted.entry, self.tip().height);
            }
            self.tell_changes(mempool, changes);
        }
        Ok(accepted)
    }

    /// Takes a transaction and its parents into the mempool, as far as may be, or with
    /// [`AcceptOptions::test_only`] says what would become of transactions that come together:
    /// [`Mempool::accept_package`]. The time of the options is not used. Fees of packages do not count
    /// for estimates, as in Bitcoin Core.
    ///
    /// # Errors
    ///
    /// The chain cannot be read. What was taken before stays.
    pub fn accept_package(&self, txs: &[Arc<Transaction>], options: AcceptOptions) -> Result<PackageVerdict> {
        let _writer = lock(&self.writer);
        let mut mempool = self.mempool();
        let options = AcceptOptions { now: self.clock.now(), ..options };
        let verdict = mempool.accept_package(&self.view(), txs, options);
        if !verdict.changes.is_empty() {
            self.tell_changes(&mempool, &verdict.changes);
        }
        match verdict.unread() {
            Some(details) => Err(unreadable(details.to_owned().into())),
            None => Ok(verdict),
        }
    }

    /// Lets the journal, the estimator and everybody who listens follow a change of the mempool.
    fn tell_changes(&self, mempool: &Mempool, changes: &[Change]) {
        let told = self.take_in(changes);
        self.tidy_journal(mempool);
        for event in &told {
            self.notifier.tell(event);
        }
        self.tip_block.change(|now| now.mempool_changes += 1);
    }

    /// Takes a transaction into the mempool unless its fee is higher than `max_fee` (0 for no limit),
    /// as Bitcoin Core's `BroadcastTransaction`. One that is there already is no error. One that is to be
    /// broadcast is noted, for there is no peer that could take it.
    ///
    /// # Errors
    ///
    /// As [`State::accept`].
    pub fn broadcast(
        &self,
        tx: &Transaction,
        max_fee: Amount,
        how: TxBroadcast,
    ) -> Result<Result<(), BroadcastFailure>> {
        let _writer = lock(&self.writer);
        let mut mempool = self.mempool();
        let txid = tx.compute_txid();
        let fails = |error| Ok(Err(BroadcastFailure { error, message: String::new() }));
        for vout in 0..u32::try_from(tx.output.len()).unwrap_or(u32::MAX) {
            if self.index.coin(&OutPoint::new(txid, vout))?.is_some() {
                return fails(TransactionError::AlreadyInUtxoSet);
            }
        }
        if mempool.get(&txid).is_some() {
            return Ok(Ok(()));
        }
        let tx = Arc::new(tx.clone());
        if max_fee > Amount::ZERO {
            let test = AcceptOptions { test_only: true, ..AcceptOptions::default() };
            match self.accept_into(&mut mempool, tx.clone(), test)? {
                Err(rejected) => return Ok(Err(failure(&rejected))),
                Ok(accepted) if accepted.entry.fee > max_fee => {
                    return fails(TransactionError::MaxFeeExceeded);
                }
                Ok(_) => {}
            }
        }
        let accepted = self.accept_into(&mut mempool, tx, AcceptOptions::default())?;
        if accepted.is_ok() && how == TxBroadcast::MempoolAndBroadcastToAll {
            self.note_unbroadcast(&mut mempool, txid);
        }
        Ok(accepted.map(|_| ()).map_err(|rejected| failure(&rejected)))
    }

    /// Notes that no peer has a transaction yet, also across the end of the process.
    pub(super) fn note_unbroadcast(&self, mempool: &mut Mempool, txid: Txid) {
        if !mempool.note_unbroadcast(txid) {
            return;
        }
        if let Some(journal) = &mut *lock(&self.journal)
            && let Err(error) = journal.append(&Record::Unbroadcast { txid })
        {
            tracing::warn!(target: "node", "That {txid} waits for a peer would not survive a crash: {error}");
        }
    }

    /// Adds to a transaction's fee, for the choice of miners only; also to one that is not here yet.
    ///
    /// # Errors
    ///
    /// The journal cannot be written.
    pub fn prioritise(&self, txid: Txid, delta: i64) -> Result<()> {
        let _writer = lock(&self.writer);
        let mut mempool = self.mempool();
        mempool.prioritise(txid, delta);
        let sum = mempool.deltas().get(&txid).copied().unwrap_or(0);
        if let Some(journal) = &mut *lock(&self.journal) {
            journal.append(&Record::Delta { txid, delta: sum })?;
        }
        self.tip_block.change(|now| now.mempool_changes += 1);
        Ok(())
    }

    /// Notes changes of the mempool, and gives what is to be told of them.
    pub(super) fn take_in(&self, changes: &[Change]) -> Vec<Event> {
        let mut told = Vec::with_capacity(changes.len());
        for change in changes {
            match change {
                Change::Added { entry, .. } => {
                    self.keep(entry);
                    told.push(Event::Added(entry.tx.clone()));
                }
                Change::Removed(gone) => told.extend(self.left([gone.clone()])),
            }
        }
        told
    }

    /// Notes transactions that left the mempool other than for a block.
    pub(super) fn left(&self, gone: impl IntoIterator<Item = Removed>) -> Vec<Event> {
        let mut estimator = self.estimator();
        let gone = gone.into_iter().map(|gone| {
            estimator.transaction_removed(&gone.entry.txid);
            Event::Removed(gone.entry.tx, gone.reason)
        });
        gone.collect()
    }

    /// Writes a transaction to the journal, so that it survives the end of the process.
    fn keep(&self, entry: &Entry) {
        let Some(journal) = &mut *lock(&self.journal) else { return };
        let paid = entry.fee.to_signed().map_or(0, SignedAmount::to_sat);
        let delta = entry.modified_fee.to_sat() - paid;
        let record = Record::Transaction { tx: entry.tx.clone(), time: entry.time, delta };
        if let Err(error) = journal.append(&record) {
            tracing::error!(
                target: "node",
                "Transaction {} would not survive a crash: {error}", entry.txid
            );
        }
    }

    /// Writes the journal anew when most of it is of transactions that have gone.
    fn tidy_journal(&self, mempool: &Mempool) {
        let Some(journal) = &mut *lock(&self.journal) else { return };
        let size = mempool.info(self.clock.now()).bytes;
        if journal.bytes() > JOURNAL_LEAST.max(size.saturating_mul(JOURNAL_SLACK))
            && let Err(error) = journal.rewrite(mempool.records())
        {
            tracing::warn!(target: "node", "The journal of the mempool was not written anew: {error}");
        }
    }

    /// Writes the mempool's journal anew, with nothing that has gone.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save_mempool(&self) -> Result<()> {
        let mempool = self.mempool();
        if let Some(journal) = &mut *lock(&self.journal) {
            journal.rewrite(mempool.records())?;
        }
        Ok(())
    }

    /// Takes the transactions of a journal in again, as far as they are still valid.
    pub(super) fn restore(&self, records: Vec<Record>) {
        let _writer = lock(&self.writer);
        let mut mempool = self.mempool();
        let kept = records.len();
        mempool.restore(&self.view(), records, self.clock.now());
        if kept > 0 {
            let back = mempool.len();
            tracing::info!(target: "node", "The mempool is back with {back} transactions of {kept} records.");
        }
    }
}

fn failure(rejected: &Rejected) -> BroadcastFailure {
    let error = match rejected.kind {
        RejectKind::MissingInputs => TransactionError::MissingInputs,
        _ => TransactionError::MempoolRejected,
    };
    BroadcastFailure { error, message: rejected.to_string() }
}
