//! Commands about the wallet's descriptors.
//!
//! In: descriptors to import. Out: those that are there.

use bitcoin_ipc::types::FoundBlockRequest;
use bitcoin_rpc::Kind::{Bool, List};
use bitcoin_rpc::descriptor;
use bitcoin_rpc::error::{invalid, unknown, wrong_type};
use bitcoin_rpc::script::with_checksum;
use bitcoin_rpc::{Answer, Arg, Code, RpcError, arg, value};
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::command::{Call, Command, command, ensure_unlocked, label, push_warnings, refused};
use crate::Error;
use crate::keys::{DescriptorImport, Identity, LAST, SECP};
use crate::wallet::Wallet;

const REQUESTS: Arg = arg(
    "requests",
    List,
    "Objects with the fields desc, timestamp, active, range, next_index, internal and label.",
)
.shape("requests");

pub(super) const COMMANDS: &[Command] = &[
    command("importdescriptors", "Adds descriptors, and searches the chain for their coins.", import)
        .args(&[REQUESTS]),
    command("listdescriptors", "Gives the wallet's descriptors.", list).args(&[arg(
        "private",
        Bool,
        "Whether to show private keys.",
    )
    .default("false")]),
];

fn list(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let private = call.flag_or(0, false)?;
    let mut secrets = Vec::new();
    if private {
        if wallet.private_keys_disabled()? {
            return refused("Can't get private descriptor string for watch-only wallets");
        }
        ensure_unlocked(&wallet)?;
        secrets = wallet.private_descriptors()?;
    }
    let secret = |id: u32| {
        let found = secrets.iter().find(|(with, _)| *with == id);
        found.map(|(_, text)| with_checksum(text.split('#').next().unwrap_or(text)))
    };
    let mut told = Vec::new();
    let descriptors = wallet.listed_descriptors()?;
    for (descriptor, range) in &descriptors.used {
        let mut text = secret(descriptor.id).unwrap_or_else(|| descriptor.text());
        if matches!(descriptor.identity, Identity::Derived(_)) {
            // Older versions wrote other marks than the ones that were given.
            text = with_checksum(&text.split('#').next().unwrap_or(&text).replace('\'', "h"));
        }
        let mut object = Map::new();
        object.insert("desc".into(), text.clone().into());
        object.insert("timestamp".into(), descriptor.birth.into());
        object.insert("active".into(), descriptor.active.into());
        if descriptor.active {
            object.insert("internal".into(), descriptor.internal.into());
        }
        if descriptor.deriver.is_ranged() {
            object.insert("range".into(), json!([range.start, range.end.saturating_sub(1)]));
            object.insert("next".into(), range.next.into());
            object.insert("next_index".into(), range.next.into());
        }
        told.push((text, Value::Object(object)));
    }
    for unused in &descriptors.unused {
        let text = secret(unused.id).unwrap_or_else(|| unused.public.to_public_text());
        let object = json!({ "desc": text, "timestamp": unused.birth, "active": false });
        told.push((text, object));
    }
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let told: Vec<Value> = told.into_iter().map(|(_, object)| object).collect();
    let mut answer = json!({ "wallet_name": wallet.name(), "descriptors": told });
    if !descriptors.aside.is_empty() {
        // Beside the others, as it has not all that clients expect of a descriptor.
        let aside = descriptors.aside.iter().map(|row| json!({ "text": row.text, "reason": row.reason }));
        answer["set_aside"] = aside.collect();
    }
    Ok(answer)
}

/// When the first coin of a descriptor may have come, in seconds since 1970.
fn timestamp(request: &Value, now: i64) -> Answer<i64> {
    match request.get("timestamp") {
        None => wrong_type("Missing required timestamp field for key"),
        Some(Value::Number(number)) => Ok(value::int::<i64>(&Value::Number(number.clone()))?.max(1)),
        Some(Value::String(text)) if text == "now" => Ok(now),
        Some(other) => wrong_type(format!(
            "Expected number or \"now\" timestamp value for key. got type {}",
            value::type_name(other)
        )),
    }
}

