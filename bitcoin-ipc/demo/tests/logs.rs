//! What the story leaves in the logs, at the most that they write: every request with its response, and
//! no secret.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::fs;

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs};
use bitcoin_demo::scenario::{PASSPHRASE, story, thanks};
use bitcoin_demo::traffic::{WALLET_METHOD, combined, sent};
use serde_json::json;

fn told(form: Form) -> Node {
    let options =
        NodeOptions::new(form).arg("-fallbackfee=0.0002").arg("-debug=ipc").arg("-loglevel=ipc:trace");
    let mut node = Node::start(&Programs::built().unwrap(), options).unwrap();
    story(&mut node, &mut |line| println!("{line}")).unwrap();
    node
}

/// The private descriptors of both wallets, and the keys in them.
fn secrets(node: &Node) -> Vec<String> {
    node.wallet_rpc("miner", "walletpassphrase", json!([PASSPHRASE, 60])).unwrap();
    let mut secrets = vec![PASSPHRASE.to_owned(), hex(PASSPHRASE), "something else".to_owned()];
    for wallet in ["miner", "shop"] {
        let found = node.wallet_rpc(wallet, "listdescriptors", json!([true])).unwrap();
        let descriptors = found["descriptors"].as_array().unwrap().iter();
        for descriptor in descriptors.filter_map(|one| one["desc"].as_str()) {
            let begin = descriptor.find("tprv").unwrap();
            let key: String = descriptor[begin..].chars().take_while(char::is_ascii_alphanumeric).collect();
            assert!(key.len() > 100, "{descriptor}");
            let bytes = bitcoin::base58::decode_check(&key).unwrap();
            // The key itself, in hexadecimal digits and as wallets export it.
            let private = &bytes[bytes.len() - 32..];
            let exported = [&[0xef], private, &[1]].concat();
            secrets.extend([
                bitcoin::hex::DisplayHex::to_lower_hex_string(private),
                bitcoin::base58::encode_check(&exported),
                key,
            ]);
        }
    }
    secrets
}

fn hex(text: &str) -> String {
    bitcoin::hex::DisplayHex::to_lower_hex_string(text.as_bytes())
}

/// Searches both logs for secrets, which are asked for last: that answer is what the user wanted to see.
fn no_secret_is_in(node: &Node) {
    let files = [node.log_file(), node.wallet_log_file()];
    let logs = files.map(|file| fs::read_to_string(file).unwrap_or_default());
    let secrets = secrets(node);
    assert!(secrets.len() > 12, "{}", secrets.len());
    for line in logs.iter().flat_map(|log| log.lines()) {
        for secret in &secrets {
            assert!(!line.contains(secret), "a secret is in the log: {line}");
        }
        assert!(!line.contains("tprv") && !line.contains("xprv"), "{line}");
    }
}

#[test]
fn one_process_logs_no_secret() {
    let mut node = told(Form::OneProcess);
    no_secret_is_in(&node);
    node.stop().unwrap();
}

#[test]
fn two_processes_log_every_request_with_its_response_and_no_secret() {
    let mut node = told(Form::TwoProcesses);
    assert!(
        node.log().contains("send data: WatchedNotifications.blockConnected (block = (hash = 0x"),
        "no values in the log"
    );
    no_secret_is_in(&node);
    thanks(&node).unwrap();
    let number = sent(&node, WALLET_METHOD);
    node.stop().unwrap();
    let mut out = Vec::new();
    let all = combined(&node, None, false, &mut out).unwrap();
    assert_eq!(all.unanswered, 0, "{all:?}");
    // The calls of our own client have only one side here.
    let out = String::from_utf8(out).unwrap();
    let between: Vec<&str> = out.lines().filter(|line| line.contains("client send ")).collect();
    assert!(between.len() > 300, "{}", between.len());
    // Also those from before the wallet process knew its settings, and so where its log is.
    assert!(between.iter().any(|line| line.contains("Init.make")));
    assert_eq!(all.paired, between.len() as u64, "{all:?}");
    let mut out = Vec::new();
    combined(&node, Some(&format!("{WALLET_METHOD}#{number}")), false, &mut out).unwrap();
    let one = String::from_utf8(out).unwrap();
    for part in ["node   ", "wallet ", "Chain.broadcastTransaction"] {
        assert!(one.contains(part), "`{part}` is not in:\n{one}");
    }
    let first = one.lines().next().unwrap();
    assert!(first.contains(&format!("client send {WALLET_METHOD}")), "{first}");
}
