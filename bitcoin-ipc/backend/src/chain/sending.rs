//! Sending transactions: the only thing that changes a node.
//!
//! In: a transaction, the highest fee. Out: whether the node took it, or its reason.

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{Amount, Transaction};
use bitcoin_ipc::types::TxBroadcast;
use bitcoin_ipc::{Error, Result};
use serde_json::json;

use crate::answer::Fields;
use crate::ask::{Ask, Failure, if_known, lock};
use crate::core::Core;
use crate::method::Method;

/// Code of a refusal: the transaction is in a block already.
const ALREADY_IN_CHAIN: i64 = -27;

/// What is said of a fee above the limit.
pub(crate) const TOO_DEAR: &str = "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)";
/// What is said of a transaction that is in a block already.
pub(crate) const IN_CHAIN: &str = "Transaction outputs already in utxo set";

/// What the node would say to a transaction: its fee, if that is known, or the reason against it.
pub(super) fn verdict(ask: &Ask, tx: &Transaction) -> Result<Result<Option<Amount>, String>> {
    // As no rate is too high here: the fee itself is what is limited.
    let answer = ask.ask(Method::TestMempoolAccept, json!([[serialize_hex(tx)], 0]))?;
    let first = answer.get(0).cloned().unwrap_or_default();
    let verdict = Fields::of(Method::TestMempoolAccept, first)?;
    if verdict.value("allowed").is_some() && verdict.flag("allowed")? {
        return Ok(Ok(Some(verdict.object("fees")?.amount("base")?)));
    }
    let reason: String = match verdict.text_if_there("reject-reason")? {
        Some(reason) => reason,
        None => verdict.text_if_there("package-error")?.unwrap_or_else(|| "rejected".to_owned()),
    };
    Ok(if reason == "txn-already-in-mempool" { Ok(None) } else { Err(reason) })
}

/// Sends a transaction, unless its fee is above the limit; zero is none.
pub(crate) fn send(
    core: &Core,
    tx: &Transaction,
    max_fee: Amount,
    how: TxBroadcast,
) -> Result<Result<(), String>> {
    let ask = &core.0.ask;
    let known = || -> Result<bool> {
        Ok(if_known(ask.ask(Method::GetMempoolEntry, json!([tx.compute_txid()])))?.is_some())
    };
    match how {
        TxBroadcast::MempoolAndBroadcastToAll => {}
        TxBroadcast::MempoolNoBroadcast if known()? => return Ok(Ok(())),
        TxBroadcast::MempoolNoBroadcast => {
            return Err(Error::unimplemented(
                "Bitcoin Core cannot be given a transaction without sending it to its peers",
            ));
        }
        TxBroadcast::NoMempoolPrivateBroadcast => {
            return Ok(Err(
                "private broadcast is an option of Bitcoin Core itself (-privatebroadcast)".to_owned()
            ));
        }
    }
    // One after the other, so that the fee that was looked at is that of what is sent.
    let _sending = lock(&core.0.sending);
    match verdict(ask, tx)? {
        // Zero is no limit, as in Bitcoin Core.
        Ok(Some(fee)) if max_fee > Amount::ZERO && fee > max_fee => {
            return Ok(Err(TOO_DEAR.to_owned()));
        }
        // In other cases sending has the words.
        _ => {}
    }
    // Neither a rate nor what outputs burn is limited again.
    match ask.ask(Method::SendRawTransaction, json!([serialize_hex(tx), 0, "21000000"])) {
        Ok(_) => Ok(Ok(())),
        Err(Failure::Refused(_, error)) if error.code() == ALREADY_IN_CHAIN => Ok(Err(IN_CHAIN.to_owned())),
        // RPC_TRANSACTION_ERROR and RPC_TRANSACTION_REJECTED: the node's own words.
        Err(Failure::Refused(_, error)) if [-25, -26].contains(&error.code()) => {
            Ok(Err(error.message().to_owned()))
        }
        Err(failure) => Err(Error::from(failure)),
    }
}
