//! What a wallet has.
//!
//! In: its outputs, and where their transactions are. Out: Bitcoin Core's balances, and which coins are
//! trusted.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bitcoin::{Amount, BlockHash, SignedAmount, Transaction, Txid};
use bitcoin_ipc::types::WalletBalances;

use super::{Wallet, WalletState};
use crate::Result;
use crate::ledger::{TxState, View};

/// How deep a coinbase has to be for its outputs to be spent.
const COINBASE_MATURITY: i32 = 100;

impl Wallet {
    /// What the wallet has.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn balances(&self) -> Result<WalletBalances> {
        Ok(self.state()?.balances(0, true, false))
    }

    /// What the wallet has, where coins that are spent by transactions which the mempool does not have count as if
    /// they were not spent; what that is too much stands in `nonmempool_balance`, below zero.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn balances_with_unsent(&self) -> Result<WalletBalances> {
        Ok(self.state()?.balances(0, true, true))
    }

    /// What the wallet has in coins with so many confirmations. In a wallet that avoids the reuse of addresses,
    /// coins that it leaves aside are told apart if `avoid_reuse` says so.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn balances_at_depth(&self, min_depth: i32, avoid_reuse: bool) -> Result<WalletBalances> {
        Ok(self.state()?.balances(min_depth, avoid_reuse, false))
    }

    /// What the wallet has, and the highest block that it knows; `None` if it is busy.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn try_balances(&self) -> Result<Option<(WalletBalances, BlockHash)>> {
        let Some(mut state) = self.try_state()? else { return Ok(None) };
        let balances = state.balances(0, true, false);
        Ok(Some((balances, state.ledger.tip().hash)))
    }
}

impl WalletState {
    /// Bitcoin Core's `GetBalance`.
    fn balances(&mut self, min_depth: i32, avoid_reuse: bool, with_unsent: bool) -> WalletBalances {
        let reused = if avoid_reuse { self.reused() } else { HashSet::new() };
        let mut trust = Trust::new(self);
        let (state, view) = (trust.state(), trust.view.clone());
        let mut sum = WalletBalances::default();
        for (_, outpoint, output) in state.ledger.outputs() {
            let txid = outpoint.txid;
            // Spent, but not for the node.
            let unsent = match view.spender(outpoint) {
                None => false,
                Some(by) => {
                    let unsent = view.state(by) == TxState::Inactive;
                    if !unsent || !with_unsent {
                        continue;
                    }
                    true
                }
            };
            let depth = view.depth(txid);
            let field = match view.state(txid) {
                TxState::BlockConflicted { .. } | TxState::Inactive | TxState::Abandoned => continue,
                TxState::Confirmed { .. } if trust.blocks_to_maturity(txid) > 0 => &mut sum.immature_balance,
                TxState::InMempool if !trust.is_trusted(txid) => &mut sum.unconfirmed_balance,
                _ if depth >= min_depth => &mut sum.balance,
                _ => continue,
            };
            let used = reused.contains(&output.script_pubkey);
            let field = if used { &mut sum.used_balance } else { field };
            *field = total([*field, signed(output.value)]);
            if unsent {
                sum.nonmempool_balance = total([sum.nonmempool_balance, -signed(output.value)]);
            }
        }
        sum
    }

    /// How many blocks until the outputs of a transaction may be spent.
    pub(crate) fn blocks_to_maturity(&self, view: &View, txid: Txid) -> i32 {
        let coinbase = self.ledger.tx(txid).is_some_and(|tx| tx.is_coinbase());
        if coinbase { (COINBASE_MATURITY + 1 - view.depth(txid)).max(0) } else { 0 }
    }
}

/// An amount that may be subtracted.
pub(crate) fn signed(amount: Amount) -> SignedAmount {
    amount.to_signed().unwrap_or(SignedAmount::MAX)
}

/// A sum of amounts; the highest there is, or the lowest, where that is too much to count.
pub(crate) fn total(amounts: impl IntoIterator<Item = SignedAmount>) -> SignedAmount {
    let sum: i128 = amounts.into_iter().map(|amount| i128::from(amount.to_sat())).sum();
    let limit = if sum < 0 { SignedAmount::MIN } else { SignedAmount::MAX };
    i64::try_from(sum).map_or(limit, SignedAmount::from_sat)
}

/// Which transactions are trusted, at one moment: those in a block, and the wallet's own in the mempool
/// whose inputs are all the wallet's and trusted too (Bitcoin Core's `CachedTxIsTrusted`).
pub(crate) struct Trust<'a> {
    state: &'a WalletState,
    pub(crate) view: Arc<View>,
    known: HashMap<Txid, bool>,
}

impl<'a> Trust<'a> {
    pub(crate) fn new(state: &'a mut WalletState) -> Self {
        let view = state.ledger.view();
        Trust { state, view, known: HashMap::new() }
    }

    /// The wallet.
    pub(crate) fn state(&self) -> &'a WalletState {
        self.state
    }

    pub(crate) fn blocks_to_maturity(&self, txid: Txid) -> i32 {
        self.state.blocks_to_maturity(&self.view, txid)
    }

    pub(crate) fn is_trusted(&mut self, txid: Txid) -> bool {
        // With a stack of its own: chains of transactions can be long.
        let mut open = vec![txid];
        while let Some(next) = open.last().copied() {
            if self.known.contains_key(&next) {
                open.pop();
                continue;
            }
            let trusted = match self.own_parents(next) {
                Err(trusted) => trusted,
                Ok(parents) => {
                    let unknown = parents.iter().find(|id| !self.known.contains_key(*id));
                    if let Some(parent) = unknown {
                        open.push(*parent);
                        continue;
                    }
                    parents.iter().all(|parent| self.known.get(parent) == Some(&true))
                }
            };
            self.known.insert(next, trusted);
            open.pop();
        }
        self.known.get(&txid) == Some(&true)
    }

    /// The transactions that decide whether this one is trusted, or the decision.
    fn own_parents(&self, txid: Txid) -> Result<Vec<Txid>, bool> {
        match self.view.state(txid) {
            TxState::Confirmed { .. } => return Err(true),
            TxState::InMempool => {}
            TxState::BlockConflicted { .. } | TxState::Inactive | TxState::Abandoned => return Err(false),
        }
        let Some(tx) = self.state.ledger.tx(txid) else { return Err(false) };
        let spends_own = |tx: &Transaction| {
            tx.input.iter().all(|input| self.state.ledger.own_txout(input.previous_output).is_some())
        };
        if !self.state.zero_conf_change || !spends_own(&tx) {
            return Err(false);
        }
        Ok(tx.input.iter().map(|input| input.previous_output.txid).collect())
    }
}
