//! Wallets that are made, loaded, closed, copied.

use serde_json::{Value, json};

use super::node::Node;

#[test]
fn wallets_come_and_go() {
    let node = Node::new();
    assert_eq!(node.ok("createwallet", json!(["a"])), json!({ "name": "a" }));
    let place = node.folder.path().join("wallets/a").display().to_string();
    let taken = format!(
        "Wallet file verification failed. Failed to create database path '{place}'. Database already exists."
    );
    assert_eq!(node.error("createwallet", json!(["a"])), (-4, taken));
    assert_eq!(node.error("createwallet", json!([""])), (-8, "Wallet name cannot be empty".into()));
    assert_eq!(node.code("createwallet", json!(["../x"])), -4);
    assert_eq!(node.code("createwallet", json!({ "wallet_name": "b", "descriptors": false })), -4);
    assert_eq!(node.code("createwallet", json!({ "wallet_name": "b", "external_signer": true })), -4);
    let warned = node.ok("createwallet", json!(["b", false, false, ""]));
    assert_eq!(warned["warnings"][0], "Empty string given as passphrase, wallet will not be encrypted.");
    assert_eq!(node.ok("listwallets", json!([])), json!(["a", "b"]));
    let error = node.error("loadwallet", json!(["a"]));
    assert_eq!(error, (-35, "Wallet \"a\" is already loaded.".into()));
    assert_eq!(node.code("loadwallet", json!(["z"])), -18);
    assert_eq!(node.code("unloadwallet", json!([])), -8);
    let twice = node.ask("unloadwallet", json!(["a"]), "/wallet/b").unwrap_err();
    assert_eq!(twice.1, "The RPC endpoint wallet and the wallet name parameter specify different wallets");
    assert_eq!(node.ok("unloadwallet", json!(["a"])), json!({}));
    assert_eq!(node.ask("unloadwallet", json!([]), "/wallet/b"), Ok(json!({})));
    assert_eq!(node.code("unloadwallet", json!(["a"])), -18);
    assert_eq!(node.ok("listwallets", json!([])), json!([]));
    let folder = node.ok("listwalletdir", json!([]));
    let names: Vec<&Value> = folder["wallets"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(node.ok("loadwallet", json!(["b"])), json!({ "name": "b" }));
}

#[test]
fn no_wallet_has_to_be_migrated() {
    let node = Node::new();
    node.ok("createwallet", json!(["a"]));
    let there = "Error: This wallet is already a descriptor wallet";
    assert_eq!(node.error("migratewallet", json!(["a"])), (-4, there.into()));
    node.ok("unloadwallet", json!(["a"]));
    assert_eq!(node.error("migratewallet", json!(["a", "passphrase"])), (-4, there.into()));
    assert_eq!(node.error("migratewallet", json!(["b"])), (-4, "Error: Wallet does not exist".into()));
    std::fs::create_dir(node.folder.path().join("wallets/old")).unwrap();
    assert!(node.error("migratewallet", json!(["old"])).1.contains("Berkeley DB"));
    assert_eq!(node.code("migratewallet", json!([])), -8);
}

#[test]
fn a_wallet_is_loaded_at_the_next_start_if_that_is_wanted() {
    let node = Node::new();
    let setting = || node.chain.settings().get("wallet").cloned().unwrap_or_default();
    node.ok("createwallet", json!({ "wallet_name": "a", "load_on_startup": true }));
    assert_eq!(setting(), json!(["a"]));
    node.ok("createwallet", json!(["b"]));
    assert_eq!(setting(), json!(["a"]));
    node.ok("unloadwallet", json!(["a", false]));
    assert_eq!(setting(), json!([]));
}

#[test]
fn information_is_about_this_wallet() {
    let node = Node::rich("w");
    let info = node.ok("getwalletinfo", json!([]));
    assert_eq!(
        (&info["walletname"], &info["format"], &info["txcount"]),
        (&json!("w"), &json!("sqlite"), &json!(1))
    );
    assert_eq!((&info["keypoolsize"], &info["keypoolsize_hd_internal"]), (&json!(80), &json!(80)));
    assert_eq!((&info["private_keys_enabled"], &info["scanning"]), (&json!(true), &json!(false)));
    assert_eq!(info["flags"], json!(["last_hardened_xpub_cached", "descriptor_wallet"]));
    assert_eq!(info["lastprocessedblock"]["height"], 101);
    assert!(info.get("unlocked_until").is_none());
    node.ok("createwallet", json!(["watch", true, true]));
    let info = node.ask("getwalletinfo", json!([]), "/wallet/watch").unwrap();
    let flags = json!(["last_hardened_xpub_cached", "disable_private_keys", "blank", "descriptor_wallet"]);
    assert_eq!(info["flags"], flags);
    assert_eq!(info["keypoolsize"], 0);
    let error = node.ask("getnewaddress", json!([]), "/wallet/watch").unwrap_err();
    assert_eq!(error, (-4, "Error: This wallet has no available keys".into()));
}

#[test]
fn a_copy_becomes_a_wallet() {
    let node = Node::rich("w");
    let file = node.folder.path().join("copy");
    assert_eq!(node.ok("backupwallet", json!([file])), Value::Null);
    let error = node.error("backupwallet", json!([node.folder.path().join("no/such/folder")]));
    assert_eq!(error, (-4, "Error: Wallet backup failed!".into()));
    node.ok("unloadwallet", json!(["w"]));
    assert_eq!(node.ok("restorewallet", json!(["again", file])), json!({ "name": "again" }));
    assert_eq!(node.ok("getbalance", json!([])).to_string(), "50.00000000");
    assert_eq!(node.code("restorewallet", json!(["again", file])), -36);
    assert_eq!(node.code("restorewallet", json!(["x", "/no/such/file"])), -8);
}

#[test]
fn what_was_answered_is_in_the_files_at_once() {
    let node = Node::rich("w");
    node.chain.allow_deprecated("removeprunedfunds");
    node.ok("setwalletflag", json!(["avoid_reuse"]));
    let key = node.ok("addhdkey", json!([]))["xpub"].clone();
    node.ok("createwalletdescriptor", json!({ "type": "bech32", "hdkey": key }));
    let coinbase = node.ok("listtransactions", json!([]))[0]["txid"].clone();
    node.ok("removeprunedfunds", json!([coinbase]));
    // What a killed process leaves: the files as they are, with nothing closed.
    let all = node.folder.path().join("wallets");
    std::fs::create_dir(all.join("left")).unwrap();
    for entry in std::fs::read_dir(all.join("w")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), all.join("left").join(entry.file_name())).unwrap();
    }
    let asked = [
        ("getwalletinfo", json!([])),
        ("gethdkeys", json!({ "private": true })),
        ("listdescriptors", json!([true])),
        ("listtransactions", json!([])),
        ("listunspent", json!([])),
    ];
    let told = || -> Vec<Value> {
        let told = asked.iter().map(|(method, params)| node.ok(method, params.clone()));
        let mut told: Vec<Value> = told.collect();
        for name in ["walletname", "wallet_name"] {
            told.iter_mut().filter_map(Value::as_object_mut).for_each(|told| _ = told.remove(name));
        }
        told
    };
    let before = told();
    assert_eq!((&before[0]["avoid_reuse"], &before[0]["txcount"]), (&json!(true), &json!(0)));
    node.ok("unloadwallet", json!(["w"]));
    node.ok("loadwallet", json!(["left"]));
    assert_eq!(told(), before);
}
