//! Extended keys: listed, added, derived from, made into descriptors.

use serde_json::{Value, json};

use super::node::Node;

const LOCKED: &str = "Error: Please enter the wallet passphrase with walletpassphrase first.";

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn descs(node: &Node, private: bool) -> Vec<Value> {
    node.ok("listdescriptors", json!([private]))["descriptors"].as_array().unwrap().clone()
}

#[test]
fn the_master_key_is_listed_with_its_descriptors() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let keys = node.ok("gethdkeys", json!([]));
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(keys[0]["has_private"], true);
    assert!(keys[0].get("xprv").is_none());
    let listed: Vec<Value> =
        descs(&node, false).iter().map(|one| json!({ "desc": one["desc"], "active": true })).collect();
    assert_eq!(keys[0]["descriptors"], json!(listed));
    let private = node.ok("gethdkeys", json!({ "private": true }));
    assert_eq!(private[0]["xpub"], keys[0]["xpub"]);
    let xprv = text(&private[0]["xprv"]);
    assert!(descs(&node, true).iter().all(|one| text(&one["desc"]).contains(&xprv)));
    // A key that is not extended is not listed, an imported public one is, without its private key.
    node.ok("createwallet", json!(["watch", true, true]));
    let single = "pkh(02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5)#8fhd9pwu";
    let requests: Vec<Value> = [single.into(), listed[0]["desc"].clone()]
        .iter()
        .map(|desc| json!({ "desc": desc, "timestamp": "now" }))
        .collect();
    node.ask("importdescriptors", json!([requests]), "/wallet/watch").unwrap();
    let keys = node.ask("gethdkeys", json!([]), "/wallet/watch").unwrap();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(
        (&keys[0]["has_private"], &keys[0]["descriptors"][0]["active"]),
        (&json!(false), &json!(false))
    );
    let active = node.ask("gethdkeys", json!({ "active_only": true }), "/wallet/watch");
    assert_eq!(active, Ok(json!([])));
}

#[test]
fn public_keys_show_while_the_wallet_is_locked() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let before = node.ok("gethdkeys", json!([]))[0]["xpub"].clone();
    node.ok("encryptwallet", json!(["pass"]));
    let both = node.ok("gethdkeys", json!([])).as_array().unwrap().clone();
    assert!(both.len() == 2 && both.iter().all(|key| key["has_private"] == true));
    let active = node.ok("gethdkeys", json!([{ "active_only": true }]));
    assert!(active.as_array().unwrap().len() == 1 && active[0]["xpub"] != before);
    for (method, params) in [
        ("gethdkeys", json!({ "private": true })),
        ("addhdkey", json!([])),
        ("derivehdkey", json!(["m/87h"])),
        ("createwalletdescriptor", json!(["bech32"])),
    ] {
        assert_eq!(node.error(method, params), (-13, LOCKED.into()), "{method}");
    }
    node.ok("walletpassphrase", json!(["pass", 1000]));
    let told = node.ok("gethdkeys", json!({ "private": true, "active_only": true }));
    assert!(text(&told[0]["xprv"]).starts_with("tprv"));
}

