//! A node whose user may open few files: who connects and stays silent takes no descriptor that the chain, the wallets or
//! those who were there before need.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::os::unix::net::UnixStream;
use std::process::Command;

use bitcoin_demo::programs::{Caller, Process, Programs, wait_for};
use serde_json::json;

#[test]
fn a_crowd_that_says_nothing_does_not_use_up_the_descriptors() {
    let programs = Programs::built().unwrap();
    let folder = tempfile::Builder::new().prefix("btc-").tempdir_in("/tmp").unwrap();
    let socket = folder.path().join("node.sock");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 64; exec \"$0\" \"$@\""]).arg(programs.path("bitcoin-node"));
    command.args(["-regtest", "-printtoconsole=0", "-keypool=5"]);
    command.arg(format!("-datadir={}", folder.path().display()));
    command.arg(format!("-ipcbind=unix:{}", socket.display()));
    let mut node = Process::start(&mut command, &folder.path().join("node.output")).unwrap();
    let first = wait_for(|| Ok(Caller::connect(&socket).ok())).unwrap().unwrap();
    wait_for(|| Ok(first.call(None, "getblockcount", json!([])).ok())).unwrap().unwrap();
    let crowd: Vec<UnixStream> = (0..100).map(|_| UnixStream::connect(&socket).unwrap()).collect();

    first.call(None, "createwallet", json!(["w"])).unwrap();
    let address = first.call(Some("w"), "getnewaddress", json!([])).unwrap();
    let mined = first.call(None, "generatetoaddress", json!([110, address])).unwrap();
    assert_eq!(mined.as_array().unwrap().len(), 110);
    let balance = first.call(Some("w"), "getbalance", json!([])).unwrap();
    assert_eq!(balance.to_string(), "500.00000000");
    // A long answer, and files that are opened anew.
    let block = first.call(None, "getblock", json!([mined[0], 2])).unwrap();
    assert_eq!(block["height"], json!(1));
    first.call(None, "unloadwallet", json!(["w"])).unwrap();
    first.call(None, "loadwallet", json!(["w"])).unwrap();
    first.call(None, "savemempool", json!([])).unwrap();

    // When they have gone, others come in.
    drop(crowd);
    let second = wait_for(|| Ok(Caller::connect(&socket).ok())).unwrap().unwrap();
    assert_eq!(second.call(None, "getblockcount", json!([])).unwrap(), json!(110));
    assert_eq!(second.call(None, "stop", json!([])).unwrap(), json!("Bitcoin node stopping"));
    assert!(node.wait().unwrap().success(), "{}", node.output());
}
