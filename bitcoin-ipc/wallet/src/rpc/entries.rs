//! Transactions as entries of lists.
//!
//! In: transactions, as the wallet knows them. Out: what each transaction paid and received, output by output, and what
//! the wallet knows of it.

use bitcoin::{Network, ScriptBuf, SignedAmount, Txid};
use bitcoin_ipc::types::{Destination, RbfTransactionState};
use bitcoin_rpc::Answer;
use serde_json::{Map, Value};

use super::balances::signed_amount;
use crate::ledger::TxState;
use crate::wallet::{TxInfo, Wallet, signed, total};

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

/// What the wallet knows of a transaction: Bitcoin Core's `WalletTxToJSON`.
pub(super) fn known(info: &TxInfo) -> Map<String, Value> {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("confirmations", info.depth.into());
    if info.tx.is_coinbase() {
        put("generated", true.into());
    }
    match info.state {
        TxState::Confirmed { height, hash, time } => {
            put("blockhash", hash.to_string().into());
            put("blockheight", height.into());
            put("blockindex", info.metadata.block_index.into());
            put("blocktime", time.into());
        }
        _ => _ = put("trusted", info.is_trusted.into()),
    }
    put("txid", info.txid.to_string().into());
    put("wtxid", info.tx.compute_wtxid().to_string().into());
    put("alternate_wtxids", Value::Array(Vec::new()));
    put("walletconflicts", info.conflicts.iter().map(Txid::to_string).collect());
    put("mempoolconflicts", info.mempool_conflicts.iter().map(Txid::to_string).collect());
    put("time", info.metadata.time().into());
    put("timereceived", info.metadata.time_received.into());
    for name in ["comment", "to", "replaces_txid", "replaced_by_txid"] {
        if let Some(text) = info.metadata.value_map.get(name) {
            put(name, text.clone().into());
        }
    }
    object
}

/// Adds whether unconfirmed transactions say that they can be replaced (BIP 125), with `-deprecatedrpc=bip125`.
pub(super) fn add_replaceable<'a>(
    wallet: &Wallet,
    told: impl IntoIterator<Item = &'a mut Map<String, Value>>,
) -> Answer<()> {
    let chain = wallet.chain();
    // What the wallet knows is told without a node, too.
    if !chain.rpc_enable_deprecated("bip125").unwrap_or(false) {
        return Ok(());
    }
    for object in told {
        let mut status = "no";
        if object.get("confirmations").and_then(Value::as_i64).is_some_and(|depth| depth <= 0) {
            let txid = object.get("txid").and_then(Value::as_str).and_then(|txid| txid.parse().ok());
            let known = txid.map(|txid| wallet.tx(txid)).transpose()?.flatten();
            let state = known.map(|tx| chain.is_rbf_opt_in(&tx)).transpose()?;
            status = match state.unwrap_or(RbfTransactionState::Unknown) {
                RbfTransactionState::Unknown => "unknown",
                RbfTransactionState::ReplaceableBip125 => "yes",
                RbfTransactionState::Final => "no",
            };
        }
        object.insert("bip125-replaceable".to_owned(), status.into());
    }
    Ok(())
}

/// An entry for each output that the wallet paid or received: Bitcoin Core's `ListTransactions`.
pub(super) fn entries(info: &TxInfo, network: Network, wanted: Wanted<'_>) -> Vec<Value> {
    let tx = &info.tx;
    let debit = info.debit();
    let sent = debit > SignedAmount::ZERO;
    let abandoned = info.metadata.abandoned;
    let known = if wanted.long { known(info) } else { Map::new() };
    let outputs = || {
        let all = (0_u32..).zip(&tx.output).zip(&info.outputs);
        let all = all.map(|((vout, output), script)| (vout, output, script));
        all.filter(|(.., script)| wanted.change || !sent || !script.is_change)
    };
    let mut entries = Vec::new();
    if sent && wanted.label.is_none() {
        let paid = tx.output.iter().map(|output| -signed(output.value));
        let fee = total([debit].into_iter().chain(paid));
        for (vout, output, script) in outputs() {
            let mut entry = addressed(&output.script_pubkey, network);
            entry.insert("category".into(), "send".into());
            entry.insert("amount".into(), signed_amount(-signed(output.value)));
            if let Some(label) = &script.label {
                entry.insert("label".into(), label.clone().into());
            }
            entry.insert("vout".into(), vout.into());
            entry.insert("fee".into(), signed_amount(-fee));
            entry.extend(known.clone());
            entry.insert("abandoned".into(), abandoned.into());
            entries.push(entry.into());
        }
    }
    if info.depth < wanted.min_depth {
        return entries;
    }
    for (vout, output, script) in outputs().filter(|(.., script)| script.is_mine()) {
        let label = script.label.as_deref();
        if wanted.label.is_some_and(|wanted| wanted != label.unwrap_or_default()) {
            continue;
        }
        let mut entry = addressed(&output.script_pubkey, network);
        entry.insert("parent_descs".into(), script.parents().into());
        entry.insert("category".into(), category(info).into());
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

fn category(info: &TxInfo) -> &'static str {
    match info.tx.is_coinbase() {
        false => "receive",
        true if info.depth < 1 => "orphan",
        true if info.blocks_to_maturity > 0 => "immature",
        true => "generate",
    }
}

fn addressed(script: &ScriptBuf, network: Network) -> Map<String, Value> {
    let address = Destination::of_script(script).address(network);
    address.map(|address| ("address".to_owned(), address.to_string().into())).into_iter().collect()
}
