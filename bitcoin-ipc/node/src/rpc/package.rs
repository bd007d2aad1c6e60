//! Commands that judge and take transactions which need each other.
//!
//! In: transactions as hex digits, parents first. Out: what became, or would become, of each.

use std::collections::BTreeSet;
use std::sync::Arc;

use bitcoin::{Amount, Transaction, Txid, Wtxid};
use bitcoin_ipc::types::TransactionError;
use serde_json::{Map, Value, json};

use super::command::Kind::{Amount as Money, List};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, invalid, undecodable};
use super::raw_transaction::{check_burn, max_rate, satoshi, transaction_error};
use super::{amount, rate, transaction, value};
use crate::fees::Rate;
use crate::mempool::policy::package::{MAX_COUNT, is_child_with_parents_tree};
use crate::mempool::{AcceptOptions, Outcome, PackageVerdict, RejectKind};

const RAW: &str = "rawtransactions";

pub(super) const COMMANDS: &[Command] = &[
    command(RAW, "submitpackage", "Takes a transaction and its parents into the mempool.", submit).args(&[
        arg("package", List, "The transactions, the child last.").shape("[\"rawtx\",...]"),
        arg("maxfeerate", Money, "The highest fee rate of each, in bitcoin for 1000 bytes; 0 for any.")
            .default("\"0.10\""),
        arg("maxburnamount", Money, "The most that an output may destroy, in bitcoin.").default("\"0.00\""),
    ]),
    command(RAW, "testmempoolaccept", "Tells whether the mempool would take transactions.", test).args(&[
        arg("rawtxs", List, "The transactions, parents first.").shape("[\"rawtx\",...]"),
        arg("maxfeerate", Money, "The highest fee rate, in bitcoin for 1000 bytes; 0 for any.")
            .default("\"0.10\""),
    ]),
];

/// The list of transactions, of which there must be some and not too many.
fn raw_transactions<'a>(call: &'a Call<'_>) -> Answer<&'a Vec<Value>> {
    let raw = call.list(0)?;
    if raw.is_empty() || raw.len() > MAX_COUNT {
        return invalid(format!("Array must contain between 1 and {MAX_COUNT} transactions."));
    }
    Ok(raw)
}

fn decoded(hex: &Value) -> Answer<Arc<Transaction>> {
    let hex = value::text(hex)?;
    match transaction::from_hex(hex) {
        Some(tx) => Ok(Arc::new(tx)),
        None => undecodable(format!("TX decode failed: {hex} Make sure the tx has at least one input.")),
    }
}

type Object = Map<String, Value>;

fn put(object: &mut Object, name: &str, value: impl Into<Value>) {
    object.insert(name.to_owned(), value.into());
}

fn put_sizes(object: &mut Object, tx: &Transaction, vsize: u64) {
    put(object, "vsize_adjusted", vsize);
    put(object, "vsize", vsize);
    put(object, "vsize_bip141", tx.vsize());
}

/// What is paid, and the rate by which that was judged.
fn fees(fee: Amount, effective: Rate, together: &[Wtxid]) -> Value {
    json!({
        "base": amount::amount(fee),
        "effective-feerate": rate::to_json(effective),
        "effective-includes": together.iter().map(Wtxid::to_string).collect::<Vec<_>>(),
    })
}

fn test(call: &Call<'_>) -> Answer {
    let raw = raw_transactions(call)?;
    let max_rate = max_rate(call, 1)?;
    let txs = raw.iter().map(decoded).collect::<Answer<Vec<_>>>()?;
    let options = AcceptOptions { test_only: true, ..AcceptOptions::default() };
    let verdict = match &txs[..] {
        [tx] => PackageVerdict::of_one(tx, call.state.accept(tx.clone(), options)?),
        _ => call.state.accept_package(&txs, options)?,
    };
    let error = verdict.refused.as_ref().filter(|refused| refused.by_policy);
    let mut results = Vec::new();
    let mut stopped = false;
    for tx in &txs {
        let mut object = Map::new();
        put(&mut object, "txid", tx.compute_txid().to_string());
        put(&mut object, "wtxid", tx.compute_wtxid().to_string());
        if let Some(error) = error {
            put(&mut object, "package-error", error.to_string());
        }
        match verdict.outcomes.get(&tx.compute_wtxid()) {
            Some(outcome) if !stopped => stopped = !put_test(&mut object, tx, outcome, max_rate),
            _ => {}
        }
        results.push(Value::Object(object));
    }
    Ok(results.into())
}