/// What one request asks for, and what may surprise its user.
fn read(
    wallet: &Wallet,
    request: &Value,
    timestamp: i64,
    warnings: &mut Vec<String>,
) -> Answer<DescriptorImport> {
    let Some(text) = request.get("desc") else { return invalid("Descriptor not found.") };
    let descriptor = Zeroizing::new(value::text(text)?.to_owned());
    let flag = |name: &str| value::field(request, name).map_or(Ok(false), value::flag);
    let active = flag("active")?;
    let name = label(request.get("label").unwrap_or(&Value::Null))?;
    let parsed = descriptor::parse(&descriptor, wallet.network(), true, &SECP)
        .or_else(|error| unknown(error.to_string()))?;
    let (ranged, paths) = (parsed.is_range(), parsed.all.len());
    let labelled = request.get("label").is_some();
    if request.get("internal").is_some() && paths > 1 {
        return unknown("Cannot have multipath descriptor while also specifying 'internal'");
    }
    let internal = flag("internal")?;
    let (mut span, mut next_index) = (None, None);
    match (ranged, request.get("range")) {
        (false, Some(_)) => return invalid("Range should not be specified for an un-ranged descriptor"),
        (false, None) => {}
        (true, None) => {
            warnings.push("Range not given, using default keypool range".into());
            span = Some((0, wallet.options().keypool.max(1) - 1));
        }
        (true, Some(range)) => {
            let (first, last) = descriptor::range(range)?;
            if last > LAST {
                return invalid("End of range is too high");
            }
            span = Some((first, last));
        }
    }
    if let Some((first, last)) = span
        && let Some(next) = value::field(request, "next_index")
    {
        let next = u32::try_from(value::int::<i64>(next)?).ok();
        next_index = next.filter(|next| *next >= first && *next <= last);
        if next_index.is_none() {
            return invalid("next_index is out of range");
        }
    }
    if active && !ranged {
        return invalid("Active descriptors must be ranged");
    }
    if paths > 1 && labelled {
        return invalid("Multipath descriptors should not have a label");
    }
    if ranged && labelled {
        return invalid("Ranged descriptors should not have a label");
    }
    if internal && labelled {
        return invalid("Internal addresses should not have a label");
    }
    let label = (!ranged && !internal).then_some(name);
    Ok(DescriptorImport { descriptor, active, internal, timestamp, range: span, next_index, label })
}

/// The median time of the last blocks, which stands for now.
fn now(wallet: &Wallet) -> Answer<i64> {
    let (_, tip) = wallet.tip()?;
    let wanted = FoundBlockRequest { want_mtp_time: true, ..FoundBlockRequest::default() };
    match wallet.chain().find_block(tip, &wanted) {
        Ok(Some(found)) => Ok(found.mtp_time),
        // The node is lost, or has another chain just now.
        _ => Ok(wallet.tip_time()?),
    }
}

fn import(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    if wallet.scan_progress().is_some() {
        return refused("Wallet is currently rescanning. Abort existing rescan or wait.");
    }
    ensure_unlocked(&wallet)?;
    let now = now(&wallet)?;
    let mut imports = Vec::new();
    let mut results: Vec<(Vec<String>, Option<RpcError>)> = Vec::new();
    let mut places = Vec::new();
    for (place, request) in call.list(0)?.iter().enumerate() {
        let timestamp = timestamp(request, now)?;
        let mut warnings = Vec::new();
        let error = match read(&wallet, request, timestamp, &mut warnings) {
            Ok(import) => {
                imports.push(import);
                places.push(place);
                None
            }
            Err(error) => Some(error),
        };
        results.push((warnings, error));
    }
    let done = wallet.import_descriptors(&imports)?;
    for ((place, import), done) in places.into_iter().zip(&imports).zip(done) {
        let (warnings, error) = &mut results[place];
        warnings.extend(done.warnings);
        *error = done.result.err().map(|error| match error {
            Error::Invalid(text) => RpcError::new(Code::InvalidParameter, text),
            // Who has sent it may see it again.
            Error::Update(why) => {
                let text = import.descriptor.as_str();
                RpcError::new(Code::WalletError, format!("Could not add descriptor '{text}': {why}"))
            }
            other => other.into(),
        });
    }
    Ok(results.into_iter().map(|(warnings, error)| outcome(warnings, error)).collect())
}

fn outcome(warnings: Vec<String>, error: Option<RpcError>) -> Value {
    let mut object = Map::new();
    object.insert("success".into(), error.is_none().into());
    if let Some(error) = error {
        object.insert("error".into(), error.into_object());
    }
    push_warnings(&mut object, warnings);
    object.into()
}
