//! JSON-RPC by way of IPC, with typed errors.

use mp_runtime::{Error, Json, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Value, json};

use super::connection::Client;

/// Why a JSON-RPC method gave no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// The method failed; codes are those of Bitcoin Core's `rpc/protocol.h`.
    #[error("{message} (code {code})")]
    Rpc {
        /// The number of the error.
        code: i64,
        /// What it says.
        message: String,
        /// The whole error object.
        error: Value,
    },
    /// The call itself failed.
    #[error(transparent)]
    Ipc(#[from] Error),
}

pub(super) async fn execute(
    client: &Client,
    method: &str,
    params: Json,
    wallet: Option<&str>,
) -> Result<Value, RpcError> {
    if !matches!(params, Json::Array(_) | Json::Object(_)) {
        return Err(Error::bad_value("RPC parameters are a list or an object").in_field("params").into());
    }
    let fields =
        [("jsonrpc", json!("2.0").into()), ("id", json!(1).into()), ("method", json!(method).into())];
    let fields = fields.into_iter().chain([("params", params)]);
    let request = Json::Object(fields.map(|(name, value)| (name.to_owned(), value)).collect());
    let uri = wallet.map_or_else(|| "/".to_owned(), |name| format!("/wallet/{}", escaped(name)));
    let rpc = client.rpc().await?;
    let response = client.limited(rpc.execute_rpc(&request, &uri, "")).await?;
    result(response)
}

/// The result of a response, or its error.
fn result(mut response: Value) -> Result<Value, RpcError> {
    let error = response["error"].take();
    if !error.is_null() {
        return Err(RpcError::Rpc {
            code: error["code"].as_i64().unwrap_or_default(),
            message: error["message"].as_str().unwrap_or("the node gave no message").to_owned(),
            error,
        });
    }
    match response.get_mut("result") {
        Some(result) => Ok(result.take()),
        None => Err(Error::bad_value("the response has neither a result nor an error").into()),
    }
}

/// What stands for itself in a path (RFC 3986, "unreserved").
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A name as part of a path.
fn escaped(name: &str) -> PercentEncode<'_> {
    utf8_percent_encode(name, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_become_results_and_errors() {
        assert_eq!(result(json!({"result": 5, "error": null})), Ok(json!(5)));
        assert_eq!(result(json!({"jsonrpc": "2.0", "result": null, "id": 1})), Ok(Value::Null));
        let failed = result(json!({"error": {"code": -8, "message": "no"}})).expect_err("an error");
        assert_eq!(failed.to_string(), "no (code -8)");
        assert!(result(json!({})).is_err());
        assert_eq!(escaped("my wallet/é").to_string(), "my%20wallet%2F%C3%A9");
    }
}
