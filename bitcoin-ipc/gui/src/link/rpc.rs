//! Methods of JSON-RPC, by the node's own interface.
//!
//! In: a method, arguments, a wallet. Out: its answer.

use bitcoin::{Denomination, SignedAmount};
use bitcoin_ipc::interfaces::Node;
use mp_runtime::Error;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::words;
use crate::engine::Failure;

/// The path that says which wallet is meant.
fn path(wallet: Option<&str>) -> String {
    wallet.map_or_else(
        || "/".to_owned(),
        |name| format!("/wallet/{}", utf8_percent_encode(name, NON_ALPHANUMERIC)),
    )
}

/// Calls a method.
pub(super) fn call(
    node: &dyn Node,
    wallet: Option<&str>,
    method: &str,
    params: Value,
    failure: &dyn Fn(&Error) -> Failure,
) -> Result<Value, Failure> {
    let answer = node.execute_rpc(method, &params.into(), &path(wallet));
    let answer = answer.map_err(|error| failure(&error))?;
    answer.map_err(|why| Failure::refused(words::rpc_failure(&why)))
}

/// An amount, in satoshi.
pub(super) fn sat(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    SignedAmount::from_str_in(&text, Denomination::Bitcoin).ok().map(SignedAmount::to_sat)
}

/// Runs a line of the console: a method and its arguments in words, `method(a, b)`, one call in another's
/// arguments, and `[key]` behind a call for a part of its answer.
pub(super) fn console(
    node: &dyn Node,
    line: &str,
    wallet: Option<&str>,
    words: &dyn Fn(&Error) -> String,
) -> Result<String, String> {
    let run = |method: &str, params: Vec<Value>| {
        let answer = node.execute_rpc(method, &Value::Array(params).into(), &path(wallet));
        answer.map_err(|error| words(&error))?.map_err(|failure| words::rpc_failure(&failure))
    };
    Ok(match parse::line(line)?.run(&run)? {
        Value::String(text) => text,
        Value::Null => "null".to_owned(),
        value => serde_json::to_string_pretty(&value).unwrap_or_default(),
    })
}

mod parse;
