//! Commands that sign transactions, and put their signatures together.
//!
//! In: transactions in hex digits, private keys. Out: the same with more signatures, and what is missing.

use std::ops::Range;

use bitcoin::{PrivateKey, Transaction, TxOut};
use bitcoin_rpc::prevouts::{self, Prevouts};
use bitcoin_rpc::sign::{FlatSigningProvider, combine_transactions, sign_transaction, unsigned_transaction};

use super::command::Kind::{List, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, undecodable, unknown};
use super::header::broken;
use super::{transaction, value};
use crate::scripts;

const RAW: &str = "rawtransactions";

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

/// Which inputs are valid as they are, in the kernel's eyes.
pub(super) fn verify(tx: &Transaction, spent: &[Option<&TxOut>], wanted: Range<usize>) -> Answer<Vec<bool>> {
    scripts::valid_inputs(tx, spent, wanted).or_else(|error| broken(error.to_string()))
}

fn private_keys(call: &Call<'_>) -> Answer<FlatSigningProvider> {
    let mut keys = FlatSigningProvider::default();
    for key in call.list(1)? {
        match PrivateKey::from_wif(value::text(key)?) {
            Ok(key) if key.network == call.state.network().into() => keys.add_key(key),
            _ => return unknown("Invalid private key"),
        }
    }
    Ok(keys)
}

fn sign(call: &Call<'_>) -> Answer {
    let Some(tx) = transaction::from_hex(call.text(0)?) else {
        return undecodable("TX decode failed. Make sure the tx has at least one input.");
    };
    let mut keys = private_keys(call)?;
    let mut known = find(call, &tx)?;
    let mut behind = Vec::new();
    prevouts::read(call.value(2), &mut known, Some(&mut behind))?;
    behind.into_iter().for_each(|script| keys.add_script(script));
    let sighash = prevouts::sighash_type(call.value(3))?.unwrap_or(0);
    sign_transaction(tx, &keys, &known, sighash, verify)
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
    let unsigned = unsigned_transaction(&variants[0], &variants[1..])?;
    let known = find(call, &unsigned)?;
    let merged = combine_transactions(unsigned, &variants, &known, verify)?;
    Ok(transaction::hex(&merged).into())
}