#[test]
fn an_added_key_is_derived_from_and_kept() {
    let node = Node::new();
    node.ok("createwallet", json!({ "wallet_name": "w", "blank": true }));
    assert_eq!(node.ok("gethdkeys", json!([])), json!([]));
    let none = "No active or unused(KEY) descriptor found";
    assert_eq!(node.error("derivehdkey", json!(["m/87h"])), (-5, none.into()));
    let xpub = node.ok("addhdkey", json!([]))["xpub"].clone();
    let public = format!("unused({})", text(&xpub));
    let listed = descs(&node, false);
    assert!(text(&listed[0]["desc"]).starts_with(&format!("{public}#")), "{listed:?}");
    let keys = node.ok("gethdkeys", json!({ "private": true }));
    assert_eq!(keys[0]["descriptors"][0], json!({ "desc": listed[0]["desc"], "active": false }));
    let xprv = keys[0]["xprv"].clone();
    assert_eq!(node.error("addhdkey", json!([xprv])), (-4, "HD key already exists".into()));
    let required = "Extended public key (xpub) provided, but extended private key (xprv) is required";
    assert_eq!(node.error("addhdkey", json!([xpub])), (-5, required.into()));
    let main = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
    for wrong in ["x", main] {
        assert_eq!(node.error("addhdkey", json!([wrong])), (-5, "Could not parse HD key".into()));
    }
    let derived = node.ok("derivehdkey", json!(["m/44h/1h/0h"]));
    node.ok("encryptwallet", json!(["pass"]));
    node.ok("unloadwallet", json!(["w"]));
    node.ok("loadwallet", json!(["w"]));
    for entry in std::fs::read_dir(node.folder.path().join("wallets/w")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(4).any(|part| part == b"tprv"));
    }
    // A blank wallet stays one: no new keys come with the passphrase.
    assert_eq!(descs(&node, false), listed);
    node.ok("walletpassphrase", json!(["pass", 1000]));
    assert_eq!(node.ok("derivehdkey", json!(["m/44h/1h/0h"])), derived);
    assert_eq!(node.ok("gethdkeys", json!({ "private": true })), keys);
    // What is made of the key is at the path that was derived.
    let made = node.ok("createwalletdescriptor", json!({ "type": "legacy", "hdkey": xpub }));
    assert_eq!(made["descs"].as_array().unwrap().len(), 2);
    let origin = format!("pkh({}{}/0/*)#", text(&derived["origin"]), text(&derived["xpub"]));
    assert!(text(&made["descs"][0]).starts_with(&origin), "{made}");
    let private = node.ok("derivehdkey", json!({ "path": "m/44h/1h/0h", "private": true, "hdkey": xpub }));
    let imported = text(&private["xprv"]);
    assert!(imported.starts_with("tprv") && private["xpub"] == derived["xpub"]);
    assert!(text(&node.ok("getnewaddress", json!(["", "legacy"]))).starts_with(['m', 'n']));
    assert_eq!(node.ok("getwalletinfo", json!([]))["blank"], false);
}

#[test]
fn a_path_has_to_be_one_with_a_hardened_step() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let fault = |params| node.error("derivehdkey", params);
    let step = "Derivation path requires at least one hardened step";
    for path in ["m", "m/87/0/0"] {
        assert_eq!(fault(json!([path])), (-8, step.into()));
    }
    assert_eq!(fault(json!(["m/2147483648h"])), (-8, "Invalid BIP32 keypath".into()));
    let deep = format!("m{}", "/0h".repeat(256));
    assert_eq!(fault(json!([deep])), (-8, "Unable to derive HD key at the requested path".into()));
    let bad = "Unable to parse HD key. Please provide a valid xpub";
    assert_eq!(fault(json!({ "path": "m/1h", "hdkey": "bad" })), (-5, bad.into()));
    // The key at an account's path is the one in the descriptor of the account.
    let derived = node.ok("derivehdkey", json!(["m/84h/1h/0h"]));
    let account = format!("{}{}", text(&derived["origin"]), text(&derived["xpub"]));
    assert!(descs(&node, false).iter().any(|one| text(&one["desc"]).contains(&account)));
    for _ in 0..2 {
        node.ok("addhdkey", json!([]));
    }
    let which = "Unable to determine which HD key to use. Please specify with 'hdkey'";
    assert_eq!(fault(json!(["m/1h"])), (-5, which.into()));
    node.ok("createwallet", json!(["watch", true]));
    let told = node.ask("derivehdkey", json!(["m/1h"]), "/wallet/watch").unwrap_err();
    assert_eq!(told, (-4, "derivehdkey is not available for watch-only wallets".into()));
    let told = node.ask("addhdkey", json!([]), "/wallet/watch").unwrap_err();
    assert_eq!(told, (-4, "addhdkey is not available for wallets without private keys".into()));
}

