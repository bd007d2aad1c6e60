//! What is asked of both about addresses that belong together, and about single transactions.

use serde_json::{Value, json};

use super::node::foreign;
use super::story::Story;

pub(crate) fn reuse(story: &mut Story<'_>) {
    story.ok("createwallet", json!({ "wallet_name": "w", "avoid_reuse": true }));
    story.earn();
    story.ok("getwalletinfo", json!([]));
    story.ok("getbalances", json!([]));
    story.ok("listunspent", json!([]));
    let own = story.ok("getnewaddress", json!(["tea"]));
    story.ok("sendtoaddress", json!([own, 20]));
    story.mine(1, &json!(foreign()));
    let coins = story.ok("listunspent", json!([1, 9, [own]]));
    let input = json!({ "txid": coins[0]["txid"], "vout": coins[0]["vout"] });
    story.ok("send", json!({ "outputs": { foreign(): 19 }, "options": { "inputs": [input] } }));
    story.mine(1, &own);
    story.mine(100, &json!(foreign()));
    let balances = story.ok("getbalances", json!([]));
    assert!(balances["mine"]["used"].to_string().starts_with("50.0000"));
    let coins = story.ok("listunspent", json!([1, 999, [own]]));
    assert!(coins.as_array().unwrap().iter().all(|coin| coin["reused"] == true));
    let _ = story.ask("sendtoaddress", json!([foreign(), 40]));
    story.ok("sendtoaddress", json!({ "address": foreign(), "amount": 40, "avoid_reuse": false }));
    // Which coins it has spent is left to chance.
    story.loosely(|story| {
        story.ok("getbalance", json!({ "avoid_reuse": false }));
        story.ok("listaddressgroupings", json!([]));
    });
    for params in [
        json!(["avoid_reuse"]),
        json!(["abc"]),
        json!(["blank"]),
        json!(["key_origin_metadata", false]),
        json!(["last_hardened_xpub_cached", false]),
        json!(["external_signer"]),
        json!(["avoid_reuse", false]),
        json!(["avoid_reuse", false]),
        json!(["avoid_reuse", 1]),
        json!(["avoid_reuse", true]),
    ] {
        let _ = story.ask("setwalletflag", params);
    }
    story.ok("getwalletinfo", json!([]));
}

pub(crate) fn groupings(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    story.ok("listaddressgroupings", json!([]));
    story.earn();
    let groups = story.ok("listaddressgroupings", json!([]));
    assert_eq!(groups.as_array().unwrap().len(), 1);
    for _ in 0..2 {
        let own = story.ok("getnewaddress", json!(["tea"]));
        story.ok("sendtoaddress", json!([own, 20]));
        story.mine(1, &json!(foreign()));
    }
    // Two payments of 20 to different addresses make one of 39 spend both.
    let mut coins = Value::Null;
    story.loosely(|story| coins = story.ok("listunspent", json!([])));
    let all = coins.as_array().unwrap().iter();
    let inputs: Vec<Value> = all.map(|coin| json!({ "txid": coin["txid"], "vout": coin["vout"] })).collect();
    let options = json!({ "inputs": inputs, "change_position": 1 });
    story.ok("send", json!({ "outputs": { foreign(): 39 }, "options": options }));
    let mut groups = Value::Null;
    story.loosely(|story| groups = story.ok("listaddressgroupings", json!([])));
    let sizes: Vec<usize> =
        groups.as_array().unwrap().iter().map(|group| group.as_array().unwrap().len()).collect();
    // The first address, two that got payments, and change three times.
    assert_eq!(sizes, [6]);
}

pub(crate) fn exported(story: &mut Story<'_>) {
    story.ok("createwallet", json!({ "wallet_name": "w", "avoid_reuse": true }));
    story.earn();
    story.ok("sendtoaddress", json!([foreign(), 1]));
    story.mine(1, &json!(foreign()));
    story.ok("addhdkey", json!([]));
    let file = story.folder.join("watch");
    story.ok("exportwatchonlywallet", json!([file]));
    for to in [json!(""), json!("."), json!("/no/such/folder/x"), json!(1)] {
        let _ = story.ask("exportwatchonlywallet", json!([to]));
    }
    story.ok("restorewallet", json!(["watch", file]));
    for (method, params) in [
        ("getwalletinfo", json!([])),
        ("getbalances", json!([])),
        ("listunspent", json!([])),
        ("listtransactions", json!([])),
        ("listdescriptors", json!([])),
        ("gethdkeys", json!([])),
        ("exportwatchonlywallet", json!([story.folder.join("again")])),
    ] {
        story.ask_at(method, params, "/wallet/watch").unwrap();
    }
    story.ok("createwallet", json!(["blank", false, true]));
    let file = story.folder.join("nothing");
    let _ = story.ask_at("exportwatchonlywallet", json!([file]), "/wallet/blank");
}

pub(crate) fn pruned(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    story.earn();
    let own = story.ok("getnewaddress", json!([]));
    let txid = story.ok("sendtoaddress", json!([own, 1]));
    story.mine(1, &json!(foreign()));
    let proof = story.prove(102, &txid);
    let raw = story.ok("gettransaction", json!([txid]))["hex"].clone();
    let desc = story.ok("getaddressinfo", json!([own]))["desc"].clone();
    story.ok("createwallet", json!(["late", true]));
    let late = "/wallet/late";
    let _ = story.ask_at("importprunedfunds", json!([raw, proof]), late);
    let requests = json!([[{ "desc": desc, "timestamp": "now" }]]);
    story.ask_at("importdescriptors", requests, late).unwrap();
    for params in [
        json!(["00", proof]),
        json!(["zz", proof]),
        json!([raw, "zz"]),
        json!([raw, "00"]),
        json!([raw, proof[..proof.len() - 2]]),
        // The root that is claimed is another one.
        json!([raw, format!("{}{}{}", &proof[..72], "11".repeat(32), &proof[136..])]),
        // The block is another one.
        json!([raw, format!("11{}", &proof[2..])]),
        json!([raw, 1]),
    ] {
        let _ = story.ask_at("importprunedfunds", params, late);
    }
    story.ask_at("importprunedfunds", json!([raw, proof]), late).unwrap();
    story.ask_at("gettransaction", json!([txid]), late).unwrap();
    for params in [json!(["00".repeat(32)]), json!(["00"]), json!([txid]), json!([txid])] {
        let _ = story.ask_at("removeprunedfunds", params, late);
    }
    let _ = story.ask_at("gettransaction", json!([txid]), late);
}
