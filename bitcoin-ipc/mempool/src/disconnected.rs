//! Transactions of blocks that left the chain, until they come back.
//!
//! In: blocks, from the last one down. Out: their transactions in the order of the chain: Bitcoin Core's
//! `DisconnectedBlockTransactions`.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use bitcoin::{Block, Transaction, Txid};

/// The most bytes of transactions that wait to come back: Bitcoin Core's
/// `MAX_DISCONNECTED_TX_POOL_BYTES`.
const MAX_WAITING_BYTES: usize = 20_000_000;

/// Transactions of blocks that left the chain, in the order of the chain.
#[derive(Debug, Default)]
pub(crate) struct Disconnected {
    transactions: VecDeque<(Txid, Arc<Transaction>)>,
    bytes: usize,
}

impl Disconnected {
    /// Puts a block's transactions before those of the blocks above it. Gives back the newest ones
    /// if there are too many.
    pub(crate) fn push(&mut self, block: &Block) -> Vec<Arc<Transaction>> {
        for tx in block.txdata.iter().rev() {
            self.bytes += tx.total_size();
            self.transactions.push_front((tx.compute_txid(), Arc::new(tx.clone())));
        }
        let mut dropped = Vec::new();
        while self.bytes > MAX_WAITING_BYTES {
            let Some((_, tx)) = self.transactions.pop_back() else { break };
            self.bytes -= tx.total_size();
            dropped.push(tx);
        }
        dropped
    }

    /// Drops those that are in a block again.
    pub(crate) fn confirmed(&mut self, txids: &HashSet<Txid>) {
        self.transactions.retain(|(txid, _)| !txids.contains(txid));
        self.bytes = self.transactions.iter().map(|(_, tx)| tx.total_size()).sum();
    }

    /// The first one to come back.
    pub(crate) fn first(&self) -> Option<(Txid, Arc<Transaction>)> {
        self.transactions.front().cloned()
    }

    /// The first one came back, or does not.
    pub(crate) fn pop(&mut self) {
        if let Some((_, tx)) = self.transactions.pop_front() {
            self.bytes -= tx.total_size();
        }
    }
}
