//! Payments that the node refuses, replacements, and what is left of both.

use bitcoin::Transaction;
use bitcoin::consensus::encode::deserialize_hex;
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::choosing::satoshi;
use super::node::{Node, foreign};

const REASON: &str = "mempool min fee not met";

fn all(node: &Node) -> Vec<Value> {
    let asked = [
        ("getbalances", json!([])),
        ("listtransactions", json!([])),
        ("listunspent", json!([0])),
        ("listlockunspent", json!([])),
    ];
    asked.into_iter().map(|(method, params)| node.ok(method, params)).collect()
}

fn tx(node: &Node, txid: &Value) -> Transaction {
    let told = node.ok("gettransaction", json!([txid]));
    deserialize_hex(told["hex"].as_str().unwrap()).unwrap()
}

#[test]
fn a_refused_payment_is_an_error_and_leaves_nothing() {
    let node = Node::rich("w");
    let old = node.ok("sendtoaddress", json!({ "address": foreign(), "amount": 1, "fee_rate": 2 }));
    let before = all(&node);
    node.chain.refuse(Some(REASON));
    for (method, params) in [
        ("sendtoaddress", json!([foreign(), 1])),
        ("sendmany", json!(["", { foreign(): 1 }])),
        ("send", json!([{ foreign(): 1 }])),
        ("sendall", json!([[foreign()]])),
        ("bumpfee", json!([old, { "fee_rate": 30 }])),
    ] {
        let (code, text) = node.error(method, params);
        assert_eq!((code, text), (-26, format!("The node refused the transaction: {REASON}")), "{method}");
        assert_eq!(all(&node), before, "{method}");
    }
    assert_eq!(node.chain.state().mempool.len(), 1);
    // What only makes a transaction asks no mempool.
    node.ok("psbtbumpfee", json!([old, { "fee_rate": 30 }]));
    node.ok("send", json!({ "outputs": { foreign(): 1 }, "add_to_wallet": false }));
    node.chain.refuse(None);
    node.ok("bumpfee", json!([old, { "fee_rate": 30 }]));
    node.chain.mine(1, &elsewhere());
    node.ok("sendtoaddress", json!([foreign(), 1]));
}

#[test]
fn a_replacement_costs_what_was_asked() {
    let node = Node::rich("w");
    let mut txid = node.ok("sendtoaddress", json!({ "address": foreign(), "amount": 1, "fee_rate": 1 }));
    let mut last = 0;
    for rate in [3, 4, 20, 61] {
        let bumped = node.ok("bumpfee", json!([txid, { "fee_rate": rate }]));
        // P2WPKH, P2WSH, change of P2TR.
        assert_eq!((satoshi(&bumped["fee"]), satoshi(&bumped["origfee"])), (165 * rate, last.max(165)));
        last = 165 * rate;
        txid = bumped["txid"].clone();
    }
    // Other outputs may make it so small that the rate does not pay for the replacement.
    let low = node.error("bumpfee", json!([txid, { "fee_rate": "62.1", "outputs": [{ "data": "00" }] }]));
    assert!(low.0 == -8 && low.1.starts_with("Insufficient total fee"), "{low:?}");
    let high = node.error("bumpfee", json!([txid, { "fee_rate": 100_000 }]));
    assert_eq!(
        high,
        (-4, "Specified or calculated fee 0.165 is too high (cannot be higher than -maxtxfee 0.10)".into())
    );
    assert!(node.chain.in_mempool(txid.as_str().unwrap().parse().unwrap()));
}

#[test]
fn what_an_abandoned_child_spent_can_be_replaced() {
    let node = Node::rich("w");
    let parent = node.ok("sendtoaddress", json!({ "address": foreign(), "amount": 1, "fee_rate": 1 }));
    let child = node.ok("sendtoaddress", json!({ "address": foreign(), "amount": 1, "fee_rate": 1 }));
    let blocked = node.error("bumpfee", json!([parent, { "fee_rate": 20 }]));
    assert_eq!(blocked, (-8, "Transaction has descendants in the wallet".into()));
    for txid in [&child, &parent] {
        node.chain.evict(txid.as_str().unwrap().parse().unwrap());
    }
    node.ok("abandontransaction", json!([child]));
    let bumped = node.ok("bumpfee", json!([parent, { "fee_rate": 20 }]));
    assert!(node.chain.in_mempool(bumped["txid"].as_str().unwrap().parse().unwrap()));
    assert_eq!(satoshi(&bumped["fee"]), 165 * 20);
    let left = satoshi(&node.ok("getbalance", json!([])));
    assert_eq!(left, 4_900_000_000 - 165 * 20);
}

#[test]
fn a_replacement_keeps_its_version() {
    let node = Node::rich("w");
    let sent = node.ok("send", json!([{ foreign(): 1 }, null, "unset", null, { "fee_rate": 2 }, 3]));
    let bumped = node.ok("bumpfee", json!([sent["txid"], { "fee_rate": 9 }]));
    assert_eq!(tx(&node, &bumped["txid"]).version.0, 3);
}

#[test]
fn signatures_are_as_short_as_bitcoin_cores() {
    let node = Node::rich("w");
    node.chain.mine(1, &elsewhere());
    let legacy = node.ok("getnewaddress", json!(["", "legacy"]));
    node.ok("sendtoaddress", json!([legacy, 10]));
    node.chain.mine(1, &elsewhere());
    for number in 0..30 {
        let options = json!({ "fee_rate": 1, "add_to_wallet": false });
        let amount = format!("40.{number:08}");
        let made = node.ok("send", json!([{ foreign(): amount }, null, "unset", null, options]));
        let tx: Transaction = deserialize_hex(made["hex"].as_str().unwrap()).unwrap();
        for input in &tx.input {
            let script = input.script_sig.instructions().next();
            let pushed = script.and_then(|step| step.unwrap().push_bytes().map(|bytes| bytes.len()));
            let length = input.witness.nth(0).map(<[u8]>::len).or(pushed).unwrap();
            assert!(length <= 71, "{length}");
        }
    }
}
