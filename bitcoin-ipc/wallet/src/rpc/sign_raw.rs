//! The command that signs transactions.
//!
//! In: a transaction, and outputs that it spends. Out: the same with the wallet's signatures, and what is
//! missing yet.

use std::collections::BTreeMap;

use bdk_wallet::miniscript::interpreter::Interpreter;
use bitcoin::sighash::Prevouts;
use bitcoin::{OutPoint, Transaction, TxIn, TxOut};
use bitcoin_ipc::types::{Coin, PsbtFillOptions};
use bitcoin_rpc::Kind::{List, Text};
use bitcoin_rpc::error::undecodable;
use bitcoin_rpc::{Answer, arg, prevouts, transaction};
use serde_json::{Map, Value};

use super::command::{Call, Command, command, ensure_unlocked};
use super::funding::unsigned;
use super::psbt::{SIGHASH, psbt_error, sighash};
use crate::keys::SECP;
use crate::wallet::Wallet;

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
    let sighash_type = sighash(call.value(2))?;
    let mut psbt = unsigned(tx.clone(), 0)?;
    for (input, of) in psbt.inputs.iter_mut().zip(&tx.input) {
        input.witness_utxo = spent.get(&of.previous_output).map(|known| known.output.clone());
    }
    let options = PsbtFillOptions { sign: true, sighash_type, finalize: true, bip32_derivs: true };
    let filled = wallet.fill_psbt_of_outputs(&options, &psbt)?;
    if let Some(error) = filled.error {
        return Err(psbt_error(error));
    }
    let mut signed = tx;
    for (input, with) in signed.input.iter_mut().zip(filled.psbtx.inputs) {
        if with.final_script_sig.is_some() || with.final_script_witness.is_some() {
            input.script_sig = with.final_script_sig.unwrap_or_default();
            input.witness = with.final_script_witness.unwrap_or_default();
        }
    }
    for input in signed.input.iter().filter(|input| !input.witness.is_empty()) {
        if let Some(known) = spent.get(&input.previous_output).filter(|known| !known.has_amount) {
            return prevouts::missing_amount(&known.output);
        }
    }
    let errors = missing(&signed, &spent);
    let mut object = Map::new();
    object.insert("hex".into(), transaction::hex(&signed).into());
    object.insert("complete".into(), errors.is_empty().into());
    if !errors.is_empty() {
        object.insert("errors".into(), errors.into());
    }
    Ok(object.into())
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

/// What is missing for the transaction to be valid.
fn missing(tx: &Transaction, spent: &Spent) -> Vec<Value> {
    let output = |input: &TxIn| spent.get(&input.previous_output).map(|known| &known.output);
    let outputs: Option<Vec<&TxOut>> = tx.input.iter().map(output).collect();
    let problem = |place: usize, input: &TxIn| {
        let Some(output) = output(input) else {
            return Some("Input not found or already spent".to_owned());
        };
        if input.script_sig.is_empty() && input.witness.is_empty() {
            let why = match &output.script_pubkey {
                script if script.is_p2wpkh() => "Witness program hash mismatch",
                script if script.is_p2wsh() => "Witness program was passed an empty witness",
                _ => "Unable to sign input, invalid stack size (possibly missing key)",
            };
            return Some(why.to_owned());
        }
        verify(tx, place, output, outputs.as_deref())
    };
    let problems = tx.input.iter().enumerate();
    let problems = problems.filter_map(|(place, input)| Some((input, problem(place, input)?)));
    problems.map(|(input, text)| prevouts::problem(input, &text)).collect()
}

/// What is wrong with an input's signatures.
fn verify(tx: &Transaction, place: usize, output: &TxOut, all: Option<&[&TxOut]>) -> Option<String> {
    let input = &tx.input[place];
    let script = &output.script_pubkey;
    let read =
        Interpreter::from_txdata(script, &input.script_sig, &input.witness, input.sequence, tx.lock_time);
    let read = match read {
        Ok(read) => read,
        Err(error) => return Some(error.to_string()),
    };
    // Taproot signs all amounts, the others only their own.
    let prevouts = match all {
        Some(all) => Prevouts::All(all),
        None if script.is_p2tr() => return Some("Input not found or already spent".to_owned()),
        None => Prevouts::One(place, output),
    };
    let mut steps = read.iter(&SECP, tx, place, &prevouts);
    steps.find_map(|step| step.err().map(|error| error.to_string()))
}
