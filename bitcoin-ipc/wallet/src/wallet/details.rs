//! What a user sees of transactions.
//!
//! In: an id. Out: the transaction, what it means to the wallet, and how far it is.

use std::sync::Arc;

use bitcoin::{SignedAmount, Transaction, TxIn, TxOut, Txid};
use bitcoin_ipc::interfaces::{TxStatus, WalletTxDetails};
use bitcoin_ipc::types::{Destination, WalletTx, WalletTxStatus};

use super::balances::signed;
use super::snapshots::{ScriptInfo, TxInfo};
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
        Ok(self.tx_info(txid)?.map(WalletTx::from))
    }

    /// All transactions, in the order in which the wallet heard of them.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn wallet_txs(&self) -> Result<Vec<WalletTx>> {
        let mut all = Vec::new();
        let add = |info: TxInfo| {
            all.push(info.into());
            true
        };
        self.visit_txs(|_, _| true, add)?;
        all.reverse();
        Ok(all)
    }

    /// How far a transaction is; `None` if the wallet does not have it, or is busy.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn try_tx_status(&self, txid: Txid) -> Result<Option<TxStatus>> {
        let Some(mut state) = self.try_state()? else { return Ok(None) };
        let (num_blocks, block_time) = (state.height(), state.tip_time);
        let info = state.tx_info(txid);
        Ok(info.map(|info| TxStatus { tx_status: info.status(), num_blocks, block_time }))
    }

    /// All about a transaction.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn tx_details(&self, txid: Txid) -> Result<Option<WalletTxDetails>> {
        let mut state = self.state()?;
        let (num_blocks, in_mempool) = (state.height(), state.ledger.in_mempool(txid));
        let info = state.tx_info(txid);
        Ok(info.map(|info| WalletTxDetails {
            tx_status: info.status(),
            order_form: info.metadata.order_form.clone(),
            in_mempool,
            num_blocks,
            tx: info.into(),
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
}

impl TxInfo {
    fn status(&self) -> WalletTxStatus {
        WalletTxStatus {
            block_height: match self.state {
                TxState::Confirmed { height, .. } | TxState::BlockConflicted { height } => {
                    i32::try_from(height).unwrap_or(i32::MAX)
                }
                TxState::InMempool | TxState::Inactive | TxState::Abandoned => i32::MAX,
            },
            blocks_to_maturity: self.blocks_to_maturity,
            depth_in_main_chain: self.depth,
            time_received: u32::try_from(self.metadata.time_received).unwrap_or_default(),
            lock_time: self.tx.lock_time.to_consensus_u32(),
            is_trusted: self.is_trusted,
            is_abandoned: self.metadata.abandoned,
            is_coinbase: self.tx.is_coinbase(),
            is_in_main_chain: matches!(self.state, TxState::Confirmed { .. }),
        }
    }
}

impl From<TxInfo> for WalletTx {
    fn from(info: TxInfo) -> Self {
        let mine: Vec<bool> = info.outputs.iter().map(ScriptInfo::is_mine).collect();
        let scripts = info.tx.output.iter().map(|output| &output.script_pubkey);
        WalletTx {
            txin_is_mine: info.inputs.iter().map(Option::is_some).collect(),
            txout_address: scripts.map(|script| Destination::of_script(script)).collect(),
            txout_address_is_mine: mine.clone(),
            txout_is_mine: mine,
            txout_is_change: info.outputs.iter().map(|script| script.is_change).collect(),
            credit: info.credit(),
            debit: info.debit(),
            change: info.sum(|script| script.is_change),
            time: info.metadata.time(),
            value_map: info.metadata.value_map,
            is_coinbase: info.tx.is_coinbase(),
            tx: Some((*info.tx).clone()),
        }
    }
}
