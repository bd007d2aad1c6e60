//! Commands that make and finish partially signed transactions (BIP 174, BIP 370).
//!
//! In: transactions, or PSBTs in base 64. Out: PSBTs, or transactions that may be sent.

use bitcoin::hex::FromHex;
use bitcoin::{ScriptBuf, Witness};
use bitcoin_ipc::types::psbt::lock_time;
use bitcoin_rpc::psbt::{self, VERSION};
use bitcoin_rpc::sign::{
    FlatSigningProvider, PrecomputedTransactionData, SignOptions, Signed, extract, sign_psbt_input,
};
use serde_json::{Map, Value};

use super::command::Kind::{Any, Bool, Hex, List, Number, Text};
use super::command::{Call, Command, arg, command};
use super::construct::{INPUTS, OUTPUTS};
use super::decode::construct;
use super::error::{Answer, undecodable};
use super::sign::verify;
use super::{transaction, value};

const RAW: &str = "rawtransactions";

pub(super) const COMMANDS: &[Command] = &[
    command(RAW, "createpsbt", "Makes a PSBT.", create).args(&[
        arg("inputs", List, "What it spends.").shape(INPUTS),
        arg("outputs", Any, "What it pays: a list of objects with one field, or one object.")
            .shape(OUTPUTS)
            .outputs(),
        arg("locktime", Number, "Its lock time.").default("0"),
        arg("replaceable", Bool, "Whether it says that it may be replaced.").default("true"),
        arg("version", Number, "The transaction's version.").default("2"),
        VERSION,
    ]),
    command(RAW, "converttopsbt", "Makes a PSBT of a transaction.", convert).args(&[
        arg("hexstring", Hex, "The transaction."),
        arg("permitsigdata", Bool, "Whether to throw signatures away; otherwise there must be none.")
            .default("false"),
        arg("iswitness", Bool, "Whether it is in the form with witnesses.").default("whichever makes sense"),
        VERSION,
    ]),
    command(RAW, "finalizepsbt", "Finishes inputs that have all their signatures.", finalize).args(&[
        arg("psbt", Text, "The PSBT."),
        arg("extract", Bool, "Whether to give the transaction once it is complete.").default("true"),
    ]),
];

fn create(call: &Call<'_>) -> Answer {
    let tx = construct(call)?;
    Ok(psbt::text(psbt::create(tx, psbt::version::<u32>(call.value(5))?)?).into())
}

fn convert(call: &Call<'_>) -> Answer {
    let permitted = call.flag_or(1, false)?;
    let witness = call.get(2).map(value::flag).transpose()?;
    let (with, without) = (witness.unwrap_or(true), !witness.unwrap_or(false));
    let bytes = Vec::from_hex(call.text(0)?).ok();
    let Some(mut tx) = bytes.and_then(|bytes| transaction::decode(&bytes, with, without)) else {
        return undecodable("TX decode failed");
    };
    for input in &mut tx.input {
        if !permitted && (!input.script_sig.is_empty() || !input.witness.is_empty()) {
            return undecodable("Inputs must not have scriptSigs and scriptWitnesses");
        }
        (input.script_sig, input.witness) = (ScriptBuf::new(), Witness::new());
    }
    Ok(psbt::text(psbt::create(tx, psbt::version::<u32>(call.value(3))?)?).into())
}

fn finalize(call: &Call<'_>) -> Answer {
    let mut psbt = psbt::parse(call.text(0)?)?;
    let whole = call.flag_or(1, true)?;
    let (nothing, data) = (FlatSigningProvider::default(), PrecomputedTransactionData::of_psbt(&psbt));
    let mut complete = lock_time(&psbt).is_some();
    let places = if complete { psbt.inputs.len() } else { 0 };
    for place in 0..places {
        let sighash = psbt.inputs[place].sighash_type.and_then(|sighash| u8::try_from(sighash.to_u32()).ok());
        let options = SignOptions { sighash, finalize: true, verify };
        // An input that lacks something stays as it is.
        let input = sign_psbt_input(&nothing, &mut psbt, place, Some(&data), &options)?;
        complete &= input.signed == Signed::Complete;
    }
    let mut object = Map::new();
    if complete && whole {
        object.insert("hex".to_owned(), transaction::hex(&extract(&psbt)).into());
    } else {
        object.insert("psbt".to_owned(), psbt::text(psbt).into());
    }
    object.insert("complete".to_owned(), Value::Bool(complete));
    Ok(object.into())
}
