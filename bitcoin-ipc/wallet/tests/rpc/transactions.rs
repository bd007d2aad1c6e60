//! Transactions: told, listed, given up; the chain searched again.

use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, btc, foreign};

#[test]
fn a_transaction_is_told() {
    let node = Node::rich("w");
    let txid = node.ok("sendtoaddress", json!([foreign(), 1]));
    let pending = node.ok("gettransaction", json!([txid, true, true]));
    assert_eq!((&pending["confirmations"], &pending["trusted"]), (&json!(0), &json!(true)));
    assert_eq!((btc(&pending["amount"]), &pending["txid"]), ("-1.00000000".into(), &txid));
    let detail = &pending["details"][0];
    assert_eq!(
        (&detail["category"], &detail["address"], btc(&detail["amount"])),
        (&json!("send"), &json!(foreign()), "-1.00000000".into())
    );
    assert_eq!(pending["details"].as_array().unwrap().len(), 1);
    assert_eq!(detail["fee"], pending["fee"]);
    assert_eq!(pending["decoded"]["txid"], txid);
    let change =
        pending["decoded"]["vout"].as_array().unwrap().iter().filter(|output| output["ischange"] == true);
    assert_eq!(change.count(), 1);
    node.chain.mine(2, &elsewhere());
    let told = node.ok("gettransaction", json!([txid]));
    let block = node.chain.state().blocks[102].block_hash().to_string();
    assert_eq!(
        (&told["confirmations"], &told["blockheight"], &told["blockindex"]),
        (&json!(2), &json!(102), &json!(1))
    );
    assert_eq!(told["blockhash"], block);
    assert!(told.get("decoded").is_none() && told.get("trusted").is_none());
    assert_eq!(told["lastprocessedblock"]["height"], 103);
    assert_eq!(
        node.error("gettransaction", json!(["00".repeat(32)])),
        (-5, "Invalid or non-wallet transaction id".into())
    );
    assert_eq!(
        node.error("gettransaction", json!(["00"])),
        (-8, "txid must be of length 64 (not 2, for '00')".into())
    );
}

#[test]
fn whether_it_says_that_it_can_be_replaced_is_told_on_demand() {
    let node = Node::rich("w");
    node.earn();
    let field = "bip125-replaceable";
    let pay = |says: bool| {
        let params = json!({ "address": foreign(), "amount": 1, "replaceable": says });
        node.ok("sendtoaddress", params)
    };
    let (yes, no) = (pay(true), pay(false));
    assert!(node.ok("gettransaction", json!([yes])).get(field).is_none());
    node.chain.allow_deprecated("bip125");
    let told = |txid: &Value| {
        let one = node.ok("gettransaction", json!([txid]))[field].clone();
        let lists = [
            node.ok("listtransactions", json!([])),
            node.ok("listsinceblock", json!([]))["transactions"].take(),
        ];
        for list in lists {
            let entry = list.as_array().unwrap().iter().find(|entry| entry["txid"] == *txid).unwrap().clone();
            assert_eq!(entry[field], one);
        }
        one
    };
    assert_eq!((told(&yes), told(&no)), (json!("yes"), json!("no")));
    node.chain.mine(1, &elsewhere());
    assert_eq!((told(&yes), told(&no)), (json!("no"), json!("no")));
}

#[test]
fn the_place_in_a_block_is_kept() {
    let node = Node::rich("w");
    let txid = node.ok("sendtoaddress", json!([foreign(), 1]));
    node.chain.mine(1, &elsewhere());
    node.ok("unloadwallet", json!(["w"]));
    node.ok("loadwallet", json!(["w"]));
    assert_eq!(node.ok("gettransaction", json!([txid]))["blockindex"], 1);
}

