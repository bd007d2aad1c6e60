//! Commands: how they are declared, and what they are run with.
//!
//! In: a request's arguments and path. Out: a [`Call`], which finds the wallet that it means.

use bdk_wallet::chain::BlockId;
use bitcoin::{Address, Txid};
use bitcoin_ipc::types::{Json, OutputType, Secret};
use bitcoin_rpc::{self, Answer, Code, Params, RpcError, address, error};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use zeroize::Zeroize as _;

use crate::loader::Loader;
use crate::sync::WalletHandle;
use crate::wallet::Wallet;

/// A command of wallets.
pub(super) type Command = bitcoin_rpc::Command<fn(&Call<'_>) -> Answer>;

/// Declares a command without arguments.
pub(super) const fn command(
    name: &'static str,
    about: &'static str,
    run: fn(&Call<'_>) -> Answer,
) -> Command {
    Command::new("wallet", name, about, run)
}

/// Where the path of a request names a wallet.
const ENDPOINT: &str = "/wallet/";

/// A command that is being run. Its arguments are wiped when it is dropped.
pub(super) struct Call<'a> {
    pub(super) loader: &'a Loader,
    pub(super) uri: &'a str,
    pub(super) params: Params,
}

impl std::ops::Deref for Call<'_> {
    type Target = Params;

    fn deref(&self) -> &Params {
        &self.params
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.params.0.iter_mut().for_each(wipe);
    }
}

/// Overwrites all texts.
pub(super) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(wipe),
        Value::Object(object) => object.values_mut().for_each(wipe),
        _ => {}
    }
}

/// As [`wipe`].
pub(super) fn wipe_given(json: &mut Json) {
    match json {
        Json::String(text) => text.zeroize(),
        Json::Array(list) => list.iter_mut().for_each(wipe_given),
        Json::Object(fields) => fields.iter_mut().for_each(|(_, value)| wipe_given(value)),
        _ => {}
    }
}

impl Call<'_> {
    /// The name that the path gives.
    pub(super) fn endpoint(&self) -> Option<String> {
        let name = self.uri.strip_prefix(ENDPOINT)?;
        Some(percent_decode_str(name).decode_utf8_lossy().into_owned())
    }

    /// The wallet that the path names, or the only one.
    pub(super) fn wallet(&self) -> Answer<WalletHandle> {
        if let Some(name) = self.endpoint() {
            return self.loaded(&name);
        }
        let mut wallets = self.loader.wallets();
        let text = match (wallets.pop(), wallets.is_empty()) {
            (Some(wallet), true) => return Ok(wallet),
            (Some(_), false) => {
                let text = "Multiple wallets are loaded. Please select which wallet to use by requesting the RPC through the /wallet/<walletname> URI path.";
                return Err(RpcError::new(Code::WalletNotSpecified, text));
            }
            (None, _) => {
                "No wallet is loaded. Load a wallet using loadwallet or create a new one with createwallet. (Note: A default wallet is no longer automatically created)"
            }
        };
        Err(RpcError::new(Code::WalletNotFound, text))
    }

    /// A loaded wallet.
    pub(super) fn loaded(&self, name: &str) -> Answer<WalletHandle> {
        self.loader.wallet(name).ok_or_else(|| {
            RpcError::new(Code::WalletNotFound, "Requested wallet does not exist or is not loaded")
        })
    }

    /// The wallet, which knows all that the node has told. One whose node is lost answers with what it
    /// knows.
    pub(super) fn synced(&self) -> Answer<WalletHandle> {
        let wallet = self.wallet()?;
        let (_, tip) = wallet.tip()?;
        if let Err(error) = wallet.chain().wait_for_notifications_if_tip_changed(tip) {
            tracing::debug!(target: "wallet", wallet = wallet.name(), %error, "the answer may be old");
        }
        Ok(wallet)
    }

    /// A secret text.
    pub(super) fn secret(&self, position: usize) -> Answer<Secret> {
        Ok(Secret::new(self.text(position)?))
    }

    /// The id of a transaction.
    pub(super) fn txid(&self, position: usize) -> Answer<Txid> {
        self.hash(position, "txid")
    }

    /// An address of the network, or an error with this text.
    pub(super) fn address(&self, position: usize, invalid: &str) -> Answer<Address> {
        let text = self.text(position)?;
        address::parse(text, self.loader.options().network).or_else(|_| error::unknown(invalid))
    }
}

/// A kind of address.
pub(super) fn output_type(text: &str, what: &str) -> Answer<OutputType> {
    Ok(match text {
        "legacy" => OutputType::Legacy,
        "p2sh-segwit" => OutputType::P2shSegwit,
        "bech32" => OutputType::Bech32,
        "bech32m" => OutputType::Bech32m,
        _ => return error::unknown(format!("Unknown {what} type '{text}'")),
    })
}

/// A label; nothing is the empty one.
pub(super) fn label(value: &Value) -> Answer<String> {
    match value {
        Value::Null => Ok(String::new()),
        value => match bitcoin_rpc::value::text(value)? {
            "*" => Err(RpcError::new(Code::WalletInvalidLabelName, "Invalid label name")),
            label => Ok(label.to_owned()),
        },
    }
}

/// An error about a wallet: -4.
pub(super) fn refused<T>(text: impl Into<String>) -> Answer<T> {
    Err(RpcError::new(Code::WalletError, text))
}

/// An error unless private keys can be used.
pub(super) fn ensure_unlocked(wallet: &Wallet) -> Answer<()> {
    if wallet.is_locked()? { Err(crate::Error::Locked.into()) } else { Ok(()) }
}

/// An error while the chain is searched, as the search may need the keys that the command `does` about.
pub(super) fn ensure_not_scanning(wallet: &WalletHandle, does: &str) -> Answer<()> {
    if wallet.scan_progress().is_none() {
        return Ok(());
    }
    refused(format!(
        "Error: the wallet is currently being used to rescan the blockchain for related transactions. Please call `abortrescan` before {does}."
    ))
}

/// The highest block that the answer takes into account.
pub(super) fn last_block(tip: BlockId) -> Value {
    json!({ "hash": tip.hash.to_string(), "height": tip.height })
}

/// Adds warnings, if there are any.
pub(super) fn push_warnings(object: &mut Map<String, Value>, warnings: Vec<String>) {
    if !warnings.is_empty() {
        object.insert("warnings".into(), warnings.into());
    }
}
