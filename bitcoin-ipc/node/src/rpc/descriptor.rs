//! Output descriptors (BIP 380 and those that follow).
//!
//! In: descriptors as text. Out: scripts and addresses.
//!
//! Those of keys are read by miniscript; `addr`, `raw`, `rawtr` and `combo`, which it does not know,
//! are read here.

use std::collections::HashMap;
use std::str::FromStr;

use bitcoin::hashes::{hash160, ripemd160, sha256};
use bitcoin::hex::FromHex;
use bitcoin::key::TapTweak;
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Address, Network, PublicKey, ScriptBuf, XOnlyPublicKey};
use miniscript::descriptor::checksum::desc_checksum;
use miniscript::descriptor::{
    ConversionError, DefiniteDescriptorKey, DescriptorPublicKey, DescriptorSecretKey, KeyMap, Wildcard,
};
use miniscript::{Descriptor, ForEachKey, TranslatePk, Translator};
use serde_json::{Value, json};

use super::command::Kind::{Range, Text};
use super::command::{Call, Command, arg, command};
use super::derive;
use super::descriptor_text::{alternatives, payload, with_origins};
use super::error::{Answer, failed, invalid, unknown};
use super::{script, value};

/// Outputs that one range may have.
const MAX_RANGE: i64 = 1_000_000;
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

/// A descriptor that was read.
pub(super) enum Parsed {
    /// Scripts that are written out.
    Fixed { text: String, scripts: Vec<ScriptBuf>, solvable: bool },
    /// One of keys, or several that differ in one step of their paths.
    Keys(Vec<Descriptor<DescriptorPublicKey>>, KeyMap),
}

impl Parsed {
    pub(super) fn is_range(&self) -> bool {
        match self {
            Parsed::Fixed { .. } => false,
            Parsed::Keys(all, _) => all.iter().any(Descriptor::has_wildcard),
        }
    }

    /// The scripts at an index; several of `combo`, and one each of a descriptor with several paths.
    pub(super) fn scripts(&self, index: u32) -> Answer<Vec<ScriptBuf>> {
        match self {
            Parsed::Fixed { scripts, .. } => Ok(scripts.clone()),
            Parsed::Keys(all, secrets) => {
                let secp = Secp256k1::new();
                let one = |descriptor| {
                    derive::at(descriptor, secrets, index, &secp, |_| ()).map(|one| one.script_pubkey())
                };
                match all.iter().map(one).collect() {
                    Some(scripts) => Ok(scripts),
                    None => unknown("Cannot derive script without private keys"),
                }
            }
        }
    }

    /// How many descriptors it stands for.
    fn count(&self) -> usize {
        match self {
            Parsed::Fixed { .. } => 1,
            Parsed::Keys(all, _) => all.len(),
        }
    }
}

/// Reads a descriptor; the text of the error is that of an RPC error.
pub(super) fn parse(text: &str, network: Network, checksum_needed: bool) -> Answer<Parsed> {
    let bare = payload(text, checksum_needed)?;
    let inside = |name: &str| bare.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(address) = inside("addr") {
        let address =
            Address::from_str(address).ok().and_then(|address| address.require_network(network).ok());
        return match address {
            Some(address) => Ok(fixed(format!("addr({address})"), vec![address.script_pubkey()], false)),
            None => unknown("Address is not valid"),
        };
    }
    if let Some(hex) = inside("raw") {
        return match Vec::from_hex(hex) {
            Ok(bytes) => Ok(fixed(format!("raw({hex})"), vec![ScriptBuf::from_bytes(bytes)], false)),
            Err(_) => unknown("Raw script is not hex"),
        };
    }
    if let Some(key) = inside("rawtr").and_then(|key| x_only(key).map(|parsed| (key, parsed))) {
        let script = ScriptBuf::new_p2tr_tweaked(key.1.dangerous_assume_tweaked());
        return Ok(fixed(format!("rawtr({})", key.0), vec![script], true));
    }
    if let Some((text, key)) = inside("combo").and_then(|key| Some((key, PublicKey::from_str(key).ok()?))) {
        return Ok(fixed(format!("combo({text})"), combo(&key), true));
    }
    let secp = Secp256k1::signing_only();
    let (mut all, mut secrets) = (Vec::new(), KeyMap::new());
    for text in alternatives(&with_origins(bare, &secp, &mut secrets)) {
        match Descriptor::parse_descriptor(&secp, &text) {
            Ok((descriptor, more)) => {
                secrets.extend(more);
                match descriptor.into_single_descriptors() {
                    Ok(more) => all.extend(more),
                    Err(error) => return unknown(error.to_string()),
                }
            }
            Err(error) => return unknown(error.to_string()),
        }
    }
    let of_network = |secret: &DescriptorSecretKey| match secret {
        DescriptorSecretKey::Single(single) => single.key.network == network.into(),
        DescriptorSecretKey::XPrv(_) | DescriptorSecretKey::MultiXPrv(_) => true,
    };
    if !all.iter().all(|one| one.for_each_key(|key| is_of_network(key, network)))
        || !secrets.values().all(of_network)
    {
        return unknown("A key is of another network");
    }
    Ok(Parsed::Keys(all, secrets))
}

