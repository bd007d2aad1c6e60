//! Files that other versions have written, and damaged ones.
//!
//! In: files as the first version wrote them (`tests/files`), rows that mean nothing. Out: wallets with all that
//! is in the file and can be read; a file of a newer version stays as it is.

use std::path::PathBuf;

use bdk_wallet::rusqlite::{Connection, params};
use bitcoin_ipc::types::Secret;
use serde_json::{Value, json};

use super::node::Node;

fn file(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name)).unwrap()
}

/// Where a wallet's file is.
fn path(node: &Node, name: &str) -> PathBuf {
    node.folder.path().join("wallets").join(name).join("wallet.sqlite")
}

fn open(node: &Node, name: &str) -> Connection {
    Connection::open(path(node, name)).unwrap()
}

/// A node without a chain, so that wallets know what their files say, and such a file.
fn with(name: &str) -> Node {
    let node = Node::new();
    put(&node, name);
    node.chain.set_lost(true);
    node
}

fn put(node: &Node, name: &str) {
    std::fs::create_dir_all(path(node, name).parent().unwrap()).unwrap();
    let connection = open(node, name);
    connection.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    connection.execute_batch(&file(&format!("old-{name}.sql"))).unwrap();
}

/// Without what depends on -keypool, on the time, or on what a newer version tells more of.
fn comparable(method: &str, mut answer: Value) -> Value {
    let strip = |object: &mut Value, names: &[&str]| {
        if let Some(object) = object.as_object_mut() {
            names.iter().for_each(|name| _ = object.remove(*name));
        }
    };
    match method {
        "listdescriptors" => {
            let all = answer["descriptors"].as_array_mut().unwrap();
            all.iter_mut().for_each(|one| strip(one, &["range"]));
        }
        "getwalletinfo" => {
            // The birth time was that of the keys then; a transaction that is older counts now.
            let names = ["keypoolsize", "keypoolsize_hd_internal", "unlocked_until", "flags", "birthtime"];
            strip(&mut answer, &names);
        }
        _ => {}
    }
    answer
}

#[test]
fn a_file_of_the_first_version_loads_with_everything_in_it() {
    let answers: Value = serde_json::from_str(&file("old-answers.json")).unwrap();
    for name in ["open", "sealed"] {
        let node = with(name);
        for round in ["old", "new"] {
            assert_eq!(node.ok("loadwallet", json!([name])), json!({ "name": name }));
            let expected = answers[name].as_object().unwrap();
            for (method, told) in expected.iter().filter(|(method, _)| *method != "private") {
                if method == "gettransaction" {
                    for (txid, told) in told.as_object().unwrap() {
                        assert_eq!(node.ok("gettransaction", json!([txid])), *told, "{round} {name} {txid}");
                    }
                    continue;
                }
                let params = match method.as_str() {
                    "listtransactions" => json!(["*", 1000]),
                    "getaddressesbylabel" => json!(["shop"]),
                    "listunspent" => json!([0]),
                    _ => json!([]),
                };
                let now = comparable(method, node.ok(method, params));
                assert_eq!(now, comparable(method, told.clone()), "{round} {name} {method}");
            }
            if name == "open" {
                let private = comparable("listdescriptors", node.ok("listdescriptors", json!([true])));
                assert_eq!(private, comparable("listdescriptors", expected["private"].clone()), "{round}");
            }
            node.ok("unloadwallet", json!([name]));
        }
        node.ok("loadwallet", json!([name]));
        let wallet = node.loader.wallet(name).unwrap();
        assert!(name == "open" || wallet.unlock(&Secret::new("secret")).unwrap());
        // An address that was given out is not given out again.
        let book = wallet.book().unwrap().len();
        node.ok("getnewaddress", json!([]));
        node.ok("getnewaddress", json!(["", "bech32m"]));
        assert_eq!(wallet.book().unwrap().len(), book + 2);
        node.ok("listdescriptors", json!([true]));
    }
}

#[test]
fn a_wallet_that_overlapping_descriptors_had_made_unloadable_loads() {
    for (name, count) in [("twins", 2), ("single", 2)] {
        let node = with(name);
        assert_eq!(node.ok("loadwallet", json!([name])), json!({ "name": name }));
        let told = node.ok("listdescriptors", json!([]));
        assert_eq!(told["descriptors"].as_array().unwrap().len(), count);
        let active =
            told["descriptors"].as_array().unwrap().iter().find(|one| one["active"] == true).unwrap();
        assert_eq!(active["next_index"], 2);
        node.ok("getnewaddress", json!([]));
    }
}

#[test]
fn a_row_that_cannot_be_read_is_set_aside_and_the_others_are_used() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let address = node.ok("getnewaddress", json!([]));
    node.ok("unloadwallet", json!(["w"]));
    let insert = "INSERT INTO descriptor(identity, kind, internal, active, birth) VALUES (?1, ?2, 0, 0, 1)";
    let connection = open(&node, "w");
    connection.execute(insert, params!["wpkh(damaged)#aaaaaaaa", 2]).unwrap();
    connection.execute(insert, params!["of_a_newer_kind(x)", 2]).unwrap();
    let known: String =
        connection.query_row("SELECT text FROM descriptor WHERE id = 5", [], |row| row.get(0)).unwrap();
    connection.execute("UPDATE descriptor SET kind = 77 WHERE id = 5", []).unwrap();
    drop(connection);
    for _ in 0..2 {
        let loaded = node.ok("loadwallet", json!(["w"]));
        let warnings = loaded["warnings"].as_array().unwrap().clone();
        assert_eq!(warnings.len(), 3, "{loaded}");
        assert!(warnings[0].as_str().unwrap().starts_with("Descriptor 5 is set aside"), "{loaded}");
        assert_eq!(node.ok("getwalletinfo", json!([]))["warnings"], json!(warnings));
        let told = node.ok("listdescriptors", json!([]));
        assert_eq!(told["descriptors"].as_array().unwrap().len(), 7);
        let aside = told["set_aside"].as_array().unwrap();
        let texts: Vec<&str> = aside.iter().map(|row| row["text"].as_str().unwrap()).collect();
        assert_eq!(texts, [known.as_str(), "wpkh(damaged)#aaaaaaaa", "of_a_newer_kind(x)"]);
        node.ok("listdescriptors", json!([true]));
        node.ok("getnewaddress", json!(["", "bech32m"]));
        let info = node.ok("getaddressinfo", json!([address]));
        assert_eq!(info["ismine"], known.starts_with("wpkh") && info["ismine"] == true, "{info}");
        node.ok("unloadwallet", json!(["w"]));
    }
}

#[test]
fn a_file_of_a_newer_version_is_left_as_it_is() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    node.ok("unloadwallet", json!(["w"]));
    for name in ["bitcoin_wallet", "bdk_txgraph"] {
        let change = |by: i64| {
            let connection = open(&node, "w");
            let sql = "UPDATE bdk_schemas SET version = version + ?2 WHERE name = ?1";
            connection.execute(sql, params![name, by]).unwrap();
        };
        change(1);
        let before = std::fs::read(path(&node, "w")).unwrap();
        let (code, text) = node.error("loadwallet", json!(["w"]));
        assert_eq!(code, -4, "{text}");
        assert!(text.contains("newer version") && text.contains("wallet.sqlite"), "{text}");
        assert!(std::fs::read(path(&node, "w")).unwrap() == before, "it was changed");
        change(-1);
        node.ok("loadwallet", json!(["w"]));
        node.ok("unloadwallet", json!(["w"]));
    }
}
