//! Commands that make, load and list wallets.
//!
//! In: names, passphrases. Out: which wallets there are.

use bitcoin_ipc::types::Secret;
use bitcoin_rpc::Kind::{Bool, Text};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, Code, RpcError, arg, value};
use serde_json::{Map, Value, json};

use super::command::{Call, Command, command, last_block, push_warnings, refused};
use super::flags;
use crate::Error;
use crate::loader::NO_MIGRATION;
use crate::sync::WalletHandle;
use crate::wallet::flag;

/// The version of wallets of the old kind, which is still told.
const VERSION: u32 = 169_900;
const START: &str = "Whether to load it at the next start too; nothing changes if it is left out.";

pub(super) const COMMANDS: &[Command] = &[
    command("createwallet", "Makes a wallet and loads it.", create).args(&[
        arg("wallet_name", Text, "Its name."),
        arg("disable_private_keys", Bool, "Whether it only watches.").default("false"),
        arg("blank", Bool, "Whether it begins without keys.").default("false"),
        arg("passphrase", Text, "Encrypts it.").optional(),
        arg("avoid_reuse", Bool, "Whether coins of addresses that were spent from are left aside.")
            .default("false"),
        arg("descriptors", Bool, "Has to be true.").default("true"),
        arg("load_on_startup", Bool, START).optional(),
        arg("external_signer", Bool, "Not supported: has to be false.").default("false"),
    ]),
    command("loadwallet", "Loads a wallet.", load)
        .args(&[arg("filename", Text, "Its name."), arg("load_on_startup", Bool, START).optional()]),
    command("unloadwallet", "Closes a wallet.", unload).args(&[
        arg("wallet_name", Text, "Its name.").default("the wallet of the request's path"),
        arg("load_on_startup", Bool, START).optional(),
    ]),
    command("listwallets", "Gives the names of the loaded wallets.", list),
    command("listwalletdir", "Gives the names of the wallets in the folder of wallets.", list_folder),
    command("getwalletinfo", "Tells about a wallet.", info),
    command("migratewallet", "Refuses: wallets of the old kind are not supported.", migrate).args(&[
        arg("wallet_name", Text, "Its name.").default("the wallet of the request's path"),
        arg("passphrase", Text, "Its passphrase.").optional(),
        arg("load_wallet", Bool, "Whether to load it then.").default("true"),
    ]),
];

/// Remembers whether a wallet is loaded at the next start.
pub(super) fn keep_loading(
    call: &Call<'_>,
    position: usize,
    name: &str,
    warnings: &mut Vec<String>,
) -> Answer<()> {
    let Some(load) = call.get(position).map(value::flag).transpose()? else { return Ok(()) };
    if !call.loader.set_load_on_start(name, load).unwrap_or(false) {
        let may = if load { "may not" } else { "may still" };
        warnings.push(format!(
            "Wallet load on startup setting could not be updated, so wallet {may} be loaded next node startup."
        ));
    }
    Ok(())
}

/// A wallet that is there now.
pub(super) fn named(wallet: &WalletHandle, warnings: Vec<String>) -> Value {
    let mut object = Map::new();
    object.insert("name".into(), wallet.name().into());
    push_warnings(&mut object, warnings);
    object.into()
}

fn create(call: &Call<'_>) -> Answer {
    let name = call.text(0)?;
    let mut flags = flag::DESCRIPTORS;
    for (position, bit) in [(1, flag::DISABLE_PRIVATE_KEYS), (2, flag::BLANK), (4, flag::AVOID_REUSE)] {
        flags |= if call.flag_or(position, false)? { bit } else { 0 };
    }
    let mut warnings = Vec::new();
    let mut passphrase = Secret::default();
    if call.get(3).is_some() {
        passphrase = call.secret(3)?;
        if passphrase.is_empty() {
            warnings.push("Empty string given as passphrase, wallet will not be encrypted.".into());
        }
    }
    if !call.flag_or(5, true)? {
        let text = "descriptors argument must be set to \"true\"; it is no longer possible to create a legacy wallet.";
        return refused(text);
    }
    if call.flag_or(7, false)? {
        return refused("Compiled without external signing support (required for external signing)");
    }
    if name.is_empty() {
        return invalid("Wallet name cannot be empty");
    }
    let wallet = call.loader.create(name, &passphrase, flags).map_err(|error| match error {
        Error::AlreadyThere(text) | Error::Invalid(text) => RpcError::new(Code::WalletError, text),
        other => other.into(),
    })?;
    warnings.extend(wallet.warnings()?);
    keep_loading(call, 6, name, &mut warnings)?;
    Ok(named(&wallet, warnings))
}

