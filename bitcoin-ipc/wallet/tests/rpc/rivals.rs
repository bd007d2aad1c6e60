//! Transactions that others take back, and those that a lost block had.

use bitcoin::Transaction;
use bitcoin::consensus::encode::deserialize_hex;
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, btc, foreign, script};

/// `rich` pays 1 BTC to `w`, which pays half of it on at once. Gives both, and what `rich` can send in their place,
/// which has nothing of `w`.
fn with_payment(node: &Node) -> (Value, Value, Transaction) {
    node.ok("createwallet", json!(["rich"]));
    node.earn();
    node.ok("createwallet", json!(["w"]));
    let options = json!({ "add_to_wallet": false });
    let rival = json!({ "outputs": { foreign(): 2 }, "fee_rate": 60, "options": options });
    let rival = told(node, "rich", "send", rival)["hex"].clone();
    let address = told(node, "w", "getnewaddress", json!([]));
    let paid = told(node, "rich", "sendtoaddress", json!({ "address": address, "amount": 1, "fee_rate": 1 }));
    let options = json!({ "include_unsafe": true });
    let request = json!({ "outputs": { foreign(): 0.5 }, "fee_rate": 1, "options": options });
    let child = told(node, "w", "send", request)["txid"].clone();
    (paid, child, deserialize_hex(rival.as_str().unwrap()).unwrap())
}

fn told(node: &Node, wallet: &str, method: &str, params: Value) -> Value {
    let told = node.ask(method, params, &format!("/wallet/{wallet}"));
    told.unwrap_or_else(|error| panic!("{method}: {error:?}"))
}

fn seen(node: &Node, txid: &Value) -> (Value, Value, Value, Value) {
    let mut tx = told(node, "w", "gettransaction", json!([txid]));
    let mut take = |name: &str| tx[name].take();
    (take("confirmations"), take("mempoolconflicts"), take("walletconflicts"), take("trusted"))
}

#[test]
fn a_payment_that_its_sender_takes_back_is_shown_as_a_conflict() {
    for node in [Node::new(), Node::watching()] {
        let (paid, child, rival) = with_payment(&node);
        assert_eq!(seen(&node, &paid), (json!(0), json!([]), json!([]), json!(false)));
        node.chain.submit(&rival).unwrap();
        let rival = json!(rival.compute_txid().to_string());
        for txid in [&paid, &child] {
            assert_eq!(seen(&node, txid), (json!(0), json!([rival]), json!([]), json!(false)));
        }
        let balances = told(&node, "w", "getbalances", json!([]));
        assert_eq!(
            ["trusted", "untrusted_pending", "immature"].map(|kind| btc(&balances["mine"][kind])),
            ["0.00000000"; 3]
        );
        node.chain.mine(2, &elsewhere());
        for txid in [&paid, &child] {
            assert_eq!(seen(&node, txid), (json!(-2), json!([]), json!([]), json!(false)));
        }
        // The node's chain loses that block, and the rival waits again.
        node.chain.disconnect(2);
        assert_eq!(seen(&node, &paid), (json!(0), json!([rival]), json!([]), json!(false)));
    }
}

/// A payment of version 3 has room for one child: who else spends from it is in conflict with that, though both spend
/// other coins (BIP 431).
#[test]
fn another_child_of_a_payment_of_version_3_is_a_conflict() {
    for node in [Node::new(), Node::watching()] {
        node.ok("createwallet", json!(["rich"]));
        node.earn();
        node.ok("createwallet", json!(["w"]));
        node.ok("createwallet", json!(["other"]));
        let address = |wallet: &str| told(&node, wallet, "getnewaddress", json!([]));
        let (mine, theirs) = (address("w"), address("other"));
        let outputs = json!([{ mine.as_str().unwrap(): 1 }, { theirs.as_str().unwrap(): 1 }]);
        let send = |wallet: &str, outputs: Value, rate: u32, kept: bool| {
            let options = json!({ "include_unsafe": true, "add_to_wallet": kept, "fee_rate": rate });
            told(&node, wallet, "send", json!([outputs, null, "unset", null, options, 3]))
        };
        send("rich", outputs, 1, true);
        let sibling = send("other", json!([{ foreign(): 0.5 }]), 60, false)["hex"].clone();
        let sibling: Transaction = deserialize_hex(sibling.as_str().unwrap()).unwrap();
        let child = send("w", json!([{ foreign(): 0.5 }]), 1, true)["txid"].clone();
        assert_eq!(seen(&node, &child).1, json!([]));
        // There is room for one, as the other wallet knows.
        let late =
            json!([[{ foreign(): 0.5 }], null, "unset", null, { "include_unsafe": true, "fee_rate": 60 }, 3]);
        assert_eq!(node.ask("send", late, "/wallet/other").unwrap_err().0, -4);
        node.chain.submit(&sibling).unwrap();
        let sibling = json!(sibling.compute_txid().to_string());
        assert_eq!(seen(&node, &child).1, json!([sibling]));
        // What another wallet of the same process has is not this one's.
        let all = told(&node, "w", "listtransactions", json!([]));
        assert!(all.as_array().unwrap().iter().all(|tx| tx["txid"] != sibling));
        node.chain.mine(1, &elsewhere());
        assert_eq!(seen(&node, &child).1, json!([]));
    }
}

#[test]
fn a_lost_reward_is_an_orphan_that_was_given_up() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let address = node.ok("getnewaddress", json!([]));
    node.chain.mine(3, &script(&address));
    let told = || {
        let all = node.ok("listtransactions", json!([]));
        let all = all.as_array().unwrap().iter();
        all.map(|tx| (tx["category"].clone(), tx["abandoned"].clone(), tx["confirmations"].clone()))
            .collect::<Vec<_>>()
    };
    let immature = |depth: i32| (json!("immature"), json!(false), json!(depth));
    assert_eq!(told(), [immature(3), immature(2), immature(1)]);
    let gone = node.chain.disconnect(2);
    let orphan = (json!("orphan"), json!(true), json!(0));
    assert_eq!(told(), [immature(1), orphan.clone(), orphan.clone()]);
    node.ok("unloadwallet", json!(["w"]));
    node.ok("loadwallet", json!(["w"]));
    assert_eq!(told(), [immature(1), orphan.clone(), orphan]);
    node.chain.reconnect(gone);
    assert_eq!(told(), [immature(3), immature(2), immature(1)]);
}

#[test]
fn a_failed_restore_leaves_nothing_and_takes_nothing() {
    let node = Node::rich("w");
    let wallets = node.folder.path().join("wallets");
    let text = node.folder.path().join("text");
    std::fs::write(&text, "no wallet").unwrap();
    std::fs::create_dir_all(wallets.join("there")).unwrap();
    std::fs::write(wallets.join("there/mine"), "mine").unwrap();
    for (name, code) in [("new", -18), ("deep/er", -18), ("there", -18)] {
        assert_eq!(node.code("restorewallet", json!([name, text])), code);
        assert_eq!(node.code("restorewallet", json!([name, wallets.join("nothing")])), -8);
    }
    let mut left: Vec<_> = std::fs::read_dir(&wallets).unwrap().map(|one| one.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["there", "w"]);
    assert_eq!(std::fs::read_to_string(wallets.join("there/mine")).unwrap(), "mine");
    assert_eq!(std::fs::read_dir(wallets.join("there")).unwrap().count(), 1);
    let backup = node.folder.path().join("backup");
    node.ok("backupwallet", json!([backup]));
    node.ok("restorewallet", json!(["there", backup]));
    assert_eq!(btc(&node.ask("getbalance", json!([]), "/wallet/there").unwrap()), "50.00000000");
}
