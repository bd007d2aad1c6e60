//! The mempool of before a restart.
//!
//! In: the records of a [`journal`](super::journal). Out: what of it is still valid, and the records
//! that are enough for the next time.

use std::collections::HashMap;
use std::sync::Arc;

use bitcoin::{Transaction, Txid};

use super::journal::Record;
use crate::entry::Change;
use crate::mempool::Mempool;
use crate::options::AcceptOptions;
use crate::reject::{RejectKind, Rejected};
use crate::view::View;

/// Transactions that come back only if a child pays for them.
type Poor = HashMap<Txid, Arc<Transaction>>;

impl Mempool {
    /// Everything that a journal has to keep, parents first.
    #[must_use]
    pub fn records(&self) -> Vec<Record> {
        let entries = self.entries().into_iter().map(|entry| Record::Transaction {
            tx: entry.tx.clone(),
            time: entry.time,
            delta: self.delta(&entry.txid),
        });
        let absent = self.deltas.iter().filter(|(txid, _)| self.get(txid).is_none());
        let absent = absent.map(|(txid, delta)| Record::Delta { txid: *txid, delta: *delta });
        let unbroadcast = self.unbroadcast.iter().map(|txid| Record::Unbroadcast { txid: *txid });
        entries.chain(absent).chain(unbroadcast).collect()
    }

    /// Takes what a journal kept, in its order, at a time in seconds since 1970. What is expired,
    /// mined or no longer valid stays away. Transactions keep the times at which they first came.
    pub fn restore(&mut self, view: &dyn View, records: Vec<Record>, now: u64) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut all = 0;
        let (mut poor, mut unbroadcast) = (Poor::new(), Vec::new());
        for record in records {
            let (txid, sum) = match &record {
                Record::Transaction { tx, delta, .. } => (tx.compute_txid(), *delta),
                Record::Delta { txid, delta } => (*txid, *delta),
                Record::Unbroadcast { txid } => {
                    unbroadcast.push(*txid);
                    continue;
                }
            };
            let more = sum.saturating_sub(self.delta(&txid));
            if more != 0 {
                self.prioritise(txid, more);
            }
            let Record::Transaction { tx, time, .. } = record else { continue };
            all += 1;
            let time = time.min(now);
            if time.saturating_add(self.options.expiry.as_secs()) <= now {
                continue;
            }
            let options = AcceptOptions { now, entry_time: Some(time), ..AcceptOptions::default() };
            match self.accept(view, tx.clone(), options) {
                Ok(accepted) => changes.extend(accepted.changes),
                Err(rejected) => {
                    tracing::debug!(target: "mempool", "{txid} does not come back by itself: {rejected}");
                    changes.extend(rejected.changes.clone());
                    changes.extend(self.restore_package(view, &mut poor, tx, &rejected, options));
                }
            }
        }
        for txid in unbroadcast {
            self.note_unbroadcast(txid);
        }
        if all > 0 {
            tracing::info!(target: "mempool", "{} of {all} transactions of the mempool came back.", self.len());
        }
        changes
    }

    /// Takes a transaction with the parents that it pays for, which came before it. Bitcoin Core loses
    /// both.
    fn restore_package(
        &mut self,
        view: &dyn View,
        poor: &mut Poor,
        tx: Arc<Transaction>,
        rejected: &Rejected,
        options: AcceptOptions,
    ) -> Vec<Change> {
        match rejected.kind {
            RejectKind::Reconsiderable => {
                poor.insert(tx.compute_txid(), tx);
                Vec::new()
            }
            RejectKind::MissingInputs => {
                let parents = tx.input.iter().map(|input| input.previous_output.txid);
                let mut package: Vec<_> = parents.filter_map(|parent| poor.remove(&parent)).collect();
                if package.is_empty() {
                    return Vec::new();
                }
                package.push(tx);
                self.accept_package(view, &package, options).changes
            }
            _ => Vec::new(),
        }
    }
}
