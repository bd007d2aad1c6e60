//! Commands that find transactions and send them.
//!
//! In: ids, or transactions as hex digits. Out: transactions, and what the mempool says of them.

use std::sync::Arc;

use bitcoin::hashes::Hash;
use bitcoin::{Amount, BlockHash, Transaction, Txid};
use bitcoin_ipc::types::{Coin, TransactionError, TxBroadcast};
use serde_json::Map;

use super::command::Kind::{Amount as Money, Any, Hex};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError, failed, undecodable, unknown};
use super::testing::let_hear;
use super::transaction::{self, Detail};
use super::{amount, rate, script};
use crate::fees::Rate;

const RAW: &str = "rawtransactions";
/// The highest fee rate that is not taken for a mistake, unless the caller says so.
const MAX_RATE: Rate = Rate::from_sat_per_kvb(10_000_000);

pub(super) const COMMANDS: &[Command] = &[
    command(RAW, "getrawtransaction", "Gives a transaction of the mempool or of a block.", get).args(&[
        arg("txid", Hex, "The transaction."),
        arg("verbosity|verbose", Any, "0 for bytes, 1 for an object, 2 for the fee and the coins too.")
            .default("0"),
        arg("blockhash", Hex, "The block to look in.").optional(),
    ]),
    command(RAW, "sendrawtransaction", "Takes a transaction into the mempool.", send).args(&[
        arg("hexstring", Hex, "The transaction."),
        arg("maxfeerate", Money, "The highest fee rate, in bitcoin for 1000 bytes; 0 for any.")
            .default("\"0.10\""),
        arg("maxburnamount", Money, "The most that an output may destroy, in bitcoin.").default("\"0.00\""),
    ]),
];

/// A transaction, and the block that it is in.
fn find(call: &Call<'_>, txid: Txid) -> Answer<(Arc<Transaction>, Option<BlockHash>)> {
    let in_block = |hash: BlockHash| -> Answer<Option<Transaction>> {
        let block = call.state.chain().block(hash).ok().flatten();
        let Some(block) = block else { return failed("Block not available") };
        Ok(block.txdata.into_iter().find(|tx| tx.compute_txid() == txid))
    };
    let problem = if call.get(2).is_some() {
        let hash: BlockHash = call.hash(2, "parameter 3")?;
        if call.state.chain().height(hash).is_none() {
            return unknown("Block hash not found");
        }
        if let Some(tx) = in_block(hash)? {
            return Ok((Arc::new(tx), Some(hash)));
        }
        "No such transaction found in the provided block"
    } else {
        if let Some(tx) = call.state.mempool().transaction(&txid) {
            return Ok((tx, None));
        }
        if let Some(hash) = call.state.index().transaction(txid)?
            && let Some(tx) = in_block(hash)?
        {
            return Ok((Arc::new(tx), Some(hash)));
        }
        if call.state.index().has_transactions() {
            "No such mempool or blockchain transaction"
        } else {
            "No such mempool transaction. Use -txindex or provide a block hash to enable blockchain transaction queries"
        }
    };
    unknown(format!("{problem}. Use gettransaction for wallet transactions."))
}

/// The coins that a transaction of a block spent.
fn spent(call: &Call<'_>, txid: Txid, block: BlockHash) -> Answer<Option<Vec<Coin>>> {
    let data = call.block(block)?;
    let place = data.txdata.iter().position(|tx| tx.compute_txid() == txid);
    // The coinbase has no undo data.
    let Some(place) = place.and_then(|place| place.checked_sub(1)) else { return Ok(None) };
    let undo = call.state.chain().undo(block).ok().flatten();
    Ok(undo.and_then(|mut undo| {
        (place < undo.transactions.len()).then(|| undo.transactions.swap_remove(place).spent)
    }))
}

