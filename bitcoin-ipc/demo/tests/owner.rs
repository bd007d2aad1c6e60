//! What our programs make is for its owner alone, whatever the mask of modes is that they are started
//! with, and whatever stood there before.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod tree;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs, Wallet, wait_for};
use serde_json::json;
use tree::tree;

/// What the test itself makes.
const OURS: [&str; 2] = ["node.output", "wallet.output"];

/// Fails for whatever others may use; `wide` lists folders that the user had made so.
#[track_caller]
fn check(folder: &Path, wide: &[&Path]) {
    let mut count = 0;
    for (path, leaf) in tree(folder) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if OURS.contains(&name) || wide.contains(&&*path) || path == folder {
            continue;
        }
        let right = if leaf.folder { 0o700 } else { 0o600 };
        assert_eq!(leaf.mode, right, "{} has the mode {:o}", path.display(), leaf.mode);
        count += 1;
    }
    assert!(count > 5, "{count} files are few");
}

fn set(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn files_are_for_their_owner_alone() {
    rustix::process::umask(rustix::fs::Mode::empty());
    let programs = Programs::built().unwrap();
    for form in Form::BOTH {
        let mut node = Node::prepare(&programs, NodeOptions::new(form).arg("-keypool=5")).unwrap();
        let folder = node.directory().to_owned();
        node.options().args.push(format!("-ipcbind=unix:{}", folder.join("deep/er/node.sock").display()));
        node.start_again().unwrap();
        node.rpc("createwallet", json!({ "wallet_name": "w", "load_on_startup": true })).unwrap();
        node.rpc("createwallet", json!({ "wallet_name": "a/b", "passphrase": "secret" })).unwrap();
        let address = node.wallet_rpc("w", "getnewaddress", json!([])).unwrap();
        node.rpc("generatetoaddress", json!([101, address])).unwrap();
        node.wallet_rpc("w", "sendtoaddress", json!({ "address": address, "amount": 1, "fee_rate": 5 }))
            .unwrap();
        let backup = folder.join("backup");
        fs::write(&backup, "something older").unwrap();
        set(&backup, 0o666);
        node.wallet_rpc("w", "backupwallet", json!([backup])).unwrap();
        // A copy that others may read makes no wallet that they may.
        set(&backup, 0o644);
        node.rpc("restorewallet", json!(["again", backup])).unwrap();
        node.wallet_rpc("w", "backupwallet", json!([backup])).unwrap();
        node.wallet_rpc("w", "exportwatchonlywallet", json!([folder.join("watching")])).unwrap();
        node.rpc("savemempool", json!([])).unwrap();
        check(&folder, &[]);
        node.stop().unwrap();
        check(&folder, &[]);

        // An older version was less careful.
        let network = folder.join("regtest");
        for (path, leaf) in tree(&network) {
            let chain = ["blocks", "chainstate"].iter().any(|name| path.starts_with(network.join(name)));
            if !chain && path != network && path != network.join("index") {
                set(&path, if leaf.folder { 0o755 } else { 0o666 });
            }
        }
        node.start_again().unwrap();
        node.rpc("loadwallet", json!(["a/b"])).unwrap();
        node.rpc("unloadwallet", json!({ "wallet_name": "again", "load_on_startup": true })).unwrap_err();
        node.rpc("loadwallet", json!({ "filename": "again", "load_on_startup": true })).unwrap();
        node.rpc("generatetoaddress", json!([1, address])).unwrap();
        node.stop().unwrap();
        // A folder of folders has no wallet of its own.
        check(&folder, &[&network.join("wallets/a")]);
    }

    // Wallets by themselves.
    let folder = tempfile::tempdir().unwrap();
    let mut wallet = Wallet::start(&programs, folder.path(), "unix", &[]).unwrap();
    wallet.wait_for_log("Waiting for a node").unwrap();
    let log = folder.path().join("regtest/debug.log.wallet");
    wait_for(|| Ok(log.exists().then_some(()))).unwrap().unwrap();
    wallet.stop().unwrap();
    let mut command = Command::new(programs.path("bitcoin-wallet"));
    command.arg(format!("-datadir={}", folder.path().display()));
    let output = command.args(["-regtest", "-keypool=5", "-wallet=hot", "create"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    check(folder.path(), &[]);
}
