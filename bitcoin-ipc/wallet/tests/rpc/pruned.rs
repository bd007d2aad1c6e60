//! Transactions that are taken in with a proof, and forgotten.

use bitcoin::hex::DisplayHex as _;
use bitcoin::{MerkleBlock, Txid, consensus};
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, btc, foreign};

/// A wallet that paid itself 2 BTC in block 102, and another one, `late`, with the address that got them, which
/// has not searched that block.
fn with_late_wallet() -> (Node, Value) {
    let node = Node::rich("w");
    let address = node.ok("getnewaddress", json!([]));
    let txid = node.ok("sendtoaddress", json!([address, 2]));
    node.chain.mine(30, &elsewhere());
    node.ok("createwallet", json!(["late", true]));
    let desc = node.ask("getaddressinfo", json!([address]), "/wallet/w").unwrap()["desc"].clone();
    let requests = json!([[{ "desc": desc, "timestamp": "now" }]]);
    assert_eq!(node.ask("importdescriptors", requests, "/wallet/late").unwrap()[0]["success"], true);
    (node, txid)
}

fn raw(node: &Node, txid: &Value) -> Value {
    node.ask("gettransaction", json!([txid]), "/wallet/w").unwrap()["hex"].clone()
}

fn proof(node: &Node, txid: &Value) -> MerkleBlock {
    let wanted: Txid = txid.as_str().unwrap().parse().unwrap();
    let block = node.chain.state().blocks[102].clone();
    MerkleBlock::from_block_with_predicate(&block, |txid| *txid == wanted)
}

fn hex(proof: &MerkleBlock) -> String {
    consensus::serialize(proof).to_lower_hex_string()
}

fn balance(node: &Node) -> String {
    btc(&node.ask("getbalance", json!([]), "/wallet/late").unwrap())
}

#[test]
fn a_proven_transaction_counts_without_a_search() {
    let (node, txid) = with_late_wallet();
    assert_eq!(balance(&node), "0.00000000");
    let (raw, proof) = (raw(&node, &txid), hex(&proof(&node, &txid)));
    let told = node.ask("importprunedfunds", json!([raw, proof]), "/wallet/late");
    assert_eq!(told, Ok(Value::Null));
    assert_eq!(balance(&node), "2.00000000");
    let told = node.ask("gettransaction", json!([txid]), "/wallet/late").unwrap();
    assert_eq!(
        (&told["confirmations"], &told["blockheight"], &told["blockindex"]),
        (&json!(30), &json!(102), &json!(1))
    );
    node.ok("unloadwallet", json!(["late"]));
    node.ok("loadwallet", json!(["late"]));
    assert_eq!(balance(&node), "2.00000000");
    // A reorganisation takes it back like any other.
    node.chain.disconnect(30);
    node.chain.mine_block(Vec::new(), &elsewhere());
    assert_eq!(balance(&node), "0.00000000");
}

#[test]
fn proofs_that_prove_nothing_say_so() {
    let (node, txid) = with_late_wallet();
    let (raw, good) = (raw(&node, &txid), proof(&node, &txid));
    let fault = |raw: &Value, proof: &str| {
        node.ask("importprunedfunds", json!([raw, proof]), "/wallet/late").unwrap_err()
    };
    let undecodable = "TX decode failed. Make sure the tx has at least one input.";
    assert_eq!(fault(&json!("00"), &hex(&good)), (-22, undecodable.into()));
    assert_eq!(fault(&raw, "zz"), (-8, "proof must be hexadecimal string (not 'zz')".into()));
    assert_eq!(fault(&raw, "00"), (-1, "SpanReader::read(): end of data: iostream error".into()));
    let mut wrong = good.clone();
    wrong.header.merkle_root = node.chain.state().blocks[101].header.merkle_root;
    assert_eq!(fault(&raw, &hex(&wrong)), (-5, "Something wrong with merkleblock".into()));
    let mut unknown = good.clone();
    unknown.header.time += 1;
    assert_eq!(fault(&raw, &hex(&unknown)), (-5, "Block not found in chain".into()));
    let coinbase = node.chain.state().blocks[102].txdata[0].clone();
    let other = json!(consensus::serialize(&coinbase).to_lower_hex_string());
    assert_eq!(fault(&other, &hex(&good)), (-5, "Transaction given doesn't exist in proof".into()));
    let of_coinbase = proof(&node, &json!(coinbase.compute_txid().to_string()));
    let not_ours = "No addresses in wallet correspond to included transaction";
    assert_eq!(fault(&other, &hex(&of_coinbase)), (-5, not_ours.into()));
    assert_eq!(balance(&node), "0.00000000");
}

#[test]
fn a_transaction_is_forgotten_if_that_is_allowed() {
    let node = Node::rich("w");
    node.earn();
    let txid = node.ok("sendtoaddress", json!([foreign(), 49]));
    let fault = node.error("removeprunedfunds", json!([txid]));
    assert!(fault.0 == -32 && fault.1.starts_with("DEPRECATION WARNING: "), "{fault:?}");
    node.chain.allow_deprecated("removeprunedfunds");
    let unknown = "00".repeat(32);
    let text = format!("Transaction {unknown} does not belong to this wallet");
    assert_eq!(node.error("removeprunedfunds", json!([unknown])), (-4, text));
    node.chain.mine(1, &elsewhere());
    let coins = node.ok("listunspent", json!([]));
    let other = coins.as_array().unwrap().iter().find(|coin| btc(&coin["amount"]) == "50.00000000").unwrap();
    let options = json!({ "inputs": [{ "txid": other["txid"], "vout": other["vout"] }] });
    let next = node.ok("send", json!({ "outputs": { foreign(): 1 }, "options": options }))["txid"].clone();
    assert_eq!(node.ok("removeprunedfunds", json!([txid])), Value::Null);
    let told = node.error("gettransaction", json!([txid]));
    assert_eq!(told, (-5, "Invalid or non-wallet transaction id".into()));
    let listed = node.ok("listtransactions", json!([]));
    assert!(listed.as_array().unwrap().iter().all(|entry| entry["txid"] != txid));
    // The other ones stay as they were, also in the mempool.
    assert_eq!(node.ok("gettransaction", json!([next]))["trusted"], true);
    node.ok("unloadwallet", json!(["w"]));
    node.ok("loadwallet", json!(["w"]));
    assert_eq!(node.code("gettransaction", json!([txid])), -5);
    // What it spent is there again for this wallet: the coinbase.
    let coins = node.ok("listunspent", json!([0]));
    assert!(coins.as_array().unwrap().iter().any(|coin| btc(&coin["amount"]) == "50.00000000"), "{coins}");
    // A search finds it again.
    node.ok("rescanblockchain", json!([]));
    assert_eq!(node.ok("gettransaction", json!([txid]))["confirmations"], 1);
}
