//! Commands that make, combine and finish partially signed transactions (BIP 174).
//!
//! In: transactions, or PSBTs in base 64. Out: PSBTs, or transactions that may be sent.
//!
//! Only version 0 is known here; Bitcoin Core v32 makes version 2 (BIP 370) unless asked otherwise.

use bitcoin::base64::Engine;
use bitcoin::base64::prelude::BASE64_STANDARD;
use bitcoin::consensus::encode;
use bitcoin::hex::FromHex;
use bitcoin::io::ErrorKind::UnexpectedEof;
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Psbt, ScriptBuf, Transaction, Witness, psbt};
use serde_json::{Map, Value};

use super::command::Kind::{Any, Bool, Hex, List, Number, Text};
use super::command::{Arg, Call, Command, arg, command};
use super::construct::{INPUTS, OUTPUTS};
use super::decode::construct;
use super::error::{Answer, invalid, undecodable};
use super::psbt_input::{self, Options, Signed};
use super::psbt_keys::Keys;
use super::{transaction, value};

const RAW: &str = "rawtransactions";
const VERSION: Arg =
    arg("psbt_version", Number, "The version of the PSBT; only 0 is known here.").default("0");

pub(super) const COMMANDS: &[Command] = &[
    command(RAW, "createpsbt", "Makes a PSBT.", create).args(&[
        arg("inputs", List, "What it spends.").shape(INPUTS),
        arg("outputs", Any, "What it pays: a list of objects with one field, or one object.").shape(OUTPUTS),
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
    command(RAW, "combinepsbt", "Puts together what several PSBTs of one transaction have.", combine)
        .args(&[arg("txs", List, "The PSBTs.").shape("[\"psbt\",...]")]),
    command(RAW, "finalizepsbt", "Finishes inputs that have all their signatures.", finalize).args(&[
        arg("psbt", Text, "The PSBT."),
        arg("extract", Bool, "Whether to give the transaction once it is complete.").default("true"),
    ]),
];

/// Reads a PSBT in base 64.
pub(super) fn parse(text: &str) -> Answer<Psbt> {
    read(text).or_else(|error| undecodable(format!("TX decode failed {error}")))
}

/// Reads a PSBT; the error is as Bitcoin Core words it, where it has the same one.
fn read(text: &str) -> Result<Psbt, String> {
    let bytes = BASE64_STANDARD.decode(text).map_err(|_| "invalid base64".to_owned())?;
    let mut rest = bytes.as_slice();
    let psbt = Psbt::deserialize_from_reader(&mut rest).map_err(|error| match error {
        psbt::Error::InvalidMagic | psbt::Error::InvalidSeparator => stream_error("Invalid PSBT magic bytes"),
        psbt::Error::MustHaveUnsignedTx => stream_error("No unsigned transaction was provided"),
        psbt::Error::UnsignedTxHasScriptSigs | psbt::Error::UnsignedTxHasScriptWitnesses => {
            stream_error("Unsigned tx does not have empty scriptSigs and scriptWitnesses.")
        }
        psbt::Error::ConsensusEncoding(encode::Error::Io(error)) if error.kind() == UnexpectedEof => {
            stream_error("SpanReader::read(): end of data")
        }
        error => error.to_string(),
    })?;
    if !rest.is_empty() {
        return Err("extra data after PSBT".to_owned());
    }
    for (input, whole) in psbt.unsigned_tx.input.iter().zip(&psbt.inputs) {
        let Some(whole) = &whole.non_witness_utxo else { continue };
        if whole.compute_txid() != input.previous_output.txid {
            return Err(stream_error("Non-witness UTXO does not match outpoint hash"));
        }
        if !usize::try_from(input.previous_output.vout).is_ok_and(|vout| vout < whole.output.len()) {
            return Err(stream_error("Input specifies output index that does not exist"));
        }
    }
    Ok(psbt)
}

/// What C++ makes of an error of a stream.
fn stream_error(text: &str) -> String {
    format!("{text}: iostream error")
}

fn check_version(call: &Call<'_>, position: usize) -> Answer<()> {
    match call.int_or(position, 0)? {
        0_u32 => Ok(()),
        2 => invalid("PSBTs of version 2 are not known to this node; ask for psbt_version 0"),
        _ => invalid("The PSBT version can only be 2 or 0"),
    }
}

fn make(tx: Transaction) -> Answer {
    match Psbt::from_unsigned_tx(tx) {
        Ok(psbt) => Ok(psbt.to_string().into()),
        Err(error) => undecodable(error.to_string()),
    }
}

fn create(call: &Call<'_>) -> Answer {
    let tx = construct(call)?;
    check_version(call, 5)?;
    make(tx)
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
    check_version(call, 3)?;
    make(tx)
}

/// The transactions that inputs spend from.
fn whole_utxos(psbt: &Psbt) -> Vec<Option<Transaction>> {
    psbt.inputs.iter().map(|input| input.non_witness_utxo.clone()).collect()
}

fn combine(call: &Call<'_>) -> Answer {
    let texts = call.list(0)?;
    let mut psbts =
        texts.iter().map(|text| parse(value::text(text)?)).collect::<Answer<Vec<_>>>()?.into_iter();
    let Some(mut all) = psbts.next() else { return invalid("Parameter 'txs' cannot be empty") };
    for psbt in psbts {
        let known = [&all, &psbt].map(whole_utxos);
        if psbt.unsigned_tx != all.unsigned_tx || all.combine(psbt).is_err() {
            return invalid("PSBTs not compatible (different transactions)");
        }
        // The library drops transactions where the output alone is there too; signers want both.
        let [mut first, mut second] = known;
        for (place, input) in all.inputs.iter_mut().enumerate() {
            let whole = |known: &mut Vec<Option<Transaction>>| known.get_mut(place).and_then(Option::take);
            input.non_witness_utxo = whole(&mut first).or_else(|| whole(&mut second));
        }
    }
    Ok(all.to_string().into())
}

fn finalize(call: &Call<'_>) -> Answer {
    let mut psbt = parse(call.text(0)?)?;
    let extract = call.flag_or(1, true)?;
    let (secp, keys) = (&Secp256k1::new(), &Keys::default());
    let spent = psbt_input::utxos(&psbt);
    let mut complete = true;
    for place in 0..psbt.inputs.len() {
        let sighash = psbt.inputs[place].sighash_type.and_then(|sighash| u8::try_from(sighash.to_u32()).ok());
        let options = Options { secp, keys, sighash, finalize: true, placeholders: false };
        // An input that lacks something stays as it is.
        complete &= psbt_input::sign(&mut psbt, place, spent.as_deref(), &options)?.0 == Signed::Complete;
    }
    let mut object = Map::new();
    if complete && extract {
        object.insert("hex".to_owned(), transaction::hex(&psbt_input::extract(&psbt)).into());
    } else {
        object.insert("psbt".to_owned(), psbt_input::text(psbt).into());
    }
    object.insert("complete".to_owned(), Value::Bool(complete));
    Ok(object.into())
}
