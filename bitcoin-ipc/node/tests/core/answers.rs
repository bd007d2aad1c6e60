//! What is asked of both nodes.

use serde_json::{Value, json};

use super::both::Both;

/// The private key 1 on a test network, and addresses of it.
pub(crate) const KEY: &str = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
pub(crate) const ADDRESS: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
pub(crate) const LEGACY: &str = "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r";
pub(crate) const TAPROOT: &str = "bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6";
pub(crate) const PUBKEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
pub(crate) const LONG_PUBKEY: &str = "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";

pub(crate) fn usage_lines_are_the_same() {
    let both = Both::start();
    for method in both.methods() {
        let line =
            |help: Result<Value, _>| help.unwrap().as_str().unwrap().lines().next().unwrap().to_owned();
        let core = line(both.core("help", json!([method])));
        // A Bitcoin Core that was built without ZeroMQ.
        if method == "getzmqnotifications" && core.starts_with("help: unknown command") {
            continue;
        }
        assert_eq!(line(both.ours("help", json!([method]))), core);
    }
    both.finish();
}

/// Fields that differ for a reason: what a pre-release says, sizes of other databases, and what the last
/// template was like.
const OTHER: &[&str] = &[
    "warnings",
    "size_on_disk",
    "usage",
    "disk_size",
    "unbroadcast",
    "unbroadcastcount",
    "currentblockweight",
    "currentblocktx",
];

pub(crate) fn an_empty_chain_looks_the_same() {
    let both = Both::start();
    about_the_chain(&both);
    both.finish();
}

fn about_the_chain(both: &Both) {
    for method in [
        "getblockchaininfo",
        "getbestblockhash",
        "getblockcount",
        "getdifficulty",
        "getchaintips",
        "getchaintxstats",
        "getmempoolinfo",
        "getrawmempool",
        "getmininginfo",
        "getnetworkhashps",
        "gettxoutsetinfo",
        "getindexinfo",
        "getprioritisedtransactions",
        "getconnectioncount",
        "getdeploymentinfo",
        "getpeerinfo",
        "verifychain",
    ] {
        both.same_without(method, json!([]), OTHER).unwrap();
    }
    both.same_without("gettxoutsetinfo", json!(["none"]), OTHER).unwrap();
    both.same("getindexinfo", json!(["txindex"])).unwrap();
    both.same("waitfornewblock", json!([1])).unwrap();
    both.same("waitforblockheight", json!([0])).unwrap();
    about_blocks(both);
}

fn about_blocks(both: &Both) {
    let height = both.core("getblockcount", json!([])).unwrap().as_u64().unwrap();
    for height in [0, height / 2, height] {
        let hash = both.same("getblockhash", json!([height])).unwrap();
        for verbosity in 0..=3 {
            both.same("getblock", json!([hash, verbosity])).unwrap();
        }
        both.same("getblock", json!([hash, false])).unwrap();
        both.same("getblockheader", json!([hash])).unwrap();
        both.same("getblockheader", json!([hash, false])).unwrap();
        both.same("getblockstats", json!([hash])).unwrap();
        both.same("getblockstats", json!([height, ["txs", "avgfee"]])).unwrap();
        both.same("getblockfilter", json!([hash])).unwrap();
        both.same("getdeploymentinfo", json!([hash])).unwrap();
        both.same("getchaintxstats", json!([null, hash])).unwrap();
    }
}

