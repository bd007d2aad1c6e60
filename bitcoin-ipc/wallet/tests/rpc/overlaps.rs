//! Descriptors that have scripts in common, in one wallet.
//!
//! In: imports in either order. Out: a wallet that has all of them, counts each coin once, and loads.

use std::collections::BTreeSet;

use bitcoin::ScriptBuf;
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, btc, script, topped_up, with_checksum};

/// The account key of a wallet's receiving P2WPKH descriptor, private or not, and where it comes from.
struct Account {
    origin: String,
    key: String,
}

fn account(node: &Node, wallet: &str, private: bool) -> Account {
    let told = node.ask("listdescriptors", json!([private]), &format!("/wallet/{wallet}")).unwrap();
    let all = told["descriptors"].as_array().unwrap();
    let wanted =
        all.iter().find(|one| one["desc"].as_str().unwrap().starts_with("wpkh") && one["internal"] == false);
    let text = wanted.unwrap()["desc"].as_str().unwrap().strip_prefix("wpkh(").unwrap();
    if private {
        let (key, _) = text.split_once("/0/*").unwrap();
        return Account { origin: String::new(), key: key.into() };
    }
    let (origin, rest) = text.split_once(']').unwrap();
    Account { origin: format!("{origin}]"), key: rest.split_once('/').unwrap().0.into() }
}

fn import(node: &Node, wallet: &str, request: Value) {
    let mut request = request;
    request["timestamp"] = json!(0);
    let told = node.ask("importdescriptors", json!([[request]]), &format!("/wallet/{wallet}")).unwrap();
    assert_eq!(told[0]["success"], true, "{request} {told}");
}

fn texts(node: &Node, wallet: &str) -> BTreeSet<String> {
    let told = node.ask("listdescriptors", json!([]), &format!("/wallet/{wallet}")).unwrap();
    let all = told["descriptors"].as_array().unwrap();
    all.iter().map(|one| one["desc"].as_str().unwrap().to_owned()).collect()
}

/// What a user sees of a wallet.
fn sight(node: &Node, wallet: &str) -> Vec<Value> {
    let asked = [
        ("listdescriptors", json!([])),
        ("getbalances", json!([])),
        ("listtransactions", json!(["*", 100])),
        ("listunspent", json!([0])),
        ("getaddressesbylabel", json!([""])),
    ];
    let uri = format!("/wallet/{wallet}");
    let told = asked.into_iter().map(|(method, params)| {
        let mut told = node.ask(method, params, &uri).unwrap_or_default();
        topped_up(&mut told);
        told
    });
    told.collect()
}

/// Unloads and loads a wallet, which is the same then.
fn reload(node: &Node, wallet: &str) {
    let before = sight(node, wallet);
    node.ok("unloadwallet", json!([wallet]));
    let loaded = node.ok("loadwallet", json!([wallet]));
    assert_eq!(loaded, json!({ "name": wallet }), "without a warning");
    assert_eq!(sight(node, wallet), before);
}

/// A wallet `w` with private keys, whose address number 0 and number 3 got 50 BTC each.
fn paid() -> (Node, ScriptBuf) {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let addresses: Vec<Value> = (0..4).map(|_| node.ok("getnewaddress", json!([]))).collect();
    node.chain.mine(1, &script(&addresses[0]));
    node.chain.mine(1, &script(&addresses[3]));
    node.chain.mine(100, &elsewhere());
    (node, script(&addresses[3]))
}

#[test]
fn public_descriptors_that_overlap_stand_side_by_side() {
    let (node, third) = paid();
    let Account { origin, key } = account(&node, "w", false);
    let whole = json!({ "desc": with_checksum(&format!("wpkh({origin}{key}/0/*)")), "active": true });
    let others = [format!("wpkh({key}/0/*)"), format!("wpkh({key}/0/0)"), format!("wpkh({key}/0/3)")];
    for (place, other) in others.iter().enumerate() {
        let other = json!({ "desc": with_checksum(other) });
        for (order, requests) in [[&whole, &other], [&other, &whole]].into_iter().enumerate() {
            let name = format!("watch {place} {order}");
            node.ok("createwallet", json!([name, true, true]));
            for request in requests {
                import(&node, &name, request.clone());
                reload(&node, &name);
            }
            let expected = [&whole, &other].map(|one| one["desc"].as_str().unwrap().to_owned());
            assert_eq!(texts(&node, &name), BTreeSet::from(expected.clone()));
            let uri = format!("/wallet/{name}");
            let ask = |method, params| node.ask(method, params, &uri).unwrap();
            assert_eq!(btc(&ask("getbalance", json!([]))), "100.00000000", "each coin counts once");
            assert_eq!(ask("listunspent", json!([])).as_array().unwrap().len(), 2);
            let coins = ask("listunspent", json!([]));
            let wanted = format!("{third:x}");
            let coin = coins.as_array().unwrap().iter().find(|coin| coin["scriptPubKey"] == json!(wanted));
            let parents = coin.unwrap()["parent_descs"].as_array().unwrap();
            let parents: BTreeSet<_> = parents.iter().map(|text| text.as_str().unwrap().to_owned()).collect();
            let both = place != 1;
            assert_eq!(parents.len(), if both { 2 } else { 1 }, "{parents:?}");
            // Addresses are new ones, over the place where they overlap.
            let new: BTreeSet<String> = (0..5).map(|_| ask("getnewaddress", json!([])).to_string()).collect();
            assert_eq!(new.len(), 5);
            reload(&node, &name);
        }
    }
}

