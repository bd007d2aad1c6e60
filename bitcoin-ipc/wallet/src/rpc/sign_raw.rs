//! The command that signs transactions.
//!
//! In: a transaction, and outputs that it spends. Out: the same with the wallet's signatures, and what is
//! missing yet.

use std::collections::BTreeMap;

use bitcoin::{OutPoint, Transaction};
use bitcoin_ipc::types::Coin;
use bitcoin_rpc::Kind::{List, Text};
use bitcoin_rpc::error::undecodable;
use bitcoin_rpc::sign::sign_transaction;
use bitcoin_rpc::{Answer, arg, prevouts, transaction};

use super::command::{Call, Command, command, ensure_unlocked};
use super::psbt::SIGHASH;
use crate::wallet::{Wallet, verify};

pub(super) const COMMANDS: &[Command] =
    &[command("signrawtransactionwithwallet", "Signs a transaction.", sign).args(&[
        arg("hexstring", Text, "The transaction."),
        arg("prevtxs", List, "Outputs that it spends and that nobody knows yet.")
            .optional()
            .shape(prevouts::SHAPE),
        arg("sighashtype", Text, SIGHASH).default("DEFAULT for taproot, otherwise ALL"),
    ])];

/// The outputs that a transaction spends, as far as they are known.
type Spent = prevouts::Prevouts;

fn sign(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let Some(tx) = transaction::from_hex(call.text(0)?).filter(|tx| !tx.input.is_empty()) else {
        return undecodable("TX decode failed. Make sure the tx has at least one input.");
    };
    ensure_unlocked(&wallet)?;
    let mut spent = find(&wallet, &tx)?;
    prevouts::read(call.value(1), &mut spent, None)?;
    let sighash = prevouts::sighash_type(call.value(2))?.unwrap_or(0);
    let scripts = spent.values().map(|known| &*known.output.script_pubkey);
    let provider = wallet.signing_provider(scripts)?;
    sign_transaction(tx, &provider, &spent, sighash, verify)
}

/// What the wallet and the node know of the outputs.
fn find(wallet: &Wallet, tx: &Transaction) -> Answer<Spent> {
    let mut coins: BTreeMap<OutPoint, Option<Coin>> =
        tx.input.iter().map(|input| (input.previous_output, None)).collect();
    wallet.chain().find_coins(&mut coins)?;
    let coins = coins.into_iter();
    let mut spent: Spent =
        coins.filter_map(|(outpoint, coin)| Some((outpoint, coin?.output.into()))).collect();
    let outpoints = || tx.input.iter().map(|input| input.previous_output);
    for (outpoint, info) in outpoints().zip(wallet.output_infos(outpoints())?) {
        spent.extend(info.own.map(|output| (outpoint, output.into())));
    }
    Ok(spent)
}
