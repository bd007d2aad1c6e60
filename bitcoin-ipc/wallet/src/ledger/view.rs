//! What is confirmed, pending and spent, at one moment.
//!
//! In: BDK's chain and graph. Out: a place for each transaction, and who spends what.

use std::collections::HashMap;

use bdk_wallet::chain::{BlockId, CanonicalizationParams, ChainPosition, ConfirmationBlockTime, TxGraph};
use bitcoin::{BlockHash, OutPoint, Txid};

use super::heights::Heights;

/// Where a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a block of the chain.
    Block {
        /// The block's height.
        height: u32,
        /// The block.
        hash: BlockHash,
        /// The block's time, in seconds since 1970.
        time: i64,
    },
    /// In no block; its inputs count as spent.
    Pending,
    /// It spends what a transaction in a block has spent, at this height.
    Conflicted {
        /// The height of that block.
        height: u32,
    },
    /// It counts no more: given up, replaced, or a coinbase of a lost block.
    Inactive,
}

/// The places of all transactions.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The highest block.
    pub(crate) tip: BlockId,
    places: HashMap<Txid, Place>,
    spends: HashMap<OutPoint, Txid>,
}

impl View {
    pub(super) fn new(chain: &Heights, tip: BlockId, graph: &TxGraph<ConfirmationBlockTime>) -> Self {
        let (mut places, mut spends) = (HashMap::new(), HashMap::new());
        for found in graph.list_canonical_txs(chain, tip, CanonicalizationParams::default()) {
            let txid = found.tx_node.txid;
            let place = match found.chain_position {
                ChainPosition::Confirmed { anchor, .. } => Place::Block {
                    height: anchor.block_id.height,
                    hash: anchor.block_id.hash,
                    time: i64::try_from(anchor.confirmation_time).unwrap_or(i64::MAX),
                },
                ChainPosition::Unconfirmed { .. } => Place::Pending,
            };
            places.insert(txid, place);
            spends.extend(found.tx_node.tx.input.iter().map(|input| (input.previous_output, txid)));
        }
        let mut view = View { tip, places, spends };
        for node in graph.full_txs().filter(|node| !node.tx.is_coinbase()) {
            view.find_conflict(graph, node.txid);
        }
        view
    }

    /// Notes the lowest block that a transaction, or what it spends, is in conflict with.
    fn find_conflict(&mut self, graph: &TxGraph<ConfirmationBlockTime>, txid: Txid) {
        // With a stack of its own: chains of transactions can be long.
        let mut open = vec![txid];
        while let Some(txid) = open.last().copied() {
            if self.places.contains_key(&txid) {
                open.pop();
                continue;
            }
            let Some(tx) = graph.get_tx(txid) else {
                open.pop();
                continue;
            };
            let parents = tx.input.iter().map(|input| input.previous_output.txid);
            let unknown =
                parents.clone().find(|id| graph.get_tx(*id).is_some() && !self.places.contains_key(id));
            if let Some(parent) = unknown {
                open.push(parent);
                continue;
            }
            // A rival conflicts by being in a block, a parent by being in conflict itself.
            let rivals = tx.input.iter().filter_map(|input| self.spends.get(&input.previous_output));
            let rivals = rivals.filter_map(|id| match self.place(*id) {
                Place::Block { height, .. } => Some(height),
                _ => None,
            });
            let parents = parents.filter_map(|id| match self.place(id) {
                Place::Conflicted { height } => Some(height),
                _ => None,
            });
            let lowest = rivals.chain(parents).min();
            self.places.insert(txid, lowest.map_or(Place::Inactive, |height| Place::Conflicted { height }));
            open.pop();
        }
    }

    /// Where a transaction is.
    pub(crate) fn place(&self, txid: Txid) -> Place {
        self.places.get(&txid).copied().unwrap_or(Place::Inactive)
    }

    /// The transaction that spends an output, in a block or pending.
    pub(crate) fn spender(&self, outpoint: OutPoint) -> Option<Txid> {
        self.spends.get(&outpoint).copied()
    }

    /// The confirmations of a transaction; 0 for a pending or inactive one, negative for one in
    /// conflict with a block that has so many.
    pub(crate) fn depth(&self, txid: Txid) -> i32 {
        let confirmations = |height: u32| (i64::from(self.tip.height) - i64::from(height) + 1).max(0);
        let depth = match self.place(txid) {
            Place::Block { height, .. } => confirmations(height),
            Place::Conflicted { height } => -confirmations(height),
            Place::Pending | Place::Inactive => 0,
        };
        i32::try_from(depth).unwrap_or(i32::MAX)
    }
}