#[test]
fn descriptors_are_made_of_a_key_once() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let fault = |params| node.error("createwalletdescriptor", params);
    assert_eq!(fault(json!(["bech32"])), (-4, "Descriptor already exists".into()));
    assert_eq!(fault(json!(["x"])), (-5, "Unknown address type 'x'".into()));
    let bad = "Unable to parse HD key. Please provide a valid xpub";
    assert_eq!(fault(json!({ "type": "bech32", "hdkey": "x" })), (-5, bad.into()));
    node.ok("createwallet", json!(["other"]));
    let foreign = node.ask("gethdkeys", json!([]), "/wallet/other").unwrap()[0]["xpub"].clone();
    node.ok("unloadwallet", json!(["other"]));
    let missing = format!("Private key for {} is not known", text(&foreign));
    assert_eq!(fault(json!({ "type": "bech32", "hdkey": foreign })), (-5, missing));
    let added = node.ok("addhdkey", json!([]))["xpub"].clone();
    let old = node.ok("getnewaddress", json!([]));
    let made =
        node.ok("createwalletdescriptor", json!({ "type": "bech32", "internal": false, "hdkey": added }));
    assert_eq!(made["descs"].as_array().unwrap().len(), 1);
    // New addresses come from it, and the old ones stay the wallet's.
    let info = |address: &Value| node.ok("getaddressinfo", json!([address]));
    let new = info(&node.ok("getnewaddress", json!([])));
    assert_eq!(new["parent_desc"], made["descs"][0]);
    assert_eq!(info(&old)["ismine"], true);
    let which =
        "Unable to determine which HD key to use from active descriptors. Please specify with 'hdkey'";
    assert_eq!(fault(json!(["bech32m"])), (-5, which.into()));
    node.ok("unloadwallet", json!(["w"]));
    node.ok("loadwallet", json!(["w"]));
    let next = info(&node.ok("getnewaddress", json!([])));
    assert_eq!(next["parent_desc"], made["descs"][0]);
}

#[test]
fn a_file_of_an_older_version_learns_its_keys_when_it_is_unlocked() {
    let node = Node::new();
    node.ok("createwallet", json!({ "wallet_name": "w", "passphrase": "pass" }));
    let keys = node.ok("gethdkeys", json!([]));
    node.ok("unloadwallet", json!(["w"]));
    let file = node.folder.path().join("wallets/w/wallet.sqlite");
    let older = "UPDATE secret SET hd_keys = NULL";
    bdk_wallet::rusqlite::Connection::open(file).unwrap().execute_batch(older).unwrap();
    node.ok("loadwallet", json!(["w"]));
    assert_eq!(node.error("gethdkeys", json!([])), (-13, LOCKED.into()));
    node.ok("walletpassphrase", json!(["pass", 1000]));
    assert_eq!(node.ok("gethdkeys", json!([])), keys);
    node.ok("walletlock", json!([]));
    assert_eq!(node.ok("gethdkeys", json!([])), keys);
}

#[test]
fn an_unused_key_is_imported_like_a_descriptor() {
    let node = Node::new();
    node.ok("createwallet", json!({ "wallet_name": "w", "blank": true }));
    let xpub = node.ok("addhdkey", json!([]))["xpub"].clone();
    let private = text(&descs(&node, true)[0]["desc"]);
    let public = text(&descs(&node, false)[0]["desc"]);
    let import = |wallet: &str, desc: &str, more: Value| {
        let mut request = json!({ "desc": desc, "timestamp": "now" });
        request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told = node.ask("importdescriptors", json!([[request]]), &format!("/wallet/{wallet}")).unwrap();
        text(&told[0].get("error").map_or(json!(""), |error| error["message"].clone()))
    };
    let there = "Cannot import an unused() descriptor when its private key is already in the wallet";
    assert_eq!(import("w", &private, json!({})), there);
    node.ok("createwallet", json!({ "wallet_name": "new", "blank": true }));
    node.ok("createwallet", json!(["watch", true]));
    let without = "Cannot import descriptor without private keys to a wallet with private keys enabled";
    assert_eq!(import("new", &public, json!({})), without);
    assert_eq!(import("new", &private, json!({ "active": true })), "Active descriptors must be ranged");
    let range = "Range should not be specified for an un-ranged descriptor";
    assert_eq!(import("new", &private, json!({ "range": 5 })), range);
    for (wrong, why) in [
        (private.replace('#', "#q"), "Expected 8 character checksum, not 9 characters"),
        (super::node::with_checksum("unused(x)"), "key 'x' is not valid"),
    ] {
        assert_eq!(import("new", &wrong, json!({})), why);
    }
    let disabled = "Cannot import private keys to a wallet with private keys disabled";
    assert_eq!(import("watch", &private, json!({})), disabled);
    let disabled = "Cannot import unused() to wallet without private keys enabled";
    assert_eq!(import("watch", &public, json!({})), disabled);
    assert_eq!(import("new", &private, json!({})), "");
    let keys = node.ask("gethdkeys", json!([]), "/wallet/new").unwrap();
    assert_eq!((&keys[0]["xpub"], &keys[0]["has_private"]), (&xpub, &json!(true)));
}