/// Whether the transactions after this one are still to be told of: not after one of too high a fee.
fn put_test(object: &mut Object, tx: &Transaction, outcome: &Outcome, max_rate: Rate) -> bool {
    match outcome {
        Outcome::Taken { vsize, fee, rate, together, .. } => {
            let max_fee = satoshi(max_rate.fee(*vsize));
            if max_fee > Amount::ZERO && *fee > max_fee {
                put(object, "allowed", false);
                put(object, "reject-reason", "max-fee-exceeded");
                return false;
            }
            put(object, "allowed", true);
            put_sizes(object, tx, *vsize);
            put(object, "fees", fees(*fee, *rate, together));
        }
        Outcome::Refused(rejected) => {
            put(object, "allowed", false);
            if rejected.kind == RejectKind::MissingInputs {
                put(object, "reject-reason", "missing-inputs");
            } else {
                put(object, "reject-reason", &*rejected.reason);
                put(object, "reject-details", rejected.to_string());
            }
        }
        // A test does not leave out what is there.
        Outcome::Present { .. } | Outcome::OtherWitness(_) => {}
    }
    true
}

fn submit(call: &Call<'_>) -> Answer {
    let raw = raw_transactions(call)?;
    let max_rate = max_rate(call, 1)?;
    let max_burn = call.get(2).map_or(Ok(Amount::ZERO), amount::parse_amount)?;
    let mut txs = Vec::new();
    for hex in raw {
        let tx = decoded(hex)?;
        check_burn(&tx, max_burn)?;
        txs.push(tx);
    }
    if txs.len() > 1 && !is_child_with_parents_tree(&txs) {
        let text = "package topology disallowed. not child-with-parents or parents depend on each other.";
        return Err(transaction_error(TransactionError::InvalidPackage, text));
    }
    let max_fee_rate = Some(max_rate).filter(|rate| *rate != Rate::ZERO);
    let options = AcceptOptions { max_fee_rate, ..AcceptOptions::default() };
    let verdict = call.state.accept_package(&txs, options)?;
    let mut results = Map::new();
    let mut replaced = BTreeSet::new();
    for tx in &txs {
        let outcome = verdict.outcomes.get(&tx.compute_wtxid());
        if let Some(Outcome::Taken { replaced: gone, .. }) = outcome {
            replaced.extend(gone);
        }
        put(&mut results, &tx.compute_wtxid().to_string(), submitted(tx, outcome));
    }
    let message = verdict.refused.map_or_else(|| "success".to_owned(), |refused| refused.to_string());
    Ok(json!({
        "package_msg": message,
        "tx-results": results,
        "replaced-transactions": replaced.iter().map(Txid::to_string).collect::<Vec<_>>(),
    }))
}

fn submitted(tx: &Transaction, outcome: Option<&Outcome>) -> Object {
    let mut object = Map::new();
    put(&mut object, "txid", tx.compute_txid().to_string());
    match outcome {
        None => put(&mut object, "error", "package-not-validated"),
        Some(Outcome::OtherWitness(wtxid)) => put(&mut object, "other-wtxid", wtxid.to_string()),
        Some(Outcome::Refused(rejected)) => put(&mut object, "error", rejected.to_string()),
        Some(Outcome::Taken { vsize, fee, rate, together, .. }) => {
            put_sizes(&mut object, tx, *vsize);
            put(&mut object, "fees", fees(*fee, *rate, together));
        }
        Some(Outcome::Present { vsize, fee }) => {
            put_sizes(&mut object, tx, *vsize);
            put(&mut object, "fees", json!({ "base": amount::amount(*fee) }));
        }
    }
    object
}
