//! Scenario 3: node and wallets start in either order, and one node has the wallets of two processes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::path::PathBuf;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs, Wallet, wait_for};
use serde_json::json;

/// A node that spawns no wallets, and does not run yet.
fn node() -> Node {
    let options = NodeOptions::new(Form::TwoProcesses).arg("-disablewallet");
    Node::prepare(&Programs::built().unwrap(), options).unwrap()
}

/// Starts a wallet process in a directory of its own below the node's.
fn attach(node: &Node, name: &str, args: &[&str]) -> Wallet {
    let connect = format!("unix:{}", node.socket().display());
    Wallet::start(node.programs(), &node.directory().join(name), &connect, args).unwrap()
}

/// Makes a wallet by the process's methods, and asks for its name.
fn makes_a_wallet(node: &Node) {
    node.rpc("createwallet", json!(["first"])).unwrap();
    let info = node.wallet_rpc("first", "getwalletinfo", json!([])).unwrap();
    assert_eq!(info["walletname"], json!("first"));
}

#[test]
fn the_wallet_starts_first() {
    let mut node = node();
    let mut wallet = attach(&node, "wallet", &[]);
    wallet.wait_for_log("Waiting for a node at unix:").unwrap();
    node.start_again().unwrap();
    wallet.wait_for_log("Attached to the node at unix:").unwrap();
    makes_a_wallet(&node);
    wallet.stop().unwrap();
    node.stop().unwrap();
}

#[test]
fn the_node_starts_first() {
    let mut node = node();
    node.start_again().unwrap();
    let mut wallet = attach(&node, "wallet", &[]);
    wallet.wait_for_log("Attached to the node at unix:").unwrap();
    makes_a_wallet(&node);
    // The node ends first.
    node.stop().unwrap();
    wallet.wait_for_log("The node has gone").unwrap();
    wallet.stop().unwrap();
}

#[test]
fn two_wallet_processes_have_one_node() {
    let mut node = node();
    node.start_again().unwrap();
    let mut wallets = ["one", "two"].map(|name| {
        let wallets: PathBuf = node.directory().join(format!("wallets-{name}"));
        std::fs::create_dir(&wallets).unwrap();
        let walletdir = format!("-walletdir={}", wallets.display());
        let wallet = format!("-wallet={name}");
        // The files first; no node is asked.
        let mut made = Wallet::start(
            node.programs(),
            &node.directory().join(name),
            "0",
            &[&walletdir, &wallet, "create"],
        );
        assert!(
            made.as_mut().unwrap().process().wait().unwrap().success(),
            "{}",
            made.unwrap().process().output()
        );
        attach(&node, name, &[&walletdir, &wallet])
    });
    for wallet in &mut wallets {
        wallet.wait_for_log("Attached to the node at unix:").unwrap();
    }
    let balance = |name: &str| node.wallet_rpc(name, "getbalance", json!([]));
    for name in ["one", "two"] {
        let address = node.wallet_rpc(name, "getnewaddress", json!([])).unwrap();
        node.rpc("generatetoaddress", json!([1, address])).unwrap();
        let immature =
            node.wallet_rpc(name, "getbalances", json!([])).unwrap()["mine"]["immature"].to_string();
        assert_eq!(immature, "50.00000000", "{name}");
    }
    let [one, two] = wallets;
    one.stop().unwrap();
    assert_eq!(balance("two").unwrap().to_string(), "0.00000000");
    let refused = wait_for(|| Ok(balance("one").err())).unwrap();
    assert_eq!(refused.and_then(|failure| failure.code()), Some(-18));
    two.stop().unwrap();
    node.stop().unwrap();
}
