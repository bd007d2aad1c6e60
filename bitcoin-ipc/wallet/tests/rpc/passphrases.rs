//! Wallets that are encrypted, locked, unlocked.

use serde_json::{Value, json};

use super::node::{Node, foreign};

#[test]
fn a_passphrase_locks_and_unlocks() {
    let node = Node::rich("w");
    let pay = || json!([foreign(), 1]);
    for (method, params) in [
        ("walletpassphrase", json!(["x", 1])),
        ("walletlock", json!([])),
        ("walletpassphrasechange", json!(["x", "y"])),
    ] {
        let text = format!("Error: running with an unencrypted wallet, but {method} was called.");
        assert_eq!(node.error(method, params), (-15, text));
    }
    assert_eq!(node.error("encryptwallet", json!([""])), (-8, "passphrase cannot be empty".into()));
    let told = node.ok("encryptwallet", json!(["open sesame"]));
    assert!(told.as_str().unwrap().starts_with("wallet encrypted;"));
    assert_eq!(node.code("encryptwallet", json!(["again"])), -15);
    let locked = "Error: Please enter the wallet passphrase with walletpassphrase first.";
    assert_eq!(node.error("sendtoaddress", pay()), (-13, locked.into()));
    assert_eq!(node.ok("getwalletinfo", json!([]))["unlocked_until"], 0);
    let wrong = "Error: The wallet passphrase entered was incorrect.";
    assert_eq!(node.error("walletpassphrase", json!(["open barley", 60])), (-14, wrong.into()));
    let zero = "Error: The wallet passphrase entered is incorrect. It contains a null character (ie - a zero byte). If the passphrase was set with a version of this software prior to 25.0, please try again with only the characters up to — but not including — the first null character. If this is successful, please set a new passphrase to avoid this issue in the future.";
    assert_eq!(node.error("walletpassphrase", json!(["open\0sesame", 60])), (-14, zero.into()));
    let zero = "Error: The old wallet passphrase entered is incorrect. It contains a null character (ie - a zero byte). If the old passphrase was set with a version of this software prior to 25.0, please try again with only the characters up to — but not including — the first null character.";
    assert_eq!(node.error("walletpassphrasechange", json!(["open\0sesame", "x"])), (-14, zero.into()));
    assert_eq!(node.error("walletpassphrase", json!(["x", -1])), (-8, "Timeout cannot be negative.".into()));
    assert_eq!(node.code("walletpassphrase", json!(["", 60])), -8);
    node.loader.set_mock_time(1_800_000_000);
    assert_eq!(
        node.ok("walletpassphrase", json!({ "passphrase": "open sesame", "timeout": 60 })),
        Value::Null
    );
    assert_eq!(node.ok("getwalletinfo", json!([]))["unlocked_until"], 1_800_000_060);
    node.ok("sendtoaddress", pay());
    node.ok("walletpassphrase", json!(["open sesame", 200_000_000]));
    assert_eq!(node.ok("getwalletinfo", json!([]))["unlocked_until"], 1_900_000_000);
    assert_eq!(node.ok("walletlock", json!([])), Value::Null);
    assert_eq!(node.code("sendtoaddress", pay()), -13);
    assert_eq!(node.code("walletpassphrasechange", json!(["wrong", "new"])), -14);
    node.ok("walletpassphrasechange", json!(["open sesame", "new"]));
    assert_eq!(node.code("walletpassphrase", json!(["open sesame", 1])), -14);
    node.ok("walletpassphrase", json!(["new", 1000]));
    node.ok("sendtoaddress", pay());
}

#[test]
fn a_wallet_without_private_keys_has_nothing_to_encrypt() {
    let node = Node::new();
    node.ok("createwallet", json!(["w", true]));
    let text = "Error: wallet does not contain private keys, nothing to encrypt.";
    assert_eq!(node.error("encryptwallet", json!(["x"])), (-16, text.into()));
}

#[test]
fn a_new_wallet_can_be_encrypted() {
    let node = Node::new();
    node.ok("createwallet", json!({ "wallet_name": "w", "passphrase": "x" }));
    assert_eq!(node.ok("getwalletinfo", json!([]))["unlocked_until"], 0);
    assert_eq!(node.code("listdescriptors", json!([true])), -13);
    node.ok("walletpassphrase", json!(["x", 100]));
    let told = node.ok("listdescriptors", json!([true]));
    assert!(told["descriptors"][0]["desc"].as_str().unwrap().contains("tprv"));
}

#[test]
fn twenty_clients_unlock_look_and_lock_at_once() {
    let node = Node::new();
    node.ok("createwallet", json!({ "wallet_name": "w", "passphrase": "x" }));
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                node.ok("walletpassphrase", json!(["x", 60]));
                node.ok("listtransactions", json!([]));
                node.ok("walletlock", json!([]));
            });
        }
    });
    assert_eq!(node.ok("getwalletinfo", json!([]))["unlocked_until"], 0);
    let (wrong, right) = (json!(["y", 60]), json!(["x", 60]));
    assert_eq!(node.code("walletpassphrase", wrong), -14);
    node.ok("walletpassphrase", right);
}
