//! Packages and files of transactions, from RPC to those who listen.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod mine;

use std::sync::{Arc, Mutex};

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::{Network, ScriptBuf, Transaction, TxOut};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::MempoolRemovalReason;
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::mempool::persist::import::Records;
use bitcoin_node::mempool::persist::journal::Record;
use bitcoin_node::rpc::{RpcError, RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use mine::{REWARD, block, spend};
use mp_runtime::{Result, ipc_interface};
use serde_json::{Value, json};
use tempfile::TempDir;

#[derive(Default)]
struct Heard(Mutex<Vec<String>>);

#[ipc_interface]
impl ChainNotifications for Heard {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        self.0.lock().unwrap().push(format!("+{}", tx.compute_txid()));
        Ok(())
    }
    fn transaction_removed_from_mempool(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        assert_eq!(reason, MempoolRemovalReason::Replaced);
        self.0.lock().unwrap().push(format!("-{}", tx.compute_txid()));
        Ok(())
    }
}

struct Node {
    server: RpcServer,
    state: Arc<State>,
    directory: TempDir,
    /// Coinbases that can be spent.
    rewards: Vec<Transaction>,
}

fn open(directory: &std::path::Path) -> (RpcServer, Arc<State>) {
    let mut options = Options::new(directory, Network::Regtest);
    options.mempool.require_standard = false;
    let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
    let server = RpcServer::new(RpcOptions::new(directory));
    server.set_ready(state.clone());
    (server, state)
}

fn start() -> Node {
    let directory = tempfile::tempdir().unwrap();
    let (server, state) = open(directory.path());
    let mut parent = state.tip().hash;
    let mut rewards = Vec::new();
    // The chain is not old.
    state.clock().set_mock_time(1_296_688_602 + 110 * 600);
    for height in 1..=110 {
        let block = block(parent, height, 0, REWARD, &[]);
        parent = block.block_hash();
        assert_eq!(state.process_block(&block).unwrap(), Verdict::Valid);
        rewards.extend(block.txdata);
    }
    rewards.truncate(10);
    Node { server, state, directory, rewards }
}

impl Node {
    fn ask(&self, method: &str, params: Value) -> std::result::Result<Value, RpcError> {
        self.server.execute(method, params, "/")
    }

    fn get(&self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap()
    }

    /// Spends a coinbase.
    fn pay(&self, number: usize, fee: u64) -> Transaction {
        pay(&self.rewards[number], fee)
    }
}

/// Spends the first output of a transaction, with a second output: smaller ones are not relayed.
fn pay(from: &Transaction, fee: u64) -> Transaction {
    let mut tx = spend(from, fee);
    let script_pubkey = ScriptBuf::new_op_return([0; 32]);
    tx.output.push(TxOut { value: bitcoin::Amount::ZERO, script_pubkey });
    tx
}

fn list(txs: &[&Transaction]) -> Value {
    txs.iter().map(|tx| serialize_hex(*tx)).collect()
}

#[test]
fn a_package_is_tested_taken_and_told() {
    let node = start();
    let heard = Arc::new(Heard::default());
    let registration = node.state.notify(heard.clone()).unwrap();
    let old = node.pay(0, 1000);
    node.get("sendrawtransaction", json!([serialize_hex(&old)]));
    let parent = node.pay(0, 0);
    let child = pay(&parent, 5000);
    let package = list(&[&parent, &child]);
    let tested = node.get("testmempoolaccept", json!([package]));
    assert_eq!(tested[0]["reject-reason"], "bip125-replacement-disallowed");
    assert_eq!(tested[1].as_object().unwrap().len(), 2, "not looked at: {tested}");
    let changes = node.state.seen().mempool_changes;
    let answer = node.get("submitpackage", json!([package]));
    assert_eq!(node.state.seen().mempool_changes, changes + 1, "one change");
    let ids = [&old, &parent, &child].map(|tx| tx.compute_txid().to_string());
    assert_eq!(answer["package_msg"], "success");
    assert_eq!(answer["replaced-transactions"], json!([ids[0]]));
    let result = &answer["tx-results"][child.compute_wtxid().to_string()];
    assert_eq!(result["fees"]["base"].to_string(), "0.00005000");
    let wtxids = [&parent, &child].map(|tx| tx.compute_wtxid().to_string());
    assert_eq!(result["fees"]["effective-includes"], json!(wtxids));
    registration.drain().unwrap();
    let expected =
        [format!("+{}", ids[0]), format!("-{}", ids[0]), format!("+{}", ids[1]), format!("+{}", ids[2])];
    assert_eq!(std::mem::take(&mut *heard.0.lock().unwrap()), expected);
    let cluster = node.get("getmempoolcluster", json!([ids[1]]));
    assert_eq!((&cluster["txcount"], &cluster["chunks"][0]["txs"]), (&json!(2), &json!(ids[1..])));
    let diagram = node.get("getmempoolfeeratediagram", json!([]));
    assert_eq!(diagram[1]["fee"].to_string(), "0.00005000");
    assert_eq!(diagram[1]["weight"], cluster["clusterweight"]);
    let template = node.get("getblocktemplate", json!([{ "rules": ["segwit"] }]));
    assert_eq!(template["transactions"].as_array().unwrap().len(), 2);
    // Nothing changes, so nobody is told.
    node.get("submitpackage", json!([package]));
    assert_eq!(node.state.seen().mempool_changes, changes + 1);
    registration.drain().unwrap();
    assert!(heard.0.lock().unwrap().is_empty());
}

