//! Our wallet beside Bitcoin Core's own, on one node, with the same descriptors: after each of many random steps,
//! reorganisations among them, both have to show the same coins, balances and transactions, to the satoshi.
//!
//! `BITCOIN_NODE` names Core's `bitcoin-node` of v32 with wallets; without it the node is our own, whose wallets have its
//! own interfaces while the others have its JSON-RPC. `BESIDE_STEPS` says how many steps (60), `KILLS_SEED` repeats a run.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod moments;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

use bitcoin_demo::Result;
use bitcoin_demo::programs::{Caller, Form, Node, NodeOptions, Programs, Way, wait_for};
use bitcoin_demo::scenario::{competing_blocks, hash, submit, text};
use moments::Moments;
use serde_json::{Value, json};

const OURS: &str = "ours";
const THEIRS: &str = "theirs";
const FAUCET: &str = "faucet";

struct Pair {
    node: Node,
    /// The node, and its own wallets.
    core: Caller,
    /// Blocks that lost, by which to come back.
    left: Vec<bitcoin::BlockHash>,
}

impl Pair {
    fn core(&self, wallet: Option<&str>, method: &str, params: Value) -> Result<Value> {
        self.core.call(wallet, method, params)
    }

    fn mine(&self, count: u32) {
        let to = self.core(Some(FAUCET), "getnewaddress", json!([])).unwrap();
        self.core(None, "generatetoaddress", json!([count, to])).unwrap();
    }

    /// What a wallet shows, without what only one of the two knows.
    fn shown(&self, ours: bool) -> Value {
        let ask = |method: &str, params: Value| match ours {
            true => self.node.wallet_rpc(OURS, method, params).unwrap(),
            false => self.core(Some(THEIRS), method, params).unwrap(),
        };
        let coins = ask("listunspent", json!([0]));
        let coins: BTreeMap<String, Value> = coins
            .as_array()
            .unwrap()
            .iter()
            .map(|coin| {
                // Not `safe`: who raised a fee himself does not spend from it at once, and only he knows.
                let kept = ["address", "amount", "confirmations", "spendable", "solvable"];
                let kept: Value = kept.iter().map(|name| ((*name).to_owned(), coin[*name].clone())).collect();
                (format!("{}:{}", text(&coin["txid"]).unwrap(), coin["vout"]), kept)
            })
            .collect();
        let mut transactions: Vec<String> = ask("listtransactions", json!(["*", 10_000]))
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let fields =
                    ["category", "address", "amount", "fee", "confirmations", "blockhash", "txid", "vout"];
                fields.map(|name| row[name].to_string()).join(" ")
            })
            .collect();
        transactions.sort_unstable();
        let balances = ask("getbalances", json!([]));
        json!({ "balances": balances["mine"], "best": balances["lastprocessedblock"], "coins": coins, "rows": transactions })
    }

    /// Both show the same; Core's own may be told a moment later.
    fn compare(&self, step: &str) {
        let mut seen = (Value::Null, Value::Null);
        let same = wait_for(|| {
            seen = (self.shown(true), self.shown(false));
            Ok((seen.0 == seen.1).then_some(()))
        });
        assert!(same.unwrap().is_some(), "after {step}:\nours   {:#}\ntheirs {:#}", seen.0, seen.1);
    }

    fn step(&mut self, choice: u64) -> String {
        match choice % 8 {
            0 | 1 => {
                let to = self.node.wallet_rpc(OURS, "getnewaddress", json!([])).unwrap();
                let amount = format!("0.{:03}", 1 + choice / 8 % 900);
                let paid = self.core(
                    Some(FAUCET),
                    "sendtoaddress",
                    json!({ "address": to, "amount": amount, "fee_rate": 3 }),
                );
                format!("a payment to it: {paid:?}")
            }
            2 | 3 => {
                let to = self.core(Some(FAUCET), "getnewaddress", json!([])).unwrap();
                let amount = format!("0.{:04}", 1 + choice / 8 % 500);
                let sent = self.node.wallet_rpc(
                    OURS,
                    "sendtoaddress",
                    json!({ "address": to, "amount": amount, "fee_rate": 3 }),
                );
                format!("a payment of it: {sent:?}")
            }
            4 => {
                let rows = self.node.wallet_rpc(OURS, "listtransactions", json!(["*", 20])).unwrap();
                let waiting = rows
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|row| row["category"] == "send" && row["confirmations"] == 0);
                let bumped = waiting.map(|row| self.node.wallet_rpc(OURS, "bumpfee", json!([row["txid"]])));
                format!("a higher fee: {bumped:?}")
            }
            5 | 6 => {
                self.mine(1 + u32::try_from(choice / 8 % 2).unwrap());
                "blocks".to_owned()
            }
            _ => {
                let height = self.core(None, "getblockcount", json!([])).unwrap().as_u64().unwrap();
                let best = hash(&self.core(None, "getbestblockhash", json!([])).unwrap()).unwrap();
                let deep = 1 + choice / 8 % 3;
                let (above, count) = match self.left.pop() {
                    Some(left) => {
                        let header = self.core(None, "getblockheader", json!([left.to_string()])).unwrap();
                        let behind = height.saturating_sub(header["height"].as_u64().unwrap());
                        (left, u32::try_from(behind + 1).unwrap())
                    }
                    None => {
                        self.left.push(best);
                        let fork = self.core(None, "getblockhash", json!([height - deep])).unwrap();
                        (hash(&fork).unwrap(), u32::try_from(deep + 1).unwrap())
                    }
                };
                for block in competing_blocks(&self.node, above, count).unwrap() {
                    submit(&self.node, &block).unwrap();
                }
                format!("another branch of {count} from {above}")
            }
        }
    }
}

