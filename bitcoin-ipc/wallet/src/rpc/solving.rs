//! What is told of inputs that the wallet does not know: their weights, and how they are spent.
//!
//! In: `solving_data` and `input_weights` of options, `weight` of inputs. Out: what is known of selected coins.

use std::collections::BTreeMap;

use bitcoin::hex::FromHex as _;
use bitcoin::{OutPoint, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::types::Coin;
use bitcoin_rpc::descriptor::{Expander, Output, parse};
use bitcoin_rpc::error::{invalid, unknown};
use bitcoin_rpc::{Answer, value};
use serde_json::{Map, Value};

use super::command::refused;
use crate::keys::SECP;
use crate::wallet::{InputWeight, MAX_WEIGHT, Preset, Presets, Solving, Wallet};

/// The least that an input weighs: what it has without a script, and the count of an empty witness.
const LEAST: u64 = 165;

/// Weights by coin.
type Weights = BTreeMap<OutPoint, u64>;

/// Takes the weights of inputs for a command whose options must not have them too.
pub(super) fn weights_of_inputs(inputs: &Value, options: &mut Map<String, Value>) -> Answer<()> {
    if options.contains_key("input_weights") {
        return invalid("Input weights should be specified in inputs rather than in options.");
    }
    let inputs = inputs.as_array().into_iter().flatten();
    let weighed: Vec<Value> = inputs.filter(|input| input.get("weight").is_some()).cloned().collect();
    if !weighed.is_empty() {
        options.insert("input_weights".into(), weighed.into());
    }
    Ok(())
}

fn weights(given: &Value) -> Answer<Weights> {
    let mut weights = Weights::new();
    for input in value::list(given)? {
        let txid: Txid = value::hash(&input["txid"], "txid")?;
        let Some(vout) = input.get("vout").filter(|vout| vout.is_number()) else {
            return invalid("Invalid parameter, missing vout key");
        };
        let Ok(vout) = u32::try_from(value::int::<i32>(vout)?) else {
            return invalid("Invalid parameter, vout cannot be negative");
        };
        let Some(weight) = input.get("weight").filter(|weight| weight.is_number()) else {
            return invalid("Invalid parameter, missing weight key");
        };
        let weight = u64::try_from(value::int::<i64>(weight)?).ok().filter(|weight| *weight >= LEAST);
        let Some(weight) = weight else {
            return invalid(
                "Invalid parameter, weight cannot be less than 165 (41 bytes (size of outpoint + sequence + empty scriptSig) * 4 (witness scaling factor)) + 1 (empty witness)",
            );
        };
        if weight > MAX_WEIGHT {
            return invalid(format!(
                "Invalid parameter, weight cannot be greater than the maximum standard tx weight of {MAX_WEIGHT}"
            ));
        }
        weights.insert(OutPoint { txid, vout }, weight);
    }
    Ok(weights)
}

fn solving(wallet: &Wallet, given: &Value) -> Answer<Solving> {
    let given = value::object(given)?;
    let list = |name: &str| match given.get(name) {
        None => Ok(Vec::new()),
        Some(list) => value::list(list).cloned(),
    };
    let mut solving = Solving::default();
    for key in list("pubkeys")? {
        solving.add_key(value::public_key(value::text(&key)?)?);
    }
    for script in list("scripts")? {
        let text = value::text(&script)?;
        match Vec::from_hex(text) {
            Ok(bytes) if !bytes.is_empty() => solving.add_script(ScriptBuf::from_bytes(bytes)),
            _ => return unknown(format!("'{text}' is not hex")),
        }
    }
    for descriptor in list("descriptors")? {
        let text = value::text(&descriptor)?;
        let parsed = match parse(text, wallet.network(), true, &SECP) {
            Ok(parsed) => parsed,
            Err(error) => return invalid(format!("Unable to parse descriptor '{text}': {error}")),
        };
        for descriptor in &parsed.all {
            // One that has no scripts at its first number tells nothing.
            let Ok(expanded) = Expander::new(descriptor, &parsed.keys, &SECP).and_then(|all| all.at(0))
            else {
                continue;
            };
            expanded.keys.iter().for_each(|key| solving.add_key(key.public));
            for output in expanded.outputs().unwrap_or_default() {
                if let Output::Solved(descriptor) = output {
                    solving.add_descriptor(&descriptor);
                    if let Ok(inner) = descriptor.explicit_script() {
                        solving.add_script(inner);
                    }
                }
            }
        }
    }
    Ok(solving)
}

/// What is known of the inputs of a transaction: the outputs that are not the wallet's, and what inputs weigh.
pub(super) fn presets(wallet: &Wallet, base: &Transaction, options: &Map<String, Value>) -> Answer<Presets> {
    let given = |name: &str| options.get(name);
    let solving = given("solving_data").map(|given| solving(wallet, given)).transpose()?.unwrap_or_default();
    let mut weights = given("input_weights").map(weights).transpose()?.unwrap_or_default();
    let mut presets = Presets::new();
    if base.input.is_empty() {
        return Ok(presets);
    }
    let mut coins: BTreeMap<OutPoint, Option<Coin>> =
        base.input.iter().map(|input| (input.previous_output, None)).collect();
    wallet.chain().find_coins(&mut coins)?;
    let infos = wallet.output_infos(coins.keys().copied())?;
    for ((outpoint, coin), info) in coins.into_iter().zip(infos) {
        let given = weights.remove(&outpoint);
        let preset = if info.own.is_some() {
            let segwit = info.weight.is_some_and(|weight| weight.segwit);
            Preset { output: None, weight: given.map(|weight| InputWeight::given(weight, segwit)) }
        } else {
            let Some(coin) = coin else { return refused("Unable to find UTXO for external input") };
            let solved = solving.weight(&coin.output.script_pubkey);
            let segwit =
                solved.map_or(coin.output.script_pubkey.is_witness_program(), |weight| weight.segwit);
            let weight = given.map(|weight| InputWeight::given(weight, segwit)).or(solved);
            Preset { output: Some(coin.output), weight }
        };
        presets.insert(outpoint, preset);
    }
    Ok(presets)
}
