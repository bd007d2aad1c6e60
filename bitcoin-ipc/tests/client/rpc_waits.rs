//! Methods of JSON-RPC that take long: the limits of a call do not concern them.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin_ipc::interfaces::Rpc;
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::release::{Services, v32};
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Client, ConnectOptions, ErrorKind, Release, Result, RpcError};
use mp_runtime::{EventLoop, Server, ipc_interface, listen};
use serde_json::{Value, json};

use super::run;

/// Answers after as many milliseconds as the first argument says, and to others never.
struct Slow;

#[ipc_interface]
impl Rpc for Slow {
    async fn execute_rpc(&self, request: &Json, _: &str, _: &str) -> Result<Value> {
        let request = Value::from(request.clone());
        match request["params"][0].as_u64() {
            Some(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
            None => std::future::pending().await,
        }
        Ok(json!({ "result": request["method"], "id": 1 }))
    }
}

fn services() -> Services {
    Services { rpc: Some(Arc::new(Slow)), ..MemoryNode::new().services() }
}

/// A node whose methods wait.
pub(super) fn serve(event_loop: &EventLoop, path: &Path) -> Server {
    listen::<dyn v32::Init>(event_loop, path, Arc::new(services()), None).expect("a server")
}

fn client(options: ConnectOptions) -> Client {
    Client::local(options, services(), Release::V32).expect("a client")
}

#[test]
fn a_method_may_take_longer_than_a_call() {
    let client = client(ConnectOptions::new().call_timeout(Some(Duration::from_millis(50))));
    run(async {
        for method in ["rescanblockchain", "waitfornewblock"] {
            assert_eq!(client.execute_rpc(method, json!([400]), None).await, Ok(json!(method)));
        }
    });
}

#[test]
fn a_method_has_a_limit_of_its_own_beside_the_time_that_it_waits() {
    let client = client(ConnectOptions::new().rpc_timeout(Some(Duration::from_millis(50))));
    run(async {
        let late = async |method: &str, params: Value| {
            let started = Instant::now();
            match client.execute_rpc(method, params, None).await {
                Err(RpcError::Ipc(error)) => {
                    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
                    started.elapsed()
                }
                other => panic!("{other:?}"),
            }
        };
        assert!(late("rescanblockchain", json!([20_000])).await < Duration::from_secs(10));
        // Its first argument here is the node's delay, its second how long it is to wait.
        let took = late("waitforblockheight", json!([20_000, 300])).await;
        assert!(took >= Duration::from_millis(350) && took < Duration::from_secs(10), "{took:?}");
        let waited = client.execute_rpc("waitforblockheight", json!([200]), None).await;
        assert_eq!(waited, Ok(json!("waitforblockheight")), "no time of its own, so no limit");
    });
}