fn fixed(text: String, scripts: Vec<ScriptBuf>, solvable: bool) -> Parsed {
    Parsed::Fixed { text, scripts, solvable }
}

fn x_only(text: &str) -> Option<XOnlyPublicKey> {
    let full = || PublicKey::from_str(text).ok().map(|key| key.inner.x_only_public_key().0);
    XOnlyPublicKey::from_str(text).ok().or_else(full)
}

/// All usual scripts of a key.
fn combo(key: &PublicKey) -> Vec<ScriptBuf> {
    let mut scripts = vec![ScriptBuf::new_p2pk(key), ScriptBuf::new_p2pkh(&key.pubkey_hash())];
    if let Ok(hash) = key.wpubkey_hash() {
        let witness = ScriptBuf::new_p2wpkh(&hash);
        scripts.push(witness.clone());
        scripts.push(ScriptBuf::new_p2sh(&witness.script_hash()));
    }
    scripts
}

/// Whether a step is wanted that only private keys can take, on which the library panics.
fn is_hardened(descriptor: &Descriptor<DescriptorPublicKey>) -> bool {
    descriptor.for_any_key(|key| {
        let wildcard = match key {
            DescriptorPublicKey::Single(_) => Wildcard::None,
            DescriptorPublicKey::XPub(key) => key.wildcard,
            DescriptorPublicKey::MultiXPub(key) => key.wildcard,
        };
        wildcard == Wildcard::Hardened || key.has_hardened_step()
    })
}

fn is_of_network(key: &DescriptorPublicKey, network: Network) -> bool {
    let kind = bitcoin::NetworkKind::from(network);
    match key {
        DescriptorPublicKey::Single(_) => true,
        DescriptorPublicKey::XPub(key) => key.xkey.network == kind,
        DescriptorPublicKey::MultiXPub(key) => key.xkey.network == kind,
    }
}

/// A range: its end, or both ends.
pub(super) fn range(value: &Value) -> Answer<(u32, u32)> {
    let ends = match value {
        Value::Number(_) => (0, value::int::<i64>(value)?),
        Value::Array(ends) => match ends.as_slice() {
            [low @ Value::Number(_), high @ Value::Number(_)] => (value::int(low)?, value::int(high)?),
            _ => return invalid("Range must be specified as end or as [begin,end]"),
        },
        _ => return invalid("Range must be specified as end or as [begin,end]"),
    };
    match ends {
        (low, high) if low > high && value.is_array() => {
            invalid("Range specified as [begin,end] must not have begin after end")
        }
        (low, _) if low < 0 => invalid("Range should be greater or equal than 0"),
        (_, high) if high >> 31 != 0 => invalid("End of range is too high"),
        (low, high) if high >= low + MAX_RANGE => invalid("Range is too large"),
        (low, high) => match (u32::try_from(low), u32::try_from(high)) {
            (Ok(low), Ok(high)) => Ok((low, high)),
            _ => invalid("End of range is too high"),
        },
    }
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
    let mut scripts = HashMap::new();
    for index in indexes {
        let single = single(&parsed, index);
        let found =
            parsed.scripts(index).or_else(|error| unknown(format!("{}: '{text}'", error.message())))?;
        for script in found {
            let text = single.get(&script).cloned();
            let text = text.unwrap_or_else(|| script::descriptor(&script, network));
            scripts.insert(script, text);
        }
    }
    Ok(scripts)
}

/// The descriptors of keys at an index, with the keys written out and where they come from.
fn single(parsed: &Parsed, index: u32) -> HashMap<ScriptBuf, String> {
    let Parsed::Keys(all, _) = parsed else { return HashMap::new() };
    let one = |descriptor: &Descriptor<DescriptorPublicKey>| {
        let definite = descriptor.at_derivation_index(index).ok()?;
        let mut write = WriteOut { x_only: matches!(definite, Descriptor::Tr(_)) };
        let text = definite.translate_pk(&mut write).ok()?.to_string();
        Some((definite.script_pubkey(), text))
    };
    all.iter().filter(|descriptor| !is_hardened(descriptor)).filter_map(one).collect()
}

