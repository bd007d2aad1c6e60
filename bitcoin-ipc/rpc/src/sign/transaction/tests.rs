//! Transactions that are signed in one go or in parts.
//!
//! In: outputs of every form that keys can spend. Out: what spends them, or what is wrong with it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::ops::Range;

use bitcoin::absolute::LockTime;
use bitcoin::key::TapTweak as _;
use bitcoin::opcodes::all::{OP_CHECKMULTISIG, OP_CHECKSIG, OP_CHECKSIGVERIFY};
use bitcoin::script::Builder;
use bitcoin::sighash::Prevouts as Spent;
use bitcoin::transaction::Version;
use bitcoin::{Amount, OutPoint, PrivateKey, TxIn, Txid};
use miniscript::interpreter::Interpreter;

use super::*;
use crate::sign::SECP;

const MISSING: &str = "Unable to sign input, invalid stack size (possibly missing key)";
const MORE: &str = "CHECK(MULTI)SIG failing with non-zero signature (possibly need more signatures)";

fn verify(tx: &Transaction, spent: &[Option<&TxOut>], wanted: Range<usize>) -> Answer<Vec<bool>> {
    let spent: Vec<&TxOut> = spent.iter().copied().flatten().collect();
    let all = Spent::All(&spent);
    let is_valid = |place: usize| {
        let Some(input) = tx.input.get(place).filter(|_| spent.len() == tx.input.len()) else { return false };
        let (script, lock_time) = (&spent[place].script_pubkey, tx.lock_time);
        let read =
            Interpreter::from_txdata(script, &input.script_sig, &input.witness, input.sequence, lock_time);
        read.is_ok_and(|read| read.iter(&SECP, tx, place, &all).all(|step| step.is_ok()))
    };
    Ok(wanted.map(is_valid).collect())
}

fn private(number: u8, compressed: bool) -> PrivateKey {
    let inner = bitcoin::secp256k1::SecretKey::from_slice(&[number; 32]).unwrap();
    PrivateKey { compressed, network: bitcoin::NetworkKind::Test, inner }
}

fn public(number: u8, compressed: bool) -> PublicKey {
    private(number, compressed).public_key(&SECP)
}

/// Knows these keys, and scripts.
fn provider(keys: &[u8], scripts: &[ScriptBuf]) -> FlatSigningProvider {
    let mut provider = FlatSigningProvider::default();
    for key in keys {
        provider.add_key(private(*key, true));
        provider.add_key(private(*key, false));
    }
    scripts.iter().for_each(|script| provider.add_script(script.clone()));
    provider
}

fn multisig(needed: i64, keys: &[PublicKey]) -> ScriptBuf {
    let builder = keys.iter().fold(Builder::new().push_int(needed), |builder, key| builder.push_key(key));
    builder.push_int(i64::try_from(keys.len()).unwrap()).push_opcode(OP_CHECKMULTISIG).into_script()
}

/// A transaction that spends outputs of these scripts, and what they are.
fn spending(scripts: &[ScriptBuf]) -> (Transaction, Prevouts) {
    let zeros: Txid = "00".repeat(32).parse().unwrap();
    let outpoint = |vout: usize| OutPoint { txid: zeros, vout: u32::try_from(vout).unwrap() };
    let outputs =
        scripts.iter().map(|script| TxOut { value: Amount::ONE_BTC, script_pubkey: script.clone() });
    let known: Prevouts = outputs.enumerate().map(|(vout, output)| (outpoint(vout), output.into())).collect();
    let input = known.keys().map(|outpoint| TxIn { previous_output: *outpoint, ..TxIn::default() });
    let tx = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: input.collect(),
        output: vec![TxOut { value: Amount::ONE_BTC, script_pubkey: ScriptBuf::new_op_return([7]) }],
    };
    (tx, known)
}

/// What has come of it, and what is wrong with its inputs.
fn sign(
    tx: &Transaction,
    keys: &FlatSigningProvider,
    known: &Prevouts,
    sighash: u8,
) -> (Transaction, Vec<String>) {
    let signed = sign_transaction(tx.clone(), keys, known, sighash, verify).unwrap();
    let errors = signed["errors"].as_array().into_iter().flatten();
    let errors: Vec<String> = errors.map(|error| error["error"].as_str().unwrap().to_owned()).collect();
    assert_eq!(signed["complete"], errors.is_empty());
    (transaction::from_hex(signed["hex"].as_str().unwrap()).unwrap(), errors)
}

