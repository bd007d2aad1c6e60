//! What addresses received.
//!
//! In: depths. Out: sums by script.

use std::collections::BTreeMap;

use bitcoin::{Amount, ScriptBuf, Txid};
use bitcoin_ipc::types::WalletAddress;

use super::{Wallet, WalletState};
use crate::Result;

/// What one script, or several, received.
#[derive(Clone, Default)]
pub(crate) struct Received {
    pub(crate) amount: Amount,
    /// Of the latest transaction.
    pub(crate) confirmations: Option<i32>,
    pub(crate) txids: Vec<Txid>,
}

impl Received {
    pub(crate) fn add(&mut self, amount: Amount, depth: i32) {
        self.amount = self.amount.checked_add(amount).unwrap_or(Amount::MAX);
        self.confirmations = Some(self.confirmations.map_or(depth, |before| before.min(depth)));
    }
}

impl Wallet {
    /// What each of the wallet's scripts received in transactions with so many confirmations, and the address book.
    pub(crate) fn received(
        &self,
        min_depth: i32,
        immature: bool,
    ) -> Result<(BTreeMap<ScriptBuf, Received>, Vec<WalletAddress>)> {
        let mut state = self.state()?;
        Ok((state.received(min_depth, immature), state.addresses()))
    }
}

impl WalletState {
    /// What each of the wallet's scripts received in transactions with so many confirmations.
    fn received(&mut self, min_depth: i32, immature: bool) -> BTreeMap<ScriptBuf, Received> {
        let view = self.ledger.view();
        let mut tally: BTreeMap<ScriptBuf, Received> = BTreeMap::new();
        for (txid, tx) in self.ordered_txs() {
            let depth = view.depth(txid);
            let waits = self.blocks_to_maturity(&view, txid) > 0;
            // A coinbase in no block is of a lost one.
            if depth < min_depth || (tx.is_coinbase() && depth < 1) || (waits && !immature) {
                continue;
            }
            for output in tx.output.iter().filter(|output| self.is_mine(&output.script_pubkey)) {
                let received = tally.entry(output.script_pubkey.clone()).or_default();
                received.add(output.value, depth);
                received.txids.push(txid);
            }
        }
        tally
    }
}
