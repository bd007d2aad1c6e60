//! Addresses, labels, and what is known of both.

use serde_json::{Value, json};

use super::node::{Node, foreign, script};

#[test]
fn addresses_come_in_four_kinds() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    for (kind, start) in
        [("legacy", "m n"), ("p2sh-segwit", "2"), ("bech32", "bcrt1q"), ("bech32m", "bcrt1p")]
    {
        for method in ["getnewaddress", "getrawchangeaddress"] {
            let address = node.ok(method, json!({ "address_type": kind }));
            let address = address.as_str().unwrap();
            assert!(start.split(' ').any(|start| address.starts_with(start)), "{address}");
        }
    }
    assert!(node.ok("getnewaddress", json!([])).as_str().unwrap().starts_with("bcrt1q"));
    let error = node.error("getnewaddress", json!(["", "x"]));
    assert_eq!(error, (-5, "Unknown address type 'x'".into()));
    assert_eq!(node.error("getnewaddress", json!(["*"])), (-11, "Invalid label name".into()));
    assert_eq!(node.ok("keypoolrefill", json!([20])), Value::Null);
    assert_eq!(node.code("keypoolrefill", json!([-1])), -8);
}

#[test]
fn all_about_an_address_is_told() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let info = |kind: &str| {
        let address = node.ok("getnewaddress", json!(["tea", kind]));
        let info = node.ok("getaddressinfo", json!([address]));
        assert_eq!(
            (&info["address"], &info["ismine"], &info["solvable"]),
            (&address, &json!(true), &json!(true))
        );
        assert_eq!(info["scriptPubKey"], format!("{:x}", script(&address)));
        assert_eq!(info["labels"], json!(["tea"]));
        assert_eq!(info["ischange"], false);
        info
    };
    let wpkh = info("bech32");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (key, print) = (text(&wpkh["pubkey"]), text(&wpkh["hdmasterfingerprint"]));
    let desc = text(&wpkh["desc"]);
    assert!(desc.starts_with(&format!("wpkh([{print}/84h/1h/0h/0/0]{key})#")), "{desc}");
    let parent = text(&wpkh["parent_desc"]);
    assert!(
        parent.starts_with(&format!("wpkh([{print}/84h/1h/0h]tpub")) && parent.contains("/0/*)#"),
        "{parent}"
    );
    assert_eq!(wpkh["hdkeypath"], "m/84h/1h/0h/0/0");
    assert_eq!(
        (&wpkh["isscript"], &wpkh["iswitness"], &wpkh["witness_version"]),
        (&json!(false), &json!(true), &json!(0))
    );
    // The descriptor gives the same address again.
    let nested = info("p2sh-segwit");
    assert_eq!((&nested["script"], &nested["isscript"]), (&json!("witness_v0_keyhash"), &json!(true)));
    assert_eq!(nested["pubkey"], nested["embedded"]["pubkey"]);
    assert_eq!(nested["hex"], nested["embedded"]["scriptPubKey"]);
    assert!(text(&nested["desc"]).starts_with("sh(wpkh(["));
    let legacy = info("legacy");
    assert_eq!((&legacy["iscompressed"], &legacy["iswitness"]), (&json!(true), &json!(false)));
    let taproot = info("bech32m");
    let desc = text(&taproot["desc"]);
    let key = desc.split(']').nth(1).unwrap().split(')').next().unwrap();
    assert_eq!(key.len(), 64, "{desc}");
    assert!(taproot.get("pubkey").is_none());
    let other = node.ok("getaddressinfo", json!([foreign()]));
    assert_eq!(
        (&other["ismine"], &other["solvable"], &other["labels"]),
        (&json!(false), &json!(false), &json!([]))
    );
    assert!(other.get("desc").is_none() && other.get("hdkeypath").is_none());
    let error = node.error("getaddressinfo", json!(["bcrt1x"]));
    assert_eq!(error, (-5, "Invalid separator position".into()));
    let change = node.ok("getrawchangeaddress", json!([]));
    assert_eq!(node.ok("getaddressinfo", json!([change]))["ischange"], true);
}

#[test]
fn labels_group_addresses() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let own = node.ok("getnewaddress", json!(["tea"]));
    node.ok("setlabel", json!([foreign(), "shop"]));
    assert_eq!(node.ok("listlabels", json!([])), json!(["shop", "tea"]));
    assert_eq!(node.ok("listlabels", json!(["send"])), json!(["shop"]));
    assert_eq!(node.ok("listlabels", json!(["receive"])), json!(["tea"]));
    assert_eq!(node.code("listlabels", json!(["x"])), -8);
    let listed = node.ok("getaddressesbylabel", json!(["tea"]));
    assert_eq!(listed, json!({ own.as_str().unwrap(): { "purpose": "receive" } }));
    assert_eq!(node.ok("getaddressesbylabel", json!(["shop"]))[foreign()]["purpose"], "send");
    let error = node.error("getaddressesbylabel", json!(["none"]));
    assert_eq!(error, (-11, "No addresses with label none".into()));
    node.ok("setlabel", json!([own, "coffee"]));
    assert_eq!(node.ok("listlabels", json!([])), json!(["coffee", "shop"]));
    assert_eq!(node.error("setlabel", json!(["x", "y"])).0, -5);
    assert_eq!(node.code("setlabel", json!([own, "*"])), -11);
}

#[test]
fn messages_are_signed_with_keys_of_addresses() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    let legacy = node.ok("getnewaddress", json!(["", "legacy"]));
    let signature = node.ok("signmessage", json!([legacy, "hello"]));
    let signature =
        bitcoin::sign_message::MessageSignature::from_base64(signature.as_str().unwrap()).unwrap();
    let address = bitcoin::Address::from_script(&script(&legacy), bitcoin::Network::Regtest).unwrap();
    let curve = bitcoin::secp256k1::Secp256k1::verification_only();
    let hash = bitcoin::sign_message::signed_msg_hash("hello");
    assert!(signature.is_signed_by_address(&curve, &address, hash).unwrap());
    let segwit = node.ok("getnewaddress", json!([]));
    assert_eq!(node.error("signmessage", json!([segwit, "x"])), (-3, "Address does not refer to key".into()));
    let other = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
    assert_eq!(node.error("signmessage", json!([other, "x"])), (-4, "Private key not available".into()));
}
