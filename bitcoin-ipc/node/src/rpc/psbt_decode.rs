//! The command `decodepsbt`.
//!
//! In: a PSBT. Out: all that it holds as JSON, in the order of Bitcoin Core.

use std::collections::BTreeMap;

use bitcoin::bip32::{DerivationPath, Fingerprint, KeySource};
use bitcoin::hashes::Hash;
use bitcoin::hex::DisplayHex;
use bitcoin::psbt::{self, PsbtSighashType, raw};
use bitcoin::{Amount, Network, Script, TxIn, TxOut, XOnlyPublicKey, taproot};
use bitcoin_ipc::types::psbt::{Fields, InputFields, Psbt};
use bitcoin_rpc::psbt::parse;
use serde_json::{Map, Value, json};

use super::command::Kind::Text;
use super::command::{Call, Command, arg, command};
use super::error::Answer;
use super::psbt_analyze::{satoshi, sum};
use super::transaction::{self, Detail};
use super::{amount, script};

pub(super) const COMMANDS: &[Command] =
    &[command("rawtransactions", "decodepsbt", "Reads a PSBT.", decode).args(&[arg(
        "psbt",
        Text,
        "The PSBT.",
    )])];

/// A path as Bitcoin Core writes it.
fn path(path: &DerivationPath) -> String {
    let steps = path.to_string().replace('\'', "h");
    if steps.is_empty() { "m".to_owned() } else { format!("m/{steps}") }
}

fn derivation(key: String, (fingerprint, steps): &KeySource) -> Value {
    let fingerprint: &Fingerprint = fingerprint;
    json!({ "pubkey": key, "master_fingerprint": fingerprint.to_string(), "path": path(steps) })
}

/// A key with its type, in hex digits.
fn written(key: &raw::Key) -> String {
    [&[key.type_value], key.key.as_slice()].concat().to_lower_hex_string()
}

fn proprietary<'a>(fields: impl IntoIterator<Item = (&'a raw::ProprietaryKey, &'a Vec<u8>)>) -> Value {
    let field = |(key, value): (&raw::ProprietaryKey, &Vec<u8>)| {
        let whole = written(&key.to_key());
        json!({
            "identifier": key.prefix.to_lower_hex_string(),
            "subtype": key.subtype,
            "key": whole,
            "value": value.to_lower_hex_string(),
        })
    };
    fields.into_iter().map(field).collect()
}

fn unknown<'a>(fields: impl IntoIterator<Item = (&'a raw::Key, &'a Vec<u8>)>) -> Value {
    let field =
        |(key, value): (&raw::Key, &Vec<u8>)| (written(key), Value::from(value.to_lower_hex_string()));
    fields.into_iter().map(field).collect::<Map<_, _>>().into()
}

/// A script that is no output's: without address and descriptor.
fn inner_script(inner: &Script) -> Value {
    json!({ "asm": script::asm(inner, false), "hex": format!("{inner:x}"), "type": script::kind(inner) })
}

fn preimages<'a, H: AsRef<[u8]> + 'a>(map: impl IntoIterator<Item = (&'a H, &'a Vec<u8>)>) -> Value {
    let pair = |(hash, bytes): (&H, &Vec<u8>)| {
        (hash.as_ref().to_lower_hex_string(), Value::from(bytes.to_lower_hex_string()))
    };
    map.into_iter().map(pair).collect::<Map<_, _>>().into()
}

/// Where keys of taproot come from, and the leaves that they are for.
fn tap_derivations<'a>(
    keys: impl IntoIterator<Item = (&'a XOnlyPublicKey, &'a (Vec<taproot::TapLeafHash>, KeySource))>,
) -> Value {
    let one = |(key, (leaves, source)): (&XOnlyPublicKey, &(Vec<taproot::TapLeafHash>, KeySource))| {
        let mut object = derivation(key.to_string(), source);
        let hashes = leaves.iter().map(|leaf| AsRef::<[u8]>::as_ref(leaf).to_lower_hex_string());
        object["leaf_hashes"] = hashes.collect();
        object
    };
    keys.into_iter().map(one).collect()
}

/// What signatures are for; nothing for taproot's default and what has no name.
fn sighash_name(kind: PsbtSighashType) -> &'static str {
    match kind.to_u32() & 0xff {
        0x01 => "ALL",
        0x02 => "NONE",
        0x03 => "SINGLE",
        0x81 => "ALL|ANYONECANPAY",
        0x82 => "NONE|ANYONECANPAY",
        0x83 => "SINGLE|ANYONECANPAY",
        _ => "",
    }
}

/// The output that an input spends, as far as the PSBT has it.
fn spent(psbt: &Psbt, place: usize) -> Option<&TxOut> {
    let input = psbt.inputs.get(place)?;
    let vout = psbt.unsigned_tx.input.get(place)?.previous_output.vout;
    let whole = input.non_witness_utxo.as_ref();
    whole.and_then(|tx| tx.output.get(usize::try_from(vout).ok()?)).or(input.witness_utxo.as_ref())
}

