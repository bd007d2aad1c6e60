//! Partially signed transactions (BIP 174, BIP 370) as text.
//!
//! In: base 64, transactions. Out: PSBTs of version 0 or 2, and their text.

use std::str::FromStr;

use bitcoin::base64::Engine;
use bitcoin::base64::prelude::BASE64_STANDARD;
use bitcoin::psbt::Input;
use bitcoin::{Psbt, Transaction};
use bitcoin_ipc::types::psbt;
use serde_json::Value;

use super::arguments::{Arg, Kind, arg};
use super::error::{Answer, invalid, undecodable};
use super::value;

/// The argument that tells the version of PSBTs that are made.
pub const VERSION: Arg = arg("psbt_version", Kind::Number, "The version of the PSBT, 2 or 0.").default("2");

/// Which version of a PSBT is wanted: 2 if null.
///
/// # Errors
///
/// -8 if there is no such version, -1 and -3 if it is no number of the type.
pub fn version<T: FromStr + TryInto<u32>>(given: &Value) -> Answer<u32> {
    if given.is_null() {
        return Ok(2);
    }
    match value::int::<T>(given)?.try_into() {
        Ok(version @ (0 | 2)) => Ok(version),
        _ => invalid("The PSBT version can only be 2 or 0"),
    }
}

/// A PSBT of a transaction without signatures.
///
/// # Errors
///
/// -22 if the transaction has some.
pub fn create(tx: Transaction, version: u32) -> Answer<Psbt> {
    match Psbt::from_unsigned_tx(tx) {
        Ok(made) if version == 2 => Ok(psbt::to_version_2(made)),
        Ok(made) => Ok(made),
        Err(error) => undecodable(error.to_string()),
    }
}

/// Reads a PSBT in base 64.
///
/// # Errors
///
/// -22 with what is wrong with it, in Bitcoin Core's words where it has some.
pub fn parse(text: &str) -> Answer<Psbt> {
    read(text).or_else(|error| undecodable(format!("TX decode failed {error}")))
}

fn read(text: &str) -> Result<Psbt, String> {
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| "invalid base64".to_owned())?;
    let mut rest = bytes.as_slice();
    // What C++ makes of an error of a stream.
    let psbt = psbt::read(&mut rest).map_err(|error| format!("{}: iostream error", error.text()))?;
    if rest.is_empty() { Ok(psbt) } else { Err("extra data after PSBT".to_owned()) }
}

/// Whether an input has a final script or witness.
#[must_use]
pub fn is_final(input: &Input) -> bool {
    input.final_script_sig.as_ref().is_some_and(|script| !script.is_empty())
        || input.final_script_witness.as_ref().is_some_and(|witness| !witness.is_empty())
}

/// A PSBT in base 64, in its version. Its final inputs lose what only signers need.
#[must_use]
pub fn text(mut psbt: Psbt) -> String {
    for input in psbt.inputs.iter_mut().filter(|input| is_final(input)) {
        let whole = std::mem::take(input);
        *input = Input {
            non_witness_utxo: whole.non_witness_utxo,
            witness_utxo: whole.witness_utxo,
            final_script_sig: whole.final_script_sig,
            final_script_witness: whole.final_script_witness,
            proprietary: whole.proprietary,
            unknown: whole.unknown,
            ..Input::default()
        };
    }
    BASE64_STANDARD.encode(psbt::encode(&psbt))
}
