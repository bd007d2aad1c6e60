//! A window on somebody else's Bitcoin Core.
//!
//! `BITCOIN_NODE` names Core's `bitcoin-node` of v32, and `BITCOIND` a `bitcoind` of v29 or later, which has HTTP alone.
//! Without them our own node takes their place, behind the same adapter.

use std::net::TcpListener;
use std::path::PathBuf;

use bitcoin_demo::programs::{Caller, Form, Node, NodeOptions, Way};
use serde_json::json;

use super::Gui;
use super::real::programs;

/// A node that is not started yet, with what it takes to put wallets on it.
fn prepare(way: Way) -> Option<Node> {
    let mut options = NodeOptions::new(Form::OnCore(way)).arg("-fallbackfee=0.0002");
    let bitcoind = std::env::var_os("BITCOIND").filter(|_| way == Way::Http);
    options.core = bitcoind.or_else(|| std::env::var_os("BITCOIN_NODE")).map(PathBuf::from);
    if options.core.is_none() {
        eprintln!("SKIPPED in part: without BITCOIN_NODE the node is our own");
    }
    Some(Node::prepare(&programs()?, options).expect("a folder"))
}

fn create(gui: &mut Gui, name: &str) {
    gui.wait_for("No wallet is loaded.");
    gui.wait(|gui| gui.is_enabled("Create a wallet…"));
    // What the node warns of moves it.
    gui.settle();
    gui.press("Create a wallet…");
    gui.wait_for("Wallet name");
    gui.type_in("Wallet name", name);
    gui.press("Create");
    gui.wait_for(&format!("Overview of {name}"));
}

fn close(gui: &mut Gui) {
    gui.harness.state_mut().state().closing = true;
    gui.engine.send(crate::engine::Msg::Command(0, crate::engine::Command::Close));
    gui.wait(|gui| gui.harness.state().is_over());
}

#[test]
fn a_window_finds_wallets_on_a_core_and_keeps_them_while_it_is_gone() {
    finds_wallets(Way::Ipc);
}

#[test]
fn a_window_finds_wallets_on_a_core_over_http() {
    finds_wallets(Way::Http);
}

fn finds_wallets(way: Way) {
    let Some(mut node) = prepare(way) else { return };
    node.start_again().expect("a node and wallets");
    let mut gui = Gui::attach(&node.answering());
    create(&mut gui, "own");
    let address = node.wallet_rpc("own", "getnewaddress", json!([])).expect("an address");
    node.rpc("generatetoaddress", json!([101, address])).expect("blocks");
    gui.wait_for("Available 50.00000000 BTC");
    gui.wait_for("Height 101,");

    // The node goes. What is known stays, and it is said why nothing comes.
    node.stop_without_wallets().expect("an end in order");
    gui.wait(|gui| gui.sees("Bitcoin Core is not there"));
    assert!(gui.sees("Available 50.00000000 BTC"));
    node.start_again().expect("the node again");
    gui.wait(|gui| !gui.sees("Bitcoin Core is not there"));
    let address = node.wallet_rpc("own", "getnewaddress", json!([])).expect("an address");
    node.rpc("generatetoaddress", json!([1, address])).expect("a block");
    gui.wait_for("Available 100.00000000 BTC");
    gui.wait_for("Height 102,");
    node.stop().expect("an end in order");
}

#[test]
fn a_window_starts_wallets_on_a_core_waits_for_it_and_leaves_it() {
    starts_wallets(Way::Ipc);
}

#[test]
fn a_window_starts_wallets_on_a_core_over_http() {
    starts_wallets(Way::Http);
}

fn starts_wallets(way: Way) {
    let Some(mut node) = prepare(way) else { return };
    let folder = tempfile::Builder::new().prefix("gui-").tempdir_in("/tmp").expect("a folder");
    let args = [
        format!("-datadir={}", folder.path().display()),
        "-regtest".to_owned(),
        format!("-core={}", node.core_address()),
        format!("-coredatadir={}", node.directory().display()),
        "-fallbackfee=0.0002".to_owned(),
    ];
    let mut gui = Gui::spawn(node.programs().path("bitcoin-wallet"), args.to_vec());
    gui.wait_for("Waiting for the node: ");
    node.launch().expect("a node");
    create(&mut gui, "own");
    // Others find wallets and node at the socket meanwhile.
    let caller = Caller::connect(&folder.path().join("regtest/wallet.sock")).expect("wallets that listen");
    let address = caller.call(Some("own"), "getnewaddress", json!([])).expect("an address");
    caller.call(None, "generatetoaddress", json!([101, address])).expect("blocks");
    drop(caller);
    gui.wait_for("Available 50.00000000 BTC");

    // With the window its wallets end, and the node stays.
    close(&mut gui);
    assert_eq!(gui.harness.state().exit_code(), 0);
    let log = std::fs::read_to_string(folder.path().join("regtest/debug.log.wallet")).expect("a log");
    assert!(log.contains("Shutdown in progress: the node is gone."), "{log}");
    assert_eq!(log.matches("Shutdown: done").count(), 1, "{log}");
    assert!(node.process().expect("a node").ended().expect("a state").is_none());
    node.stop_without_wallets().expect("an end in order");
}

#[test]
fn what_keeps_wallets_from_a_core_is_said_in_the_window() {
    let Some(node) = prepare(Way::Ipc) else { return };
    let folder = tempfile::Builder::new().prefix("gui-").tempdir_in("/tmp").expect("a folder");
    let nobody = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    let args = [
        format!("-datadir={}", folder.path().display()),
        "-regtest".to_owned(),
        format!("-core=http://{nobody}"),
        "-rpcuser=me".to_owned(),
        "-rpcpassword=hunter2".to_owned(),
        "-debug=1".to_owned(),
        "-loglevel=trace".to_owned(),
    ];
    let mut gui = Gui::spawn(node.programs().path("bitcoin-wallet"), args.to_vec());
    gui.wait_for("start the node with -server");
    // A window that does not wait for it ends in order.
    close(&mut gui);
    let log = std::fs::read_to_string(folder.path().join("regtest/debug.log.wallet")).expect("a log");
    assert_eq!(log.matches("Shutdown: done").count(), 1, "{log}");
    assert!(log.contains("baseInitialize") && !log.contains("hunter2"), "{log}");
}
