//! Commands for wallets whose node does not have old blocks any more.
//!
//! In: a transaction with a proof that a block has it, or an id. Out: a wallet that knows it, or knows it no
//! more.

use bitcoin::hex::FromHex as _;
use bitcoin::{MerkleBlock, Transaction, consensus};
use bitcoin_ipc::types::FoundBlockRequest;
use bitcoin_rpc::Kind::Hex;
use bitcoin_rpc::error::{failed, undecodable, unknown};
use bitcoin_rpc::{Answer, Code, RpcError, arg, transaction, value};
use serde_json::Value;

use super::command::{Call, Command, command, refused};
use crate::ledger::BlockPart;

pub(super) const COMMANDS: &[Command] = &[
    command("importprunedfunds", "Takes in a transaction without a search of the chain.", import).args(&[
        arg("rawtransaction", Hex, "The transaction, which pays an address of the wallet."),
        arg("txoutproof", Hex, "What gettxoutproof gives for it."),
    ]),
    command("removeprunedfunds", "Forgets a transaction; needs -deprecatedrpc=removeprunedfunds.", remove)
        .args(&[arg("txid", Hex, "Its id.")]),
];

fn read(call: &Call<'_>) -> Answer<(Transaction, MerkleBlock)> {
    let bytes = Vec::from_hex(call.text(0)?).ok();
    let Some(tx) = bytes.and_then(|bytes| transaction::decode(&bytes, true, false)) else {
        return undecodable("TX decode failed. Make sure the tx has at least one input.");
    };
    let bytes = value::bytes(call.value(1), "proof")?;
    // What follows the proof does not count, as in Bitcoin Core.
    match consensus::deserialize_partial(&bytes) {
        Ok((proof, _)) => Ok((tx, proof)),
        // The words of the standard library that Bitcoin Core is built with.
        Err(_) => failed("SpanReader::read(): end of data: iostream error"),
    }
}

fn import(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let (tx, proof) = read(call)?;
    let (mut txids, mut places) = (Vec::new(), Vec::new());
    if proof.extract_matches(&mut txids, &mut places).is_err() {
        return unknown("Something wrong with merkleblock");
    }
    let (hash, (_, tip)) = (proof.header.block_hash(), wallet.tip()?);
    let height = FoundBlockRequest { want_height: true, ..FoundBlockRequest::default() };
    let found = wallet.chain().find_ancestor_by_hash(tip, hash, &height)?;
    let Some(height) = found.and_then(|found| u32::try_from(found.height).ok()) else {
        return unknown("Block not found in chain");
    };
    let txid = tx.compute_txid();
    let Some((_, place)) = txids.iter().zip(places).find(|(proven, _)| **proven == txid) else {
        return unknown("Transaction given doesn't exist in proof");
    };
    if !wallet.is_paid_by(&tx)? {
        return unknown("No addresses in wallet correspond to included transaction");
    }
    let (below, time) = (proof.header.prev_blockhash, proof.header.time);
    let part = BlockPart::new(hash, height, Some(below), time, vec![(place, tx)]);
    if !wallet.take_block_part(part, tip)? {
        return refused("the chain changed meanwhile; try again");
    }
    Ok(Value::Null)
}

fn remove(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    if !wallet.chain().rpc_enable_deprecated("removeprunedfunds")? {
        let text = "DEPRECATION WARNING: This feature will be removed in the next major release. Start bitcoind with the `-deprecatedrpc=removeprunedfunds` option in order to use this.";
        return Err(RpcError::new(Code::MethodDeprecated, text));
    }
    wallet.forget_transaction(call.txid(0)?)?;
    Ok(Value::Null)
}