fn load(call: &Call<'_>) -> Answer {
    let name = call.text(0)?;
    let wallet = call.loader.load(name).map_err(|error| match error {
        Error::AlreadyThere(text) => RpcError::new(Code::WalletAlreadyLoaded, text),
        Error::Invalid(text) => RpcError::new(Code::WalletError, text),
        other => other.into(),
    })?;
    let mut warnings = wallet.warnings()?;
    keep_loading(call, 1, name, &mut warnings)?;
    Ok(named(&wallet, warnings))
}

/// The name of a wallet, given by the path, the first argument or both.
fn unique_name(call: &Call<'_>) -> Answer<String> {
    let given = call.get(0).map(value::text).transpose()?.map(str::to_owned);
    match (call.endpoint(), given) {
        (Some(endpoint), Some(name)) if endpoint != name => {
            invalid("The RPC endpoint wallet and the wallet name parameter specify different wallets")
        }
        (Some(name), _) | (None, Some(name)) => Ok(name),
        (None, None) => {
            invalid("Either the RPC endpoint wallet or the wallet name parameter must be provided")
        }
    }
}

/// Wallets of the old kind are not read, and none of the others has to be made one.
fn migrate(call: &Call<'_>) -> Answer {
    let name = unique_name(call)?;
    let known = call.loader.wallet(&name).is_some() || call.loader.list()?.contains(&name);
    refused(match known {
        true => "Error: This wallet is already a descriptor wallet",
        false if call.loader.options().directory.join(&name).exists() => NO_MIGRATION,
        false => "Error: Wallet does not exist",
    })
}

fn unload(call: &Call<'_>) -> Answer {
    let name = unique_name(call)?;
    let wallet = call.loaded(&name)?;
    if wallet.scan_progress().is_some() {
        return refused("Wallet is currently rescanning. Abort existing rescan or wait.");
    }
    let mut warnings = Vec::new();
    keep_loading(call, 1, &name, &mut warnings)?;
    if wallet.unload().is_err() {
        return Err(RpcError::new(Code::MiscError, "Requested wallet already unloaded"));
    }
    let mut object = Map::new();
    push_warnings(&mut object, warnings);
    Ok(object.into())
}

fn list(call: &Call<'_>) -> Answer {
    Ok(call.loader.wallets().iter().map(|wallet| wallet.name()).collect())
}

fn list_folder(call: &Call<'_>) -> Answer {
    let names = call.loader.list()?.into_iter();
    let wallets: Vec<Value> = names.map(|name| json!({ "name": name, "warnings": [] })).collect();
    Ok(json!({ "wallets": wallets }))
}

fn info(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let scans = wallet.scan_progress().is_some();
    let scanning = match (wallet.scan_progress(), wallet.scan_duration()) {
        (Some(hundredths), Some(time)) => {
            let progress = bitcoin_rpc::amount::float(hundredths as f64 / 100.0);
            json!({ "duration": time.as_secs(), "progress": progress })
        }
        _ => false.into(),
    };
    let summary = wallet.summary(scans)?;
    let is_set = |flag| summary.flags & flag != 0;
    let [receiving, change] = summary.keypool;
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("walletname", wallet.name().into());
    put("walletversion", VERSION.into());
    put("format", "sqlite".into());
    put("txcount", summary.tx_count.into());
    put("keypoolsize", receiving.into());
    put("keypoolsize_hd_internal", change.into());
    if let Some(time) = summary.unlocked_until {
        put("unlocked_until", time.into());
    }
    put("private_keys_enabled", (!is_set(flag::DISABLE_PRIVATE_KEYS)).into());
    put("avoid_reuse", is_set(flag::AVOID_REUSE).into());
    put("scanning", scanning);
    put("descriptors", true.into());
    put("external_signer", false.into());
    put("blank", is_set(flag::BLANK).into());
    if let Some(birth) = summary.birth {
        put("birthtime", birth.into());
    }
    put("flags", flags::names(summary.flags).into());
    put("lastprocessedblock", last_block(summary.tip));
    push_warnings(&mut object, summary.warnings);
    Ok(object.into())
}