#[test]
fn one_key_spends_outputs_of_all_forms() {
    let (key, long) = (public(1, true), public(1, false));
    let program = ScriptBuf::new_p2wpkh(&key.wpubkey_hash().unwrap());
    let bare = ScriptBuf::new_p2pk(&key);
    let hashed = ScriptBuf::new_p2pkh(&key.pubkey_hash());
    let taproot = key.inner.x_only_public_key().0.dangerous_assume_tweaked();
    let behind = [program.clone(), bare.clone(), hashed.clone(), multisig(1, &[key]), multisig(1, &[long])];
    let mut scripts = vec![
        bare.clone(),
        ScriptBuf::new_p2pk(&long),
        hashed.clone(),
        ScriptBuf::new_p2pkh(&long.pubkey_hash()),
        program,
        ScriptBuf::new_p2tr_tweaked(taproot),
        bare.to_p2wsh(),
        hashed.to_p2wsh(),
        multisig(1, &[key]).to_p2wsh(),
    ];
    scripts.extend(behind.iter().map(|script| script.to_p2sh()));
    let (tx, known) = spending(&scripts);
    let keys = provider(&[1], &behind);
    for sighash in [0, 1, 2, 0x81, 0x82] {
        let (signed, errors) = sign(&tx, &keys, &known, sighash);
        assert_eq!(errors, [""; 0], "{sighash}");
        // What is valid stays as it is.
        assert_eq!(sign(&signed, &provider(&[2], &[]), &known, 1), (signed, Vec::new()));
    }
    // Without keys nothing is valid, and it is told why.
    let (unsigned, errors) = sign(&tx, &provider(&[], &behind), &known, 0);
    assert!(unsigned.input[..6].iter().all(|input| input.script_sig.is_empty() && input.witness.is_empty()));
    let taproot = "Witness program was passed an empty witness";
    assert_eq!(errors[..6], [MISSING, MISSING, MISSING, MISSING, "Witness program hash mismatch", taproot]);
    // One output is there for the first input only.
    let (single, errors) = sign(&tx, &keys, &known, 3);
    assert_eq!(errors.len(), scripts.len() - 1);
    assert!(!single.input[0].script_sig.is_empty() && single.input[1].script_sig.is_empty());
    // Long keys have no place in witnesses.
    let long = multisig(1, &[long]);
    let (tx, known) = spending(&[long.to_p2wsh()]);
    assert_eq!(sign(&tx, &provider(&[1], &[long]), &known, 0).1.len(), 1);
}

#[test]
fn signatures_of_several_are_put_together() {
    let code = multisig(2, &[public(1, true), public(2, true), public(3, true)]);
    let nested = code.to_p2wsh();
    let behind = [code.clone(), nested.clone()];
    let scripts = [code.clone(), code.to_p2sh(), nested.clone(), nested.to_p2sh()];
    let (tx, known) = spending(&scripts);
    let none = sign(&tx, &provider(&[9], &behind), &known, 0);
    assert_eq!(none.1, [MISSING; 4]);
    let [first, third] = [1, 3].map(|key| sign(&tx, &provider(&[key], &behind), &known, 0));
    assert_eq!([&first.1[..], &third.1[..]], [[MORE; 4], [MORE; 4]]);
    // Who comes second needs no scripts, which stand in the transaction.
    let both = sign(&first.0, &provider(&[3], &[]), &known, 0);
    assert_eq!(both.1, [""; 0]);
    let variants = [third.0, tx.clone(), first.0];
    let unsigned = unsigned_transaction(&variants[0], &variants[1..]).unwrap();
    assert_eq!(unsigned, tx);
    assert_eq!(combine_transactions(unsigned, &variants, &known, verify).unwrap(), both.0);
    let (mut other, none) = (tx.clone(), Prevouts::new());
    other.lock_time = LockTime::from_consensus(1);
    let error = unsigned_transaction(&tx, &[tx.clone(), other]).unwrap_err();
    assert_eq!(error.message(), "Transaction number 3 not compatible with first transaction");
    assert_eq!(combine_transactions(tx.clone(), &[tx], &none, verify).unwrap_err().code(), -25);
}

#[test]
fn scripts_of_miniscript_are_spent_by_all_of_their_keys() {
    let code = Builder::new().push_key(&public(1, true)).push_opcode(OP_CHECKSIGVERIFY);
    let code = code.push_key(&public(2, true)).push_opcode(OP_CHECKSIG).into_script();
    let (tx, known) = spending(&[code.to_p2wsh()]);
    let half = sign(&tx, &provider(&[1], std::slice::from_ref(&code)), &known, 0);
    assert_eq!(half.1, [MISSING]);
    assert_eq!(half.0.input[0].witness.len(), 1);
    assert_eq!(sign(&tx, &provider(&[1, 2], &[code]), &known, 0).1, [""; 0]);
}

#[test]
fn an_amount_that_nobody_knows_is_not_signed_for() {
    let (tx, mut known) = spending(&[ScriptBuf::new_p2wpkh(&public(1, true).wpubkey_hash().unwrap())]);
    known.values_mut().for_each(|prevout| prevout.has_amount = false);
    let error = sign_transaction(tx.clone(), &provider(&[1], &[]), &known, 0, verify).unwrap_err();
    assert_eq!(error.code(), -3);
    let missing = sign(&tx, &provider(&[1], &[]), &Prevouts::new(), 0);
    assert_eq!(missing, (tx, vec![NOT_FOUND.to_owned()]));
}
