//! Transactions as arguments.
//!
//! In: inputs and outputs as JSON. Out: a transaction without signatures.

use std::collections::HashSet;

use bitcoin::script::PushBytesBuf;
use bitcoin::{
    Amount, Network, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute,
    transaction::Version,
};
use bitcoin_ipc::types::Json;
use serde_json::Value;

use crate::error::{Answer, invalid, unknown};
use crate::{address, amount, value};

/// Versions of transactions that are relayed.
const VERSIONS: std::ops::RangeInclusive<u32> = 1..=3;
/// How a help text writes inputs.
pub const INPUTS: &str = "[{\"txid\":\"hex\",\"vout\":n,\"sequence\":n},...]";
/// How a help text writes outputs.
pub const OUTPUTS: &str = "[{\"address\":amount,...},{\"data\":\"hex\"},...]";

/// Inputs as JSON: a list of objects, or null.
///
/// # Errors
///
/// -8 and -3 for what is wrong with them.
pub fn inputs(given: &Value, lock_time: u32, replaceable: Option<bool>) -> Answer<Vec<TxIn>> {
    let given = Some(given).filter(|given| !given.is_null()).map(value::list).transpose()?;
    let sequence = match (replaceable, lock_time) {
        (Some(true) | None, _) => Sequence::ENABLE_RBF_NO_LOCKTIME,
        (Some(false), 0) => Sequence::MAX,
        (Some(false), _) => Sequence::ENABLE_LOCKTIME_NO_RBF,
    };
    let input = |input: &Value| {
        value::object(input)?;
        let txid: Txid = value::hash(&input["txid"], "txid")?;
        let Some(vout) = value::field(input, "vout").filter(|vout| vout.is_number()) else {
            return invalid("Invalid parameter, missing vout key");
        };
        let Ok(vout) = u32::try_from(value::int::<i32>(vout)?) else {
            return invalid("Invalid parameter, vout cannot be negative");
        };
        let sequence = match value::field(input, "sequence").filter(|sequence| sequence.is_number()) {
            None => sequence,
            Some(number) => match u32::try_from(value::int::<i64>(number)?) {
                Ok(number) => Sequence(number),
                Err(_) => return invalid("Invalid parameter, sequence number is out of range"),
            },
        };
        let previous_output = OutPoint::new(txid, vout);
        Ok(TxIn { previous_output, script_sig: ScriptBuf::new(), sequence, witness: Witness::new() })
    };
    given.into_iter().flatten().map(input).collect()
}

/// Outputs in a form that keeps names that come twice, for [`outputs`] to refuse. Where none does, nothing
/// changes.
///
/// # Errors
///
/// -8 for objects of a list that have a name twice.
pub fn listed(given: Json) -> Answer<Value> {
    let twice = given.repeats_a_name();
    match given {
        Json::Object(fields) if twice => {
            Ok(fields.into_iter().map(|field| Value::from(Json::Object(vec![field]))).collect())
        }
        Json::Array(list) if list.iter().any(Json::repeats_a_name) => invalid(SEVERAL_KEYS),
        given => Ok(given.into()),
    }
}

const SEVERAL_KEYS: &str = "Invalid parameter, key-value pair must contain exactly one key";

/// Outputs as JSON: a list of objects with one field each, or one object.
///
/// # Errors
///
/// -8, -5 and -3 for what is wrong with them.
pub fn outputs(given: &Value, network: Network) -> Answer<Vec<TxOut>> {
    let mut pairs: Vec<(&String, &Value)> = Vec::new();
    match given {
        Value::Null => return invalid("Invalid parameter, output argument must be non-null"),
        Value::Object(object) => pairs.extend(object),
        list => {
            for output in value::list(list)? {
                let Value::Object(output) = output else {
                    return invalid("Invalid parameter, key-value pair not an object as expected");
                };
                if output.len() != 1 {
                    return invalid(SEVERAL_KEYS);
                }
                pairs.extend(output);
            }
        }
    }
    let duplicated = |name: &str| invalid(format!("Invalid parameter, duplicated address: {name}"));
    let (mut names, mut seen, mut outputs) = (HashSet::new(), HashSet::new(), Vec::new());
    for (name, given) in pairs {
        // The value is that of the first field of the name, whatever this one's is.
        let new = names.insert(name);
        if name == "data" {
            if !new {
                return invalid("Invalid parameter, duplicate key: data");
            }
            // A number may be taken for its digits.
            let digits = match given {
                Value::Number(number) => number.to_string(),
                Value::Bool(true) => "1".to_owned(),
                other => other.as_str().unwrap_or_default().to_owned(),
            };
            let Ok(data) = PushBytesBuf::try_from(value::bytes(&digits.into(), "Data")?) else {
                return invalid("Invalid parameter, data is too long");
            };
            outputs.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return(data) });
            continue;
        }
        if !new {
            return duplicated(name);
        }
        let address = address::parse(name, network);
        let amount = amount::parse_amount(given)?;
        let Ok(address) = address else {
            return unknown(format!("Invalid Bitcoin address: {name}"));
        };
        let script_pubkey = address.script_pubkey();
        if !seen.insert(script_pubkey.clone()) {
            return duplicated(name);
        }
        outputs.push(TxOut { value: amount, script_pubkey });
    }
    Ok(outputs)
}

/// What a transaction is made of, as arguments.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Inputs; null for none.
    pub inputs: &'a Value,
    /// Outputs.
    pub outputs: &'a Value,
    /// The lock time; null for 0.
    pub lock_time: &'a Value,
    /// Whether it says that it may be replaced.
    pub replaceable: Option<bool>,
    /// Its version.
    pub version: u32,
}

/// A transaction without signatures: Bitcoin Core's `ConstructTransaction`.
///
/// # Errors
///
/// -8, -5 and -3 for what is wrong with the parts.
pub fn transaction(parts: Parts<'_>, network: Network) -> Answer<Transaction> {
    let lock_time = if parts.lock_time.is_null() { 0 } else { value::int::<i64>(parts.lock_time)? };
    let Ok(lock_time) = u32::try_from(lock_time) else {
        return invalid("Invalid parameter, locktime out of range");
    };
    if !VERSIONS.contains(&parts.version) {
        return invalid("Invalid parameter, version out of range(1~3)");
    }
    let tx = Transaction {
        version: Version(i32::try_from(parts.version).unwrap_or(2)),
        lock_time: absolute::LockTime::from_consensus(lock_time),
        input: inputs(parts.inputs, lock_time, parts.replaceable)?,
        output: outputs(parts.outputs, network)?,
    };
    if parts.replaceable == Some(true) && !tx.input.is_empty() && !tx.is_explicitly_rbf() {
        return invalid("Invalid parameter combination: Sequence number(s) contradict replaceable option");
    }
    Ok(tx)
}
