//! RPC commands: a wallet registers them, the node runs them.

use std::sync::{Arc, mpsc};

use bitcoin_ipc::interfaces::RpcCommand;
use bitcoin_ipc::types::{JsonRpcRequest, JsonRpcRequestMode, JsonRpcVersion, RpcArg, RpcOutcome};
use bitcoin_ipc::{Error, Result};
use serde_json::{Value, json};

use crate::ends::Ends;

fn request(method: &str) -> JsonRpcRequest {
    JsonRpcRequest {
        id: json!("request 7"),
        method: method.into(),
        params: json!({"blocks": [1, 2]}).into(),
        mode: JsonRpcRequestMode::GetArgs,
        uri: "/wallet/hot".into(),
        auth_user: "alice".into(),
        peer_addr: "127.0.0.1:4711".into(),
        version: JsonRpcVersion::V2,
    }
}

/// Every outcome, by the method that has it.
fn outcomes() -> [(&'static str, RpcOutcome); 6] {
    [
        ("answer", RpcOutcome::Answered { response: json!({"balance": 1.5}), handled: true }),
        ("leave", RpcOutcome::Answered { response: json!(null), handled: false }),
        ("fail", RpcOutcome::Failed("out of coins".into())),
        ("refuse", RpcOutcome::RpcError(json!({"code": -8, "message": "no such block"}))),
        ("mistake", RpcOutcome::TypeError("JSON value of type bool is not of expected type string".into())),
        ("help", RpcOutcome::Help("getbalance\n\nSays what you have.".into())),
    ]
}

/// What a wallet's commands do: what the method says.
pub(crate) fn act(request: &JsonRpcRequest) -> Result<RpcOutcome> {
    let outcome = outcomes().into_iter().find(|(method, _)| *method == request.method);
    outcome.map(|(_, outcome)| outcome).ok_or_else(|| Error::failed("the wallet is gone"))
}

pub(crate) fn command(name: &str, unique_id: i64, say: mpsc::Sender<String>) -> RpcCommand {
    RpcCommand {
        category: "wallet".into(),
        name: name.into(),
        actor: Box::new(move |request, response, last| {
            let _ = say.send(format!("{:?}", (&request, response, last)));
            act(&request)
        }),
        arg_names: vec![
            RpcArg { name: "blocks|heights".into(), named_only: false },
            RpcArg { name: "verbose".into(), named_only: true },
        ],
        unique_id,
    }
}

pub(crate) fn a_command_is_registered_with_all_its_facts(ends: &Ends) {
    let chain = ends.chain();
    let (say, hear) = mpsc::channel();
    ends.peer.when_registered(|command: &RpcCommand| {
        let outcome = (command.actor)(request("help"), None, true);
        assert_eq!(outcome, Ok(RpcOutcome::Help("getbalance\n\nSays what you have.".into())));
    });
    let handler = chain.handle_rpc(command("getbalance", i64::MIN, say)).expect("a handler");
    let key = format!("handle_rpc getbalance {}", i64::MIN);
    let node = ends.peer.kept::<RpcCommand>(&key).expect("a command");
    assert_eq!((&*node.category, &*node.name, node.unique_id), ("wallet", "getbalance", i64::MIN));
    let names: Vec<_> =
        node.arg_names.iter().map(|argument| (&*argument.name, argument.named_only)).collect();
    assert_eq!(names, [("blocks|heights", false), ("verbose", true)]);
    assert_eq!(hear.try_recv(), Ok(format!("{:?}", (request("help"), None::<Value>, true))));
    drop(node);
    assert_eq!(handler.disconnect(), Ok(()));
    assert!(ends.peer.kept::<RpcCommand>(&key).is_none());
    assert!(hear.recv().is_err(), "the command is dropped, and nothing was heard of it");
}

pub(crate) fn a_wallet_registers_commands_that_the_node_runs(ends: &Ends) {
    let loader = ends.loader(Arc::new(ends.peer.clone()));
    assert_eq!(loader.register_rpcs(), Ok(()));
    for (name, id) in [("getbalance", 1), ("getbalance", 2), ("send", 3)] {
        let node = ends.peer.kept::<RpcCommand>(&format!("handle_rpc {name} {id}")).expect("a command");
        for (method, outcome) in outcomes() {
            for (response, last) in [(None, false), (Some(json!(null)), true), (Some(json!([1])), false)] {
                assert_eq!((node.actor)(request(method), response, last).as_ref(), Ok(&outcome));
            }
        }
        let error = (node.actor)(request("vanish"), None, true).expect_err("an error");
        assert!(error.text().contains("the wallet is gone"), "{error}");
    }
    let (request, response) = (request("answer"), Some(json!({"earlier": true})));
    let sent = format!("{:?}", (&request, &response, true));
    let node = ends.peer.kept::<RpcCommand>("handle_rpc send 3").expect("a command");
    (node.actor)(request, response, true).expect("an outcome");
    assert_eq!(ends.peer.last_request(), Some(sent));
    drop(node);
    drop(loader);
    assert!(ends.peer.kept::<RpcCommand>("handle_rpc send 3").is_none(), "its handlers go with the wallet");
}