#[test]
fn what_is_no_package_has_its_words() {
    let node = start();
    let (one, other) = (node.pay(0, 500), node.pay(1, 500));
    let code = |params| node.ask("submitpackage", params).unwrap_err().code();
    assert_eq!(code(json!([list(&[&one, &other])])), -25);
    assert_eq!(code(json!([[]])), -8);
    assert_eq!(code(json!([["00"]])), -22);
    assert_eq!(code(json!([list(&[&one]), 1])), -8);
    let refused = node.get("submitpackage", json!([list(&[&one]), "0.00000100"]));
    let wtxid = one.compute_wtxid().to_string();
    assert_eq!(refused["package_msg"], "transaction failed");
    assert_eq!(refused["tx-results"][wtxid]["error"], "max feerate exceeded");
    let tested = node.get("testmempoolaccept", json!([list(&[&pay(&one, 100), &one])]));
    assert_eq!(tested[0]["package-error"], "package-not-sorted");
    assert_eq!(node.get("getrawmempool", json!([])), json!([]));
    assert_eq!(
        node.ask("getmempoolcluster", json!([one.compute_txid().to_string()])).unwrap_err().code(),
        -5
    );
}

#[test]
fn a_saved_mempool_is_imported_by_another_node() {
    let (from, to) = (start(), start());
    let parent = from.pay(0, 500);
    let txs = [&parent, &pay(&parent, 700), &from.pay(1, 800)];
    for tx in txs {
        from.get("sendrawtransaction", json!([serialize_hex(tx)]));
    }
    let ids = txs.map(|tx| tx.compute_txid().to_string());
    for delta in [4, 5] {
        from.get("prioritisetransaction", json!([ids[2], null, delta]));
    }
    // A live journal tells of the same transaction more than once.
    let journal = from.directory.path().join("mempool.journal");
    let copy = to.directory.path().join("copy");
    std::fs::copy(&journal, &copy).unwrap();
    to.get("prioritisetransaction", json!([ids[2], null, 100]));
    assert_eq!(to.get("importmempool", json!([copy])), json!({}));
    let entry = |id: &str| to.get("getmempoolentry", json!([id]));
    assert_eq!(entry(&ids[2])["fees"]["modified"].to_string(), "0.00000900");
    assert_eq!(entry(&ids[1])["depends"], json!([ids[0]]));
    let deltas = json!({ "filepath": copy, "apply_fee_delta_priority": true });
    assert_eq!(to.get("importmempool", deltas), json!({}));
    assert_eq!(entry(&ids[2])["fees"]["modified"].to_string(), "0.00000909");
    // What was saved is another file of the same kind, and stays as it is.
    let saved = from.get("savemempool", json!([]))["filename"].clone();
    let bytes = std::fs::read(&journal).unwrap();
    to.get("importmempool", json!([saved]));
    assert_eq!(std::fs::read(&journal).unwrap(), bytes);
    // Transactions keep their times if they may, and then some are too old.
    let third = start();
    let later = json!([from.get("getmempoolentry", json!([ids[0]]))["time"].as_u64().unwrap() + 336 * 3600]);
    third.get("setmocktime", later);
    third.get("importmempool", json!([saved, { "use_current_time": false }]));
    assert_eq!(third.get("getrawmempool", json!([])), json!([]));
    third.get("importmempool", json!([saved]));
    assert_eq!(third.get("getrawmempool", json!([])).as_array().unwrap().len(), 3);
    let error = third.ask("importmempool", json!(["/nowhere"])).unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (-1, "Unable to import mempool file, see debug log for details.")
    );
    // What was imported is kept as well.
    let kept = Records::open(&third.directory.path().join("mempool.journal")).unwrap();
    let is_transaction =
        |record: &std::io::Result<Record>| matches!(record.as_ref().unwrap(), Record::Transaction { .. });
    assert_eq!(kept.filter(is_transaction).count(), 3);
}

#[test]
fn nothing_is_imported_before_the_chain_has_caught_up() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _state) = open(directory.path());
    assert_eq!(server.execute("importmempool", json!(["/nowhere"]), "/").unwrap_err().code(), -10);
}
