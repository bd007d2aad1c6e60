//! Real windows, on a display in memory. Without Xvfb or the programs these tests say that they are skipped.

#![allow(unreachable_pub, clippy::unwrap_used)]

mod desktop;
#[path = "../display/mod.rs"]
mod display;
mod history;
mod life;
mod looks;
mod readers;
mod readme;
mod secrets;
mod stopped;

use std::path::Path;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs};
use display::{Display, Process};
use serde_json::json;

const GUI: &str = env!("CARGO_BIN_EXE_bitcoin-gui");

/// Where the node's program is, beside the window's.
fn programs() -> Option<Programs> {
    display::folder_of(GUI, &["bitcoin-node", "bitcoin-wallet"]).map(Programs::at)
}

/// A window.
fn gui(display: &Display, datadir: &Path, args: &[&str]) -> Process {
    display.program(Path::new(GUI), datadir, args)
}

/// A node with a wallet `miner` that has 50 bitcoin.
fn node(programs: &Programs) -> Node {
    let options = NodeOptions::new(Form::TwoProcesses).arg("-fallbackfee=0.0002");
    let node = Node::start(programs, options).unwrap();
    node.rpc("createwallet", json!(["miner", false, false, "", false, true, true])).unwrap();
    mine(&node, 101);
    node
}

fn mine(node: &Node, count: u32) {
    let address = node.wallet_rpc("miner", "getnewaddress", json!([])).unwrap();
    node.rpc("generatetoaddress", json!([count, address])).unwrap();
}

/// What has a window attach to a node.
fn attach(node: &Node) -> String {
    format!("-ipcconnect=unix:{}", node.socket().display())
}
