//! Scans of blocks, over a node of our own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod mine;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

use bitcoin::{BlockHash, Network, Transaction};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::{BlockInfo, BlockLocator, ChainstateRole, MempoolRemovalReason};
use bitcoin_node::index;
use bitcoin_node::rpc::{RpcError, RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use mp_runtime::{Result, ipc_interface};
use serde_json::{Value, json};
use tempfile::TempDir;

const ADDRESS: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
/// Keys without end; each use of it takes a thousand derivations.
const RANGED: &str = "wpkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/*)";

struct Node {
    server: RpcServer,
    state: Arc<State>,
    _directory: TempDir,
}

fn start(filters: bool) -> Node {
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::new(directory.path(), Network::Regtest);
    options.mempool.require_standard = false;
    options.index = index::Options { filters, txindex: false };
    let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
    let server = RpcServer::new(RpcOptions::new(directory.path()));
    server.set_ready(state.clone());
    Node { server, state, _directory: directory }
}

impl Node {
    fn ask(&self, method: &str, params: Value) -> std::result::Result<Value, RpcError> {
        self.server.execute(method, params, "/")
    }

    fn get(&self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap()
    }

    /// Adds a block on top of one.
    fn mine(&self, parent: BlockHash, branch: i64, transactions: &[Transaction]) -> (BlockHash, Transaction) {
        let height = self.state.chain().height(parent).unwrap() + 1;
        let block = mine::block(parent, height, branch, mine::REWARD, transactions);
        self.state.process_block(&block).unwrap();
        (block.block_hash(), block.txdata[0].clone())
    }
}

#[test]
fn what_scans_find_has_its_activity() {
    let node = start(true);
    let mut tip = node.state.tip().hash;
    let mut coinbases = Vec::new();
    for _ in 0..101 {
        let (hash, coinbase) = node.mine(tip, 0, &[]);
        (tip, _) = (hash, coinbases.push(coinbase));
    }
    let mut tx = mine::spend(&coinbases[0], 1000);
    tx.output[0].script_pubkey =
        ADDRESS.parse::<bitcoin::Address<_>>().unwrap().assume_checked().script_pubkey();
    // Smaller ones are not relayed.
    tx.output.push(bitcoin::TxOut {
        value: bitcoin::Amount::ZERO,
        script_pubkey: bitcoin::ScriptBuf::new_op_return([0; 32]),
    });
    let hex = bitcoin::consensus::encode::serialize_hex(&tx);
    node.get("sendrawtransaction", json!([hex]));
    let paid = json!([format!("addr({ADDRESS})")]);
    let waiting = node.get("getdescriptoractivity", json!([[], paid]));
    assert_eq!(waiting["activity"].as_array().unwrap().len(), 1);
    assert_eq!(waiting["activity"][0].get("blockhash"), None);
    assert_eq!(node.get("getdescriptoractivity", json!([[], paid, false]))["activity"], json!([]));

    let (with, _) = node.mine(tip, 0, &[tx]);
    let found = node.get("scanblocks", json!(["start", paid, 5]));
    assert_eq!(
        found,
        json!({ "from_height": 5, "to_height": 102, "relevant_blocks": [with.to_string()], "completed": true })
    );
    // The coin that was spent counts too.
    let anyone = json!(["raw(51)"]);
    let options = json!({ "filter_false_positives": true });
    let found = node.get("scanblocks", json!(["start", anyone, 102, 102, "basic", options]));
    assert_eq!(found["relevant_blocks"], json!([with.to_string()]));
    let activity = node.get("getdescriptoractivity", json!([[with.to_string()], anyone]));
    let kinds: Vec<_> = activity["activity"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(kinds, ["receive", "spend"]);
    assert_eq!(activity["activity"][1]["amount"].to_string(), "50.00000000");

    // A branch takes over; what was found is not in the chain any more.
    let (other, _) = node.mine(tip, 1, &[]);
    let (last, _) = node.mine(other, 1, &[]);
    assert_eq!(node.state.tip().hash, last);
    let error = node.ask("getdescriptoractivity", json!([[with.to_string()], paid])).unwrap_err();
    assert_eq!((error.code(), error.message()), (-8, "Block is not in main chain"));
    assert_eq!(node.get("scanblocks", json!(["start", paid]))["relevant_blocks"], json!([]));
}

#[test]
fn a_scan_is_seen_and_ended_by_others() {
    let node = start(true);
    node.get("generatetoaddress", json!([2, ADDRESS]));
    assert_eq!(node.get("scanblocks", json!(["status"])), Value::Null);
    assert_eq!(node.get("scanblocks", json!(["abort"])), false);
    let ended = std::thread::scope(|scope| {
        let scan = scope.spawn(|| node.get("scanblocks", json!(["start", vec![RANGED; 1000], 1])));
        while node.get("scanblocks", json!(["status"])).is_null() {
            assert!(!scan.is_finished(), "the scan was over before anybody saw it");
            std::thread::yield_now();
        }
        let error = node.ask("scanblocks", json!(["start", []])).unwrap_err();
        let text = "Scan already in progress, use action \"abort\" or \"status\"";
        assert_eq!((error.code(), error.message()), (-8, text));
        assert_eq!(node.get("scanblocks", json!(["status"]))["progress"], 0);
        assert_eq!(node.get("scanblocks", json!(["abort"])), true);
        scan.join().unwrap()
    });
    assert_eq!((&ended["completed"], &ended["relevant_blocks"]), (&json!(false), &json!([])));
    assert_eq!((&ended["from_height"], &ended["to_height"]), (&json!(1), &json!(1)));
    // The next one is not ended by that.
    let found = node.get("scanblocks", json!(["start", [format!("addr({ADDRESS})")]]));
    assert_eq!(found["completed"], true);
    assert_eq!(found["relevant_blocks"].as_array().unwrap().len(), 2);
}

#[test]
fn scans_need_filters() {
    let node = start(false);
    let error = node.ask("scanblocks", json!(["start", []])).unwrap_err();
    assert_eq!((error.code(), error.message()), (-1, "Index is not enabled for filtertype basic"));
}

/// Counts blocks, each when it is allowed to.
struct Slow(Mutex<Receiver<()>>, Mutex<u32>);

#[ipc_interface]
impl ChainNotifications for Slow {
    fn transaction_added_to_mempool(&self, _: &Transaction) -> Result<()> {
        Ok(())
    }

    fn transaction_removed_from_mempool(&self, _: &Transaction, _: MempoolRemovalReason) -> Result<()> {
        Ok(())
    }

    fn block_connected(&self, _: ChainstateRole, _: &BlockInfo) -> Result<()> {
        self.0.lock().unwrap().recv().unwrap();
        *self.1.lock().unwrap() += 1;
        Ok(())
    }

    fn block_disconnected(&self, _: &BlockInfo) -> Result<()> {
        Ok(())
    }

    fn updated_block_tip(&self) -> Result<()> {
        Ok(())
    }

    fn chain_state_flushed(&self, _: ChainstateRole, _: &BlockLocator) -> Result<()> {
        Ok(())
    }
}

#[test]
fn notifications_are_waited_for() {
    let node = start(false);
    let (allow, allowed) = channel();
    let slow = Arc::new(Slow(Mutex::new(allowed), Mutex::new(0)));
    let _told = node.state.notify(slow.clone()).unwrap();
    node.get("generatetoaddress", json!([3, ADDRESS]));
    std::thread::scope(|scope| {
        let wait = scope.spawn(|| node.get("syncwithvalidationinterfacequeue", json!([])));
        assert!(!wait.is_finished());
        for _ in 0..3 {
            allow.send(()).unwrap();
        }
        assert_eq!(wait.join().unwrap(), Value::Null);
    });
    assert_eq!(*slow.1.lock().unwrap(), 3);
}
