//! Signatures of whole transactions: Bitcoin Core's `SignTransaction` and `DataFromTransaction`.
//!
//! In: transactions, the outputs that they spend, keys and scripts. Out: the same with more signatures, and what is
//! wrong with the inputs that are not valid yet.

use bitcoin::{PublicKey, Script, ScriptBuf, Transaction, TxOut, Witness, ecdsa};
use serde_json::{Map, Value};

use super::produce::pushes;
use super::{
    FlatSigningProvider, PrecomputedTransactionData, SignatureCreator, SignatureData, VerifyScripts,
    produce_signature,
};
use crate::error::invalid;
use crate::prevouts::{self, Prevouts};
use crate::{Answer, Code, RpcError, script, transaction};

const NOT_FOUND: &str = "Input not found or already spent";

fn spent(tx: &Transaction, known: &Prevouts) -> Option<Vec<TxOut>> {
    tx.input.iter().map(|input| Some(known.get(&input.previous_output)?.output.clone())).collect()
}

/// Which inputs are valid as they are.
fn valid(tx: &Transaction, known: &Prevouts, verify: VerifyScripts<RpcError>) -> Answer<Vec<bool>> {
    let outputs = tx.input.iter().map(|input| known.get(&input.previous_output).map(|known| &known.output));
    verify(tx, &outputs.collect::<Vec<_>>(), 0..tx.input.len())
}

/// Scripts, and signatures for several keys, that an input has and that are right.
fn data_from_transaction(data: &PrecomputedTransactionData, place: usize, output: &TxOut) -> SignatureData {
    let mut found = SignatureData::default();
    let Some(input) = data.tx().input.get(place) else { return found };
    (found.script_sig, found.script_witness) = (input.script_sig.clone(), input.witness.clone());
    let (mut items, mut code, mut segwit) = (pushes(&input.script_sig), output.script_pubkey.clone(), false);
    if code.is_p2sh() {
        let redeem = items.pop().map(ScriptBuf::from_bytes).filter(|script| *script.to_p2sh() == *code);
        let Some(redeem) = redeem else { return found };
        code.clone_from(&redeem);
        found.fields.redeem_script = Some(redeem);
    }
    if code.is_p2wsh() {
        items = input.witness.iter().map(<[u8]>::to_vec).collect();
        let script = items.pop().map(ScriptBuf::from_bytes).filter(|script| *script.to_p2wsh() == *code);
        let Some(script) = script else { return found };
        code.clone_from(&script);
        found.fields.witness_script = Some(script);
        segwit = true;
    }
    let Some((_, keys)) = script::multisig(&code) else { return found };
    let keys: Vec<_> = keys.into_iter().filter_map(|key| PublicKey::from_slice(key).ok()).collect();
    for signature in items.iter().filter_map(|item| ecdsa::Signature::from_slice(item).ok()) {
        let sighash = signature.sighash_type.to_u32();
        let Some(digest) = data.ecdsa_digest(place, &code, output.value, segwit, sighash) else { continue };
        let signs =
            |key: &&PublicKey| super::SECP.verify_ecdsa(&digest, &signature.signature, &key.inner).is_ok();
        if let Some(key) = keys.iter().find(signs) {
            found.fields.partial_sigs.insert(*key, signature);
        }
    }
    found
}

/// Why an input of this script and witness is not valid, in the words of Bitcoin Core's script errors.
fn why_invalid(output: &Script, data: &SignatureData) -> &'static str {
    const MISSING: &str = "Unable to sign input, invalid stack size (possibly missing key)";
    let unsigned = data.fields.partial_sigs.is_empty();
    let redeem = data.fields.redeem_script.as_deref().filter(|_| output.is_p2sh());
    let outer = redeem.unwrap_or(output);
    let code = match outer {
        _ if outer.is_p2sh() => return MISSING,
        _ if outer.is_p2wpkh() && unsigned => return "Witness program hash mismatch",
        _ if outer.is_p2wsh() => data.fields.witness_script.as_deref(),
        _ if outer.is_witness_program() => None,
        _ => Some(outer),
    };
    let Some(code) = code else {
        return match data.script_witness.is_empty() && !outer.is_p2wpkh() {
            true => "Witness program was passed an empty witness",
            false => "unknown error",
        };
    };
    let items = match outer.is_p2wsh() {
        true => data.script_witness.len().saturating_sub(1),
        false => pushes(&data.script_sig).len().saturating_sub(usize::from(redeem.is_some())),
    };
    match script::multisig(code) {
        Some((needed, _)) if i64::try_from(items).is_ok_and(|items| items <= needed) => MISSING,
        Some(_) if unsigned => {
            "Script evaluated without error but finished with a false/empty top stack element"
        }
        Some(_) => "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)",
        None if items == 0 => MISSING,
        None => "unknown error",
    }
}