#[test]
fn transactions_are_listed_in_their_order() {
    let node = Node::rich("w");
    let own = node.ok("getnewaddress", json!(["tea"]));
    node.ok("sendtoaddress", json!([foreign(), 1]));
    let inward = node.ok("sendtoaddress", json!([own, 2]));
    let list = |params| node.ok("listtransactions", params).as_array().unwrap().clone();
    let all = list(json!([]));
    let categories: Vec<&Value> = all.iter().map(|entry| &entry["category"]).collect();
    assert_eq!(categories[..2], ["generate", "send"]);
    assert_eq!(all.len(), 4);
    // What was paid to oneself is sent and received.
    assert!(all[2..].iter().all(|entry| entry["txid"] == inward && entry["label"] == "tea"));
    assert_eq!(btc(&all[1]["amount"]), "-1.00000000");
    assert_eq!(list(json!(["*", 2])), all[2..]);
    assert_eq!(list(json!(["*", 1, 3])), all[..1]);
    let tea = list(json!(["tea"]));
    assert_eq!((tea.len(), &tea[0]["category"]), (1, &json!("receive")));
    assert_eq!(node.error("listtransactions", json!(["*", -1])), (-8, "Negative count".into()));
    assert_eq!(node.error("listtransactions", json!(["*", 1, -1])), (-8, "Negative from".into()));
    assert_eq!(node.code("listtransactions", json!([""])), -8);
    node.chain.mine(1, &node.new_script());
    assert_eq!(list(json!(["*", 1]))[0]["category"], "immature");
}

#[test]
fn transactions_since_a_block_are_listed_over_reorganisations() {
    let node = Node::rich("w");
    let before = node.chain.state().blocks[101].block_hash().to_string();
    let txid = node.ok("sendtoaddress", json!([foreign(), 1]));
    node.chain.mine(1, &elsewhere());
    let block = node.chain.state().blocks[102].block_hash().to_string();
    let since = |params| node.ok("listsinceblock", params);
    let told = since(json!([before]));
    assert_eq!(
        (told["transactions"].as_array().unwrap().len(), &told["transactions"][0]["txid"]),
        (1, &txid)
    );
    assert_eq!((&told["lastblock"], &told["removed"]), (&json!(block), &json!([])));
    assert_eq!(since(json!([block]))["transactions"], json!([]));
    assert_eq!(since(json!([]))["transactions"].as_array().unwrap().len(), 2);
    let with_change = since(json!({ "blockhash": before, "include_change": true, "include_removed": false }));
    assert_eq!(with_change["transactions"].as_array().unwrap().len(), 3);
    assert!(with_change.get("removed").is_none());
    assert_eq!(since(json!([before, 2]))["lastblock"], json!(before));
    node.chain.disconnect(1);
    node.chain.mine_block(Vec::new(), &elsewhere());
    let told = since(json!([block]));
    assert_eq!(told["removed"][0]["txid"], txid);
    assert_eq!(told["transactions"][0]["confirmations"], 0);
    assert_eq!(node.error("listsinceblock", json!(["00".repeat(32)])), (-5, "Block not found".into()));
    assert_eq!(node.code("listsinceblock", json!([before, 0])), -8);
}

#[test]
fn a_transaction_is_given_up() {
    let node = Node::rich("w");
    let txid = node.ok("sendtoaddress", json!([foreign(), 1]));
    let error = node.error("abandontransaction", json!([txid]));
    assert_eq!(error, (-5, "Transaction not eligible for abandonment".into()));
    node.chain.evict(txid.as_str().unwrap().parse().unwrap());
    assert_eq!(node.ok("abandontransaction", json!([txid])), Value::Null);
    assert_eq!(node.ok("gettransaction", json!([txid]))["details"][0]["abandoned"], true);
    assert_eq!(btc(&node.ok("getbalance", json!([]))), "50.00000000");
    // Again it changes nothing.
    assert_eq!(node.ok("abandontransaction", json!([txid])), Value::Null);
    assert_eq!(node.code("abandontransaction", json!(["00".repeat(32)])), -5);
}

#[test]
fn the_chain_is_searched_again() {
    let node = Node::rich("w");
    assert_eq!(node.ok("rescanblockchain", json!([])), json!({ "start_height": 0, "stop_height": 101 }));
    assert_eq!(node.ok("rescanblockchain", json!([5, 9])), json!({ "start_height": 5, "stop_height": 9 }));
    for (params, text) in [
        (json!([102]), "Invalid start_height"),
        (json!([0, 102]), "Invalid stop_height"),
        (json!([5, 4]), "stop_height must be greater than start_height"),
    ] {
        assert_eq!(node.error("rescanblockchain", params), (-8, text.into()));
    }
    assert_eq!(node.ok("abortrescan", json!([])), false);
}
