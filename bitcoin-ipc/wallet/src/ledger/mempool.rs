//! What the node's mempool has.
//!
//! In: what the node tells of it. Out: which of the wallet's transactions are there, and what there is in conflict with
//! them.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use bitcoin::transaction::Version;
use bitcoin::{OutPoint, Transaction, Txid};

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
    /// spends, or that cannot be there beside it.
    pub(crate) fn note_rival(&mut self, tx: &Transaction) -> Vec<Txid> {
        let (txid, siblings) = (tx.compute_txid(), self.siblings(tx));
        let mut concerned = self.conflicts(tx);
        if !concerned.is_empty() {
            self.rivals.extend(tx.input.iter().map(|input| (input.previous_output, txid)));
        }
        self.rivals.extend(siblings.iter().map(|coin| (*coin, txid)));
        concerned.extend(self.spenders(&siblings));
        concerned.sort_unstable();
        concerned.dedup();
        concerned.retain(|other| *other != txid);
        concerned
    }

    /// What else the unconfirmed transactions pay that a transaction of version 3 spends from: nothing but this one
    /// may spend from them while it is in the mempool (BIP 431).
    fn siblings(&self, tx: &Transaction) -> Vec<OutPoint> {
        if tx.version != Version(3) {
            return Vec::new();
        }
        let spent: HashSet<OutPoint> = tx.input.iter().map(|input| input.previous_output).collect();
        let parents = spent.iter().filter(|coin| self.in_mempool(coin.txid));
        let parents = parents.filter_map(|coin| Some((coin.txid, self.tx(coin.txid)?)));
        let outputs =
            parents.flat_map(|(txid, tx)| (0..).take(tx.output.len()).map(move |n| OutPoint::new(txid, n)));
        outputs.filter(|coin| !spent.contains(coin)).collect()
    }

    /// The wallet's transactions that spend some coins.
    fn spenders(&self, coins: &[OutPoint]) -> Vec<Txid> {
        let graph = self.graph.graph();
        let spenders = coins.iter().flat_map(|coin| graph.outspends(*coin)).copied();
        spenders.filter(|spender| self.tx(*spender).is_some()).collect()
    }

    /// Notes that the mempool does not have a transaction of others any more. Gives the wallet's transactions
    /// that spend what it spends.
    pub(crate) fn forget_rival(&mut self, txid: Txid) -> Vec<Txid> {
        if self.rivals.is_empty() {
            return Vec::new();
        }
        let spent: Vec<_> = self.rivals.extract_if(|_, rival| *rival == txid).map(|(coin, _)| coin).collect();
        let mut concerned = self.spenders(&spent);
        concerned.retain(|spender| *spender != txid);
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
            let beside = self.spenders(&self.siblings(&tx));
            found.extend(
                self.conflicts(&tx).into_iter().chain(beside).filter(|rival| self.in_mempool(*rival)),
            );
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
