//! What the node's mempool has.
//!
//! In: what the node tells of it. Out: which of the wallet's transactions are there, and what there is in conflict with
//! them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use bitcoin::{Transaction, Txid};

use super::Ledger;

impl Ledger {
    /// Notes that the mempool has a transaction or not. Gives whether that is news.
    pub(crate) fn set_in_mempool(&mut self, txid: Txid, there: bool) -> bool {
        let news = if there { self.mempool.insert(txid) } else { self.mempool.remove(&txid) };
        if let Some(view) = self.view.as_mut().filter(|_| news) {
            Arc::make_mut(view).set_in_mempool(txid, there);
        }
        news
    }

    /// Takes over what another ledger knows of the mempool.
    pub(crate) fn take_mempool_of(&mut self, other: &mut Ledger) {
        (self.mempool, self.rivals) = (std::mem::take(&mut other.mempool), std::mem::take(&mut other.rivals));
        self.view = None;
    }

    /// Forgets what the mempool has.
    pub(crate) fn forget_mempool(&mut self) {
        self.mempool.clear();
        self.rivals.clear();
        self.view = None;
    }

    /// Notes that the mempool has a transaction of others. Gives the wallet's transactions that spend what it
    /// spends.
    pub(crate) fn note_rival(&mut self, tx: &Transaction) -> Vec<Txid> {
        let concerned = self.conflicts(tx);
        if !concerned.is_empty() {
            let txid = tx.compute_txid();
            self.rivals.extend(tx.input.iter().map(|input| (input.previous_output, txid)));
        }
        concerned
    }

    /// Notes that the mempool does not have a transaction of others any more. Gives the wallet's transactions
    /// that spend what it spends.
    pub(crate) fn forget_rival(&mut self, txid: Txid) -> Vec<Txid> {
        if self.rivals.is_empty() {
            return Vec::new();
        }
        let spent: Vec<_> = self.rivals.extract_if(|_, rival| *rival == txid).map(|(coin, _)| coin).collect();
        let graph = self.graph.graph();
        let mut concerned: Vec<Txid> =
            spent.iter().flat_map(|coin| graph.outspends(*coin)).copied().collect();
        concerned.retain(|spender| *spender != txid && self.tx(*spender).is_some());
        concerned.sort_unstable();
        concerned.dedup();
        concerned
    }

    /// The transactions of the mempool that spend what a transaction spends, or one that it spends from.
    pub(crate) fn mempool_conflicts(&self, tx: &Arc<Transaction>) -> BTreeSet<Txid> {
        let anchors = self.graph.graph().all_anchors();
        let (mut open, mut seen, mut found) = (vec![tx.clone()], HashSet::new(), BTreeSet::new());
        while let Some(tx) = open.pop() {
            let txid = tx.compute_txid();
            // What was in a block has no such conflicts, and nor has what is above it.
            if !seen.insert(txid)
                || anchors.get(&txid).is_some_and(|at| at.iter().any(|at| self.has_block(at.block_id)))
            {
                continue;
            }
            found.extend(self.conflicts(&tx).into_iter().filter(|rival| self.in_mempool(*rival)));
            found.extend(tx.input.iter().filter_map(|input| self.rivals.get(&input.previous_output)));
            open.extend(tx.input.iter().filter_map(|input| self.tx(input.previous_output.txid)));
        }
        found
    }

    /// Whether the mempool has a transaction.
    pub(crate) fn in_mempool(&self, txid: Txid) -> bool {
        self.mempool.contains(&txid)
    }
}