#[test]
fn private_descriptors_that_overlap_stand_side_by_side_and_sign() {
    let (node, _) = paid();
    let Account { key, .. } = account(&node, "w", true);
    for (place, other) in ["/0/*", "/0/0", "/0/3"].iter().enumerate() {
        // The key of an account would do as well, but this is the form in which the wallet has it.
        let whole = json!({ "desc": with_checksum(&format!("wpkh({key}/0/*)")), "active": true });
        let other = json!({ "desc": with_checksum(&format!("pkh({key}{other})")) });
        let same = json!({ "desc": with_checksum(&format!("wpkh({key}/0/{})", place)) });
        for (order, requests) in [[&whole, &other, &same], [&same, &other, &whole]].into_iter().enumerate() {
            let name = format!("hot {place} {order}");
            node.ok("createwallet", json!([name, false, true]));
            for request in requests {
                import(&node, &name, request.clone());
                reload(&node, &name);
            }
            assert_eq!(texts(&node, &name).len(), 3);
            let uri = format!("/wallet/{name}");
            assert_eq!(btc(&node.ask("getbalance", json!([]), &uri).unwrap()), "100.00000000");
            let outputs = json!([{ super::node::foreign(): 99.9 }]);
            let made = node.ask(
                "walletcreatefundedpsbt",
                json!([[], outputs, 0, { "fee_rate": 1, "changeAddress": super::node::foreign() }]),
                &uri,
            );
            let signed = node.ask("walletprocesspsbt", json!([made.unwrap()["psbt"]]), &uri).unwrap();
            assert_eq!(signed["complete"], true);
        }
    }
}

#[test]
fn descriptors_of_several_keys_overlap() {
    let node = Node::new();
    for name in ["a", "b"] {
        node.ok("createwallet", json!([name]));
    }
    let keys = ["a", "b"].map(|name| account(&node, name, false).key);
    node.ok("createwallet", json!(["watch", true, true]));
    for text in ["multi(1,", "sortedmulti(1,"] {
        for [one, other] in [[&keys[0], &keys[1]], [&keys[1], &keys[0]]] {
            import(
                &node,
                "watch",
                json!({ "desc": with_checksum(&format!("wsh({text}{one}/0/*,{other}/0/*))")) }),
            );
            reload(&node, "watch");
        }
    }
    assert_eq!(texts(&node, "watch").len(), 4);
    // Of two orders of the same keys one is the sorted one; which, differs from number to number.
    let scripts: BTreeSet<String> = (0..6)
        .flat_map(|number| {
            keys_at(&keys, number).into_iter().map(|script| format!("{script:x}")).collect::<Vec<_>>()
        })
        .collect();
    for (count, hex) in (1..).zip(&scripts) {
        node.chain.mine(1, &ScriptBuf::from_hex(hex).unwrap());
        let found = node.ask("getwalletinfo", json!([]), "/wallet/watch").unwrap();
        assert_eq!(found["txcount"], json!(count));
    }
    node.chain.mine(100, &elsewhere());
    let balance = node.ask("getbalance", json!([]), "/wallet/watch").unwrap();
    assert_eq!(btc(&balance), format!("{}.00000000", 50 * scripts.len()));
    reload(&node, "watch");
}

/// The two scripts of both keys at a number.
fn keys_at(keys: &[String; 2], number: u32) -> Vec<ScriptBuf> {
    use bdk_wallet::miniscript::{Descriptor, DescriptorPublicKey};
    let orders = [[&keys[0], &keys[1]], [&keys[1], &keys[0]]];
    let script = |[one, other]: [&String; 2]| {
        let text = format!("wsh(multi(1,{one}/0/*,{other}/0/*))");
        let descriptor: Descriptor<DescriptorPublicKey> = text.parse().unwrap();
        descriptor.at_derivation_index(number).unwrap().script_pubkey()
    };
    orders.map(script).to_vec()
}

#[test]
fn a_descriptor_that_is_made_may_have_scripts_that_are_there() {
    let (node, _) = paid();
    let Account { key, .. } = account(&node, "w", true);
    node.ok("createwallet", json!(["other", false, true]));
    for text in [format!("wpkh({key}/0/5)"), format!("tr({key}/0/*)")] {
        import(&node, "other", json!({ "desc": with_checksum(&text), "active": text.contains('*') }));
    }
    let told = node.ask("createwalletdescriptor", json!(["bech32"]), "/wallet/other").unwrap();
    assert_eq!(told["descs"].as_array().unwrap().len(), 2);
    reload(&node, "other");
    for _ in 0..8 {
        node.ask("getnewaddress", json!([]), "/wallet/other").unwrap();
    }
    reload(&node, "other");
}
