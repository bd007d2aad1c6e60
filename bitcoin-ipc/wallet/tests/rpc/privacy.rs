//! Addresses that belong together, and those that were spent from.

use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, btc, foreign, script};

/// A wallet that avoids the reuse of addresses, and an address of its own that was spent from and got 50 BTC
/// again.
fn with_reused_address() -> (Node, Value) {
    let node = Node::new();
    node.ok("createwallet", json!({ "wallet_name": "w", "avoid_reuse": true }));
    let address = node.ok("getnewaddress", json!([]));
    node.chain.mine(1, &script(&address));
    node.chain.mine(100, &elsewhere());
    node.ok("sendtoaddress", json!([foreign(), 1]));
    node.chain.mine(1, &script(&address));
    node.chain.mine(100, &elsewhere());
    (node, address)
}

#[test]
fn coins_of_addresses_that_were_spent_from_are_left_aside() {
    let (node, address) = with_reused_address();
    let mine = node.ok("getbalances", json!([]))["mine"].clone();
    // With the fee of the payment that its block has.
    assert_eq!(btc(&mine["used"]), "50.00000330");
    assert!(btc(&mine["trusted"]).starts_with("48.999"), "{mine}");
    assert!(btc(&node.ok("getbalance", json!([]))).starts_with("48.999"));
    assert_eq!(btc(&node.ok("getbalance", json!({ "avoid_reuse": false }))), "99.00000000");
    let coins = node.ok("listunspent", json!([])).as_array().unwrap().clone();
    assert_eq!(coins.len(), 2);
    for coin in coins {
        assert_eq!(coin["reused"], json!(coin["address"] == address), "{coin}");
    }
    assert_eq!(node.error("sendtoaddress", json!([foreign(), 60])), (-6, "Insufficient funds".into()));
    node.ok("sendtoaddress", json!([foreign(), 40]));
    let pay = json!({ "address": foreign(), "amount": 45, "avoid_reuse": false });
    node.ok("sendtoaddress", pay);
}

#[test]
fn a_payment_spends_all_coins_of_an_address_if_reuse_is_avoided() {
    // Of very many, no more than 100 are spent at once.
    for (avoid, coins, spent) in [(true, 3, 3), (true, 102, 100), (false, 3, 1)] {
        let node = Node::new();
        node.ok("createwallet", json!({ "wallet_name": "w", "avoid_reuse": avoid }));
        let address = node.ok("getnewaddress", json!([]));
        node.chain.mine(coins, &script(&address));
        node.chain.mine(100, &elsewhere());
        let txid = node.ok("sendtoaddress", json!([foreign(), 1]));
        let told = node.ok("gettransaction", json!([txid, true, true]));
        let inputs = told["decoded"]["vin"].as_array().unwrap().len();
        assert_eq!(inputs, spent);
    }
}

#[test]
fn the_flag_can_be_changed_and_is_kept() {
    let (node, _) = with_reused_address();
    let fault = |params| node.error("setwalletflag", params);
    let twice = "Wallet flag is already set to true: avoid_reuse";
    assert_eq!(fault(json!(["avoid_reuse"])), (-8, twice.into()));
    assert_eq!(fault(json!(["abc"])), (-8, "Unknown wallet flag: abc".into()));
    for name in ["disable_private_keys", "external_signer", "last_hardened_xpub_cached"] {
        assert_eq!(fault(json!([name])), (-8, format!("Wallet flag is immutable: {name}")));
    }
    let told = node.ok("setwalletflag", json!(["avoid_reuse", false]));
    assert_eq!(told, json!({ "flag_name": "avoid_reuse", "flag_state": false }));
    let reload = || {
        node.ok("unloadwallet", json!(["w"]));
        node.ok("loadwallet", json!(["w"]));
    };
    reload();
    assert_eq!(node.ok("getwalletinfo", json!([]))["avoid_reuse"], false);
    assert!(node.ok("getbalances", json!([]))["mine"].get("used").is_none());
    assert!(node.ok("listunspent", json!([]))[0].get("reused").is_none());
    let told = node.ok("setwalletflag", json!(["avoid_reuse"]));
    assert!(told["warnings"].as_str().unwrap().starts_with("You need to rescan"));
    reload();
    let info = node.ok("getwalletinfo", json!([]));
    assert_eq!(
        (&info["avoid_reuse"], &info["flags"]),
        (&json!(true), &json!(["avoid_reuse", "last_hardened_xpub_cached", "descriptor_wallet"]))
    );
    assert_eq!(btc(&node.ok("getbalances", json!([]))["mine"]["used"]), "50.00000330");
}

#[test]
fn addresses_that_were_spent_from_together_are_one_group() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    assert_eq!(node.ok("listaddressgroupings", json!([])), json!([]));
    let address = |label: &str| node.ok("getnewaddress", json!([label]));
    let (one, other, lone) = (address("one"), address("other"), address("lone"));
    for to in [&one, &other, &lone] {
        node.chain.mine(1, &script(to));
    }
    node.chain.mine(100, &elsewhere());
    let listed = || node.ok("listaddressgroupings", json!([])).as_array().unwrap().clone();
    assert_eq!(listed().len(), 3);
    assert!(listed().iter().all(|group| btc(&group[0][1]) == "50.00000000" && group[0][2].is_string()));
    let coins = node.ok("listunspent", json!([1, 999, [one, other]]));
    let inputs: Vec<Value> = coins
        .as_array()
        .unwrap()
        .iter()
        .map(|coin| json!({ "txid": coin["txid"], "vout": coin["vout"] }))
        .collect();
    node.ok("send", json!({ "outputs": { foreign(): 99 }, "options": { "inputs": inputs } }));
    let groups = listed();
    assert_eq!(groups.len(), 2);
    let (joined, left): (Vec<_>, Vec<_>) =
        groups.iter().partition(|group| group.as_array().unwrap().len() == 3);
    assert_eq!(left[0][0][0], lone);
    let entries = joined[0].as_array().unwrap();
    for address in [&one, &other] {
        let entry = entries.iter().find(|entry| entry[0] == *address).unwrap();
        assert_eq!(btc(&entry[1]), "0.00000000");
    }
    // Change has no label.
    let change = entries.iter().find(|entry| entry.get(2).is_none()).unwrap();
    assert!(btc(&change[1]).starts_with("0.999"), "{change}");
}
