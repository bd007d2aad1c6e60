//! What is asked of both.

use serde_json::{Value, json};

use super::node::foreign;
use super::story::Story;

pub(crate) fn wallets(story: &mut Story<'_>) {
    let _ = story.ask("getbalance", json!([]));
    let _ = story.ask("createwallet", json!([""]));
    let _ = story.ask("createwallet", json!({ "wallet_name": "x", "descriptors": false }));
    story.ok("createwallet", json!(["a"]));
    story.ok("createwallet", json!(["b", true, true, ""]));
    let _ = story.ask("getbalance", json!([]));
    let _ = story.ask_at("getbalance", json!([]), "/wallet/c");
    let _ = story.ask_at("unloadwallet", json!(["a"]), "/wallet/b");
    let _ = story.ask("unloadwallet", json!([]));
    let _ = story.ask("unloadwallet", json!(["c"]));
    let _ = story.ask("loadwallet", json!(["a"]));
    for params in [json!(["a"]), json!(["none"]), json!([])] {
        let _ = story.ask("migratewallet", params);
    }
    let _ = story.ask_at("migratewallet", json!(["a"]), "/wallet/b");
    let _ = story.ask_at("migratewallet", json!([]), "/wallet/b");
    let _ = story.ask_at("getwalletinfo", json!([]), "/wallet/b");
    let _ = story.ask_at("getnewaddress", json!([]), "/wallet/b");
    let _ = story.ask_at("sendtoaddress", json!([foreign(), 1]), "/wallet/b");
    let _ = story.ask_at("bumpfee", json!(["00".repeat(32)]), "/wallet/b");
    let _ = story.ask_at("encryptwallet", json!(["x"]), "/wallet/b");
    let _ = story.ask_at("listdescriptors", json!([true]), "/wallet/b");
    story.ok("unloadwallet", json!(["b"]));
    story.ok("listwallets", json!([]));
    story.ok("listwalletdir", json!([]));
    story.ok("getwalletinfo", json!([]));
    let file = story.folder.join("copy");
    story.ok("backupwallet", json!([file]));
    story.ok("restorewallet", json!(["c", file]));
    let _ = story.ask("restorewallet", json!(["", file]));
    let _ = story.ask("restorewallet", json!(["d", "/no/such/file"]));
    story.ok("unloadwallet", json!(["c"]));
    let _ = story.ask("rescanblockchain", json!([5]));
    story.ok("rescanblockchain", json!([0, 0]));
    story.ok("abortrescan", json!([]));
    let _ = story.ask("getbalance", json!(["x"]));
    let _ = story.ask("getbalance", json!({ "avoid_reuse": true }));
    let _ = story.ask("getbalance", json!({ "nonsense": 1 }));
    let _ = story.ask("getbalance", json!([1, "x"]));
}

