//! Commands about passphrases.
//!
//! In: passphrases, which are wiped after use. Out: wallets that are encrypted, locked, unlocked.

use std::time::Duration;

use bitcoin_ipc::types::Secret;
use bitcoin_rpc::Kind::{Number, Text};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, Code, RpcError, arg};
use serde_json::Value;

use super::command::{Call, Command, command, ensure_not_scanning};
use crate::wallet::Wallet;

/// The longest time of being unlocked, in seconds.
const LONGEST: u64 = 100_000_000;

pub(super) const COMMANDS: &[Command] = &[
    command("encryptwallet", "Encrypts a wallet; new addresses come from a new key then.", encrypt)
        .args(&[arg("passphrase", Text, "The passphrase.")]),
    command("walletpassphrase", "Unlocks a wallet for a time.", unlock).args(&[
        arg("passphrase", Text, "The passphrase."),
        arg("timeout", Number, "How long, in seconds; no longer than 100000000."),
    ]),
    command("walletlock", "Locks a wallet.", lock),
    command("walletpassphrasechange", "Replaces the passphrase.", change).args(&[
        arg("oldpassphrase", Text, "The passphrase until now."),
        arg("newpassphrase", Text, "The passphrase from now on."),
    ]),
];

fn ensure_encrypted(wallet: &Wallet, method: &str) -> Answer<()> {
    if wallet.is_encrypted()? {
        return Ok(());
    }
    let text = format!("Error: running with an unencrypted wallet, but {method} was called.");
    Err(RpcError::new(Code::WalletWrongEncState, text))
}

fn nothing(passphrase: &Secret) -> Answer<()> {
    if passphrase.is_empty() { invalid("passphrase cannot be empty") } else { Ok(()) }
}

/// What is said of a wrong passphrase. Versions of Bitcoin Core before 25.0 read it up to a zero byte only.
fn wrong(passphrase: &Secret, of: &str, advice: &str) -> RpcError {
    let text = if passphrase.expose().contains(&0) {
        format!(
            "Error: The {of}wallet passphrase entered is incorrect. It contains a null character (ie - a zero byte). If the {of}passphrase was set with a version of this software prior to 25.0, please try again with only the characters up to — but not including — the first null character.{advice}"
        )
    } else {
        "Error: The wallet passphrase entered was incorrect.".to_owned()
    };
    RpcError::new(Code::WalletPassphraseIncorrect, text)
}

fn encrypt(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let failed = |text: &str| RpcError::new(Code::WalletEncryptionFailed, text);
    if wallet.private_keys_disabled()? {
        return Err(failed("Error: wallet does not contain private keys, nothing to encrypt."));
    }
    if wallet.is_encrypted()? {
        let text = "Error: running with an encrypted wallet, but encryptwallet was called.";
        return Err(RpcError::new(Code::WalletWrongEncState, text));
    }
    ensure_not_scanning(&wallet, "encrypting the wallet")?;
    let passphrase = call.secret(0)?;
    nothing(&passphrase)?;
    if let Err(error) = wallet.encrypt(&passphrase) {
        tracing::warn!(target: "wallet", wallet = wallet.name(), %error, "it was not encrypted");
        return Err(failed("Error: Failed to encrypt the wallet."));
    }
    Ok("wallet encrypted; The keypool has been flushed and a new HD seed was generated. You need to make a new backup with the backupwallet RPC.".into())
}

fn unlock(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    ensure_encrypted(&wallet, "walletpassphrase")?;
    let passphrase = call.secret(0)?;
    let Ok(time) = u64::try_from(call.int::<i64>(1)?) else {
        return invalid("Timeout cannot be negative.");
    };
    nothing(&passphrase)?;
    if !wallet.unlock_for(&passphrase, Duration::from_secs(time.min(LONGEST)))? {
        let advice = " If this is successful, please set a new passphrase to avoid this issue in the future.";
        return Err(wrong(&passphrase, "", advice));
    }
    Ok(Value::Null)
}

fn lock(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    ensure_encrypted(&wallet, "walletlock")?;
    ensure_not_scanning(&wallet, "locking the wallet")?;
    wallet.lock()?;
    Ok(Value::Null)
}

fn change(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    ensure_encrypted(&wallet, "walletpassphrasechange")?;
    ensure_not_scanning(&wallet, "changing the passphrase")?;
    let (old, new) = (call.secret(0)?, call.secret(1)?);
    nothing(&old)?;
    nothing(&new)?;
    if !wallet.change_passphrase(&old, &new)? {
        return Err(wrong(&old, "old ", ""));
    }
    Ok(Value::Null)
}
