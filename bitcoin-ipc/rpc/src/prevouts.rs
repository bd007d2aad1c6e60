//! Outputs that a transaction spends, as arguments; and what is said of inputs that are not signed.
//!
//! In: lists of objects as `signrawtransactionwithkey` and its like take them. Out: outputs and scripts.

use std::collections::BTreeMap;

use bitcoin::hex::DisplayHex;
use bitcoin::{Amount, OutPoint, Script, ScriptBuf, TxIn, TxOut, Txid};
use serde_json::{Map, Value, json};

use crate::error::{Answer, invalid, undecodable, wrong_type};
use crate::{amount, script, value};

/// How a help text writes such a list.
pub const SHAPE: &str = "[{\"txid\":\"hex\",\"vout\":n,\"scriptPubKey\":\"hex\",\"redeemScript\":\"hex\",\"witnessScript\":\"hex\",\"amount\":amount},...]";

/// An output that is spent.
#[derive(Clone, Debug, PartialEq)]
pub struct Prevout {
    /// The output.
    pub output: TxOut,
    /// Whether its amount is known; otherwise the output has the highest there is.
    pub has_amount: bool,
}

impl From<TxOut> for Prevout {
    fn from(output: TxOut) -> Self {
        Prevout { output, has_amount: true }
    }
}

/// Outputs by where they are.
pub type Prevouts = BTreeMap<OutPoint, Prevout>;

/// Adds outputs of a list, or of null, to those that are known, which they must not contradict, and the scripts behind
/// them to others: Bitcoin Core's `ParsePrevouts`. For whoever knows the scripts behind hashes, those of the list do not
/// count.
///
/// # Errors
///
/// -22, -8 and -3 for what is wrong with them.
pub fn read(given: &Value, known: &mut Prevouts, mut behind: Option<&mut Vec<ScriptBuf>>) -> Answer<()> {
    for row in given.as_array().into_iter().flatten() {
        let Value::Object(row) = row else {
            return undecodable("expected object with {\"txid'\",\"vout\",\"scriptPubKey\"}");
        };
        let (outpoint, prevout) = one(row)?;
        let script = &prevout.output.script_pubkey;
        let scripts = behind.is_some().then(|| scripts(row, script)).transpose()?;
        if let Some(known) = known.get(&outpoint).filter(|known| known.output.script_pubkey != *script) {
            let [old, new] = [&known.output.script_pubkey, script].map(|script| script::asm(script, false));
            return undecodable(format!("Previous output scriptPubKey mismatch:\n{old}\nvs:\n{new}"));
        }
        if let Some(behind) = &mut behind {
            behind.extend(scripts.into_iter().flatten());
        }
        known.insert(outpoint, prevout);
    }
    Ok(())
}

fn one(row: &Map<String, Value>) -> Answer<(OutPoint, Prevout)> {
    let field = |name: &str| row.get(name).unwrap_or(&Value::Null);
    for (name, expected) in [("scriptPubKey", "string"), ("txid", "string"), ("vout", "number")] {
        match value::type_name(field(name)) {
            "null" => return wrong_type(format!("Missing {name}")),
            found if found != expected => {
                let text =
                    format!("JSON value of type {found} for field {name} is not of expected type {expected}");
                return wrong_type(text);
            }
            _ => {}
        }
    }
    let txid: Txid = value::hash(field("txid"), "txid")?;
    let Ok(vout) = u32::try_from(value::int::<i32>(field("vout"))?) else {
        return undecodable("vout cannot be negative");
    };
    let script_pubkey = ScriptBuf::from_bytes(value::bytes(field("scriptPubKey"), "scriptPubKey")?);
    let amount = row.get("amount").map(amount::parse_amount).transpose()?;
    let output = TxOut { value: amount.unwrap_or(Amount::MAX_MONEY), script_pubkey };
    Ok((OutPoint { txid, vout }, Prevout { output, has_amount: amount.is_some() }))
}

/// The scripts behind an output's hash. A script may stand in the other's field.
fn scripts(row: &Map<String, Value>, output: &Script) -> Answer<Vec<ScriptBuf>> {
    if !output.is_p2sh() && !output.is_p2wsh() {
        return Ok(Vec::new());
    }
    let given = |name: &str| -> Answer<Option<ScriptBuf>> {
        let Some(value) = row.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
        if !value.is_string() {
            let found = value::type_name(value);
            let text = format!("JSON value of type {found} for field {name} is not of expected type string");
            return wrong_type(text);
        }
        Ok(Some(ScriptBuf::from_bytes(value::bytes(value, name)?)))
    };
    let (redeem, witness) = (given("redeemScript")?, given("witnessScript")?);
    let both = redeem.as_ref().zip(witness.as_ref());
    let fits = both.is_none_or(|(redeem, witness)| redeem == witness || *redeem == witness.to_p2wsh());
    let Some(inner) = witness.or(redeem) else { return invalid("Missing redeemScript/witnessScript") };
    if !fits {
        return invalid("redeemScript does not correspond to witnessScript");
    }
    let wrapped = inner.to_p2wsh();
    if *output != *wrapped && ![&inner, &wrapped].iter().any(|script| *output == *script.to_p2sh()) {
        return invalid("redeemScript/witnessScript does not match scriptPubKey");
    }
    Ok(vec![inner, wrapped])
}

/// What signatures are for, as a number; none for the default.
///
/// # Errors
///
/// -8 for a name that is none.
pub fn sighash_type(given: &Value) -> Answer<Option<u8>> {
    if given.is_null() {
        return Ok(None);
    }
    Ok(Some(match value::text(given)? {
        "DEFAULT" => 0,
        "ALL" => 1,
        "NONE" => 2,
        "SINGLE" => 3,
        "ALL|ANYONECANPAY" => 0x81,
        "NONE|ANYONECANPAY" => 0x82,
        "SINGLE|ANYONECANPAY" => 0x83,
        other => return invalid(format!("'{other}' is not a valid sighash parameter.")),
    }))
}

/// An error: a witness signs the amount of an output, and nobody said how much it is.
///
/// # Errors
///
/// -3.
pub fn missing_amount<T>(output: &TxOut) -> Answer<T> {
    let amount = amount::amount(output.value);
    let script: String = output.script_pubkey.as_bytes().to_lower_hex_string().chars().take(30).collect();
    wrong_type(format!("Missing amount for CTxOut(nValue={amount}, scriptPubKey={script})"))
}

/// A row of `errors`: an input, and what is wrong with it.
#[must_use]
pub fn problem(input: &TxIn, error: &str) -> Value {
    json!({
        "txid": input.previous_output.txid.to_string(),
        "vout": input.previous_output.vout,
        "witness": input.witness.iter().map(|item| item.to_lower_hex_string()).collect::<Vec<_>>(),
        "scriptSig": format!("{:x}", input.script_sig),
        "sequence": input.sequence.0,
        "error": error,
    })
}
