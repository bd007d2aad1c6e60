//! Partially signed transactions (BIP 174, BIP 370) as text.
//!
//! In: base 64, transactions. Out: PSBTs of version 0 or 2, and their text.

use std::str::FromStr;

use bitcoin::Transaction;
use bitcoin::base64::Engine;
use bitcoin::base64::prelude::BASE64_STANDARD;
use bitcoin::psbt::Input;
use bitcoin_ipc::types::psbt::{self, Psbt};
use serde_json::Value;

use crate::command::{Arg, Kind, arg};
use crate::error::{Answer, invalid, undecodable};
use crate::value;

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

/// Takes from a final input what only signers need.
pub(crate) fn strip(input: &mut Input) {
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

/// A PSBT in base 64, in its version. Its final inputs lose what only signers need.
#[must_use]
pub fn text(mut psbt: Psbt) -> String {
    psbt.inputs.iter_mut().filter(|input| is_final(input)).for_each(strip);
    BASE64_STANDARD.encode(psbt::encode(&psbt))
}

#[cfg(test)]
mod tests {
    use bitcoin::{ScriptBuf, TxIn, absolute, transaction};
    use serde_json::json;

    use super::*;

    fn made(version: u32) -> Psbt {
        let (input, lock_time) = (vec![TxIn::default()], absolute::LockTime::ZERO);
        let tx = Transaction { version: transaction::Version::TWO, lock_time, input, output: Vec::new() };
        create(tx, version).unwrap()
    }

    #[test]
    fn versions_are_2_or_0() {
        let version = |given| version::<u32>(&given).map_err(|error| error.code());
        assert_eq!([json!(null), json!(2), json!(0)].map(version), [Ok(2), Ok(2), Ok(0)]);
        assert_eq!([json!(1), json!(-1), json!("2")].map(version), [Err(-8), Err(-1), Err(-3)]);
        assert_eq!(super::version::<i32>(&json!(-1)).unwrap_err().code(), -8);
    }

    #[test]
    fn texts_are_read_in_both_versions() {
        for version in [0, 2] {
            let made = made(version);
            assert_eq!(made.version, version);
            assert_eq!(parse(&text(made.clone())), Ok(made));
        }
        let wrong = |text: &str| parse(text).unwrap_err().message().to_owned();
        assert_eq!(wrong("x"), "TX decode failed invalid base64");
        assert_eq!(wrong("AAAA"), "TX decode failed SpanReader::read(): end of data: iostream error");
        let long = BASE64_STANDARD.encode([psbt::encode(&made(2)), vec![0]].concat());
        assert_eq!(wrong(&long), "TX decode failed extra data after PSBT");
    }

    #[test]
    fn final_inputs_lose_what_signers_need() {
        let mut made = made(2);
        made.inputs[0].redeem_script = Some(ScriptBuf::from_bytes(vec![0x51]));
        assert_eq!(parse(&text(made.clone())), Ok(made.clone()));
        made.inputs[0].final_script_sig = Some(ScriptBuf::from_bytes(vec![0x51]));
        let mut less = made.clone();
        less.inputs[0].redeem_script = None;
        assert_eq!(parse(&text(made)), Ok(less));
    }
}
