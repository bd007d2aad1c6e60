//! The command `decodepsbt`.
//!
//! In: a PSBT of version 0. Out: all that it holds as JSON, in the order of Bitcoin Core.

use std::collections::BTreeMap;

use bitcoin::bip32::{DerivationPath, Fingerprint, KeySource};
use bitcoin::hashes::Hash;
use bitcoin::hex::DisplayHex;
use bitcoin::psbt::{self, raw};
use bitcoin::{Network, Psbt, Script, TxOut, XOnlyPublicKey, taproot};
use serde_json::{Map, Value, json};

use super::command::Kind::Text;
use super::command::{Call, Command, arg, command};
use super::error::Answer;
use super::psbt::parse;
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

fn proprietary<'a>(fields: impl IntoIterator<Item = (&'a raw::ProprietaryKey, &'a Vec<u8>)>) -> Value {
    let field = |(key, value): (&raw::ProprietaryKey, &Vec<u8>)| {
        json!({
            "identifier": key.prefix.to_lower_hex_string(),
            "subtype": key.subtype,
            "key": key.key.to_lower_hex_string(),
            "value": value.to_lower_hex_string(),
        })
    };
    fields.into_iter().map(field).collect()
}

fn unknown<'a>(fields: impl IntoIterator<Item = (&'a raw::Key, &'a Vec<u8>)>) -> Value {
    let field = |(key, value): (&raw::Key, &Vec<u8>)| {
        let name = [&[key.type_value], key.key.as_slice()].concat().to_lower_hex_string();
        (name, Value::from(value.to_lower_hex_string()))
    };
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

/// The output that an input spends, as far as the PSBT has it.
fn spent(psbt: &Psbt, place: usize) -> Option<&TxOut> {
    let input = psbt.inputs.get(place)?;
    let vout = psbt.unsigned_tx.input.get(place)?.previous_output.vout;
    let whole = input.non_witness_utxo.as_ref();
    whole.and_then(|tx| tx.output.get(usize::try_from(vout).ok()?)).or(input.witness_utxo.as_ref())
}

/// The sum of outputs in satoshi, if all are there.
fn total<'a>(mut outputs: impl Iterator<Item = Option<&'a TxOut>>) -> Option<i64> {
    outputs.try_fold(0, |sum: i64, output| sum.checked_add(i64::try_from(output?.value.to_sat()).ok()?))
}

fn input(input: &psbt::Input, network: Network) -> Value {
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
        put("sighash", kind.to_string().trim_start_matches("SIGHASH_").into());
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
    tap_fields(input, &mut put);
    if !input.proprietary.is_empty() {
        put("proprietary", proprietary(&input.proprietary));
    }
    if !input.unknown.is_empty() {
        put("unknown", unknown(&input.unknown));
    }
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

fn output(output: &psbt::Output) -> Value {
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
    if !output.unknown.is_empty() {
        put("unknown", unknown(&output.unknown));
    }
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
    let mut object = json!({
        "tx": transaction::to_json(&psbt.unsigned_tx, network, Detail::default()),
        "global_xpubs": psbt.xpub.iter().map(xpub).collect::<Value>(),
        "psbt_version": psbt.version,
        "proprietary": proprietary(&psbt.proprietary),
        "unknown": unknown(&psbt.unknown),
        "inputs": psbt.inputs.iter().map(|one| input(one, network)).collect::<Value>(),
        "outputs": psbt.outputs.iter().map(output).collect::<Value>(),
    });
    let coins = total((0..psbt.inputs.len()).map(|place| spent(&psbt, place)));
    let paid = total(psbt.unsigned_tx.output.iter().map(Some));
    if let (Some(coins), Some(paid)) = (coins, paid) {
        object["fee"] = amount::bitcoin(coins.saturating_sub(paid));
    }
    Ok(object)
}
