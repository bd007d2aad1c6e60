//! Requests and responses as objects.
//!
//! In: what a client sent. Out: a [`Request`], and the response to it, in the form of JSON-RPC 2.0 or
//! in the older one of Bitcoin Core, as the request asks.

use bitcoin_ipc::types::{Json, JsonRpcVersion};
use serde_json::{Map, Value};

use crate::error::{Answer, Code, RpcError};

/// How to answer a request.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplyTo {
    /// What the client calls the request; `None` if it gave nothing.
    pub id: Option<Value>,
    /// The form of the response.
    pub version: JsonRpcVersion,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The name of the method.
    pub method: String,
    /// A list or an object.
    pub params: Json,
}

impl ReplyTo {
    /// Whether no answer is wanted. Only JSON-RPC 2.0 has such requests.
    pub fn is_notification(&self) -> bool {
        self.id.is_none() && self.version == JsonRpcVersion::V2
    }

    /// The response with an answer. The older form has a field for both result and error.
    pub fn respond(self, answer: Answer) -> Value {
        let legacy = self.version == JsonRpcVersion::V1Legacy;
        let mut object = Map::new();
        if !legacy {
            object.insert("jsonrpc".to_owned(), "2.0".into());
        }
        let (result, error) = match answer {
            Ok(result) => (Some(result), legacy.then_some(Value::Null)),
            Err(error) => (legacy.then_some(Value::Null), Some(error.into_object())),
        };
        let fields = [("result", result), ("error", error), ("id", self.id)];
        for (name, value) in fields {
            if let Some(value) = value {
                object.insert(name.to_owned(), value);
            }
        }
        Value::Object(object)
    }
}

/// Reads a request. How to answer is known as far as it was read, also where the rest is wrong.
pub fn parse(request: &Json) -> (ReplyTo, Answer<Request>) {
    let mut to = ReplyTo { id: None, version: JsonRpcVersion::V1Legacy };
    let result = parse_fields(request, &mut to);
    (to, result)
}

fn parse_fields(request: &Json, to: &mut ReplyTo) -> Answer<Request> {
    let invalid = |message: &str| RpcError::new(Code::InvalidRequest, message);
    if !matches!(request, Json::Object(_)) {
        return Err(invalid("Invalid Request object"));
    }
    to.id = request.get("id").cloned().map(Value::from);
    match request.get("jsonrpc") {
        None | Some(Json::Null) => {}
        Some(Json::String(version)) => match version.as_str() {
            "1.0" => {}
            "2.0" => to.version = JsonRpcVersion::V2,
            _ => return Err(invalid("JSON-RPC version not supported")),
        },
        Some(_) => return Err(invalid("jsonrpc field must be a string")),
    }
    let method = match request.get("method") {
        None | Some(Json::Null) => return Err(invalid("Missing method")),
        Some(Json::String(method)) => method.clone(),
        Some(_) => return Err(invalid("Method must be a string")),
    };
    let params = match request.get("params") {
        None | Some(Json::Null) => Json::Array(Vec::new()),
        Some(params @ (Json::Array(_) | Json::Object(_))) => params.clone(),
        Some(_) => return Err(invalid("Params must be an array or object")),
    };
    Ok(Request { method, params })
}

