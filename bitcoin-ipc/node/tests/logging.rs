//! Categories of the log are switched while the node runs.
//!
//! In: calls from another end of a connection. Out: lines of `debug.log`, or none.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::sync::Arc;

use bitcoin_init::arguments::{
    Invocation, LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS, Program, SHARED_OPTIONS, WALLET_OPTIONS, parse,
};
use bitcoin_init::config::Settings;
use bitcoin_init::datadir;
use bitcoin_init::logging::{CORE_CATEGORIES, EarlyLog, LogOptions};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::{Init, Node};
use bitcoin_ipc::types::RpcFailure;
use bitcoin_node::program::{NoWallets, Running};
use mp_runtime::{EventLoop, pair};
use serde_json::{Value, json};

const IPC: u64 = 1 << 22;
const RPC: u64 = 1 << 7;

fn ask(node: &dyn Node, method: &str, params: Value) -> Result<Value, Value> {
    node.execute_rpc(method, &params.into(), "/").unwrap().map_err(|failure| match failure {
        RpcFailure::RpcError(error) => error,
        other => panic!("{other:?}"),
    })
}

/// The categories that are on.
fn on(answer: &Value) -> Vec<&str> {
    let fields = answer.as_object().unwrap().iter();
    fields.filter(|(_, on)| **on == json!(true)).map(|(name, _)| name.as_str()).collect()
}

#[test]
fn categories_are_switched_while_the_node_runs() {
    let early = EarlyLog::start().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let program = Program::new("bitcoin-node", "1", "A node.")
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(NODE_OPTIONS)
        .options(WALLET_OPTIONS)
        .options(LOG_OPTIONS);
    let datadir = format!("-datadir={}", directory.path().display());
    let args = ["bitcoin-node", &datadir, "-regtest", "-disablewallet", "-debug=rpc"];
    let Ok(Invocation::Run(arguments)) = parse(&program, args) else { panic!("good arguments") };
    let settings = Settings::load(&program, arguments).unwrap();
    let log = datadir::prepare(&settings).unwrap().join("debug.log");
    early.open(&LogOptions::new(&settings, "", false).unwrap()).unwrap();
    let lines = |start: &str| {
        let text = std::fs::read_to_string(&log).unwrap();
        text.lines().filter(|line| line.contains(start)).count()
    };

    let running = Running::start("node", settings, Box::new(NoWallets), Shutdown::new()).unwrap();
    let (init, connection) =
        pair::<dyn Init>(&EventLoop::new("gui").unwrap(), Arc::new(running.door().clone()));
    let node = init.make_node().unwrap().unwrap();
    let answer = ask(&*node, "logging", json!([])).unwrap();
    assert_eq!(on(&answer), ["rpc"]);
    assert!(answer.as_object().unwrap().keys().is_sorted());
    for (name, _) in CORE_CATEGORIES {
        assert!(answer[name].is_boolean(), "{name}");
    }
    assert_eq!(node.get_log_categories().unwrap(), RPC);
    ask(&*node, "getblockcount", json!([])).unwrap();
    assert_eq!((lines("[ipc:debug]"), lines("[ipc:trace]"), lines("[kernel:debug]")), (0, 0, 0));
    assert_eq!(lines("[rpc:debug] method=getblockcount"), 1);

    let answer = ask(&*node, "logging", json!([["ipc", "tor"], ["rpc"]])).unwrap();
    assert_eq!(on(&answer), ["ipc", "tor"]);
    assert_eq!(node.get_log_categories().unwrap(), IPC | 1 << 1);
    let before = lines("[ipc:debug] IPC client send Node.executeRpc");
    ask(&*node, "getblockcount", json!([])).unwrap();
    assert_eq!(lines("[ipc:debug] IPC client send Node.executeRpc"), before + 1);
    assert!(lines("[ipc:debug] IPC server recv request Node.executeRpc") > 0);
    assert_eq!((lines("[ipc:trace]"), lines("[rpc:debug] method=getblockcount")), (0, 1));

    ask(&*node, "logging", json!({ "include": [], "exclude": ["ipc"] })).unwrap();
    let before = lines("[ipc:debug]");
    for _ in 0..3 {
        ask(&*node, "getblockcount", json!([])).unwrap();
    }
    assert_eq!(lines("[ipc:debug]"), before);

    // What is in both lists is off in the end.
    let answer = ask(&*node, "logging", json!([["all"], ["1"]])).unwrap();
    assert!(on(&answer).is_empty());
    // What comes before a mistake counts.
    let error = ask(&*node, "logging", json!([["kernel", "nonesuch", "rpc"]])).unwrap_err();
    assert_eq!(error, json!({ "code": -8, "message": "unknown logging category nonesuch" }));
    assert_eq!(ask(&*node, "logging", json!([[1]])).unwrap_err()["code"], -3);
    assert_eq!(on(&ask(&*node, "logging", json!([["libevent"]])).unwrap()), ["kernel"]);
    let address = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
    ask(&*node, "generatetoaddress", json!([1, address])).unwrap();
    assert!(lines("[kernel:debug]") > 0);
    drop((node, init));
    connection.close();
    connection.wait_closed(None).unwrap();
    running.stop().unwrap();
}