/// What is not told in another way, without the fields of version 2, which are.
fn put_unknown(
    put: &mut impl FnMut(&str, Value) -> Option<Value>,
    fields: &BTreeMap<raw::Key, Vec<u8>>,
    is_told: impl Fn(&raw::Key) -> bool,
) {
    let rest: Vec<_> = fields.iter().filter(|(key, _)| !is_told(key)).collect();
    if !rest.is_empty() {
        put("unknown", unknown(rest));
    }
}

/// What version 2 has of an input, and version 0 in the transaction.
fn spending(input: &psbt::Input, from: &TxIn, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    let InputFields { sequence, time_lock, height_lock } = InputFields::of(input);
    put("previous_txid", from.previous_output.txid.to_string().into());
    put("previous_vout", from.previous_output.vout.into());
    for (name, number) in
        [("sequence", sequence), ("time_locktime", time_lock), ("height_locktime", height_lock)]
    {
        if let Some(number) = number {
            put(name, number.into());
        }
    }
}

/// An input; of version 2 with what it spends.
fn input(input: &psbt::Input, from: Option<&TxIn>, network: Network) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    if let Some(utxo) = &input.witness_utxo {
        let script = script::to_json(&utxo.script_pubkey, network);
        put("witness_utxo", json!({ "amount": amount::amount(utxo.value), "scriptPubKey": script }));
    }
    if let Some(tx) = &input.non_witness_utxo {
        put("non_witness_utxo", transaction::to_json(tx, network, Detail::default()).into());
    }
    if !input.partial_sigs.is_empty() {
        let pair = |(key, signature): (&bitcoin::PublicKey, &bitcoin::ecdsa::Signature)| {
            (key.to_string(), Value::from(signature.to_string()))
        };
        // Bitcoin Core has them in the order of the keys' hashes.
        let mut signatures: Vec<_> = input.partial_sigs.iter().collect();
        signatures.sort_by_key(|(key, _)| key.pubkey_hash().to_byte_array());
        put("partial_signatures", signatures.into_iter().map(pair).collect::<Map<_, _>>().into());
    }
    if let Some(kind) = input.sighash_type {
        put("sighash", sighash_name(kind).into());
    }
    if let Some(inner) = &input.redeem_script {
        put("redeem_script", inner_script(inner));
    }
    if let Some(inner) = &input.witness_script {
        put("witness_script", inner_script(inner));
    }
    if !input.bip32_derivation.is_empty() {
        let keys = input.bip32_derivation.iter();
        put("bip32_derivs", keys.map(|(key, source)| derivation(key.to_string(), source)).collect());
    }
    if let Some(script) = input.final_script_sig.as_ref().filter(|script| !script.is_empty()) {
        let asm = script::asm(script, true);
        put("final_scriptSig", json!({ "asm": asm, "hex": format!("{script:x}") }));
    }
    if let Some(witness) = input.final_script_witness.as_ref().filter(|witness| !witness.is_empty()) {
        put("final_scriptwitness", witness.iter().map(|item| item.to_lower_hex_string()).collect());
    }
    for (name, map) in [
        ("ripemd160_preimages", preimages(&input.ripemd160_preimages)),
        ("sha256_preimages", preimages(&input.sha256_preimages)),
        ("hash160_preimages", preimages(&input.hash160_preimages)),
        ("hash256_preimages", preimages(&input.hash256_preimages)),
    ] {
        if map.as_object().is_some_and(|map| !map.is_empty()) {
            put(name, map);
        }
    }
    if let Some(from) = from {
        spending(input, from, &mut put);
    }
    tap_fields(input, &mut put);
    if !input.proprietary.is_empty() {
        put("proprietary", proprietary(&input.proprietary));
    }
    put_unknown(&mut put, &input.unknown, InputFields::has);
    object.into()
}

