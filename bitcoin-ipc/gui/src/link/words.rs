//! What errors mean to a user.
//!
//! In: an error of a call, and whether the connection is gone. Out: which of the processes it was, and a sentence.

use bitcoin_ipc::types::RpcFailure;
use mp_runtime::{Error, ErrorKind};
use serde_json::Value;

use crate::engine::{Failure, FailureKind};
use crate::text::words::mark;

/// What an error means.
pub(super) fn failure(error: &Error, gone: bool) -> Failure {
    let (kind, text) = match error.kind() {
        ErrorKind::Disconnected if gone => (FailureKind::NodeGone, mark!("The node has gone.").to_owned()),
        ErrorKind::Disconnected => {
            (FailureKind::WalletsGone, mark!("The wallet process has ended.").to_owned())
        }
        ErrorKind::Timeout => (FailureKind::TimedOut, mark!("There was no answer in time.").to_owned()),
        _ => (FailureKind::Refused, sentence(error.text())),
    };
    Failure { kind, text }
}

/// What a method's failure says.
pub(super) fn rpc_failure(failure: &RpcFailure) -> String {
    match failure {
        RpcFailure::Failed(text) => sentence(text),
        RpcFailure::RpcError(error) => {
            let text = error.get("message").and_then(Value::as_str);
            text.map_or_else(|| error.to_string(), sentence)
        }
    }
}

/// A text of another program as it is, but for its ends.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() { mark!("It was refused without a reason.").to_owned() } else { text.to_owned() }
}
