//! What is confirmed, pending and spent, at one moment.
//!
//! In: BDK's chain and graph, the mempool. Out: a state for each transaction, and who spends what.

use std::collections::{HashMap, HashSet};

use bdk_wallet::chain::{BlockId, CanonicalizationParams, ChainPosition, ConfirmationBlockTime, TxGraph};
use bitcoin::{BlockHash, OutPoint, Txid};

use super::heights::Heights;

/// Where a transaction is, in the words of Bitcoin Core's `TxState`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TxState {
    /// In a block of the chain.
    Confirmed {
        /// The block's height.
        height: u32,
        /// The block.
        hash: BlockHash,
        /// The block's time, in seconds since 1970.
        time: i64,
    },
    /// In the node's mempool, as far as it told.
    InMempool,
    /// It spends what a transaction in a block has spent, at this height.
    BlockConflicted {
        /// The height of that block.
        height: u32,
    },
    /// Neither in a block nor in the mempool; its inputs count as spent.
    Inactive,
    /// It counts no more: abandoned, replaced, or a coinbase of a lost block.
    Abandoned,
}

impl TxState {
    /// Whether its inputs count as spent though it is in no block.
    pub(crate) fn is_pending(self) -> bool {
        matches!(self, TxState::InMempool | TxState::Inactive)
    }

    fn pending(in_mempool: bool) -> Self {
        if in_mempool { TxState::InMempool } else { TxState::Inactive }
    }
}

/// The states of all transactions.
#[derive(Clone, Debug)]
pub(crate) struct View {
    /// The highest block.
    pub(crate) tip: BlockId,
    states: HashMap<Txid, TxState>,
    spends: HashMap<OutPoint, Txid>,
}

impl View {
    pub(super) fn new(
        chain: &Heights,
        tip: BlockId,
        graph: &TxGraph<ConfirmationBlockTime>,
        mempool: &HashSet<Txid>,
    ) -> Self {
        let (mut states, mut spends) = (HashMap::new(), HashMap::new());
        for found in graph.list_canonical_txs(chain, tip, CanonicalizationParams::default()) {
            let txid = found.tx_node.txid;
            let state = match found.chain_position {
                ChainPosition::Confirmed { anchor, .. } => TxState::Confirmed {
                    height: anchor.block_id.height,
                    hash: anchor.block_id.hash,
                    time: i64::try_from(anchor.confirmation_time).unwrap_or(i64::MAX),
                },
                ChainPosition::Unconfirmed { .. } => TxState::pending(mempool.contains(&txid)),
            };
            states.insert(txid, state);
            spends.extend(found.tx_node.tx.input.iter().map(|input| (input.previous_output, txid)));
        }
        let mut view = View { tip, states, spends };
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
            if self.states.contains_key(&txid) {
                open.pop();
                continue;
            }
            let Some(tx) = graph.get_tx(txid) else {
                open.pop();
                continue;
            };
            let parents = tx.input.iter().map(|input| input.previous_output.txid);
            let unknown =
                parents.clone().find(|id| graph.get_tx(*id).is_some() && !self.states.contains_key(id));
            if let Some(parent) = unknown {
                open.push(parent);
                continue;
            }
            // A rival conflicts by being in a block, a parent by being in conflict itself.
            let rivals = tx.input.iter().filter_map(|input| self.spends.get(&input.previous_output));
            let rivals = rivals.filter_map(|id| match self.state(*id) {
                TxState::Confirmed { height, .. } => Some(height),
                _ => None,
            });
            let parents = parents.filter_map(|id| match self.state(id) {
                TxState::BlockConflicted { height } => Some(height),
                _ => None,
            });
            let lowest = rivals.chain(parents).min();
            let state = lowest.map_or(TxState::Abandoned, |height| TxState::BlockConflicted { height });
            self.states.insert(txid, state);
            open.pop();
        }
    }

    /// Where a transaction is.
    pub(crate) fn state(&self, txid: Txid) -> TxState {
        self.states.get(&txid).copied().unwrap_or(TxState::Abandoned)
    }

    /// Notes whether the mempool has a transaction.
    pub(super) fn set_in_mempool(&mut self, txid: Txid, there: bool) {
        if let Some(state) = self.states.get_mut(&txid).filter(|state| state.is_pending()) {
            *state = TxState::pending(there);
        }
    }

    /// The transaction that spends an output, in a block or pending.
    pub(crate) fn spender(&self, outpoint: OutPoint) -> Option<Txid> {
        self.spends.get(&outpoint).copied()
    }

    /// The confirmations of a transaction; 0 for a pending or inactive one, negative for one in
    /// conflict with a block that has so many.
    pub(crate) fn depth(&self, txid: Txid) -> i32 {
        let confirmations = |height: u32| (i64::from(self.tip.height) - i64::from(height) + 1).max(0);
        let depth = match self.state(txid) {
            TxState::Confirmed { height, .. } => confirmations(height),
            TxState::BlockConflicted { height } => -confirmations(height),
            TxState::InMempool | TxState::Inactive | TxState::Abandoned => 0,
        };
        i32::try_from(depth).unwrap_or(i32::MAX)
    }
}