/// A PSBT of a version on its way through both nodes; Core signs.
fn about_psbts(both: &Both, version: &Value) {
    let hash = both.core("getblockhash", json!([4])).unwrap();
    let block = both.core("getblock", json!([hash, 1])).unwrap();
    let inputs = json!([{ "txid": block["tx"][0], "vout": 0 }]);
    let outputs = json!([{ ADDRESS: 49.9999 }, { "data": "ab" }]);
    let empty = both.same("createpsbt", json!([inputs, outputs, 0, true, 2, version])).unwrap();
    both.same("decodepsbt", json!([empty])).unwrap();
    let unsigned = both.same("finalizepsbt", json!([empty])).unwrap();
    assert_eq!(unsigned["complete"], false);
    let raw = both.same("createrawtransaction", json!([inputs, outputs])).unwrap();
    both.same("converttopsbt", json!([raw, false, null, version])).unwrap();
    let keys = json!([format!("wpkh({KEY})"), format!("pkh({KEY})"), format!("tr({KEY})")]);
    let signed = both.core("descriptorprocesspsbt", json!([empty, keys, "ALL", true, false])).unwrap();
    both.same("decodepsbt", json!([signed["psbt"]])).unwrap();
    let combined = both.same("combinepsbt", json!([[empty, signed["psbt"]]])).unwrap();
    let finished = both.same("finalizepsbt", json!([combined, false])).unwrap();
    assert_eq!(finished["complete"], true);
    both.same("decodepsbt", json!([finished["psbt"]])).unwrap();
    let tx = both.same("finalizepsbt", json!([finished["psbt"]])).unwrap();
    both.same("testmempoolaccept", json!([[tx["hex"]]])).unwrap();
    let spent = both.same("converttopsbt", json!([tx["hex"], false, null, version]));
    assert!(spent.is_err());
    both.same("converttopsbt", json!([tx["hex"], true, true, version])).unwrap();
    both.same("combinepsbt", json!([[]])).unwrap_err();
}

/// A transaction that spends the coinbase at a height, signed by Core.
pub(crate) fn pay(both: &Both, height: u32, outputs: Value) -> Value {
    let hash = both.core("getblockhash", json!([height])).unwrap();
    let block = both.core("getblock", json!([hash, 1])).unwrap();
    spend(both, &block["tx"][0], 0, outputs)
}

pub(crate) fn spend(both: &Both, txid: &Value, vout: u32, outputs: Value) -> Value {
    let raw = both.same("createrawtransaction", json!([[{ "txid": txid, "vout": vout }], outputs])).unwrap();
    both.same("decoderawtransaction", json!([raw])).unwrap();
    both.core("signrawtransactionwithkey", json!([raw, [KEY]])).unwrap()["hex"].clone()
}

fn send(both: &Both, tx: &Value) -> Value {
    both.same("decoderawtransaction", json!([tx])).unwrap();
    both.same("testmempoolaccept", json!([[tx]])).unwrap();
    both.same("testmempoolaccept", json!([[tx], 0.00000001])).unwrap();
    both.same("sendrawtransaction", json!([tx])).unwrap()
}

pub(crate) fn a_deployment_goes_through_its_states() {
    let both = Both::start();
    // Core's miner signals: it starts at 144, is locked in at 288 and active at 432.
    for count in [142, 1, 1, 70, 73, 1, 30, 112, 1, 1] {
        both.generate(count, LEGACY);
        both.same("getdeploymentinfo", json!([])).unwrap();
    }
    let tip = both.core("getdeploymentinfo", json!([])).unwrap();
    assert_eq!(tip["deployments"]["testdummy"]["active"], true);
    both.finish();
}

/// Proofs of one and of several transactions of a block, and proofs that prove nothing.
fn about_proofs(both: &Both, block: &Value, txids: [&Value; 2]) {
    let [first, second] = txids;
    let unspent = both.same("gettxoutproof", json!([[first]])).unwrap();
    assert_eq!(both.same("verifytxoutproof", json!([unspent])).unwrap(), json!([first]));
    for list in [json!([first]), json!([second]), json!([first, second]), json!([second, first])] {
        let proof = both.same("gettxoutproof", json!([list, block])).unwrap();
        both.same("verifytxoutproof", json!([proof])).unwrap();
        // Another root, in the header, and another count of transactions behind it.
        let digits = proof.as_str().unwrap();
        let root = format!("{}00{}", &digits[..72], &digits[74..]);
        assert_eq!(both.same("verifytxoutproof", json!([root])).unwrap(), json!([]));
        let count = format!("{}07{}", &digits[..160], &digits[162..]);
        both.same("verifytxoutproof", json!([count])).unwrap();
        both.same("verifytxoutproof", json!([format!("{digits}00")])).unwrap();
    }
    let genesis = both.core("getblockhash", json!([0])).unwrap();
    both.same("gettxoutproof", json!([[first], genesis])).unwrap_err();
    both.same("gettxoutproof", json!([[first, first]])).unwrap_err();
}

