//! Coins: listed, locked, summed up.

use serde_json::json;

use super::chain::elsewhere;
use super::node::{Node, btc, foreign};

#[test]
fn balances_are_exact() {
    let node = Node::rich("w");
    assert_eq!(btc(&node.ok("getbalance", json!([]))), "50.00000000");
    assert_eq!(btc(&node.ok("getbalance", json!(["*", 102]))), "0.00000000");
    assert_eq!(node.code("getbalance", json!(["x"])), -32);
    assert_eq!(node.code("getbalance", json!({ "avoid_reuse": true })), -4);
    node.chain.mine(1, &node.new_script());
    node.ok("sendtoaddress", json!([foreign(), "0.00012345"]));
    let all = node.ok("getbalances", json!([]));
    assert_eq!(btc(&all["mine"]["immature"]), "50.00000000");
    assert_eq!(btc(&all["mine"]["untrusted_pending"]), "0.00000000");
    assert!(btc(&all["mine"]["trusted"]).starts_with("49.9998"));
    assert_eq!(all["lastprocessedblock"]["height"], 102);
    let hash = node.chain.state().blocks[102].block_hash().to_string();
    assert_eq!(all["lastprocessedblock"]["hash"], hash);
}

#[test]
fn coins_are_listed_by_many_filters() {
    let node = Node::rich("w");
    let address = node.ok("getnewaddress", json!(["tea"]));
    node.ok("sendtoaddress", json!([address, 1.5]));
    let list = |params| node.ok("listunspent", params).as_array().unwrap().clone();
    assert!(list(json!([])).is_empty());
    let pending = list(json!([0]));
    assert_eq!(pending.len(), 2);
    let tea = pending.iter().find(|coin| coin["label"] == "tea").unwrap();
    assert_eq!((&tea["address"], btc(&tea["amount"])), (&address, "1.50000000".into()));
    assert_eq!(
        (&tea["confirmations"], &tea["safe"], &tea["ancestorcount"]),
        (&json!(0), &json!(true), &json!(1))
    );
    let info = node.ok("getaddressinfo", json!([address]));
    assert_eq!((&tea["desc"], &tea["parent_descs"][0]), (&info["desc"], &info["parent_desc"]));
    node.chain.mine(1, &elsewhere());
    let confirmed = list(json!([]));
    assert_eq!(confirmed.len(), 2);
    assert!(confirmed[0].get("ancestorcount").is_none());
    assert_eq!(list(json!([1, 9, [address]])).len(), 1);
    assert_eq!(list(json!([2])).len(), 0);
    for (options, count) in [
        (json!({ "minimumAmount": 2 }), 1),
        (json!({ "maximumAmount": "1.5" }), 1),
        (json!({ "maximumCount": 1 }), 1),
        (json!({ "minimumSumAmount": 0.1 }), 1),
        (json!({ "minimumSumAmount": 49.5 }), 2),
    ] {
        assert_eq!(list(json!({ "query_options": options })).len(), count, "{options}");
    }
    node.chain.mine(1, &node.new_script());
    assert_eq!(list(json!([])).len(), 2);
    assert_eq!(list(json!({ "include_immature_coinbase": true })).len(), 3);
    assert_eq!(node.error("listunspent", json!([0, 9, ["x"]])), (-5, "Invalid Bitcoin address: x".into()));
    let twice = node.error("listunspent", json!([0, 9, [address, address]])).1;
    assert!(twice.starts_with("Invalid parameter, duplicated address: "), "{twice}");
    assert_eq!(
        node.error("listunspent", json!({ "query_options": { "x": 1 } })),
        (-3, "Unexpected key x".into())
    );
}

#[test]
fn locked_coins_are_not_spent() {
    let node = Node::rich("w");
    let coin = node.ok("listunspent", json!([]))[0].clone();
    let outpoint = json!({ "txid": coin["txid"], "vout": coin["vout"] });
    assert_eq!(node.ok("lockunspent", json!([false, [outpoint]])), true);
    assert_eq!(node.ok("listlockunspent", json!([])), json!([outpoint]));
    assert_eq!(node.ok("listunspent", json!([])), json!([]));
    assert_eq!(node.error("sendtoaddress", json!([foreign(), 1])), (-6, "Insufficient funds".into()));
    let fault = |params| node.error("lockunspent", params);
    assert_eq!(fault(json!([false, [outpoint]])), (-8, "Invalid parameter, output already locked".into()));
    node.ok("lockunspent", json!([false, [outpoint], true]));
    let unknown = json!([{ "txid": "00".repeat(32), "vout": 0 }]);
    assert_eq!(fault(json!([false, unknown])), (-8, "Invalid parameter, unknown transaction".into()));
    let beyond = json!([{ "txid": coin["txid"], "vout": 7 }]);
    assert_eq!(fault(json!([false, beyond])), (-8, "Invalid parameter, vout index out of bounds".into()));
    assert_eq!(fault(json!([true, [{ "vout": 0 }]])), (-3, "Missing txid".into()));
    assert_eq!(fault(json!([true, [{ "txid": coin["txid"], "vout": "0" }]])).0, -3);
    assert_eq!(fault(json!([true, [{ "txid": coin["txid"], "vout": -1 }]])).0, -8);
    assert_eq!(node.ok("lockunspent", json!([true])), true);
    assert_eq!(node.ok("listlockunspent", json!([])), json!([]));
    assert_eq!(fault(json!([true, [outpoint]])), (-8, "Invalid parameter, expected locked output".into()));
    node.ok("sendtoaddress", json!([foreign(), 1]));
    assert_eq!(fault(json!([false, [outpoint]])), (-8, "Invalid parameter, expected unspent output".into()));
}

#[test]
fn what_was_received_is_summed_up() {
    let node = Node::rich("w");
    let tea = node.ok("getnewaddress", json!(["tea"]));
    let tea2 = node.ok("getnewaddress", json!(["tea"]));
    let first = node.ok("sendtoaddress", json!([tea, 1]));
    node.chain.mine(1, &elsewhere());
    node.ok("sendtoaddress", json!([tea, 2]));
    node.ok("sendtoaddress", json!([tea2, 0.5]));
    assert_eq!(btc(&node.ok("getreceivedbyaddress", json!([tea]))), "1.00000000");
    assert_eq!(btc(&node.ok("getreceivedbyaddress", json!([tea, 0]))), "3.00000000");
    assert_eq!(btc(&node.ok("getreceivedbylabel", json!(["tea", 0]))), "3.50000000");
    assert_eq!(
        node.error("getreceivedbyaddress", json!([foreign()])),
        (-4, "Address not found in wallet".into())
    );
    assert_eq!(node.error("getreceivedbylabel", json!(["x"])), (-4, "Label not found in wallet".into()));
    let listed = node.ok("listreceivedbyaddress", json!({ "address_filter": tea }));
    let expected = json!([{ "address": tea, "amount": listed[0]["amount"], "confirmations": 1, "label": "tea", "txids": [first] }]);
    assert_eq!((listed.clone(), btc(&listed[0]["amount"])), (expected, "1.00000000".into()));
    let all = node.ok("listreceivedbyaddress", json!([1, true]));
    assert_eq!(all.as_array().unwrap().len(), 3);
    let labels = node.ok("listreceivedbylabel", json!([0]));
    assert_eq!(labels.as_array().unwrap().len(), 2);
    assert_eq!((&labels[1]["label"], btc(&labels[1]["amount"])), (&json!("tea"), "3.50000000".into()));
    assert_eq!(labels[1]["confirmations"], 0);
}
