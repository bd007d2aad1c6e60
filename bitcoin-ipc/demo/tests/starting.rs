//! A node that starts, and one that ends, depend on nobody: not on wallets that hang or do not load, and what
//! is wrong with its options is said before anything is done.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::fs;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs, wait_for};
use rustix::process::{Signal, kill_process};
use serde_json::json;

fn prepared(form: Form) -> Node {
    Node::prepare(&Programs::built().unwrap(), NodeOptions::new(form).arg("-keypool=5")).unwrap()
}

/// A node that has loaded two wallets, which its settings file names.
fn with_wallets(form: Form) -> Node {
    let mut node = prepared(form);
    node.start_again().unwrap();
    for name in ["broken", "good"] {
        node.rpc("createwallet", json!({ "wallet_name": name, "load_on_startup": true })).unwrap();
    }
    node
}

#[test]
fn a_wallet_that_nobody_asked_for_does_not_keep_the_node_from_starting() {
    for form in Form::BOTH {
        let mut node = with_wallets(form);
        node.stop().unwrap();
        let file = node.directory().join("regtest/wallets/broken/wallet.sqlite");
        assert!(file.exists());
        let noise = vec![7; 5000];
        fs::write(&file, &noise).unwrap();
        node.start_again().unwrap();
        assert_eq!(node.rpc("listwallets", json!([])).unwrap(), json!(["good"]));
        let text = "Wallet \"broken\" of the settings file cannot be loaded: ";
        assert!(node.log().contains(text), "{}", node.log());
        node.stop().unwrap();

        // Whoever asks for it by name is told that it is not to be had.
        node.options().args.push("-wallet=broken".to_owned());
        let said = node.launch().unwrap().complaint().unwrap();
        let file_fault = "Error: Wallet file verification failed. Failed to load database path ";
        assert!(said.contains(file_fault) && said.contains("regtest/wallets/broken"), "{said}");
        assert_eq!(fs::read(&file).unwrap(), noise);
    }
}

#[test]
fn wallets_that_hang_do_not_keep_the_node_from_ending() {
    let mut node = with_wallets(Form::TwoProcesses);
    kill_process(node.wallet_pid().unwrap(), Signal::STOP).unwrap();
    assert_eq!(node.rpc("stop", json!([])).unwrap(), json!("Bitcoin node stopping"));
    node.wait_for_end().unwrap();

    // While they load, or before.
    node.launch().unwrap();
    let pid = wait_for(|| Ok(node.wallet_pid())).unwrap().unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    node.process().unwrap().terminate().unwrap();
    let status = node.process().unwrap().wait().unwrap();
    assert!(status.code().is_some(), "{status}");
}

#[test]
fn addresses_are_looked_at_before_the_chain_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    let long = format!("unix:/tmp/{}", "x".repeat(120));
    let (in_the_way, below) = (format!("unix:{}", file.display()), format!("unix:{}/sock", file.display()));
    let cases = [
        ("tcp:1", "unrecognized address `tcp:1`"),
        (&long, "has 125 bytes, and that of a socket at most 107"),
        (&in_the_way, "there is a file that is not a socket"),
        (&below, "cannot make the folder"),
        ("unix:../node.sock", "node.sock is given more than once"),
    ];
    for (address, text) in cases {
        let mut node = prepared(Form::OneProcess);
        node.options().args.push(format!("-ipcbind={address}"));
        let said = node.launch().unwrap().complaint().unwrap();
        assert!(said.contains(&format!("Error: Unable to bind to IPC address '{address}'. ")), "{said}");
        assert!(said.contains(text), "{said}");
        assert!(!node.directory().join("regtest/blocks").exists(), "the chain was opened");
        assert!(!node.socket().exists(), "a socket was left");
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
}