pub(crate) fn blocks_and_transactions_look_the_same() {
    let both = Both::start();
    both.generate(110, ADDRESS);
    about_the_chain(&both);
    let first = pay(&both, 1, json!([{ ADDRESS: 20 }, { LEGACY: 10.5 }, { TAPROOT: "19.4999" }]));
    let parent = send(&both, &first);
    let second = spend(&both, &parent, 0, json!([{ ADDRESS: 19.999 }, { "data": "00112233" }]));
    let child = send(&both, &second);
    let other = pay(&both, 2, json!({ TAPROOT: 49.99998 }));
    send(&both, &other);
    about_transactions(&both, &parent, &child);
    about_psbts(&both, &json!(0));
    about_psbts(&both, &Value::Null);
    both.same("getblocktemplate", json!([{}])).unwrap_err();
    both.same_without("getblocktemplate", json!([{ "rules": ["segwit"] }]), &["longpollid"]).unwrap();
    // Again, and a double spend.
    both.same("sendrawtransaction", json!([first])).unwrap();
    both.same("testmempoolaccept", json!([[first]])).unwrap();
    let double = pay(&both, 1, json!({ ADDRESS: 49.9999 }));
    both.same("testmempoolaccept", json!([[double]])).unwrap();
    both.same("sendrawtransaction", json!([double])).unwrap_err();
    let early = pay(&both, 100, json!({ ADDRESS: 49.9999 }));
    both.same("testmempoolaccept", json!([[early]])).unwrap();
    both.same("sendrawtransaction", json!([early])).unwrap_err();
    let dear = pay(&both, 3, json!({ ADDRESS: 40 }));
    both.same("sendrawtransaction", json!([dear])).unwrap_err();
    both.same("sendrawtransaction", json!([dear, 0])).unwrap();
    both.same("prioritisetransaction", json!([child, null, 1234])).unwrap();
    both.same("getprioritisedtransactions", json!([])).unwrap();
    both.same_without("getmempoolentry", json!([child]), OTHER).unwrap();

    both.generate(1, LEGACY);
    about_the_chain(&both);
    for txid in [&parent, &child] {
        for verbosity in 0..=2 {
            both.same("getrawtransaction", json!([txid, verbosity])).unwrap();
        }
        let tip = both.core("getbestblockhash", json!([])).unwrap();
        both.same("getrawtransaction", json!([txid, 2, tip])).unwrap();
        for n in 0..3 {
            both.same("gettxout", json!([txid, n])).unwrap();
        }
    }
    about_proofs(&both, &both.core("getbestblockhash", json!([])).unwrap(), [&parent, &child]);
    both.same("sendrawtransaction", json!([first])).unwrap_err();
    both.same("scantxoutset", json!(["start", [format!("addr({TAPROOT})"), format!("addr({LEGACY})")]]))
        .unwrap();
    both.same("scantxoutset", json!(["start", [format!("wpkh({PUBKEY})")]])).unwrap();
    both.same("scantxoutset", json!(["status"])).unwrap();
    both.same("scantxoutset", json!(["abort"])).unwrap();
    both.same("estimatesmartfee", json!([6])).unwrap();
    both.same("estimaterawfee", json!([6])).unwrap();
    both.finish();
}

fn about_transactions(both: &Both, parent: &Value, child: &Value) {
    both.same_without("getmempoolinfo", json!([]), OTHER).unwrap();
    for txid in [parent, child] {
        both.same_without("getmempoolentry", json!([txid]), OTHER).unwrap();
        both.same_without("getmempoolancestors", json!([txid, true]), OTHER).unwrap();
        both.same_without("getmempooldescendants", json!([txid]), OTHER).unwrap();
        for verbosity in 0..=2 {
            both.same("getrawtransaction", json!([txid, verbosity])).unwrap();
        }
        both.same("gettxout", json!([txid, 0])).unwrap();
        both.same("gettxout", json!([txid, 1, false])).unwrap();
        let outputs = json!([{ "txid": txid, "vout": 0 }, { "txid": txid, "vout": 1 }]);
        both.same("gettxspendingprevout", json!([outputs])).unwrap();
        both.same("gettxspendingprevout", json!([outputs, { "return_spending_tx": true }])).unwrap();
    }
}