/// What a client sent: requests, and the form of the answer to all of them.
pub enum Envelope<'a> {
    /// One request.
    One(&'a Json),
    /// A list of requests.
    Many(&'a [Json]),
    /// Something else.
    Neither,
}

impl<'a> Envelope<'a> {
    /// What was sent.
    pub fn open(sent: &'a Json) -> Self {
        match sent {
            Json::Object(_) => Envelope::One(sent),
            Json::Array(requests) => Envelope::Many(requests),
            _ => Envelope::Neither,
        }
    }

    /// The requests, in their order.
    pub fn requests(&self) -> &'a [Json] {
        match self {
            Envelope::One(request) => std::slice::from_ref(*request),
            Envelope::Many(requests) => requests,
            Envelope::Neither => &[],
        }
    }

    /// The answer, of those to the requests that want one. Null where no answer is wanted.
    pub fn close(&self, mut replies: Vec<Value>) -> Value {
        match self {
            Envelope::One(_) => replies.pop().unwrap_or_default(),
            Envelope::Many(requests) if replies.is_empty() && !requests.is_empty() => Value::Null,
            Envelope::Many(_) => Value::Array(replies),
            Envelope::Neither => {
                let to = ReplyTo { id: None, version: JsonRpcVersion::V1Legacy };
                to.respond(Err(RpcError::new(Code::ParseError, "Top-level object parse error")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    use super::*;

    fn ask(request: &Value) -> Value {
        let sent = request.clone().into();
        let envelope = Envelope::open(&sent);
        let replies = envelope.requests().iter().filter_map(|request| {
            let (to, request) = parse(request);
            let wanted = request.is_err() || !to.is_notification();
            let answer = request.and_then(|request| match request.method.as_str() {
                "params" => Ok(request.params.into()),
                _ => Err(RpcError::new(Code::MethodNotFound, "Method not found")),
            });
            wanted.then(|| to.respond(answer))
        });
        envelope.close(replies.collect())
    }

    #[test]
    fn each_version_has_its_form_of_response() {
        let old = ask(&json!({ "id": 1, "method": "params", "params": [2] }));
        assert_eq!(old.to_string(), r#"{"result":[2],"error":null,"id":1}"#);
        let new = ask(&json!({ "id": "a", "method": "params", "jsonrpc": "2.0" }));
        assert_eq!(new.to_string(), r#"{"jsonrpc":"2.0","result":[],"id":"a"}"#);
        let old = ask(&json!({ "id": null, "method": "other" }));
        let error = r#"{"code":-32601,"message":"Method not found"}"#;
        assert_eq!(old.to_string(), format!(r#"{{"result":null,"error":{error},"id":null}}"#));
        let new = ask(&json!({ "id": 7, "method": "other", "jsonrpc": "2.0" }));
        assert_eq!(new.to_string(), format!(r#"{{"jsonrpc":"2.0","error":{error},"id":7}}"#));
    }

    #[test]
    fn mistakes_of_requests_have_their_words() {
        for (request, message) in [
            (json!({ "id": 1 }), "Missing method"),
            (json!({ "method": 1 }), "Method must be a string"),
            (json!({ "method": "x", "jsonrpc": 2 }), "jsonrpc field must be a string"),
            (json!({ "method": "x", "jsonrpc": "3" }), "JSON-RPC version not supported"),
            (json!({ "method": "x", "params": 1 }), "Params must be an array or object"),
        ] {
            let reply = ask(&request);
            assert_eq!(
                (&reply["error"]["code"], &reply["error"]["message"]),
                (&json!(-32600), &json!(message))
            );
            assert_eq!(reply.get("id"), request.get("id"));
        }
        assert_eq!(ask(&json!(5))["error"]["code"], -32700);
    }

    /// Any JSON, most of it with the fields of a request.
    fn sent() -> impl Strategy<Value = Value> {
        let word = select(&["id", "method", "params", "jsonrpc", "2.0", "1.0", "3.0", "other", ""][..]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            word.clone().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            let field = (word.clone(), inner.clone());
            let fields = vec(field, 0..6)
                .prop_map(|all| all.into_iter().map(|(name, value)| (name.to_owned(), value)));
            prop_oneof![
                3 => fields.prop_map(|all| Value::Object(all.collect())),
                1 => vec(inner, 0..6).prop_map(Value::Array),
            ]
        })
    }

    proptest! {
        #[test]
        fn each_request_that_wants_an_answer_has_one_of_its_own_form(sent in sent()) {
            let answer = ask(&sent);
            let requests = match &sent {
                Value::Array(requests) => requests.clone(),
                one => vec![one.clone()],
            };
            let replies = match (&sent, answer) {
                (Value::Array(_), Value::Array(replies)) => replies,
                (_, Value::Null) => Vec::new(),
                (_, one) => vec![one],
            };
            let wants = |request: &&Value| {
                let silent = request.get("jsonrpc") == Some(&json!("2.0"))
                    && request.get("id").is_none()
                    && request["method"].is_string()
                    && matches!(request["params"], Value::Null | Value::Array(_) | Value::Object(_));
                !silent
            };
            let wanting: Vec<_> = requests.iter().filter(wants).collect();
            prop_assert_eq!(replies.len(), wanting.len());
            for (reply, request) in replies.iter().zip(wanting) {
                prop_assert_eq!(reply.get("id"), request.get("id"));
                let new = reply.get("jsonrpc") == Some(&json!("2.0"));
                prop_assert_eq!(new, request.get("jsonrpc") == Some(&json!("2.0")));
                let (result, error) = (reply.get("result"), reply.get("error"));
                prop_assert_eq!(result.is_some() && error.is_some(), !new, "{}", reply);
                let failed = error.is_some_and(|error| !error.is_null());
                prop_assert_eq!(failed && error.is_some_and(|error| error["code"].is_i64()), failed);
                prop_assert!(!failed || result.is_none_or(Value::is_null), "{}", reply);
            }
        }
    }

    #[test]
    fn notifications_get_no_answer_and_lists_keep_their_order() {
        assert_eq!(ask(&json!({ "method": "params", "jsonrpc": "2.0" })), Value::Null);
        let list = ask(&json!([
            { "id": 1, "method": "params" },
            { "method": "params", "jsonrpc": "2.0" },
            3,
            { "id": 4, "method": "params", "jsonrpc": "2.0" },
        ]));
        let list = list.as_array().unwrap();
        assert_eq!(list.len(), 3);
        assert_eq!((&list[0]["id"], &list[2]["id"]), (&json!(1), &json!(4)));
        assert_eq!(list[1]["error"]["message"], "Invalid Request object");
        assert_eq!(ask(&json!([])), json!([]));
        assert_eq!(ask(&json!([{ "method": "params", "jsonrpc": "2.0" }])), Value::Null);
    }
}
