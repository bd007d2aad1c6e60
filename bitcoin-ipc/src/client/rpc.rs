//! JSON-RPC by way of IPC, with typed errors.

use std::sync::Arc;
use std::time::Duration;

use mp_runtime::{Error, Json, Result, ipc_interface};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use serde_json::{Value, json};

use super::link::Link;
use super::session::Session;
use super::watch::WaitTime;
use crate::interfaces::Rpc;

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

/// The node's JSON-RPC server as it is on the wire.
pub(super) async fn server(link: &Link) -> Result<Arc<dyn Rpc>> {
    let made = link.call(async |session| Ok((session.clone(), session.rpc().await?)));
    let (session, rpc) = made.await?;
    Ok(Arc::new(ClientRpc { link: link.clone(), session, rpc }))
}

pub(super) async fn execute(
    link: &Link,
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
    let uri = rpc_uri(wallet);
    let response = server(link).await?.execute_rpc(&request, &uri, "").await?;
    result(response)
}

/// The node's RPC server, with the time that its methods may take.
struct ClientRpc {
    link: Link,
    session: Arc<Session>,
    rpc: Arc<dyn Rpc>,
}

#[ipc_interface]
impl Rpc for ClientRpc {
    async fn execute_rpc(&self, request: &Json, uri: &str, user: &str) -> Result<Value> {
        let ClientRpc { link, session, rpc } = self;
        let own = match (request.get("method"), request.get("params")) {
            (Some(Json::String(method)), Some(params)) => own_time(method, params),
            _ => Some(Duration::ZERO),
        };
        let limit = link.options().rpc_timeout.and_then(|limit| Some(own?.saturating_add(limit)));
        let call = link.watched(session, WaitTime::Open, rpc.execute_rpc(request, uri, user));
        link.noticed(session, link.within(limit, call).await)
    }
}

/// How long a method waits by its own argument; `None` for one that waits without an end.
fn own_time(method: &str, params: &Json) -> Option<Duration> {
    let (place, name) = match method {
        "waitfornewblock" => (0, "timeout"),
        "waitforblock" | "waitforblockheight" => (1, "timeout"),
        // The answer comes with the next block, or with more fees.
        "getblocktemplate" => {
            let request = argument(params, 0, "template_request");
            let long_poll = request.is_some_and(|request| request.get("longpollid").is_some());
            return (!long_poll).then_some(Duration::ZERO);
        }
        _ => return Some(Duration::ZERO),
    };
    let millis = match argument(params, place, name) {
        Some(Json::Number(millis)) => millis.as_u64().filter(|&millis| millis > 0),
        _ => None,
    };
    millis.map(Duration::from_millis)
}

/// An argument by its place or by its name; Bitcoin Core takes those by place among named ones as `args`.
fn argument<'p>(params: &'p Json, place: usize, name: &str) -> Option<&'p Json> {
    let by_place = || match (params, params.get("args")) {
        (Json::Array(values), _) | (_, Some(Json::Array(values))) => values.get(place),
        _ => None,
    };
    params.get(name).or_else(by_place)
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

/// The path of requests that concern a wallet, or none: what [`Rpc::execute_rpc`] takes as `uri`.
#[must_use]
pub fn rpc_uri(wallet: Option<&str>) -> String {
    wallet.map_or_else(|| "/".to_owned(), |name| format!("/wallet/{}", escaped(name)))
}

/// A name as part of a path.
fn escaped(name: &str) -> PercentEncode<'_> {
    utf8_percent_encode(name, UNRESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_that_wait_say_how_long() {
        let seconds = |count| Some(Duration::from_secs(count));
        for (method, params, time) in [
            ("waitfornewblock", json!([]), None),
            ("waitfornewblock", json!([0]), None),
            ("waitfornewblock", json!([5000]), seconds(5)),
            ("waitfornewblock", json!({ "timeout": 5000 }), seconds(5)),
            ("waitfornewblock", json!({ "args": [5000] }), seconds(5)),
            ("waitforblock", json!(["00", 7000]), seconds(7)),
            ("waitforblock", json!({ "blockhash": "00" }), None),
            ("waitforblockheight", json!([10]), None),
            ("waitforblockheight", json!({ "args": [10], "timeout": 1000 }), seconds(1)),
            ("getblocktemplate", json!([{ "rules": ["segwit"] }]), seconds(0)),
            ("getblocktemplate", json!([{ "rules": ["segwit"], "longpollid": "00" }]), None),
            ("walletpassphrase", json!(["secret", 5000]), seconds(0)),
        ] {
            assert_eq!(own_time(method, &params.clone().into()), time, "{method} {params}");
        }
    }

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
