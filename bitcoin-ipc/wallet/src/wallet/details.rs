//! What a user sees of transactions.
//!
//! In: an id. Out: the transaction, what it means to the wallet, and how far it is.

use std::sync::Arc;

use bitcoin::{SignedAmount, Transaction, TxIn, TxOut, Txid};
use bitcoin_ipc::interfaces::{TxStatus, WalletTxDetails};
use bitcoin_ipc::types::{Destination, WalletTx, WalletTxStatus};

use super::balances::{Trust, signed, total};
use super::{Wallet, WalletState};
use crate::Result;
use crate::ledger::TxState;

impl Wallet {
    /// A transaction of the wallet.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn tx(&self, txid: Txid) -> Result<Option<Transaction>> {
        Ok(self.state()?.ledger.tx(txid).map(|tx| (*tx).clone()))
    }

    /// A transaction, and what it means to the wallet.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn wallet_tx(&self, txid: Txid) -> Result<Option<WalletTx>> {
        Ok(self.state()?.wallet_tx(txid))
    }

    /// All transactions, in the order in which the wallet heard of them.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn wallet_txs(&self) -> Result<Vec<WalletTx>> {
        let mut state = self.state()?;
        Ok(state.ordered_txs().into_iter().filter_map(|(txid, _)| state.wallet_tx(txid)).collect())
    }

    /// How far a transaction is; `None` if the wallet does not have it, or is busy.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn try_tx_status(&self, txid: Txid) -> Result<Option<TxStatus>> {
        let zero_conf = self.options.spend_zero_conf_change;
        let Some(mut state) = self.try_state()? else { return Ok(None) };
        if state.ledger.tx(txid).is_none() {
            return Ok(None);
        }
        let tx_status = state.status(txid, zero_conf);
        Ok(Some(TxStatus { tx_status, num_blocks: state.height(), block_time: state.tip_time }))
    }

    /// All about a transaction.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn tx_details(&self, txid: Txid) -> Result<Option<WalletTxDetails>> {
        let zero_conf = self.options.spend_zero_conf_change;
        let mut state = self.state()?;
        let Some(tx) = state.wallet_tx(txid) else { return Ok(None) };
        let order_form =
            state.metadata.get(&txid).map(|metadata| metadata.order_form.clone()).unwrap_or_default();
        Ok(Some(WalletTxDetails {
            tx_status: state.status(txid, zero_conf),
            order_form,
            in_mempool: state.ledger.in_mempool(txid),
            num_blocks: state.height(),
            tx,
        }))
    }

    /// The height and hash of the highest block that the wallet knows.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn tip(&self) -> Result<(u32, bitcoin::BlockHash)> {
        let tip = self.state()?.ledger.tip();
        Ok((tip.height, tip.hash))
    }

    /// The time of the highest block, in seconds since 1970.
    pub(crate) fn tip_time(&self) -> Result<i64> {
        Ok(self.state()?.tip_time)
    }

    /// How much of the wallet's coins an input spends.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn debit(&self, input: &TxIn) -> Result<Option<SignedAmount>> {
        let state = self.state()?;
        Ok(state.ledger.own_txout(input.previous_output).map(|output| signed(output.value)))
    }

    /// How much an output pays the wallet; `None` if it is not the wallet's.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn credit(&self, output: &TxOut) -> Result<Option<SignedAmount>> {
        let mine = self.state()?.is_mine(&output.script_pubkey);
        Ok(mine.then(|| signed(output.value)))
    }
}

impl WalletState {
    fn height(&self) -> i32 {
        i32::try_from(self.ledger.tip().height).unwrap_or(i32::MAX)
    }

    /// All transactions, in the order in which the wallet heard of them.
    pub(crate) fn ordered_txs(&self) -> Vec<(Txid, Arc<Transaction>)> {
        let mut txs: Vec<_> = self.ledger.txs().collect();
        txs.sort_by_cached_key(|(txid, _)| {
            (self.metadata.get(txid).map_or(i64::MAX, |metadata| metadata.order_pos), *txid)
        });
        txs
    }

    pub(crate) fn wallet_tx(&mut self, txid: Txid) -> Option<WalletTx> {
        let tx = self.ledger.tx(txid)?;
        let view = self.ledger.view();
        let own =
            |input: &TxIn| self.ledger.own_txout(input.previous_output).map(|output| signed(output.value));
        let mine: Vec<bool> = tx.output.iter().map(|output| self.is_mine(&output.script_pubkey)).collect();
        let change: Vec<bool> =
            tx.output.iter().map(|output| self.is_change(&output.script_pubkey)).collect();
        let sum = |which: &[bool]| -> SignedAmount {
            let counted = tx.output.iter().zip(which).filter(|(_, counts)| **counts);
            total(counted.map(|(output, _)| signed(output.value)))
        };
        let immature = self.blocks_to_maturity(&view, txid) > 0;
        let metadata = self.metadata.get(&txid).cloned().unwrap_or_default();
        Some(WalletTx {
            txin_is_mine: tx.input.iter().map(|input| own(input).is_some()).collect(),
            txout_address: tx
                .output
                .iter()
                .map(|output| Destination::of_script(&output.script_pubkey))
                .collect(),
            txout_address_is_mine: mine.clone(),
            credit: if immature { SignedAmount::ZERO } else { sum(&mine) },
            debit: total(tx.input.iter().filter_map(own)),
            change: sum(&change),
            txout_is_mine: mine,
            txout_is_change: change,
            time: metadata.time,
            value_map: metadata.value_map,
            is_coinbase: tx.is_coinbase(),
            tx: Some((*tx).clone()),
        })
    }

    fn status(&mut self, txid: Txid, zero_conf_change: bool) -> WalletTxStatus {
        let mut trust = Trust::new(self, zero_conf_change);
        let (state, view) = (trust.state(), trust.view.clone());
        let block_height = match view.state(txid) {
            TxState::Confirmed { height, .. } | TxState::BlockConflicted { height } => {
                i32::try_from(height).unwrap_or(i32::MAX)
            }
            TxState::InMempool | TxState::Inactive | TxState::Abandoned => i32::MAX,
        };
        let tx = state.ledger.tx(txid);
        let metadata = state.metadata.get(&txid);
        WalletTxStatus {
            block_height,
            blocks_to_maturity: trust.blocks_to_maturity(txid),
            depth_in_main_chain: view.depth(txid),
            time_received: metadata.map_or(0, |metadata| u32::try_from(metadata.time).unwrap_or_default()),
            lock_time: tx.as_ref().map_or(0, |tx| tx.lock_time.to_consensus_u32()),
            is_trusted: trust.is_trusted(txid),
            is_abandoned: metadata.is_some_and(|metadata| metadata.abandoned),
            is_coinbase: tx.is_some_and(|tx| tx.is_coinbase()),
            is_in_main_chain: matches!(view.state(txid), TxState::Confirmed { .. }),
        }
    }
}
