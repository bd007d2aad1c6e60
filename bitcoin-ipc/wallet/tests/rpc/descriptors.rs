//! Descriptors: listed, imported.

use serde_json::{Value, json};

use super::node::{Node, btc, with_checksum};

fn listed(node: &Node, private: bool, uri: &str) -> Vec<Value> {
    let told = node.ask("listdescriptors", json!([private]), uri).unwrap();
    told["descriptors"].as_array().unwrap().clone()
}

#[test]
fn descriptors_are_listed() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    node.ok("getnewaddress", json!([]));
    let all = listed(&node, false, "");
    assert_eq!(all.len(), 8);
    let texts: Vec<&str> = all.iter().map(|one| one["desc"].as_str().unwrap()).collect();
    assert!(texts.is_sorted() && texts.iter().all(|text| !text.contains('\'') && text.contains("tpub")));
    let used = all.iter().find(|one| one["next"] == 1).unwrap();
    assert_eq!(
        (&used["range"], &used["next_index"], &used["internal"]),
        (&json!([0, 19]), &json!(1), &json!(false))
    );
    for one in listed(&node, true, "") {
        let text = one["desc"].as_str().unwrap();
        assert!(text.contains("tprv") && !text.contains("tpub"));
    }
    node.ok("createwallet", json!(["watch", true]));
    let error = node.ask("listdescriptors", json!([true]), "/wallet/watch").unwrap_err();
    assert_eq!(error.0, -4);
}

#[test]
fn a_watching_wallet_imports_what_another_one_has() {
    let node = Node::rich("w");
    node.ok("createwallet", json!(["watch", true, true]));
    let requests: Vec<Value> = listed(&node, false, "/wallet/w")
        .into_iter()
        .map(|one| json!({ "desc": one["desc"], "timestamp": 0, "active": true, "internal": one["internal"], "range": [0, 9], "next_index": 1 }))
        .collect();
    let told = node.ask("importdescriptors", json!([requests]), "/wallet/watch").unwrap();
    assert_eq!(told, json!(vec![json!({ "success": true }); 8]));
    let ask = |method, params, name| node.ask(method, params, &format!("/wallet/{name}")).unwrap();
    assert_eq!(btc(&ask("getbalance", json!([]), "watch")), "50.00000000");
    let (one, other) = (ask("getnewaddress", json!([]), "w"), ask("getnewaddress", json!([]), "watch"));
    assert_eq!(one, other);
    // It makes PSBTs that the other one signs.
    let made = ask("walletcreatefundedpsbt", json!([[], { super::node::foreign(): 1 }]), "watch");
    let watched = ask("walletprocesspsbt", json!([made["psbt"]]), "watch");
    assert_eq!(watched["complete"], false);
    let signed = ask("walletprocesspsbt", json!([watched["psbt"]]), "w");
    assert_eq!(signed["complete"], true);
}

#[test]
fn wrong_imports_say_what_is_wrong() {
    let node = Node::new();
    node.ok("createwallet", json!(["w"]));
    node.ok("createwallet", json!(["watch", true]));
    let texts = listed(&node, false, "/wallet/w");
    let ranged = texts[0]["desc"].as_str().unwrap();
    let private = listed(&node, true, "/wallet/w")[0]["desc"].clone();
    for (request, code, text) in [
        (json!({}), -8, "Descriptor not found."),
        (json!({ "desc": "wpkh(x)" }), -5, "Missing checksum"),
        (json!({ "desc": "wpkh(x)#y" }), -5, "Expected 8 character checksum, not 1 characters"),
        (
            json!({ "desc": "wpkh(x)#00000000" }),
            -5,
            "Provided checksum '00000000' does not match computed checksum '595fghew'",
        ),
        (json!({ "desc": with_checksum("wpkh(x)") }), -5, "wpkh(): key 'x' is not valid"),
        (json!({ "desc": ranged, "label": "x" }), -8, "Ranged descriptors should not have a label"),
        (json!({ "desc": ranged, "range": [3, 2] }), -8, "Range specified as [begin,end]"),
        (json!({ "desc": ranged, "range": [0, 9], "next_index": 10 }), -8, "next_index is out of range"),
        (json!({ "desc": ranged, "range": [0, 1_000_000] }), -8, "Range is too large"),
        (json!({ "desc": ranged, "range": [-1, 9] }), -8, "Range should be greater or equal than 0"),
        (json!({ "desc": ranged, "range": 2_147_483_648_u32 }), -8, "End of range is too high"),
        (json!({ "desc": private }), -4, "Cannot import private keys to a wallet with private keys disabled"),
    ] {
        let mut request = request;
        request["timestamp"] = json!("now");
        let told = node.ask("importdescriptors", json!([[request]]), "/wallet/watch").unwrap();
        assert_eq!((&told[0]["success"], &told[0]["error"]["code"]), (&json!(false), &json!(code)), "{told}");
        assert!(told[0]["error"]["message"].as_str().unwrap().starts_with(text), "{told}");
    }
    let error = node.ask("importdescriptors", json!([[{ "desc": ranged }]]), "/wallet/watch").unwrap_err();
    assert_eq!(error, (-3, "Missing required timestamp field for key".into()));
    let warned = json!([[{ "desc": ranged, "timestamp": "now" }]]);
    let told = node.ask("importdescriptors", warned, "/wallet/watch").unwrap();
    assert_eq!(
        told,
        json!([{ "success": true, "warnings": ["Range not given, using default keypool range"] }])
    );
}
