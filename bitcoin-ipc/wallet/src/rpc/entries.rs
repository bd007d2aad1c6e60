//! Transactions as entries of lists.
//!
//! In: a wallet at one moment. Out: what each transaction paid and received, output by output, and what
//! the wallet knows of it.

use bitcoin::{Network, ScriptBuf, SignedAmount, Transaction, Txid};
use bitcoin_ipc::types::Destination;
use serde_json::{Map, Value};

use super::balances::signed_amount;
use super::describe::parents;
use crate::ledger::TxState;
use crate::wallet::{Trust, Wallet, WalletState, signed, total};

/// Which entries are made.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// Received ones need so many confirmations.
    pub(super) min_depth: i32,
    /// With what is known of the transaction.
    pub(super) long: bool,
    /// Only received ones with this label.
    pub(super) label: Option<&'a str>,
    /// Also for change.
    pub(super) change: bool,
}

/// Lists what transactions paid to whom, as `ListTransactions` of Bitcoin Core does.
pub(super) struct TransactionLister<'a> {
    trust: Trust<'a>,
    network: Network,
}

impl<'a> TransactionLister<'a> {
    pub(super) fn new(state: &'a mut WalletState, wallet: &Wallet) -> Self {
        let zero_conf = wallet.options().spend_zero_conf_change;
        TransactionLister { trust: Trust::new(state, zero_conf), network: wallet.network() }
    }

    pub(super) fn state(&self) -> &'a WalletState {
        self.trust.state()
    }

    /// The confirmations of a transaction, negative for one in conflict.
    pub(super) fn depth(&self, txid: Txid) -> i32 {
        self.trust.view.depth(txid)
    }

    /// The ids of all transactions, in the order in which the wallet heard of them.
    pub(super) fn txids(&self) -> Vec<Txid> {
        let state = self.state();
        let place = |txid: &Txid| state.metadata.get(txid).map_or(i64::MAX, |metadata| metadata.order_pos);
        let mut txids: Vec<_> = state.ledger.txs().map(|(txid, _)| (place(&txid), txid)).collect();
        txids.sort_unstable();
        txids.into_iter().map(|(_, txid)| txid).collect()
    }

    /// How much of the wallet's coins a transaction spends.
    pub(super) fn debit(&self, tx: &Transaction) -> SignedAmount {
        let ledger = &self.state().ledger;
        let own = tx.input.iter().filter_map(|input| ledger.own_txout(input.previous_output));
        total(own.map(|output| signed(output.value)))
    }

    /// What the wallet knows of a transaction: Bitcoin Core's `WalletTxToJSON`.
    pub(super) fn known(&mut self, tx: &Transaction) -> Map<String, Value> {
        let txid = tx.compute_txid();
        let state = self.state();
        let metadata = state.metadata.get(&txid).cloned().unwrap_or_default();
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("confirmations", self.depth(txid).into());
        if tx.is_coinbase() {
            put("generated", true.into());
        }
        match self.trust.view.state(txid) {
            TxState::Confirmed { height, hash, time } => {
                put("blockhash", hash.to_string().into());
                put("blockheight", height.into());
                put("blockindex", metadata.block_index.into());
                put("blocktime", time.into());
            }
            _ => _ = put("trusted", self.trust.is_trusted(txid).into()),
        }
        put("txid", txid.to_string().into());
        put("wtxid", tx.compute_wtxid().to_string().into());
        put("alternate_wtxids", Value::Array(Vec::new()));
        let conflicts = state.ledger.conflicts(tx);
        put("walletconflicts", conflicts.iter().map(Txid::to_string).collect());
        let in_mempool =
            state.ledger.tx(txid).map(|tx| state.ledger.mempool_conflicts(&tx)).unwrap_or_default();
        put("mempoolconflicts", in_mempool.iter().map(Txid::to_string).collect());
        put("time", metadata.time.into());
        put("timereceived", metadata.time.into());
        for name in ["comment", "to", "replaces_txid", "replaced_by_txid"] {
            if let Some(text) = metadata.value_map.get(name) {
                put(name, text.clone().into());
            }
        }
        object
    }

    /// An entry for each output that the wallet paid or received.
    pub(super) fn entries(&mut self, tx: &Transaction, wanted: Wanted<'_>) -> Vec<Value> {
        let state = self.state();
        let txid = tx.compute_txid();
        let debit = self.debit(tx);
        let sent = debit > SignedAmount::ZERO;
        let abandoned = state.metadata.get(&txid).is_some_and(|metadata| metadata.abandoned);
        let known = if wanted.long { self.known(tx) } else { Map::new() };
        let outputs = || {
            let all = (0_u32..).zip(&tx.output);
            all.filter(|(_, output)| wanted.change || !sent || !state.is_change(&output.script_pubkey))
        };
        let mut entries = Vec::new();
        if sent && wanted.label.is_none() {
            let fee = total([debit].into_iter().chain(tx.output.iter().map(|output| -signed(output.value))));
            for (vout, output) in outputs() {
                let mut entry = self.addressed(&output.script_pubkey);
                entry.insert("category".into(), "send".into());
                entry.insert("amount".into(), signed_amount(-signed(output.value)));
                if let Some(book) = state.book.get(&output.script_pubkey) {
                    entry.insert("label".into(), book.label.clone().into());
                }
                entry.insert("vout".into(), vout.into());
                entry.insert("fee".into(), signed_amount(-fee));
                entry.extend(known.clone());
                entry.insert("abandoned".into(), abandoned.into());
                entries.push(entry.into());
            }
        }
        if self.depth(txid) < wanted.min_depth {
            return entries;
        }
        for (vout, output) in outputs().filter(|(_, output)| state.is_mine(&output.script_pubkey)) {
            let label = state.book.get(&output.script_pubkey).map(|book| book.label.as_str());
            if wanted.label.is_some_and(|wanted| wanted != label.unwrap_or_default()) {
                continue;
            }
            let mut entry = self.addressed(&output.script_pubkey);
            entry.insert("parent_descs".into(), parents(state, &output.script_pubkey).into());
            entry.insert("category".into(), self.category(tx, txid).into());
            entry.insert("amount".into(), signed_amount(signed(output.value)));
            if let Some(label) = label {
                entry.insert("label".into(), label.into());
            }
            entry.insert("vout".into(), vout.into());
            entry.insert("abandoned".into(), abandoned.into());
            entry.extend(known.clone());
            entries.push(entry.into());
        }
        entries
    }

    fn category(&self, tx: &Transaction, txid: Txid) -> &'static str {
        match tx.is_coinbase() {
            false => "receive",
            true if self.depth(txid) < 1 => "orphan",
            true if self.trust.blocks_to_maturity(txid) > 0 => "immature",
            true => "generate",
        }
    }

    fn addressed(&self, script: &ScriptBuf) -> Map<String, Value> {
        let address = Destination::of_script(script).address(self.network);
        address.map(|address| ("address".to_owned(), address.to_string().into())).into_iter().collect()
    }
}
