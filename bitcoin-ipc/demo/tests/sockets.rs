//! Scenario 4: node and wallets find each other by a socket, live as long as each of them likes, and say
//! clearly what is wrong where they cannot.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Process, Programs, Wallet};
use serde_json::json;

fn options() -> NodeOptions {
    NodeOptions::new(Form::TwoProcesses).arg("-disablewallet")
}

fn node() -> Node {
    Node::start(&Programs::built().unwrap(), options()).unwrap()
}

fn attach(node: &Node, name: &str, args: &[&str]) -> Wallet {
    let connect = format!("unix:{}", node.socket().display());
    Wallet::start(node.programs(), &node.directory().join(name), &connect, args).unwrap()
}

/// What a node says that does not start.
fn node_complains(programs: &Programs, args: &[String]) -> String {
    let mut options = options();
    options.args.extend_from_slice(args);
    let mut node = Node::prepare(programs, options).unwrap();
    node.launch().unwrap().complaint().unwrap()
}

/// What a wallet process says that ends by itself.
fn wallet_complains(mut wallet: Wallet) -> String {
    wallet.process().complaint().unwrap()
}

#[track_caller]
fn contains(text: &str, part: &str) {
    assert!(text.contains(part), "`{part}` is not in: {text}");
}

#[test]
fn lifetimes_are_independent() {
    let mut node = node();
    let mut wallet = attach(&node, "wallet", &[]);
    wallet.wait_for_log("Attached to the node at unix:").unwrap();
    node.stop().unwrap();
    wallet.wait_for_log("The node has gone: ").unwrap();
    assert!(wallet.process().ended().unwrap().is_none());
    node.start_again().unwrap();
    wallet.wait_for_log("Attached again to the node at unix:").unwrap();
    node.rpc("listwallets", json!([])).unwrap();
    wallet.stop().unwrap();
    node.rpc("getblockcount", json!([])).unwrap();
    node.stop().unwrap();
}

#[test]
fn a_stale_socket_is_replaced() {
    let mut node = node();
    node.kill().unwrap();
    assert!(node.socket().exists(), "a killed node leaves its socket");
    node.start_again().unwrap();
    node.rpc("getblockcount", json!([])).unwrap();
    node.stop().unwrap();
    assert!(!node.socket().exists(), "a node takes its socket along");
}

#[test]
fn a_socket_that_is_served_is_not_taken_away() {
    let node = node();
    let socket = format!("-ipcbind=unix:{}", node.socket().display());
    contains(&node_complains(node.programs(), &[socket]), "another process serves it");
    node.rpc("getblockcount", json!([])).unwrap();
}

#[test]
fn a_file_in_the_way_of_a_socket_stays() {
    let mut node = node();
    let file = node.directory().join("file");
    fs::write(&file, "mine").unwrap();
    let address = format!("unix:{}", file.display());
    let said = node_complains(node.programs(), &[format!("-ipcbind={address}")]);
    contains(&said, "there is a file that is not a socket; move it away or choose another path");
    let wallet = Wallet::start(node.programs(), &node.directory().join("wallet"), &address, &[]).unwrap();
    contains(&wallet_complains(wallet), "is not a socket: give the socket of a node");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    node.stop().unwrap();
}

#[test]
fn an_address_has_to_be_one() {
    let programs = Programs::built().unwrap();
    let said = node_complains(&programs, &["-ipcbind=tcp:127.0.0.1".to_owned()]);
    contains(
        &said,
        "Error: Unable to bind to IPC address 'tcp:127.0.0.1'. unrecognized address `tcp:127.0.0.1`",
    );
    let long = format!("-ipcbind=unix:/tmp/{}", "x".repeat(120));
    contains(&node_complains(&programs, &[long]), "has 125 bytes, and that of a socket at most 107");
    let folder = tempfile::tempdir().unwrap();
    let wallet = Wallet::start(&programs, folder.path(), "tcp:127.0.0.1", &[]).unwrap();
    contains(&wallet_complains(wallet), "-ipcconnect: unrecognized address `tcp:127.0.0.1`");
}

#[test]
fn a_directory_has_one_user() {
    let mut node = node();
    let datadir = format!("-datadir={}", node.directory().display());
    // The last -datadir counts.
    let said = node_complains(node.programs(), &[datadir]);
    contains(&said, &format!("regtest. It is in use by process {}:", node.process().unwrap().pid()));
    let mut wallet = attach(&node, "wallet", &[]);
    wallet.wait_for_log("Attached to the node at unix:").unwrap();
    let said = wallet_complains(attach(&node, "wallet", &[]));
    contains(&said, &format!("is in use by process {}", wallet.process().pid()));
    wallet.stop().unwrap();
    node.stop().unwrap();
}

#[test]
fn networks_do_not_mix() {
    let node = node();
    let said = wallet_complains(attach(&node, "wallet", &["-noregtest", "-signet"]));
    contains(
        &said,
        "the node is of regtest, and the wallets are of signet: choose one network for both (-chain)",
    );
}

#[test]
fn a_socket_is_its_owners() {
    let mut node = node();
    let mode = fs::metadata(node.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "others can use the socket");
    let directory = node.directory().join("wallet");
    fs::create_dir(&directory).unwrap();
    let mut command = Command::new(node.programs().path("bitcoin-wallet"));
    command.arg(format!("-datadir={}", directory.display())).args(["-regtest", "-printtoconsole=0"]);
    command.arg(format!("-ipcconnect=unix:{}", node.socket().display()));
    if rustix::process::geteuid().is_root() {
        // To root nothing is closed, so somebody else tries, who sees the directories.
        const NOBODY: u32 = 65534;
        std::os::unix::fs::chown(&directory, Some(NOBODY), Some(NOBODY)).unwrap();
        fs::set_permissions(node.directory(), fs::Permissions::from_mode(0o755)).unwrap();
        command.uid(NOBODY).gid(NOBODY);
    } else {
        fs::set_permissions(node.socket(), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let mut wallet = Process::start(&mut command, &node.directory().join("denied.output")).unwrap();
    contains(&wallet.complaint().unwrap(), &format!("no permission for {}", node.socket().display()));
    drop(wallet);
    node.stop().unwrap();
}