#[test]
fn both_wallets_show_the_same_over_ipc() {
    beside(Way::Ipc);
}

#[test]
fn both_wallets_show_the_same_over_http() {
    beside(Way::Http);
}

fn beside(way: Way) {
    let core = std::env::var_os("BITCOIN_NODE").map(PathBuf::from);
    if core.is_none() {
        // Not by `println`, which only tests that fail show.
        let skipped = "SKIPPED in part: without BITCOIN_NODE the node is our own, and so are both wallets\n";
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
    }
    let steps: usize = std::env::var("BESIDE_STEPS").map_or(60, |steps| steps.parse().unwrap());
    let mut options = NodeOptions::new(Form::OnCore(way)).arg("-fallbackfee=0.0002").arg("-keypool=50");
    options.core = core;
    options.core_wallets = true;
    let mut node = Node::prepare(&Programs::built().unwrap(), options).unwrap();
    node.start_again().unwrap();
    let core = Caller::connect(&node.socket()).unwrap();
    let mut pair = Pair { node, core, left: Vec::new() };
    pair.core(None, "createwallet", json!([FAUCET])).unwrap();
    pair.node.rpc("createwallet", json!([OURS])).unwrap();
    pair.core(None, "createwallet", json!({ "wallet_name": THEIRS, "blank": true })).unwrap();
    let listed = pair.node.wallet_rpc(OURS, "listdescriptors", json!([true])).unwrap();
    let imports: Vec<Value> = listed["descriptors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            json!({
                "desc": one["desc"], "active": one["active"], "internal": one["internal"], "range": one["range"],
                "next_index": one["next_index"], "timestamp": "now",
            })
        })
        .collect();
    let imported = pair.core(Some(THEIRS), "importdescriptors", json!([imports])).unwrap();
    assert!(imported.as_array().unwrap().iter().all(|one| one["success"] == true), "{imported}");
    pair.mine(110);
    pair.compare("the first blocks");
    let mut moments = Moments::new();
    for number in 0..steps {
        let step = pair.step(moments.next());
        pair.compare(&format!("step {number}, {step}"));
    }
    pair.node.stop().unwrap();
}