pub(crate) fn texts_of_users_are_read_the_same() {
    let both = Both::start();
    for address in [
        ADDRESS,
        LEGACY,
        TAPROOT,
        "2N7FuwuUuoTBrDFdrAZ9KxBmtqMLxce9i1C",
        "bcrt1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qzf4jry",
        "bcrt1pfeesnyr2tx",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "x",
        "",
    ] {
        both.same_without("validateaddress", json!([address]), &["error", "error_locations"]).unwrap();
    }
    let scripts = [
        "",
        "51",
        "6a",
        "6a0400112233",
        "51024e73",
        &format!("21{PUBKEY}ac"),
        &format!("41{LONG_PUBKEY}ac"),
        &format!("76a914{}88ac", "11".repeat(20)),
        &format!("a914{}87", "22".repeat(20)),
        &format!("0014{}", "33".repeat(20)),
        &format!("0020{}", "44".repeat(32)),
        &format!("5120{}", &PUBKEY[2..]),
        &format!("5220{}", "55".repeat(32)),
        &format!("5121{PUBKEY}21{PUBKEY}52ae"),
        &format!("5141{LONG_PUBKEY}21{PUBKEY}52ae"),
        &format!("21{PUBKEY}ad5ab2"),
        "4c",
        "ba",
        "0501020304",
    ];
    for script in scripts {
        both.same("decodescript", json!([script])).unwrap();
    }
    for descriptor in [
        format!("wpkh({PUBKEY})"),
        format!("pkh({PUBKEY})#xx"),
        format!("addr({ADDRESS})"),
        "raw(51)".to_owned(),
        format!("rawtr({})", &PUBKEY[2..]),
        format!("combo({PUBKEY})"),
        format!("tr({PUBKEY})"),
        format!("sh(wsh(multi(1,{PUBKEY})))"),
        format!("wpkh({KEY})"),
        "wpkh([d34db33f/84h/0'/0h]tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/0/*)".to_owned(),
        "pkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/<0;1>/*)".to_owned(),
    ] {
        let info = both.same("getdescriptorinfo", json!([descriptor]));
        both.same("deriveaddresses", json!([descriptor])).unwrap_err();
        let Ok(info) = info else { continue };
        let checked = format!("{descriptor}#{}", info["checksum"].as_str().unwrap());
        let range = if info["isrange"] == true { json!([checked, [1, 3]]) } else { json!([checked]) };
        let derived = both.same("deriveaddresses", range);
        assert_eq!(derived.is_err(), descriptor.starts_with("raw("), "{descriptor}: {derived:?}");
    }
    for kind in ["legacy", "p2sh-segwit", "bech32"] {
        both.same("createmultisig", json!([1, [PUBKEY, PUBKEY], kind])).unwrap();
        both.same("createmultisig", json!([1, [PUBKEY, LONG_PUBKEY], kind])).unwrap();
    }
    let signature = both.same("signmessagewithprivkey", json!([KEY, "text"])).unwrap();
    for (address, signature, text) in [
        (LEGACY, &signature, "text"),
        (LEGACY, &signature, "texT"),
        (ADDRESS, &signature, "text"),
        (LEGACY, &json!("x"), "text"),
        (LEGACY, &json!("AAAA"), "text"),
        ("x", &signature, "text"),
    ] {
        let _ = both.same("verifymessage", json!([address, signature, text]));
    }
    both.same("echo", json!([1, "a", null, { "b": 0.10 }])).unwrap();
    both.same("echo", json!({ "args": [1], "arg2": 3 })).unwrap();
    both.finish();
}
