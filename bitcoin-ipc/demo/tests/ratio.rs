//! Scenario 6: 2,000 blocks reach a node whose wallet is in its process, and one whose wallet is not.
//! Both find the same. How long each takes is printed.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use bitcoin_demo::programs::{Form, Node, NodeOptions, Programs};
use serde_json::{Value, json};

const BLOCKS: usize = 2000;
/// Blocks that are mined at once; each time the wallet is sent something.
const BATCH: usize = 20;

fn start(form: Form) -> Node {
    // Looking ahead less far, debug builds are done in time.
    let options = NodeOptions::new(form).arg("-fallbackfee=0.0002").arg("-keypool=100");
    Node::start(&Programs::built().unwrap(), options).unwrap()
}

/// A chain with payments to a wallet, and the wallet's backup from before.
fn chain(backup: &Path) -> Vec<Value> {
    let mut node = start(Form::OneProcess);
    node.rpc("createwallet", json!(["miner"])).unwrap();
    node.rpc("createwallet", json!(["shop"])).unwrap();
    node.wallet_rpc("shop", "backupwallet", json!([backup.to_str().unwrap()])).unwrap();
    let own = node.wallet_rpc("miner", "getnewaddress", json!([])).unwrap();
    let mine = |count: usize| node.rpc("generatetoaddress", json!([count, own])).unwrap();
    mine(BATCH * 6);
    for _ in 6..BLOCKS / BATCH {
        for _ in 0..3 {
            let to = node.wallet_rpc("shop", "getnewaddress", json!([])).unwrap();
            let payment = json!({ "address": to, "amount": 0.1, "fee_rate": 2 });
            node.wallet_rpc("miner", "sendtoaddress", payment).unwrap();
        }
        mine(BATCH);
    }
    let hash = |height: usize| node.rpc("getblockhash", json!([height])).unwrap();
    let blocks = (1..=BLOCKS).map(|height| node.rpc("getblock", json!([hash(height), 0])).unwrap()).collect();
    node.stop().unwrap();
    blocks
}

/// What the wallet found, and how long it took.
#[derive(Debug)]
struct Outcome {
    found: [Value; 3],
    sync: Duration,
    rescan: Duration,
}

fn follow(form: Form, backup: &Path, blocks: &[Value]) -> Outcome {
    let mut node = start(form);
    node.rpc("restorewallet", json!(["shop", backup.to_str().unwrap()])).unwrap();
    let begin = Instant::now();
    for block in blocks {
        assert_eq!(node.rpc("submitblock", json!([block])), Ok(Value::Null));
    }
    // The answer waits for the wallet.
    let synced = found(&node);
    let sync = begin.elapsed();
    let begin = Instant::now();
    let scanned = node.wallet_rpc("shop", "rescanblockchain", json!([])).unwrap();
    assert_eq!(scanned, json!({ "start_height": 0, "stop_height": BLOCKS }));
    let rescan = begin.elapsed();
    assert_eq!(found(&node), synced, "a rescan finds something else");
    node.stop().unwrap();
    Outcome { found: synced, sync, rescan }
}

fn found(node: &Node) -> [Value; 3] {
    let ask = |method, params| node.wallet_rpc("shop", method, params).unwrap();
    let balances = ask("getbalances", json!([]));
    let mut coins = ask("listunspent", json!([]));
    coins.as_array_mut().unwrap().sort_by_key(Value::to_string);
    let payments = ask("listreceivedbyaddress", json!([]));
    [balances, coins, payments]
}

#[test]
fn one_process_and_two_find_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let backup = folder.path().join("shop.backup");
    let blocks = chain(&backup);
    let [one, two] = Form::BOTH.map(|form| follow(form, &backup, &blocks));
    assert_eq!(one.found, two.found);
    let payments = (BLOCKS / BATCH - 6) * 3;
    assert_eq!(one.found[1].as_array().unwrap().len(), payments);
    assert_eq!(
        one.found[0]["mine"]["trusted"].to_string(),
        format!("{}.{}0000000", payments / 10, payments % 10)
    );
    let ratio = |one: Duration, two: Duration| two.as_secs_f64() / one.as_secs_f64();
    // Past the harness, which keeps what tests print that pass.
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{BLOCKS} blocks with {payments} payments   one process   two processes   ratio")
        .unwrap();
    for (what, one, two) in [("sync", one.sync, two.sync), ("rescan", one.rescan, two.rescan)] {
        writeln!(out, "{what:34}{one:>11.2?}{two:>16.2?}{:>8.2}", ratio(one, two)).unwrap();
    }
}