/// Writes keys as Bitcoin Core's `InferDescriptor` does: fingerprint, path and key.
struct WriteOut {
    x_only: bool,
}

impl Translator<DefiniteDescriptorKey, String, ConversionError> for WriteOut {
    fn pk(&mut self, key: &DefiniteDescriptorKey) -> Result<String, ConversionError> {
        let public = key.derive_public_key(&Secp256k1::verification_only())?;
        let path = key.full_derivation_path().unwrap_or_default().to_string().replace('\'', "h");
        let path = if path.is_empty() { path } else { format!("/{path}") };
        let fingerprint = key.master_fingerprint();
        let public = match self.x_only {
            true => public.inner.x_only_public_key().0.to_string(),
            false => public.to_string(),
        };
        Ok(format!("[{fingerprint}{path}]{public}"))
    }

    fn sha256(&mut self, hash: &sha256::Hash) -> Result<String, ConversionError> {
        Ok(hash.to_string())
    }

    fn hash256(&mut self, hash: &miniscript::hash256::Hash) -> Result<String, ConversionError> {
        Ok(hash.to_string())
    }

    fn ripemd160(&mut self, hash: &ripemd160::Hash) -> Result<String, ConversionError> {
        Ok(hash.to_string())
    }

    fn hash160(&mut self, hash: &hash160::Hash) -> Result<String, ConversionError> {
        Ok(hash.to_string())
    }
}

fn info(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let parsed = parse(text, call.state.network(), false)?;
    let bare = text.split('#').next().unwrap_or(text);
    let Ok(checksum) = desc_checksum(bare) else { return unknown("Invalid characters in payload") };
    let mut object = serde_json::Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    match &parsed {
        Parsed::Fixed { text, .. } => {
            put("descriptor", script::with_checksum(text).into());
        }
        Parsed::Keys(all, _) => {
            let texts: Vec<String> = all.iter().map(canonical).collect();
            put("descriptor", json!(texts.first()));
            if texts.len() > 1 {
                put("multipath_expansion", json!(texts));
            }
        }
    }
    put("checksum", checksum.into());
    put("isrange", parsed.is_range().into());
    let (solvable, secrets) = match &parsed {
        Parsed::Fixed { solvable, .. } => (*solvable, false),
        Parsed::Keys(_, secrets) => (true, !secrets.is_empty()),
    };
    put("issolvable", solvable.into());
    put("hasprivatekeys", secrets.into());
    Ok(object.into())
}

/// The text in Bitcoin Core's form, which marks hardened steps with `h`.
fn canonical(descriptor: &Descriptor<DescriptorPublicKey>) -> String {
    script::with_checksum(&format!("{descriptor:#}").replace('\'', "h"))
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
    let paths = parsed.count();
    let mut lists: Vec<Vec<Value>> = vec![Vec::new(); paths];
    for index in low..=high {
        let scripts = parsed.scripts(index)?;
        let several = scripts.len() > paths;
        for (place, found) in scripts.iter().enumerate() {
            match script::address(found, network) {
                Some(address) => lists[place % paths].push(address.to_string().into()),
                // A bare key of `combo` has no address.
                None if several && script::key(found).is_some() => {}
                None => return unknown("Descriptor does not have a corresponding address"),
            }
        }
    }
    match lists.pop() {
        Some(list) if lists.is_empty() => Ok(list.into()),
        Some(last) => Ok(lists.into_iter().chain([last]).map(Value::from).collect()),
        None => failed("Unexpected empty result"),
    }
}

/// The script that an address or a descriptor without a range stands for, to pay to.
pub(super) fn payable(text: &str, network: Network) -> Answer<Option<ScriptBuf>> {
    if let Ok(parsed) = parse(text, network, false) {
        if parsed.count() > 1 {
            return invalid("Multipath descriptor not accepted");
        }
        if parsed.is_range() {
            let text = "Ranged descriptor not accepted. Maybe pass through deriveaddresses first?";
            return invalid(text);
        }
        let scripts = parsed.scripts(0)?;
        // Of the scripts of `combo` the most modern one that is no script hash.
        let place = if scripts.len() == 4 { 2 } else { scripts.len().saturating_sub(1) };
        return Ok(scripts.into_iter().nth(place));
    }
    Ok(super::address::parse(text, network).ok().map(|address| address.script_pubkey()))
}