/// Signs a transaction as far as it can be: an object with it, whether it is complete, and what is wrong with its
/// inputs.
///
/// # Errors
///
/// -3 if the amount of an output that a witness spends is not known; whoever verifies cannot say.
pub fn sign_transaction(
    mut tx: Transaction,
    provider: &FlatSigningProvider,
    known: &Prevouts,
    sighash: u8,
    verify: VerifyScripts<RpcError>,
) -> Answer {
    let data = PrecomputedTransactionData::new(tx.clone(), spent(&tx, known));
    let mut made = Vec::new();
    for (place, valid) in valid(&tx, known, verify)?.into_iter().enumerate() {
        let (input, outputs) = (&mut tx.input[place], tx.output.len());
        let prevout = known.get(&input.previous_output).filter(|_| !valid);
        let Some(output) = prevout.map(|prevout| &prevout.output) else {
            made.push(SignatureData::default());
            continue;
        };
        let mut found = data_from_transaction(&data, place, output);
        // Nothing is signed for an output that is not there.
        if sighash & 0x7f != 3 || place < outputs {
            let creator = SignatureCreator::Transaction { data: &data, place, value: output.value, sighash };
            produce_signature(provider, creator, &output.script_pubkey, &mut found);
            (input.script_sig, input.witness) = (found.script_sig.clone(), found.script_witness.clone());
        }
        made.push(found);
    }
    let mut errors = Vec::new();
    for ((input, valid), made) in tx.input.iter().zip(valid(&tx, known, verify)?).zip(&made) {
        match known.get(&input.previous_output) {
            None => errors.push(prevouts::problem(input, NOT_FOUND)),
            Some(prevout) if !prevout.has_amount && !input.witness.is_empty() => {
                return prevouts::missing_amount(&prevout.output);
            }
            Some(_) if valid => {}
            Some(prevout) => {
                errors.push(prevouts::problem(input, why_invalid(&prevout.output.script_pubkey, made)));
            }
        }
    }
    let mut object = Map::new();
    object.insert("hex".to_owned(), transaction::hex(&tx).into());
    object.insert("complete".to_owned(), errors.is_empty().into());
    if !errors.is_empty() {
        object.insert("errors".to_owned(), errors.into());
    }
    Ok(Value::Object(object))
}

/// A transaction without what spends its outputs.
fn stripped(tx: &Transaction) -> Transaction {
    let mut tx = tx.clone();
    for input in &mut tx.input {
        (input.script_sig, input.witness) = (ScriptBuf::new(), Witness::new());
    }
    tx
}

/// What transactions have in common that differ in their signatures only.
///
/// # Errors
///
/// -8 and which one is another one.
pub fn unsigned_transaction(first: &Transaction, others: &[Transaction]) -> Answer<Transaction> {
    let first = stripped(first);
    match others.iter().position(|tx| stripped(tx) != first) {
        Some(place) => {
            invalid(format!("Transaction number {} not compatible with first transaction", place + 2))
        }
        None => Ok(first),
    }
}

/// Puts the signatures of one transaction together.
///
/// # Errors
///
/// -25 if an output is not known that it spends; whoever verifies cannot say.
pub fn combine_transactions(
    unsigned: Transaction,
    variants: &[Transaction],
    known: &Prevouts,
    verify: VerifyScripts<RpcError>,
) -> Answer<Transaction> {
    let valid = variants.iter().map(|tx| valid(tx, known, verify)).collect::<Answer<Vec<_>>>()?;
    let of = |tx: &Transaction| PrecomputedTransactionData::new(tx.clone(), None);
    let (data, all): (_, Vec<_>) = (of(&unsigned), variants.iter().map(of).collect());
    let mut merged = unsigned;
    for (place, input) in merged.input.iter_mut().enumerate() {
        let Some(output) = known.get(&input.previous_output).map(|known| &known.output) else {
            return Err(RpcError::new(Code::VerifyError, NOT_FOUND));
        };
        if let Some(tx) = valid.iter().position(|valid| valid[place]) {
            *input = variants[tx].input[place].clone();
            continue;
        }
        let mut found = SignatureData::default();
        all.iter().for_each(|data| found.merge(data_from_transaction(data, place, output)));
        let creator = SignatureCreator::Transaction { data: &data, place, value: output.value, sighash: 1 };
        produce_signature(&FlatSigningProvider::default(), creator, &output.script_pubkey, &mut found);
        (input.script_sig, input.witness) = (found.script_sig, found.script_witness);
    }
    Ok(merged)
}

#[cfg(test)]
mod tests;
