//! Commands that copy wallets to files, and make wallets of such files.
//!
//! In: paths, as the wallets' process sees them. Out: files, wallets.

use std::path::Path;

use bitcoin_rpc::Kind::{Bool, Text};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, Code, RpcError, arg};
use serde_json::{Value, json};

use super::command::{Call, Command, command, refused};
use super::wallets::{keep_loading, named};
use crate::Error;

pub(super) const COMMANDS: &[Command] = &[
    command("backupwallet", "Copies a wallet to a file.", backup).args(&[arg(
        "destination",
        Text,
        "The file, or a folder for it.",
    )]),
    command("exportwatchonlywallet", "Writes the wallet to a new file, but for its private keys.", export)
        .args(&[arg("destination", Text, "The file, which restorewallet takes.")]),
    command("restorewallet", "Makes a wallet of such a file, and loads it.", restore).args(&[
        arg("wallet_name", Text, "The wallet's name."),
        arg("backup_file", Text, "The file."),
        arg("load_on_startup", Bool, "Whether to load it at the next start too.").optional(),
    ]),
];

fn backup(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    match wallet.backup(Path::new(call.text(0)?)) {
        Ok(()) => Ok(Value::Null),
        Err(error) => {
            tracing::warn!(target: "wallet", wallet = wallet.name(), %error, "no backup");
            refused("Error: Wallet backup failed!")
        }
    }
}

fn export(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let destination = call.text(0)?;
    wallet.export_watch_only(Path::new(destination))?;
    Ok(json!({ "exported_file": destination }))
}

fn restore(call: &Call<'_>) -> Answer {
    let name = call.text(0)?;
    if name.is_empty() {
        return invalid("Wallet name cannot be empty");
    }
    let backup = Path::new(call.text(1)?);
    if !backup.exists() {
        return invalid("Backup file does not exist");
    }
    let restored = call.loader.restore(backup, name, true);
    let wallet = restored.map_err(|error| match error {
        Error::AlreadyThere(text) => RpcError::new(Code::WalletAlreadyExists, text),
        Error::Invalid(text) => RpcError::new(Code::WalletError, text),
        other => other.into(),
    })?;
    let Some(wallet) = wallet else { return refused("Wallet loading failed.") };
    let mut warnings = wallet.warnings()?;
    keep_loading(call, 2, name, &mut warnings)?;
    Ok(named(&wallet, warnings))
}
