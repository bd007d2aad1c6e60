//! Wallets without private keys, made of wallets that have them.

use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, btc, foreign, script};

/// Exports the wallet `w`, and restores it as another one.
fn export(node: &Node, name: &str) -> Vec<u8> {
    let file = node.folder.path().join(name);
    let told = node.ask("exportwatchonlywallet", json!([file]), "/wallet/w").unwrap();
    assert_eq!(told, json!({ "exported_file": file }));
    node.ok("restorewallet", json!([name, file]));
    let left = std::fs::read_dir(node.folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert!(left.iter().all(|name| !name.contains(".part")), "{left:?}");
    std::fs::read(file).unwrap()
}

fn holds(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|part| part == what.as_bytes())
}

#[test]
fn an_exported_wallet_watches_what_the_other_one_has() {
    let node = Node::rich("w");
    node.ok("setwalletflag", json!(["avoid_reuse"]));
    let tea = node.ok("getnewaddress", json!(["tea"]));
    node.ok("setlabel", json!([foreign(), "shop"]));
    node.ok("sendtoaddress", json!([tea, 2, "a note"]));
    node.chain.mine(1, &elsewhere());
    let coins = node.ok("listunspent", json!([]));
    let outpoint = |coin: &Value| json!({ "txid": coin["txid"], "vout": coin["vout"] });
    node.ok("lockunspent", json!([false, [outpoint(&coins[0])], true]));
    node.ok("lockunspent", json!([false, [outpoint(&coins[1])]]));
    node.ok("addhdkey", json!([]));
    let keys = node.ok("gethdkeys", json!({ "private": true }));
    let bytes = export(&node, "watch");
    for key in keys.as_array().unwrap() {
        assert!(!holds(&bytes, key["xprv"].as_str().unwrap()));
    }
    assert!(!holds(&bytes, "tprv") && holds(&bytes, "tpub"));
    let ask = |method, params, name| node.ask(method, params, &format!("/wallet/{name}")).unwrap();
    for (method, params) in [
        ("listdescriptors", json!([])),
        ("listtransactions", json!([])),
        ("getaddressesbylabel", json!(["tea"])),
        ("getaddressesbylabel", json!(["shop"])),
        ("getbalances", json!([])),
        ("listunspent", json!([])),
    ] {
        let (mut one, mut other) = (ask(method, params.clone(), "w"), ask(method, params, "watch"));
        for told in [&mut one, &mut other] {
            told.as_object_mut().map(|told| told.remove("wallet_name"));
        }
        if method == "listunspent" {
            // Coins that were locked for a while only are free there.
            assert_eq!((one, other.as_array().unwrap().len()), (json!([]), 1));
        } else {
            assert_eq!(one, other, "{method}");
        }
    }
    assert_eq!(ask("listlockunspent", json!([]), "watch"), json!([outpoint(&coins[0])]));
    let info = ask("getwalletinfo", json!([]), "watch");
    assert_eq!((&info["private_keys_enabled"], &info["avoid_reuse"]), (&json!(false), &json!(true)));
    // What comes later is seen, and spent with both.
    let address = ask("getnewaddress", json!([]), "watch");
    assert_eq!(ask("getnewaddress", json!([]), "w"), address);
    node.chain.mine(1, &script(&address));
    node.chain.mine(100, &elsewhere());
    ask("lockunspent", json!([true]), "watch");
    assert!(btc(&ask("getbalance", json!([]), "watch")).starts_with("99.999"));
    let made = ask("walletcreatefundedpsbt", json!([[], { foreign(): 60 }]), "watch");
    let signed = ask("walletprocesspsbt", json!([made["psbt"]]), "w");
    assert_eq!(signed["complete"], true);
}

#[test]
fn a_locked_wallet_is_exported_as_well() {
    let node = Node::rich("w");
    node.ok("encryptwallet", json!(["pass"]));
    export(&node, "watch");
    let info = node.ask("getwalletinfo", json!([]), "/wallet/watch").unwrap();
    assert!(info.get("unlocked_until").is_none());
    let balance = node.ask("getbalance", json!([]), "/wallet/watch").unwrap();
    assert_eq!(btc(&balance), "50.00000000");
}

#[test]
fn an_export_replaces_nothing() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let fault = |to: &str| node.ask("exportwatchonlywallet", json!([to]), "/wallet/w").unwrap_err();
    assert_eq!(fault(""), (-4, "Error: Export destination cannot be empty".into()));
    assert_eq!(fault("."), (-4, "Error: Export destination '.' already exists".into()));
    let nowhere = node.folder.path().join("no/such/folder").display().to_string();
    assert_eq!(fault(&nowhere), (-4, format!("Error: Could not create file '{nowhere}'")));
    node.ok("createwallet", json!({ "wallet_name": "blank", "blank": true }));
    let file = node.folder.path().join("x");
    let empty = node.ask("exportwatchonlywallet", json!([file]), "/wallet/blank").unwrap_err();
    assert_eq!(empty, (-4, "Error: Wallet has no descriptors to export".into()));
    assert!(!file.exists());
}