fn tap_fields(input: &psbt::Input, put: &mut impl FnMut(&str, Value) -> Option<Value>) {
    if let Some(signature) = &input.tap_key_sig {
        put("taproot_key_path_sig", signature.to_vec().to_lower_hex_string().into());
    }
    if !input.tap_script_sigs.is_empty() {
        let signatures = input.tap_script_sigs.iter().map(|((key, leaf), signature)| {
            json!({
                "pubkey": key.to_string(),
                "leaf_hash": AsRef::<[u8]>::as_ref(leaf).to_lower_hex_string(),
                "sig": signature.to_vec().to_lower_hex_string(),
            })
        });
        put("taproot_script_path_sigs", signatures.collect());
    }
    if !input.tap_scripts.is_empty() {
        // In the order of scripts, which may have several proofs.
        let mut scripts = BTreeMap::<_, Vec<Vec<u8>>>::new();
        for (control, leaf) in &input.tap_scripts {
            scripts.entry(leaf).or_default().push(control.serialize());
        }
        let scripts = scripts.into_iter().map(|((script, version), mut proofs)| {
            proofs.sort_by(|one, other| (one.len(), one).cmp(&(other.len(), other)));
            json!({
                "script": format!("{script:x}"),
                "leaf_ver": version.to_consensus(),
                "control_blocks": proofs.iter().map(|proof| proof.to_lower_hex_string()).collect::<Vec<_>>(),
            })
        });
        put("taproot_scripts", scripts.collect());
    }
    if !input.tap_key_origins.is_empty() {
        put("taproot_bip32_derivs", tap_derivations(&input.tap_key_origins));
    }
    if let Some(key) = &input.tap_internal_key {
        put("taproot_internal_key", key.to_string().into());
    }
    if let Some(root) = &input.tap_merkle_root {
        put("taproot_merkle_root", AsRef::<[u8]>::as_ref(root).to_lower_hex_string().into());
    }
}

/// An output; of version 2 with what it pays.
fn output(output: &psbt::Output, to: Option<&TxOut>, network: Network) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    if let Some(inner) = &output.redeem_script {
        put("redeem_script", inner_script(inner));
    }
    if let Some(inner) = &output.witness_script {
        put("witness_script", inner_script(inner));
    }
    if !output.bip32_derivation.is_empty() {
        let keys = output.bip32_derivation.iter();
        put("bip32_derivs", keys.map(|(key, source)| derivation(key.to_string(), source)).collect());
    }
    if let Some(to) = to {
        put("amount", amount::amount(to.value));
        put("script", script::to_json(&to.script_pubkey, network));
    }
    if let Some(key) = &output.tap_internal_key {
        put("taproot_internal_key", key.to_string().into());
    }
    if let Some(tree) = &output.tap_tree {
        let leaves = tree.script_leaves().map(|leaf| {
            json!({
                "depth": leaf.merkle_branch().len(),
                "leaf_ver": leaf.version().to_consensus(),
                "script": format!("{:x}", leaf.script()),
            })
        });
        put("taproot_tree", leaves.collect());
    }
    if !output.tap_key_origins.is_empty() {
        put("taproot_bip32_derivs", tap_derivations(&output.tap_key_origins));
    }
    if !output.proprietary.is_empty() {
        put("proprietary", proprietary(&output.proprietary));
    }
    put_unknown(&mut put, &output.unknown, |_| false);
    object.into()
}

fn decode(call: &Call<'_>) -> Answer {
    let psbt = parse(call.text(0)?)?;
    let network = call.state.network();
    let xpub = |(xpub, (fingerprint, steps)): (&bitcoin::bip32::Xpub, &KeySource)| {
        json!({
            "xpub": xpub.to_string(),
            "master_fingerprint": fingerprint.to_string(),
            "path": path(steps),
        })
    };
    let (tx, is_new) = (&psbt.unsigned_tx, psbt.version == 2);
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    if !is_new {
        put("tx", transaction::to_json(tx, network, Detail::default()).into());
    }
    put("global_xpubs", psbt.xpub.iter().map(xpub).collect());
    if is_new {
        let Fields { fallback_lock_time, tx_modifiable } = Fields::of(&psbt);
        put("tx_version", tx.version.0.cast_unsigned().into());
        if let Some(lock_time) = fallback_lock_time {
            put("fallback_locktime", lock_time.into());
        }
        put("input_count", tx.input.len().into());
        put("output_count", tx.output.len().into());
        if let Some(bits) = tx_modifiable {
            put("inputs_modifiable", (bits & 1 != 0).into());
            put("outputs_modifiable", (bits & 2 != 0).into());
            put("has_sighash_single", (bits & 4 != 0).into());
        }
    }
    put("psbt_version", psbt.version.into());
    put("proprietary", proprietary(&psbt.proprietary));
    put("unknown", unknown(psbt.unknown.iter().filter(|(key, _)| !(is_new && Fields::has(key)))));
    let inputs = psbt.inputs.iter().zip(&tx.input);
    put("inputs", inputs.map(|(one, from)| input(one, is_new.then_some(from), network)).collect());
    let outputs = psbt.outputs.iter().zip(&tx.output);
    put("outputs", outputs.map(|(one, to)| output(one, is_new.then_some(to), network)).collect());
    let coins: Option<Vec<Amount>> =
        (0..psbt.inputs.len()).map(|place| Some(spent(&psbt, place)?.value)).collect();
    let paid = sum(tx.output.iter().map(|output| output.value));
    if let (Some(coins), Some(paid)) = (coins.and_then(sum), paid) {
        put("fee", amount::bitcoin(satoshi(coins) - satoshi(paid)));
    }
    Ok(object.into())
}
