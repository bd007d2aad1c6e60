//! The command that changes what a wallet is like, and the names of what it can be like.
//!
//! In: names of flags. Out: Bitcoin Core's bits, and whether they can be changed.

use bitcoin_rpc::Kind::{Bool, Text};
use bitcoin_rpc::error::invalid;
use bitcoin_rpc::{Answer, arg};
use serde_json::{Map, Value};

use super::command::{Call, Command, command};
use crate::wallet::flag;

pub(super) const COMMANDS: &[Command] = &[command("setwalletflag", "Changes what the wallet is like.", set)
    .args(&[
        arg("flag", Text, "Which flag: avoid_reuse."),
        arg("value", Bool, "Whether it is set.").default("true"),
    ])];

/// Bitcoin Core's bit for wallets that keep the last hardened public keys of their descriptors, which all do here.
const LAST_HARDENED_XPUB_CACHED: u64 = 1 << 2;

/// Bitcoin Core's names of its flags, and the bits of those that wallets have here, the lowest first.
const NAMES: &[(&str, u64)] = &[
    ("avoid_reuse", flag::AVOID_REUSE),
    ("key_origin_metadata", 0),
    ("last_hardened_xpub_cached", LAST_HARDENED_XPUB_CACHED),
    ("disable_private_keys", flag::DISABLE_PRIVATE_KEYS),
    ("blank", flag::BLANK),
    ("descriptor_wallet", flag::DESCRIPTORS),
    ("external_signer", 0),
];

/// What the user has to know who has just set `avoid_reuse`.
const UNSEARCHED: &str = "You need to rescan the blockchain in order to correctly mark used destinations in the past. Until this is done, some destinations may be considered unused, even if the opposite is the case.";

/// The names of the flags that are set.
pub(super) fn names(flags: u64) -> Vec<&'static str> {
    let flags = flags | LAST_HARDENED_XPUB_CACHED;
    NAMES.iter().filter(|(_, bit)| flags & bit != 0).map(|(name, _)| *name).collect()
}

fn set(call: &Call<'_>) -> Answer {
    let wallet = call.wallet()?;
    let (name, wanted) = (call.text(0)?, call.flag_or(1, true)?);
    let Some((_, bit)) = NAMES.iter().find(|(known, _)| *known == name) else {
        return invalid(format!("Unknown wallet flag: {name}"));
    };
    if *bit != flag::AVOID_REUSE {
        return invalid(format!("Wallet flag is immutable: {name}"));
    }
    if wallet.avoids_reuse()? == wanted {
        return invalid(format!("Wallet flag is already set to {wanted}: {name}"));
    }
    wallet.set_avoid_reuse(wanted)?;
    let mut object = Map::new();
    object.insert("flag_name".into(), name.into());
    object.insert("flag_state".into(), wanted.into());
    if wanted {
        // The wallet may have keys whose past was not searched.
        object.insert("warnings".into(), UNSEARCHED.into());
    }
    Ok(Value::Object(object))
}
