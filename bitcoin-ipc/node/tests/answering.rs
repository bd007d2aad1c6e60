//! The RPC server answers, whatever others wait for or do, and whoever hangs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use bitcoin::Network;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::{Rpc, RpcActor, RpcCommand};
use bitcoin_ipc::types::{Json, JsonRpcRequestMode, RpcOutcome};
use bitcoin_node::rpc::{RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use serde_json::{Value, json};
use tempfile::TempDir;

const ADDRESS: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
/// How long something may take that has to come at once.
const SOON: Duration = Duration::from_secs(20);

struct Node {
    server: RpcServer,
    state: Arc<State>,
    shutdown: Shutdown,
    directory: TempDir,
}

/// A node with so few threads for RPC, and so much room for requests that wait for one.
fn start(threads: usize, queue: usize) -> Node {
    let directory = tempfile::tempdir().unwrap();
    let options = Options::new(directory.path(), Network::Regtest);
    let shutdown = Shutdown::new();
    let state = State::open(&options, Signals::default(), shutdown.clone()).unwrap();
    let mut options = RpcOptions::new(directory.path());
    (options.threads, options.queue) = (threads, queue);
    options.patience = Duration::from_millis(300);
    let server = RpcServer::new(options);
    server.set_ready(state.clone());
    Node { server, state, shutdown, directory }
}

fn request(method: &str, params: Value) -> Json {
    Json::from(json!({ "id": 1, "method": method, "params": params }))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

impl Node {
    async fn response(&self, method: &str, params: Value) -> Value {
        let request = request(method, params);
        let response = self.server.execute_rpc(&request, "/", "");
        tokio::time::timeout(SOON, response).await.expect("an answer in time").unwrap()
    }

    async fn get(&self, method: &str, params: Value) -> Value {
        let mut response = self.response(method, params).await;
        assert_eq!(response["error"], Value::Null, "{method}");
        response["result"].take()
    }
}

/// Requests that are under way.
struct Pending(tokio::task::JoinSet<Value>);

impl Pending {
    fn new() -> Self {
        Pending(tokio::task::JoinSet::new())
    }

    /// Sends one more, and lets it begin.
    async fn send(&mut self, node: &Node, method: &str, params: Value) {
        let (server, request) = (node.server.clone(), request(method, params));
        self.0.spawn(async move { server.execute_rpc(&request, "/", "").await.unwrap() });
        tokio::task::yield_now().await;
    }

    async fn all(self) -> Vec<Value> {
        tokio::time::timeout(SOON, self.0.join_all()).await.expect("all answers in time")
    }
}

/// What getrpcinfo says that is under way, once it is so much of one method.
async fn wait_for_running(node: &Node, method: &str, count: usize) {
    let until = Instant::now() + SOON;
    loop {
        let info = node.get("getrpcinfo", json!([])).await;
        let active = info["active_commands"].as_array().unwrap();
        if active.iter().filter(|row| row["method"] == method).count() == count {
            return;
        }
        assert!(Instant::now() < until, "{info}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn waits_hold_no_thread() {
    let node = start(1, 200);
    run(async {
        let tip = node.get("getbestblockhash", json!([])).await;
        let template = node.get("getblocktemplate", json!([{ "rules": ["segwit"] }])).await;
        let poll = json!([{ "rules": ["segwit"], "longpollid": template["longpollid"] }]);
        let mut pending = Pending::new();
        for _ in 0..40 {
            for (method, params) in [
                ("waitfornewblock", json!([])),
                ("waitforblock", json!([json!("11").as_str().unwrap().repeat(32), 0])),
                ("waitforblockheight", json!([3])),
                ("getblocktemplate", poll.clone()),
            ] {
                pending.send(&node, method, params).await;
            }
        }
        wait_for_running(&node, "waitforblockheight", 40).await;
        wait_for_running(&node, "getblocktemplate", 40).await;
        // A list of requests waits where one of them does.
        let server = node.server.clone();
        let list = json!([
            { "id": 1, "method": "waitforblockheight", "params": [2] },
            { "id": 2, "method": "getblockcount" },
        ]);
        let list = tokio::spawn(async move { server.execute_rpc(&list.into(), "/", "").await.unwrap() });
        assert_eq!(node.get("getblockcount", json!([])).await, 0);
        // Those that have a time come back by it, with the block that is there.
        let started = Instant::now();
        let late = node.get("waitforblockheight", json!([9, 60])).await;
        assert_eq!((&late["hash"], &late["height"]), (&tip, &json!(0)));
        assert!(started.elapsed() >= Duration::from_millis(60));

        node.get("generatetoaddress", json!([2, ADDRESS])).await;
        let list = list.await.unwrap();
        assert_eq!((&list[0]["result"]["height"], &list[1]["result"]), (&json!(2), &json!(2)));
        wait_for_running(&node, "waitfornewblock", 0).await;
        wait_for_running(&node, "getblocktemplate", 0).await;
        wait_for_running(&node, "waitforblockheight", 40).await;
        // The end of the node ends the others.
        node.state.close().unwrap();
        let answers = pending.all().await;
        let count = |test: &dyn Fn(&Value) -> bool| answers.iter().filter(|answer| test(answer)).count();
        assert_eq!(
            count(&|answer| answer["result"]["height"].is_u64() && answer["result"]["hash"].is_string()),
            120
        );
        assert_eq!(
            count(&|answer| answer["result"]["height"].as_u64().is_some_and(|height| height >= 1)),
            160
        );
    });
}

#[test]
fn clients_that_leave_leave_nothing_behind() {
    let node = start(1, 1);
    run(async {
        for _ in 0..50 {
            let request = request("waitforblockheight", json!([5]));
            let wait = node.server.execute_rpc(&request, "/", "");
            assert!(tokio::time::timeout(Duration::from_millis(2), wait).await.is_err());
        }
        wait_for_running(&node, "waitforblockheight", 0).await;
        // Work that nobody waits for any more ends, too.
        let mut pending = Pending::new();
        pending.send(&node, "generatetoaddress", json!([1_000_000, ADDRESS])).await;
        wait_for_running(&node, "generatetoaddress", 1).await;
        drop(pending);
        assert!(node.get("getblockcount", json!([])).await.is_u64());
    });
}

#[test]
fn stop_gets_through_when_every_thread_works() {
    let node = start(1, 1);
    run(async {
        let mut pending = Pending::new();
        pending.send(&node, "generatetoaddress", json!([1_000_000, ADDRESS])).await;
        while node.state.tip().height == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        pending.send(&node, "getblockcount", json!([])).await;
        wait_for_running(&node, "getblockcount", 1).await;
        let refused = node.response("getblockcount", json!([])).await;
        assert_eq!(refused["error"]["message"], "Work queue depth exceeded");
        assert!(node.get("uptime", json!([])).await.is_u64());
        assert!(!node.shutdown.requested());
        assert_eq!(node.get("stop", json!([])).await, "Bitcoin node stopping");
        assert!(node.shutdown.requested());
        node.server.stop();
        let answers = pending.all().await;
        assert_eq!(answers.len(), 2);
    });
}

#[test]
fn some_commands_need_no_node() {
    let directory = tempfile::tempdir().unwrap();
    let mut options = RpcOptions::new(directory.path());
    options.shutdown = Shutdown::new();
    let (shutdown, log) = (options.shutdown.clone(), options.log_file.clone());
    let server = RpcServer::new(options);
    let ask = |method: &str, params| run(server.execute_rpc(&request(method, params), "/", "")).unwrap();
    server.set_warmup("Loading wallet…");
    for method in ["getblockcount", "waitfornewblock", "getmemoryinfo", "nonesuch", "setmocktime"] {
        let expected = json!({ "code": -28, "message": "Loading wallet…" });
        assert_eq!(ask(method, json!([]))["error"], expected, "{method}");
        assert_eq!(server.execute(method, json!([]), "/").unwrap_err().code(), -28);
    }
    assert!(ask("uptime", json!([]))["result"].is_u64());
    assert_eq!(ask("getrpcinfo", json!([]))["result"]["logpath"], log.to_str().unwrap());
    assert!(ask("help", json!([]))["result"].as_str().unwrap().contains("== Blockchain =="));
    assert!(!shutdown.requested());
    let started = Instant::now();
    assert_eq!(ask("stop", json!([50]))["result"], "Bitcoin node stopping");
    assert!(shutdown.requested() && started.elapsed() >= Duration::from_millis(50));
}

/// A process that answers when it is let, and its command `mine`.
#[derive(Clone, Default)]
struct Process(Arc<(Mutex<bool>, Condvar)>);

impl Process {
    fn hang(&self, hang: bool) {
        *self.0.0.lock().unwrap() = hang;
        self.0.1.notify_all();
    }

    /// A command that answers any request but one for help when it is let, or at once with `lively`.
    fn command(&self, lively: bool) -> RpcCommand {
        let process = self.clone();
        let actor: RpcActor = Box::new(move |request, _, _| {
            if !(lively && request.mode == JsonRpcRequestMode::GetHelp) {
                let hangs = process.0.0.lock().unwrap();
                drop(process.0.1.wait_while(hangs, |hangs| *hangs).unwrap());
            }
            Ok(match request.mode {
                JsonRpcRequestMode::GetHelp => RpcOutcome::Help("mine\n".to_owned()),
                _ => RpcOutcome::Answered { response: "mined".into(), handled: true },
            })
        });
        let (category, name) = ("wallet".to_owned(), "mine".to_owned());
        RpcCommand { category, name, actor, arg_names: Vec::new(), unique_id: 7 }
    }
}

#[test]
fn a_process_that_takes_long_holds_no_thread() {
    let node = start(1, 40);
    let process = Process::default();
    let _handler = node.server.register(process.command(true));
    process.hang(true);
    run(async {
        let mut pending = Pending::new();
        for _ in 0..30 {
            pending.send(&node, "mine", json!([])).await;
        }
        wait_for_running(&node, "mine", 30).await;
        assert_eq!(node.get("getblockcount", json!([])).await, 0);
        // It lives, so that it may take as long as it likes.
        tokio::time::sleep(Duration::from_millis(1000)).await;
        wait_for_running(&node, "mine", 30).await;
        process.hang(false);
        assert!(pending.all().await.iter().all(|answer| answer["result"] == "mined"));
    });
}

#[test]
fn a_process_that_hangs_is_noticed() {
    let node = start(1, 40);
    let process = Process::default();
    let _handler = node.server.register(process.command(false));
    run(async {
        assert_eq!(node.get("mine", json!([])).await, "mined");
        process.hang(true);
        let mut pending = Pending::new();
        for _ in 0..10 {
            pending.send(&node, "mine", json!([])).await;
        }
        let silent = |answer: &Value| {
            let message = answer["error"]["message"].as_str().unwrap_or_default();
            answer["error"]["code"] == -4
                && message.starts_with("The wallet process has not answered for 0.3 s.")
        };
        assert!(pending.all().await.iter().all(silent));
        // Those who come later are told at once, and the node answers all else.
        let started = Instant::now();
        for _ in 0..100 {
            assert!(silent(&node.response("mine", json!([])).await));
        }
        assert!(!node.get("help", json!([])).await.as_str().unwrap().contains("mine"));
        assert!(started.elapsed() < Duration::from_secs(5));
        // When it goes on, all is as before.
        process.hang(false);
        let until = Instant::now() + SOON;
        while node.response("mine", json!([])).await["result"] != "mined" {
            assert!(Instant::now() < until);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(node.get("help", json!([])).await.as_str().unwrap().contains("mine"));
    });
    // Also for callers of this process.
    process.hang(true);
    let error = node.server.execute("mine", json!([]), "/").unwrap_err();
    assert_eq!(error.code(), -4);
    process.hang(false);
}

#[test]
fn calls_of_this_process_wait_on_their_own_threads() {
    let node = start(1, 1);
    let server = node.server.clone();
    let (give, taken) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        give.send(()).unwrap();
        server.execute("waitforblockheight", json!([1]), "/").unwrap()
    });
    taken.recv().unwrap();
    node.server.execute("generatetoaddress", json!([1, ADDRESS]), "/").unwrap();
    assert_eq!(waiting.join().unwrap()["height"], 1);
    assert!(node.directory.path().exists());
}