pub(crate) fn addresses(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    for kind in ["legacy", "p2sh-segwit", "bech32", "bech32m"] {
        let address = story.ok("getnewaddress", json!(["tea", kind]));
        story.ok("getaddressinfo", json!([address]));
        let change = story.ok("getrawchangeaddress", json!([kind]));
        story.ok("getaddressinfo", json!([change]));
    }
    story.ok("getaddressinfo", json!([foreign()]));
    let _ = story.ask("getaddressinfo", json!(["x"]));
    let _ = story.ask("getaddressinfo", json!(["bcrt1qx"]));
    let _ = story.ask("getnewaddress", json!(["", "x"]));
    let _ = story.ask("getnewaddress", json!(["*"]));
    let _ = story.ask("getnewaddress", json!([1, 2]));
    story.ok("setlabel", json!([foreign(), "shop"]));
    let _ = story.ask("setlabel", json!(["x", "shop"]));
    story.ok("getaddressesbylabel", json!(["shop"]));
    let _ = story.ask("getaddressesbylabel", json!(["none"]));
    story.ok("listlabels", json!([]));
    story.ok("listlabels", json!(["send"]));
    let _ = story.ask("listlabels", json!(["x"]));
    let legacy = story.ok("getnewaddress", json!(["", "legacy"]));
    story.ok("signmessage", json!([legacy, "hello"]));
    let _ = story.ask("signmessage", json!([foreign(), "hello"]));
    let _ = story.ask("signmessage", json!(["mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "x"]));
    let _ = story.ask("signmessage", json!(["x", "x"]));
    story.ok("keypoolrefill", json!([]));
    let _ = story.ask("keypoolrefill", json!([-1]));
}

pub(crate) fn coins(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    story.earn();
    story.ok("getbalance", json!([]));
    story.ok("getbalances", json!([]));
    let coins = story.ok("listunspent", json!([]));
    let outpoint = json!({ "txid": coins[0]["txid"], "vout": coins[0]["vout"] });
    let own = story.ok("getnewaddress", json!(["tea"]));
    for kind in ["p2sh-segwit", "legacy", "bech32m"] {
        let address = story.ok("getnewaddress", json!(["", kind]));
        story.ok("sendtoaddress", json!([address, 1]));
    }
    story.ok("sendtoaddress", json!([own, 1]));
    // Which coins the payments before have spent is left to chance.
    story.loosely(|story| _ = story.ok("listunspent", json!([0, 9, [own]])));
    let _ = story.ask("listunspent", json!([0, 9, ["x"]]));
    let _ = story.ask("listunspent", json!([0, 9, [own], true, { "x": 1 }]));
    let _ = story.ask("listunspent", json!([0, 9, [own], true, { "maximumCount": "1" }]));
    let _ = story.ask("listunspent", json!([0, 9, [own], true, { "minimumAmount": "x" }]));
    let _ = story.ask("lockunspent", json!([false, [outpoint]]));
    let _ = story.ask("lockunspent", json!([false, [{ "txid": "00".repeat(32), "vout": 0 }]]));
    let _ = story.ask("lockunspent", json!([false, [{ "txid": "00", "vout": 0 }]]));
    let _ = story.ask("lockunspent", json!([false, [{ "vout": 0 }]]));
    let mut mine = Value::Null;
    story.loosely(|story| mine = story.ok("listunspent", json!([0, 9, [own]])));
    let outpoint = json!({ "txid": mine[0]["txid"], "vout": mine[0]["vout"] });
    story.ok("lockunspent", json!([false, [outpoint]]));
    let _ = story.ask("lockunspent", json!([false, [outpoint]]));
    story.ok("listlockunspent", json!([]));
    story.ok("lockunspent", json!([true, [outpoint]]));
    let _ = story.ask("lockunspent", json!([true, [outpoint]]));
    story.ok("listlockunspent", json!([]));
    story.ok("getreceivedbyaddress", json!([own, 0]));
    story.ok("getreceivedbylabel", json!(["tea", 0]));
    let _ = story.ask("getreceivedbyaddress", json!([foreign()]));
    let _ = story.ask("getreceivedbylabel", json!(["none"]));
    story.ok("listreceivedbyaddress", json!([0, false, false, own]));
    let _ = story.ask("listreceivedbyaddress", json!([0, false, false, "x"]));
    story.ok("listreceivedbylabel", json!([0]));
}

pub(crate) fn payments(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    let start = story.ok("getbalances", json!([]))["lastprocessedblock"]["hash"].clone();
    story.earn();
    story.earn();
    let own = story.ok("getnewaddress", json!(["tea"]));
    let txid = story.ok("sendtoaddress", json!([foreign(), 1, "rent", "landlord"]));
    story.ok("sendtoaddress", json!({ "address": own, "amount": 1, "fee_rate": 3, "verbose": true }));
    story.ok("gettransaction", json!([txid]));
    story.ok("gettransaction", json!([txid, false, true]));
    story.ok("listtransactions", json!(["*", 3]));
    story.ok("listtransactions", json!(["tea"]));
    for params in [json!(["*", -1]), json!(["*", 1, -1]), json!([""])] {
        let _ = story.ask("listtransactions", params);
    }
    let _ = story.ask("gettransaction", json!(["00".repeat(32)]));
    let _ = story.ask("gettransaction", json!(["00"]));
    story.ok("listsinceblock", json!([start, 1, false, true, false, "tea"]));
    let _ = story.ask("listsinceblock", json!(["00".repeat(32)]));
    let _ = story.ask("abandontransaction", json!([txid]));
    let _ = story.ask("abandontransaction", json!(["00".repeat(32)]));
    let _ = story.ask("bumpfee", json!([txid, { "fee_rate": "2" }]));
    story.ok("psbtbumpfee", json!([txid, { "fee_rate": 30 }]));
    let bumped = story.ok("bumpfee", json!([txid, { "fee_rate": 30 }]));
    story.ok("gettransaction", json!([txid]));
    story.ok("gettransaction", json!([bumped["txid"]]));
    let _ = story.ask("bumpfee", json!([bumped["txid"], { "original_change_index": 9 }]));
    let _ = story.ask("bumpfee", json!([bumped["txid"], { "outputs": [] }]));
    let _ = story.ask("bumpfee", json!(["00".repeat(32)]));
    let other = own.as_str().unwrap();
    story.ok("sendmany", json!(["", { foreign(): 1, other: 0.5 }, null, "both", [other]]));
    story.mine(1, &json!(foreign()));
    let _ = story.ask("bumpfee", json!([bumped["txid"]]));
    for params in [
        json!(["x", 1]),
        json!([foreign(), "x"]),
        json!([foreign(), -1]),
        json!([foreign(), true]),
        json!([foreign(), "0.000000001"]),
        json!([foreign(), 5000]),
        json!({ "address": foreign(), "amount": 1, "conf_target": 0 }),
        json!({ "address": foreign(), "amount": 1, "estimate_mode": "x" }),
        json!({ "address": foreign(), "amount": 1, "fee_rate": 1, "conf_target": 1 }),
        json!({ "address": foreign(), "amount": 1, "fee_rate": 1, "estimate_mode": "economical" }),
        json!({ "address": foreign(), "amount": 1, "fee_rate": "1.0001" }),
        json!({ "address": foreign(), "amount": 1, "avoid_reuse": true }),
    ] {
        let _ = story.ask("sendtoaddress", params);
    }
    let _ = story.ask("sendmany", json!(["x", {}]));
    let _ = story.ask("sendmany", json!(["", {}]));
    for payers in [json!(["x"]), json!([0, 0]), json!([-1]), json!([1]), json!([true])] {
        let _ = story.ask("sendmany", json!(["", { foreign(): 1 }, null, "", payers]));
    }
    story.ok("send", json!([{ foreign(): 1 }]));
    story.ok("send", json!({ "outputs": [{ foreign(): 1 }, { "data": "cafe" }], "add_to_wallet": false }));
    for options in [
        json!({ "feeRate": 1 }),
        json!({ "conf_target": 3 }),
        json!({ "change_position": 2 }),
        json!({ "change_address": "x" }),
        json!({ "change_type": "x" }),
        json!({ "minconf": -1 }),
        json!({ "minconf": 3, "maxconf": 2 }),
        json!({ "nonsense": 1 }),
        json!({ "psbt": 1 }),
        json!({ "locktime": -1 }),
    ] {
        let _ = story.ask("send", json!({ "outputs": { foreign(): 1 }, "options": options }));
    }
    let _ = story.ask("send", json!([[]]));
    let _ = story.ask("sendall", json!([[]]));
    let _ = story.ask("sendall", json!([[foreign(), { other: 5000 }]]));
    // They may be the same one, unless their lock times differ by chance.
    story.loosely(|story| {
        story.ok("sendall", json!({ "recipients": [foreign()], "add_to_wallet": false }));
        story.ok("sendall", json!([[foreign()]]));
    });
    story.ok("rescanblockchain", json!([]));
}

pub(crate) fn psbts(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    story.earn();
    let made = story.ok("walletcreatefundedpsbt", json!({ "outputs": { foreign(): 1 } }));
    story.ok("walletprocesspsbt", json!([made["psbt"], false]));
    let signed = story.ok("walletprocesspsbt", json!([made["psbt"]]));
    let _ = story.ask("walletprocesspsbt", json!([made["psbt"], true, "X"]));
    let _ = story.ask("walletcreatefundedpsbt", json!({ "outputs": { foreign(): 1 }, "psbt_version": 1 }));
    let _ = story.ask("walletcreatefundedpsbt", json!([[], []]));
    let _ = story.ask("walletcreatefundedpsbt", json!([[], [{ "x": 1 }]]));
    let _ = story.ask("walletcreatefundedpsbt", json!([[{ "txid": "00".repeat(32) }], { foreign(): 1 }]));
    story.ok("signrawtransactionwithwallet", json!([signed["hex"]]));
    let _ = story.ask("signrawtransactionwithwallet", json!(["00"]));
    let _ = story.ask("fundrawtransaction", json!(["zz"]));
    let bare = format!("02000000000100e1f505000000002200{:02x}{}00000000", 0x20, "07".repeat(32));
    let funded = story.ok("fundrawtransaction", json!([bare]));
    story.ok("signrawtransactionwithwallet", json!([funded["hex"]]));
    let unknown = format!("0200000001{}00000000000000000001e80300000000000000 00000000", "11".repeat(32));
    story.ok("signrawtransactionwithwallet", json!([unknown.replace(' ', "")]));
    story.ok("simulaterawtransaction", json!([[signed["hex"]]]));
    let _ = story.ask("simulaterawtransaction", json!([[signed["hex"], signed["hex"]]]));
}

pub(crate) fn passphrases(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    story.earn();
    let _ = story.ask("walletpassphrase", json!(["x", 1]));
    let _ = story.ask("walletlock", json!([]));
    let _ = story.ask("walletpassphrasechange", json!(["x", "y"]));
    let _ = story.ask("encryptwallet", json!([""]));
    story.ok("encryptwallet", json!(["open sesame"]));
    let _ = story.ask("encryptwallet", json!(["again"]));
    story.ok("getwalletinfo", json!([]));
    for (method, params) in [
        ("sendtoaddress", json!([foreign(), 1])),
        ("signmessage", json!([foreign(), "x"])),
        ("keypoolrefill", json!([])),
        ("rescanblockchain", json!([])),
        ("importdescriptors", json!([[]])),
        ("listdescriptors", json!([true])),
        ("walletpassphrase", json!(["wrong", 60])),
        ("walletpassphrase", json!(["x", -1])),
        ("walletpassphrase", json!(["", 1])),
        ("walletpassphrase", json!([1, "x"])),
        ("walletpassphrasechange", json!(["wrong", "y"])),
        ("walletpassphrasechange", json!(["", "y"])),
        ("send", json!([{ foreign(): 1 }])),
    ] {
        let _ = story.ask(method, params);
    }
    story.ok("walletpassphrase", json!(["open sesame", 60]));
    story.ok("sendtoaddress", json!([foreign(), 1]));
    story.ok("walletpassphrasechange", json!(["open sesame", "new"]));
    story.ok("walletlock", json!([]));
    let _ = story.ask("sendtoaddress", json!([foreign(), 1]));
}

pub(crate) fn descriptors(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    let listed = story.ok("listdescriptors", json!([]));
    story.ok("listdescriptors", json!([true]));
    let ranged = listed["descriptors"][0]["desc"].clone();
    story.ok("createwallet", json!(["watch", true]));
    let single = "pkh(02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5)#8fhd9pwu";
    for request in [
        json!({}),
        json!({ "desc": "wpkh(x)" }),
        json!({ "desc": ranged, "label": "x" }),
        json!({ "desc": ranged, "range": [3, 2] }),
        json!({ "desc": ranged, "range": [-1, 2] }),
        json!({ "desc": ranged, "range": [0, 9], "next_index": 10 }),
        json!({ "desc": ranged }),
        json!({ "desc": ranged, "range": [0, 19], "active": true, "internal": false }),
        json!({ "desc": single, "range": [0, 9] }),
        json!({ "desc": single, "active": true }),
        json!({ "desc": single, "internal": true, "label": "x" }),
        json!({ "desc": single, "label": "one" }),
    ] {
        let mut request: Value = request;
        request["timestamp"] = json!("now");
        let answer = story.ask_at("importdescriptors", json!([[request]]), "/wallet/watch").unwrap();
        let error = &answer[0]["error"];
        if !error.is_null() {
            story.note(error);
        }
    }
    let _ = story.ask_at("importdescriptors", json!([[{ "desc": ranged }]]), "/wallet/watch");
    let _ = story.ask_at("importdescriptors", json!([[{ "timestamp": true }]]), "/wallet/watch");
    let told = story.ask_at("listdescriptors", json!([]), "/wallet/watch");
    assert!(told.is_ok());
    let _ = story.ask_at("getaddressesbylabel", json!(["one"]), "/wallet/watch");
}