fn get(call: &Call<'_>) -> Answer {
    let txid: Txid = call.hash(0, "parameter 1")?;
    let genesis = call.header(call.hash_at(0)?)?;
    if txid.to_byte_array() == genesis.merkle_root.to_byte_array() {
        return unknown(
            "The genesis block coinbase is not considered an ordinary transaction and cannot be retrieved",
        );
    }
    let verbosity = call.verbosity(1, 0)?;
    let (tx, block) = find(call, txid)?;
    if verbosity <= 0 {
        return Ok(transaction::hex(&tx).into());
    }
    let mut object = Map::new();
    let chain = call.state.chain();
    if let (Some(block), Some(_)) = (block, call.get(2)) {
        object.insert("in_active_chain".to_owned(), chain.is_active(block).into());
    }
    if block.is_none()
        && let Some(entry) = call.state.mempool().get(&txid)
    {
        object.insert("vsize_adjusted".to_owned(), entry.vsize.into());
    }
    let coins = match block {
        Some(block) if verbosity >= 2 => spent(call, txid, block)?,
        _ => None,
    };
    let detail = Detail { spent: coins.as_deref(), prevouts: true, hex: true };
    object.extend(transaction::to_json(&tx, call.state.network(), detail));
    if let Some(block) = block {
        object.insert("blockhash".to_owned(), block.to_string().into());
        let place = call.place(block)?;
        if chain.is_active(block) {
            let confirmations = call.state.tip().height.saturating_sub(place.height) + 1;
            let time = call.header(block)?.time;
            object.insert("confirmations".to_owned(), confirmations.into());
            object.insert("time".to_owned(), time.into());
            object.insert("blocktime".to_owned(), time.into());
        } else {
            object.insert("confirmations".to_owned(), 0.into());
        }
    }
    Ok(object.into())
}

/// The highest fee rate that the caller wants to pay; 0 for any.
pub(super) fn max_rate(call: &Call<'_>, position: usize) -> Answer<Rate> {
    call.get(position).map_or(Ok(MAX_RATE), rate::parse)
}

pub(super) fn satoshi(fee: i64) -> Amount {
    Amount::from_sat(u64::try_from(fee).unwrap_or(0))
}

/// The error of a transaction that was not sent.
pub(super) fn transaction_error(error: TransactionError, message: &str) -> RpcError {
    let (code, text) = match error {
        TransactionError::MissingInputs => (Code::VerifyError, "Inputs missing or spent"),
        TransactionError::AlreadyInUtxoSet => {
            (Code::VerifyAlreadyInUtxoSet, "Transaction outputs already in utxo set")
        }
        TransactionError::MempoolRejected => (Code::VerifyRejected, "Transaction rejected by mempool"),
        TransactionError::MempoolError => (Code::VerifyError, "Mempool internal error"),
        TransactionError::MaxFeeExceeded => {
            (Code::VerifyError, "Fee exceeds maximum configured by user (e.g. -maxtxfee, maxfeerate)")
        }
        TransactionError::MaxBurnExceeded => {
            (Code::VerifyError, "Unspendable output exceeds maximum configured by user (maxburnamount)")
        }
        _ => (Code::VerifyError, "Transaction rejected"),
    };
    RpcError::new(code, if message.is_empty() { text } else { message })
}

/// Refuses outputs that nobody can spend if they are worth too much.
pub(super) fn check_burn(tx: &Transaction, most: Amount) -> Answer<()> {
    let burns = |script| script::is_unspendable(script) || !script::is_valid(script);
    if tx.output.iter().any(|output| output.value > most && burns(&output.script_pubkey)) {
        return Err(transaction_error(TransactionError::MaxBurnExceeded, ""));
    }
    Ok(())
}

fn send(call: &Call<'_>) -> Answer {
    let max_burn = call.get(2).map_or(Ok(Amount::ZERO), amount::parse_amount)?;
    let Some(tx) = transaction::from_hex(call.text(0)?) else {
        return undecodable("TX decode failed. Make sure the tx has at least one input.");
    };
    check_burn(&tx, max_burn)?;
    let vsize = u64::try_from(tx.vsize()).unwrap_or(u64::MAX);
    let max_fee = satoshi(max_rate(call, 1)?.fee(vsize));
    match call.state.broadcast(&tx, max_fee, TxBroadcast::MempoolAndBroadcastToAll)? {
        Ok(()) => {
            let_hear(call);
            Ok(tx.compute_txid().to_string().into())
        }
        Err(failure) => Err(transaction_error(failure.error, &failure.message)),
    }
}
