//! The program starts others of its kind.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::process::{Command, Stdio};
use std::time::Duration;

use bitcoin::Network;
use bitcoin_ipc::{ConnectOptions, blocking};
use serde_json::json;

/// How often and how long to try to connect, until the node listens.
const TRIES: u32 = 600;
const PAUSE: Duration = Duration::from_millis(100);

#[test]
fn a_text_goes_through_another_process() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("node.sock");
    let mut node = Command::new(env!("CARGO_BIN_EXE_bitcoin-node"))
        .args(["-regtest", "-disablewallet", "-printtoconsole=0"])
        .arg(format!("-datadir={}", directory.path().display()))
        .arg(format!("-ipcbind=unix:{}", socket.display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let connect = || {
        let options = ConnectOptions::new().network(Network::Regtest);
        futures::executor::block_on(options.connect(socket.clone())).map(blocking::Client::from)
    };
    let client = (0..TRIES).find_map(|_| connect().inspect_err(|_| std::thread::sleep(PAUSE)).ok()).unwrap();
    let ask = |method, params| client.execute_rpc(method, params, None);
    let loaded = |_| ask("getblockcount", json!([])).inspect_err(|_| std::thread::sleep(PAUSE)).ok();
    (0..TRIES).find_map(loaded).unwrap();
    for text in ["", "Grüße"] {
        assert_eq!(ask("echoipc", json!([text])).unwrap(), text);
    }
    let log = std::fs::read_to_string(directory.path().join("regtest/debug.log")).unwrap();
    assert_eq!(log.matches("IPC process spawned").count(), 2);
    ask("stop", json!([])).unwrap();
    assert!(node.wait().unwrap().success());
}
