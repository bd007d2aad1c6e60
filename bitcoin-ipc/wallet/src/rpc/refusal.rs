//! Errors of wallets as errors of JSON-RPC.
//!
//! In: what went wrong in a wallet. Out: Bitcoin Core's code for it.

use bitcoin_rpc::{Code, RpcError};

use crate::Error;

impl From<Error> for RpcError {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Rejected(_) => Code::VerifyRejected,
            Error::Aborted | Error::Unsearched(_) => Code::MiscError,
            Error::InsufficientFunds => Code::WalletInsufficientFunds,
            Error::Locked => {
                let text = "Error: Please enter the wallet passphrase with walletpassphrase first.";
                return RpcError::new(Code::WalletUnlockNeeded, text);
            }
            Error::EncryptionState(_) => Code::WalletWrongEncState,
            Error::NotFound(_) => Code::WalletNotFound,
            Error::Invalid(_) => Code::InvalidParameter,
            Error::Bump(reasons) => {
                let first = reasons.first().map(String::as_str).unwrap_or_default();
                return RpcError::new(bump_code(first), first);
            }
            _ => Code::WalletError,
        };
        RpcError::new(code, error.to_string())
    }
}

/// The code that Bitcoin Core has for a reason against a replacement.
fn bump_code(reason: &str) -> Code {
    const OF_ARGUMENTS: [&str; 4] =
        ["Transaction has descendants", "Insufficient total fee", "The options 'outputs'", "Change position"];
    match reason {
        "Invalid or non-wallet transaction id" => Code::InvalidAddressOrKey,
        _ if reason.ends_with(" is already spent") => Code::MiscError,
        _ if OF_ARGUMENTS.iter().any(|start| reason.starts_with(start)) => Code::InvalidParameter,
        _ => Code::WalletError,
    }
}

/// An error of a command whose refusals all have one code; what the user can do something about, and a
/// lost node, keep their own.
pub(super) fn with_code(code: Code) -> impl Fn(Error) -> RpcError {
    move |error| match error {
        Error::Locked | Error::Node(_) | Error::NotFound(_) | Error::Rejected(_) => error.into(),
        other => RpcError::new(code, other.to_string()),
    }
}
