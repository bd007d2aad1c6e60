//! Commands about output descriptors, and what others do with them.
//!
//! In: descriptors as text, ranges. Out: what they are, scripts and addresses.

use std::collections::HashMap;

use bitcoin::{Network, ScriptBuf};
use bitcoin_rpc::descriptor::{self, Expander, Parsed, range};
use bitcoin_rpc::sign::SECP;
use miniscript::descriptor::checksum::desc_checksum;
use serde_json::{Value, json};

use super::command::Kind::{Range, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid, unknown};
use super::{script, value};

/// The last output that is scanned for where no range is given.
const SCANNED: i64 = 1000;

pub(super) const COMMANDS: &[Command] = &[
    command("util", "getdescriptorinfo", "Tells about a descriptor.", info).args(&[arg(
        "descriptor",
        Text,
        "The descriptor.",
    )]),
    command("util", "deriveaddresses", "Gives the addresses of a descriptor.", derive).args(&[
        arg("descriptor", Text, "The descriptor, with its checksum."),
        arg("range", Range, "For one with a wildcard: the last output, or the first and the last.")
            .optional(),
    ]),
];

/// Reads a descriptor; the text of the error is that of an RPC error.
pub(super) fn parse(text: &str, network: Network, checksum_needed: bool) -> Answer<Parsed> {
    descriptor::parse(text, network, checksum_needed, &SECP).or_else(|error| unknown(error.to_string()))
}

/// What derives the scripts of each of the descriptors that a text stands for.
pub(super) fn expanders(parsed: &Parsed) -> Answer<Vec<Expander<'_>>> {
    let all = parsed.all.iter().map(|one| Expander::new(one, &parsed.keys, &SECP));
    all.collect::<Result<_, _>>().or_else(|error| unknown(error.to_string()))
}

/// A descriptor as text, and its range; both ends of the default if there is none.
pub(super) fn scanned(object: &Value) -> Answer<(&str, (u32, u32))> {
    let (text, given) = match object {
        Value::String(text) => (text.as_str(), None),
        Value::Object(_) => match value::field(object, "desc") {
            Some(text) => (value::text(text)?, value::field(object, "range")),
            None => return invalid("Descriptor needs to be provided in scan object"),
        },
        _ => return invalid("Scan object needs to be either a string or an object"),
    };
    let ends = match given {
        Some(given) => range(given)?,
        None => range(&SCANNED.into())?,
    };
    Ok((text, ends))
}

/// The scripts of a descriptor with or without a range, each with the descriptor of it alone.
pub(super) fn scan_object(object: &Value, network: Network) -> Answer<HashMap<ScriptBuf, String>> {
    let (text, (low, high)) = scanned(object)?;
    let parsed = parse(text, network, false)?;
    let indexes = if parsed.is_range() { low..=high } else { 0..=0 };
    let expanders = expanders(&parsed).or_else(|error| of(text, error.message()))?;
    let mut scripts = HashMap::new();
    for index in indexes {
        for expander in &expanders {
            let found = expander.at(index).and_then(|at| Ok((at.outputs()?, at.definite()?)));
            let (outputs, definite) = found.or_else(|error| of(text, error))?;
            for (output, definite) in outputs.iter().zip(definite) {
                let script = output.script_pubkey();
                let text = definite.to_text().unwrap_or_else(|| script::descriptor(&script, network));
                scripts.entry(script).or_insert(text);
            }
        }
    }
    Ok(scripts)
}

/// An error that says which descriptor it is about.
pub(super) fn of<T>(text: &str, error: impl std::fmt::Display) -> Answer<T> {
    unknown(format!("{error}: '{text}'"))
}

fn info(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let parsed = parse(text, call.state.network(), false)?;
    let bare = text.split('#').next().unwrap_or(text);
    let Ok(checksum) = desc_checksum(bare) else { return unknown("Invalid characters in payload") };
    let texts: Vec<String> = parsed.all.iter().map(descriptor::Descriptor::to_public_text).collect();
    let mut object = serde_json::Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("descriptor", json!(texts.first()));
    if texts.len() > 1 {
        put("multipath_expansion", json!(texts));
    }
    put("checksum", checksum.into());
    put("isrange", parsed.is_range().into());
    put("issolvable", parsed.all.iter().all(descriptor::Descriptor::is_solvable).into());
    put("hasprivatekeys", (!parsed.keys.is_empty()).into());
    Ok(object.into())
}

fn derive(call: &Call<'_>) -> Answer {
    let network = call.state.network();
    let given = call.get(1).map(range).transpose()?;
    let parsed = parse(call.text(0)?, network, true)?;
    let (low, high) = match (parsed.is_range(), given) {
        (false, Some(_)) => return invalid("Range should not be specified for an un-ranged descriptor"),
        (true, None) => return invalid("Range must be specified for a ranged descriptor"),
        (_, ends) => ends.unwrap_or((0, 0)),
    };
    let mut lists: Vec<Value> = Vec::new();
    for expander in expanders(&parsed)? {
        let mut list = Vec::new();
        for index in low..=high {
            let scripts = expander.scripts(index).or_else(|error| unknown(error.to_string()))?;
            for found in &scripts {
                match script::address(found, network) {
                    Some(address) => list.push(address.to_string().into()),
                    // A bare key of `combo` has no address.
                    None if scripts.len() > 1 && script::key(found).is_some() => {}
                    None => return unknown("Descriptor does not have a corresponding address"),
                }
            }
        }
        if list.is_empty() {
            return failed("Unexpected empty result");
        }
        lists.push(Value::Array(list));
    }
    match lists.pop() {
        Some(list) if lists.is_empty() => Ok(list),
        last => Ok(lists.into_iter().chain(last).collect()),
    }
}

/// The script that an address or a descriptor without a range stands for, to pay to.
pub(super) fn payable(text: &str, network: Network) -> Answer<Option<ScriptBuf>> {
    if let Ok(parsed) = parse(text, network, false) {
        if parsed.all.len() > 1 {
            return invalid("Multipath descriptor not accepted");
        }
        if parsed.is_range() {
            let text = "Ranged descriptor not accepted. Maybe pass through deriveaddresses first?";
            return invalid(text);
        }
        let scripts = match expanders(&parsed)?.first() {
            Some(expander) => expander.scripts(0).or_else(|error| unknown(error.to_string()))?,
            None => Vec::new(),
        };
        if scripts.is_empty() {
            return invalid("This descriptor has no scripts");
        }
        // Of the scripts of `combo` the most modern one that is no script hash.
        let place = if scripts.len() == 4 { 2 } else { scripts.len().saturating_sub(1) };
        return Ok(scripts.into_iter().nth(place));
    }
    Ok(super::address::parse(text, network).ok().map(|address| address.script_pubkey()))
}
