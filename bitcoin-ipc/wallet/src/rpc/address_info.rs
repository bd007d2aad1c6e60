//! The command that tells all about an address.
//!
//! In: an address. Out: what it is, and what the wallet knows of it.

use bitcoin::hex::DisplayHex as _;
use bitcoin::{Address, Network, Script, ScriptBuf};
use bitcoin_rpc::Kind::Text;
use bitcoin_rpc::error::unknown;
use bitcoin_rpc::{Answer, address, arg, script};
use serde_json::{Map, Value};

use super::command::{Call, Command, command};
use super::describe;
use crate::wallet::Solution;

pub(super) const COMMANDS: &[Command] =
    &[command("getaddressinfo", "Tells about an address.", info).args(&[arg(
        "address",
        Text,
        "The address.",
    )])];

/// The id of a seed, which descriptors do not have.
const NO_SEED: &str = "0000000000000000000000000000000000000000";

fn info(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let address = address::parse(call.text(0)?, wallet.network()).or_else(unknown)?;
    let script = address.script_pubkey();
    let (info, solution) = wallet.script_infos([&script])?.remove(0);
    let origin = info.descriptors.first();
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("address", address.to_string().into());
    put("scriptPubKey", format!("{script:x}").into());
    put("ismine", origin.is_some().into());
    put("solvable", solution.is_some().into());
    if let Some(desc) = solution.as_ref().and_then(|solution| solution.definite.to_text()) {
        put("desc", desc.into());
    }
    if let Some(origin) = origin {
        put("parent_desc", origin.text().into());
    }
    put("iswatchonly", false.into());
    for (name, value) in address::describe(&address) {
        put(&name, value);
    }
    if let Some(solution) = &solution {
        for (name, value) in inside(solution, &script, wallet.network()) {
            put(&name, value);
        }
    }
    put("ischange", info.is_change.into());
    let key = solution.as_ref().and_then(Solution::key);
    if let (Some(key), Some(origin)) = (key, origin) {
        let (fingerprint, steps) = &key.origin;
        let steps = describe::path(steps);
        put("timestamp", origin.birth.into());
        put("hdkeypath", if steps.is_empty() { "m".into() } else { format!("m/{steps}").into() });
        put("hdseedid", NO_SEED.into());
        put("hdmasterfingerprint", fingerprint.to_string().into());
    }
    put("labels", info.label.into_iter().collect());
    Ok(object.into())
}

/// The key and the scripts that an output script hides.
fn inside(solution: &Solution, outer: &Script, network: Network) -> Map<String, Value> {
    let mut object = Map::new();
    if let Some(redeem) = solution.redeem_script() {
        return wrapped(solution, &redeem, network);
    }
    if let Some(witness) = solution.witness_script() {
        return wrapped(solution, &witness, network);
    }
    if let Some(key) = solution.key().filter(|_| !outer.is_p2tr()) {
        object.insert("pubkey".into(), key.public.to_string().into());
        if outer.is_p2pkh() {
            object.insert("iscompressed".into(), key.public.compressed.into());
        }
    }
    object
}

/// A script inside of another one.
fn wrapped(solution: &Solution, inner: &ScriptBuf, network: Network) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("script".into(), script::kind(inner).into());
    object.insert("hex".into(), format!("{inner:x}").into());
    if let Ok(address) = Address::from_script(inner, network) {
        let mut embedded = address::describe(&address);
        match solution.witness_script().filter(|witness| witness.to_p2wsh() == *inner) {
            Some(witness) => embedded.extend(wrapped(solution, &witness, network)),
            None => {
                if let Some(key) = solution.key() {
                    embedded.insert("pubkey".into(), key.public.to_string().into());
                }
            }
        }
        embedded.insert("address".into(), address.to_string().into());
        embedded.insert("scriptPubKey".into(), format!("{inner:x}").into());
        if let Some(key) = embedded.get("pubkey").cloned() {
            object.insert("pubkey".into(), key);
        }
        object.insert("embedded".into(), embedded.into());
    } else if let Some((needed, keys)) = script::multisig(inner) {
        object.insert("sigsrequired".into(), needed.into());
        object.insert("pubkeys".into(), keys.iter().map(|key| key.to_lower_hex_string()).collect());
    }
    object
}
