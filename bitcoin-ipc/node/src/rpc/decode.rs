//! Commands that make and read transactions and scripts, without the chain.
//!
//! In: hex digits, or inputs and outputs as JSON. Out: JSON, or hex digits.

use bitcoin::hex::FromHex;
use bitcoin::opcodes::all::OP_CHECKSIGADD;
use bitcoin::script::Instruction;
use bitcoin::{
    Address, CompressedPublicKey, Network, PublicKey, Script, ScriptBuf, Transaction, WPubkeyHash,
};
use serde_json::{Map, Value};

use super::command::Kind::{Any, Bool, Hex, List, Number};
use super::command::{Call, Command, arg, command};
use super::construct::{self, INPUTS, OUTPUTS, Parts};
use super::error::{Answer, undecodable};
use super::transaction::{self, Detail};
use super::{script, value};

const RAW: &str = "rawtransactions";

pub(super) const COMMANDS: &[Command] = &[
    command(RAW, "createrawtransaction", "Makes a transaction without signatures.", create).args(&[
        arg("inputs", List, "What it spends.").shape(INPUTS),
        arg("outputs", Any, "What it pays: a list of objects with one field, or one object.")
            .shape(OUTPUTS)
            .outputs(),
        arg("locktime", Number, "Its lock time.").default("0"),
        arg("replaceable", Bool, "Whether it says that it may be replaced.").default("true"),
        arg("version", Number, "Its version.").default("2"),
    ]),
    command(RAW, "decoderawtransaction", "Reads a transaction.", decode_transaction).args(&[
        arg("hexstring", Hex, "The transaction."),
        arg("iswitness", Bool, "Whether it is in the form with witnesses.").default("whichever makes sense"),
    ]),
    command(RAW, "decodescript", "Reads a script.", decode_script).args(&[arg(
        "hexstring",
        Hex,
        "The script.",
    )]),
];

/// A transaction without signatures, from arguments for its inputs, outputs, lock time, whether it may
/// be replaced, and version.
pub(super) fn construct(call: &Call<'_>) -> Answer<Transaction> {
    let parts = Parts {
        inputs: call.value(0),
        outputs: call.value(1),
        lock_time: call.value(2),
        replaceable: call.get(3).map(value::flag).transpose()?,
        version: call.int_or(4, 2)?,
    };
    construct::transaction(parts, call.state.network())
}

fn create(call: &Call<'_>) -> Answer {
    Ok(transaction::hex(&construct(call)?).into())
}

fn decode_transaction(call: &Call<'_>) -> Answer {
    let witness = call.get(1).map(value::flag).transpose()?;
    let (with, without) = (witness.unwrap_or(true), !witness.unwrap_or(false));
    let tx = Vec::from_hex(call.text(0)?).ok().and_then(|bytes| transaction::decode(&bytes, with, without));
    match tx {
        Some(tx) => Ok(transaction::to_json(&tx, call.state.network(), Detail::default()).into()),
        None => undecodable("TX decode failed"),
    }
}

/// Whether any opcode has a meaning in tapscript only.
fn is_tapscript(script: &Script) -> bool {
    script.instructions().any(|instruction| match instruction {
        Ok(Instruction::Op(op)) => {
            let code = op.to_u8();
            let success = matches!(code, 0x50 | 0x62 | 0x7e..=0x81 | 0x83..=0x86 | 0x89..=0x8a | 0x8d..=0x8e | 0x95..=0x99 | 0xbb..=0xfe);
            op == OP_CHECKSIGADD || success
        }
        _ => false,
    })
}

fn decode_script(call: &Call<'_>) -> Answer {
    let bytes = match call.text(0)? {
        "" => Vec::new(),
        _ => value::bytes(call.value(0), "argument")?,
    };
    let script = ScriptBuf::from_bytes(bytes);
    let network = call.state.network();
    let mut object = script::fields(&script, network, false);
    let kind = script::kind(&script);
    let alone =
        matches!(kind, "nulldata" | "scripthash" | "witness_unknown" | "witness_v1_taproot" | "anchor");
    if alone || !script::is_valid(&script) || script::is_unspendable(&script) || is_tapscript(&script) {
        return Ok(object.into());
    }
    object.insert("p2sh".to_owned(), p2sh(&script, network).into());
    if let Some((witness, descriptor)) = witness_form(&script, kind, network) {
        let mut segwit = script::fields(&witness, network, true);
        if let Some(descriptor) = descriptor {
            segwit.insert("desc".to_owned(), script::with_checksum(&descriptor).into());
        }
        segwit.insert("p2sh-segwit".to_owned(), p2sh(&witness, network).into());
        object.insert("segwit".to_owned(), ordered(segwit));
    }
    Ok(object.into())
}

fn ordered(object: Map<String, Value>) -> Value {
    Value::Object(object)
}

fn p2sh(script: &Script, network: Network) -> String {
    Address::p2sh_from_hash(script.script_hash(), network).to_string()
}

/// The output script of segregated witness for a script, and its descriptor where the script says more
/// than its address.
fn witness_form(script: &Script, kind: &str, network: Network) -> Option<(ScriptBuf, Option<String>)> {
    // Long keys have no place in segregated witness.
    let compressed = |key: &[u8]| CompressedPublicKey::from_slice(key).ok().filter(|_| key.len() == 33);
    match kind {
        "pubkey" => {
            let key = compressed(script::key(script)?)?;
            Some((ScriptBuf::new_p2wpkh(&key.wpubkey_hash()), None))
        }
        "pubkeyhash" => {
            let hash: [u8; 20] = script.as_bytes().get(3..23)?.try_into().ok()?;
            let hash = <WPubkeyHash as bitcoin::hashes::Hash>::from_byte_array(hash);
            Some((ScriptBuf::new_p2wpkh(&hash), None))
        }
        "multisig" => {
            let (_, keys) = script::multisig(script)?;
            let all: Option<Vec<_>> = keys.iter().map(|key| compressed(key)).collect();
            all?;
            Some((ScriptBuf::new_p2wsh(&script.wscript_hash()), Some(wrapped(script, network))))
        }
        "nonstandard" => Some((ScriptBuf::new_p2wsh(&script.wscript_hash()), infer(script))),
        _ => None,
    }
}

fn wrapped(script: &Script, network: Network) -> String {
    let inner = script::descriptor(script, network);
    format!("wsh({})", inner.split('#').next().unwrap_or(&inner))
}

/// The descriptor of a script that is miniscript.
fn infer(script: &Script) -> Option<String> {
    let parsed = miniscript::Miniscript::<PublicKey, miniscript::Segwitv0>::parse(script).ok()?;
    Some(format!("wsh({parsed})"))
}
