//! Commands that sign transactions, and put their signatures together.
//!
//! In: transactions in hex digits, private keys. Out: the same with more signatures, and what is missing.

use std::collections::BTreeMap;

use bitcoin::secp256k1::Secp256k1;
use bitcoin::{PrivateKey, ScriptBuf, Transaction, TxOut, Witness};
use bitcoin_rpc::prevouts::{self, Prevouts};
use serde_json::{Map, Value};

use super::command::Kind::{List, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError, invalid, undecodable, unknown};
use super::header::broken;
use super::signatures::{self, Signatures, Signer};
use super::{transaction, value};
use crate::scripts;

const RAW: &str = "rawtransactions";
const NOT_FOUND: &str = "Input not found or already spent";

pub(super) const COMMANDS: &[Command] = &[
    command(RAW, "signrawtransactionwithkey", "Signs a transaction with these keys only.", sign).args(&[
        arg("hexstring", Text, "The transaction."),
        arg("privkeys", List, "The private keys.").shape("[\"privatekey\",...]"),
        arg("prevtxs", List, "Outputs that it spends and that nobody knows yet.")
            .optional()
            .shape(prevouts::SHAPE),
        arg("sighashtype", Text, "What signatures are for, such as \"ALL\" or \"SINGLE|ANYONECANPAY\".")
            .default("\"DEFAULT for Taproot, ALL otherwise\""),
    ]),
    command(RAW, "combinerawtransaction", "Puts together the signatures of one transaction.", combine).args(
        &[arg("txs", List, "The transaction, with different signatures.").shape("[\"hexstring\",...]")],
    ),
];

/// The outputs that a transaction spends, as far as the chain and the mempool have them.
fn find(call: &Call<'_>, tx: &Transaction) -> Answer<Prevouts> {
    let (mempool, view) = (call.state.mempool(), call.state.view());
    let mut known = Prevouts::new();
    for input in &tx.input {
        match mempool.coin(&view, &input.previous_output) {
            Ok(None) => {}
            Ok(Some(coin)) => _ = known.insert(input.previous_output, coin.output.into()),
            Err(error) => return broken(error.to_string()),
        }
    }
    Ok(known)
}

/// Which inputs are valid as they are.
fn valid(tx: &Transaction, known: &Prevouts) -> Answer<Vec<bool>> {
    let spent: Vec<_> =
        tx.input.iter().map(|input| known.get(&input.previous_output).map(|known| &known.output)).collect();
    scripts::valid_inputs(tx, &spent).or_else(|error| broken(error.to_string()))
}

fn private_keys(call: &Call<'_>) -> Answer<BTreeMap<bitcoin::PublicKey, PrivateKey>> {
    let (network, secp) = (call.state.network(), Secp256k1::signing_only());
    let read = |key: &Value| match PrivateKey::from_wif(value::text(key)?) {
        Ok(key) if key.network == network.into() => Ok((key.public_key(&secp), key)),
        _ => unknown("Invalid private key"),
    };
    call.list(1)?.iter().map(read).collect()
}

fn sign(call: &Call<'_>) -> Answer {
    let Some(mut tx) = transaction::from_hex(call.text(0)?) else {
        return undecodable("TX decode failed. Make sure the tx has at least one input.");
    };
    let (secp, keys) = (&Secp256k1::new(), private_keys(call)?);
    let mut known = find(call, &tx)?;
    prevouts::read(call.value(2), &mut known)?;
    let signer = Signer { secp, keys, sighash: prevouts::sighash_type(call.value(3))?.unwrap_or(0) };
    let unsigned = tx.clone();
    let spent: Option<Vec<TxOut>> =
        tx.input.iter().map(|input| Some(known.get(&input.previous_output)?.output.clone())).collect();
    let mut made = vec![Signatures::new(); tx.input.len()];
    for (place, valid) in valid(&unsigned, &known)?.into_iter().enumerate() {
        let input = &mut tx.input[place];
        // Nothing is signed for an output that is not there.
        let pairs = signer.sighash & 0x7f != 3 || place < unsigned.output.len();
        let Some(prevout) = known.get_mut(&input.previous_output).filter(|_| !valid) else { continue };
        prevout.scripts.extend(signatures::scripts_of(input));
        made[place] = signatures::signatures_of(secp, &unsigned, place, prevout);
        if !pairs {
            continue;
        }
        signer.sign(&unsigned, place, prevout, &mut made[place]);
        signatures::put_together(input, prevout, &made[place], unsigned.lock_time);
        let witness = spent.as_ref().and_then(|spent| signer.sign_taproot(&unsigned, place, spent));
        input.witness = witness.unwrap_or(std::mem::take(&mut input.witness));
    }
    let mut errors = Vec::new();
    for ((input, valid), made) in tx.input.iter().zip(valid(&tx, &known)?).zip(&made) {
        match known.get(&input.previous_output) {
            None => errors.push(prevouts::problem(input, NOT_FOUND)),
            Some(prevout) if !prevout.has_amount && !input.witness.is_empty() => {
                return prevouts::missing_amount(&prevout.output);
            }
            Some(_) if valid => {}
            Some(prevout) => {
                errors.push(prevouts::problem(input, signatures::why_invalid(input, &prevout.output, made)))
            }
        }
    }
    let mut object = Map::new();
    object.insert("hex".to_owned(), transaction::hex(&tx).into());
    object.insert("complete".to_owned(), errors.is_empty().into());
    if !errors.is_empty() {
        object.insert("errors".to_owned(), errors.into());
    }
    Ok(object.into())
}

/// A transaction without what spends its outputs.
fn stripped(tx: &Transaction) -> Transaction {
    let mut tx = tx.clone();
    for input in &mut tx.input {
        (input.script_sig, input.witness) = (ScriptBuf::new(), Witness::new());
    }
    tx
}

fn combine(call: &Call<'_>) -> Answer {
    let texts = call.list(0)?;
    if texts.len() < 2 {
        return undecodable("Missing transactions. At least two transactions required.");
    }
    let mut variants = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        match transaction::from_hex(value::text(text)?) {
            Some(tx) => variants.push(tx),
            None => {
                return undecodable(format!(
                    "TX decode failed for tx {place}. Make sure the tx has at least one input."
                ));
            }
        }
    }
    let first = stripped(&variants[0]);
    if let Some(place) = variants.iter().position(|tx| stripped(tx) != first) {
        return invalid(format!("Transaction number {} not compatible with first transaction", place + 1));
    }
    let (secp, known) = (&Secp256k1::new(), find(call, &first)?);
    let valid = variants.iter().map(|tx| valid(tx, &known)).collect::<Answer<Vec<_>>>()?;
    let mut merged = first.clone();
    for (place, input) in merged.input.iter_mut().enumerate() {
        let Some(prevout) = known.get(&input.previous_output) else {
            return Err(RpcError::new(Code::VerifyError, NOT_FOUND));
        };
        if let Some(tx) = valid.iter().position(|valid| valid[place]) {
            *input = variants[tx].input[place].clone();
            continue;
        }
        let mut prevout = prevout.clone();
        prevout.scripts.extend(variants.iter().flat_map(|tx| signatures::scripts_of(&tx.input[place])));
        let mut all = Signatures::new();
        for tx in &variants {
            all.extend(signatures::signatures_of(secp, tx, place, &prevout));
        }
        signatures::put_together(input, &prevout, &all, first.lock_time);
    }
    Ok(transaction::hex(&merged).into())
}
