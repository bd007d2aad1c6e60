//! Scans of blocks, what was switched, and what a node without peers says.
//!
//! In: descriptors, categories, versions. Out: the answers of both nodes, which must be the same.

use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::BlockHash;
use bitcoin::block::Version;
use bitcoin::consensus::encode::serialize_hex;
use bitcoin_init::arguments::{Invocation, LOG_OPTIONS, NETWORK_OPTIONS, Program, SHARED_OPTIONS, parse};
use bitcoin_init::config::Settings;
use bitcoin_init::logging::{Log, LogOptions};
use serde_json::{Value, json};

use super::answers::{ADDRESS, KEY, LEGACY, TAPROOT};
use super::both::Both;
use super::mine;

fn hash_at(both: &Both, height: u32) -> Value {
    both.same("getblockhash", json!([height])).unwrap()
}

/// Spends the coinbase of the first block, to several addresses.
fn pay(both: &Both) -> Value {
    let block = both.core("getblock", json!([hash_at(both, 1), 1])).unwrap();
    let outputs = json!([{ ADDRESS: 20 }, { LEGACY: 10.5 }, { TAPROOT: "19.4999" }]);
    spend(both, &block["tx"][0], outputs)
}

fn spend(both: &Both, txid: &Value, outputs: Value) -> Value {
    let raw = both.same("createrawtransaction", json!([[{ "txid": txid, "vout": 0 }], outputs])).unwrap();
    let hex = both.core("signrawtransactionwithkey", json!([raw, [KEY]])).unwrap()["hex"].clone();
    both.same("sendrawtransaction", json!([hex])).unwrap()
}

pub(crate) fn scans_find_the_same() {
    let both = Both::start();
    both.generate(110, ADDRESS);
    let parent = pay(&both);
    both.generate(3, LEGACY);
    let child = spend(&both, &parent, json!({ TAPROOT: 19.999 }));
    spend(&both, &child, json!({ LEGACY: 19.998 }));

    let address = |address: &str| format!("addr({address})");
    let objects = [
        json!([address(TAPROOT)]),
        json!([address(LEGACY), address(TAPROOT)]),
        json!([format!("wpkh({KEY})")]),
        json!([{ "desc": format!("pkh({KEY})"), "range": 3 }]),
        json!([address("2N7FuwuUuoTBrDFdrAZ9KxBmtqMLxce9i1C")]),
        json!([]),
    ];
    for objects in &objects {
        let found = both.same("scanblocks", json!(["start", objects])).unwrap();
        let mut blocks = found["relevant_blocks"].clone();
        for sure in [false, true] {
            let options = json!({ "filter_false_positives": sure });
            both.same("scanblocks", json!(["start", objects, 100, 112, "basic", options])).unwrap();
        }
        both.same("scanblocks", json!(["start", objects, 111, 111])).unwrap();
        both.same("scanblocks", json!({ "action": "start", "scanobjects": objects, "start_height": 112, "filter_false_positives": true })).unwrap();
        blocks.as_array_mut().unwrap().reverse();
        for mempool in [json!(null), json!(false)] {
            both.same("getdescriptoractivity", json!([blocks, objects, mempool])).unwrap();
        }
        both.same("getdescriptoractivity", json!([[hash_at(&both, 0), hash_at(&both, 111)], objects]))
            .unwrap();
    }
    both.same("getdescriptoractivity", json!([[], objects[1]])).unwrap();
    both.same("scanblocks", json!(["status"])).unwrap();
    both.same("scanblocks", json!(["abort"])).unwrap();
    let caches = &["coins_db_cache_bytes", "coins_tip_cache_bytes"];
    both.same_without("getchainstates", json!([]), caches).unwrap();
    let fields =
        |answer: Value| answer["chainstates"][0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let ours = fields(both.ours("getchainstates", json!([])).unwrap());
    assert_eq!(ours, fields(both.core("getchainstates", json!([])).unwrap()));
    both.same("syncwithvalidationinterfacequeue", json!([])).unwrap();
    both.same("mockscheduler", json!([60])).unwrap();
    both.same("echoipc", json!(["text"])).unwrap();
    both.finish();
}

pub(crate) fn categories_are_switched_the_same() {
    let both = Both::start();
    let program = Program::new("bitcoin-node", "1", "A node.");
    let program = program.options(SHARED_OPTIONS).options(NETWORK_OPTIONS).options(LOG_OPTIONS);
    let args = ["bitcoin-node", "-regtest", "-nodebuglogfile"];
    let Ok(Invocation::Run(arguments)) = parse(&program, args) else { panic!("good arguments") };
    let settings = Settings::load(&program, arguments).unwrap();
    Log::start(&LogOptions::new(&settings, "", false).unwrap()).unwrap();
    // Ours names two more.
    let own = &["node", "wallet"];
    for params in [
        json!([]),
        json!([["net", "tor", "ipc"]]),
        json!([[], ["tor"]]),
        json!([["rpc"], ["rpc", "ipc"]]),
        json!([[""]]),
        json!([null, ["leveldb"]]),
        json!([[], ["all"]]),
        json!([["1"], ["1"]]),
        json!([["libevent"]]),
        json!({ "exclude": ["zmq"] }),
    ] {
        both.same_without("logging", params, own).unwrap();
    }
    for params in
        [json!([["x"]]), json!([[], ["x"]]), json!([[1]]), json!(["all"]), json!([["net", "x", "tor"]])]
    {
        both.same("logging", params).unwrap_err();
    }
    both.same_without("logging", json!([]), own).unwrap();
    both.finish();
}

pub(crate) fn versions_signal_the_same() {
    let both = Both::start();
    let rules = json!([{ "rules": ["segwit"] }]);
    // It starts at 144, is locked in at 288 and active at 432.
    for count in [142, 1, 1, 143, 1, 143, 1, 1] {
        both.generate(count, LEGACY);
        // Core's counts changes of its mempool, ours of the chain too.
        both.same_without("getblocktemplate", rules.clone(), &["longpollid"]).unwrap();
        let hex = |block: Result<Value, _>| block.unwrap()["hex"].as_str().unwrap()[..8].to_owned();
        let made = json!([LEGACY, [], false]);
        assert_eq!(hex(both.ours("generateblock", made.clone())), hex(both.core("generateblock", made)));
    }
    let last = both.same_without("getblocktemplate", rules, &["longpollid"]).unwrap();
    assert_eq!((&last["version"], &last["rules"][3]), (&json!(0x2000_0000), &json!("testdummy")));
    both.finish();
}

/// Blocks signal with a bit that means nothing, through a period and the two after it.
pub(crate) fn unknown_rules_are_warned_of_in_the_same_words() {
    let both = Both::start();
    // Our kernel has the real time only, and both warn of what is new only.
    both.same("setmocktime", json!([0])).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let start = u32::try_from(now).unwrap() - 1000;
    let mut parent: BlockHash = hash_at(&both, 0).as_str().unwrap().parse().unwrap();
    for height in 1..432 {
        let mut block = mine::block(parent, height, 0, mine::REWARD >> (height / 150), &[]);
        block.header.version = Version::from_consensus(0x2000_0010);
        block.header.time = start + height;
        mine::grind(&mut block, true);
        both.same("submitblock", json!([serialize_hex(&block)])).unwrap();
        parent = block.block_hash();
        if height >= 430 {
            for method in ["getblockchaininfo", "getmininginfo", "getnetworkinfo"] {
                let warnings = |info: Result<Value, _>| {
                    let all = info.unwrap()["warnings"].take();
                    let all = all.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
                    // Core says so of itself.
                    all.filter(|text| !text.contains("pre-release")).collect::<Vec<_>>()
                };
                let core = warnings(both.core(method, json!([])));
                assert_eq!(core.len(), usize::from(height == 431));
                assert_eq!(warnings(both.ours(method, json!([]))), core);
            }
        }
    }
    both.finish();
}

pub(crate) fn nodes_without_peers_say_the_same() {
    let both = Both::start();
    for method in [
        "getaddednodeinfo",
        "getnodeaddresses",
        "getaddrmaninfo",
        "getrawaddrman",
        "getorphantxs",
        "listbanned",
        "clearbanned",
    ] {
        both.same(method, json!([])).unwrap();
    }
    both.same("getnodeaddresses", json!([0, "Onion"])).unwrap();
    both.same("getorphantxs", json!([2])).unwrap();
    let fields = |info: Value| info.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let ours = fields(both.ours("getnetworkinfo", json!([])).unwrap());
    assert_eq!(ours, fields(both.core("getnetworkinfo", json!([])).unwrap()));
    both.finish();
}

pub(crate) fn mistakes_about_scans_have_the_same_words() {
    let both = Both::start();
    both.generate(3, LEGACY);
    let (zeros, tip) = ("0".repeat(64), hash_at(&both, 3));
    let object = json!([format!("addr({LEGACY})")]);
    for (method, params) in [
        ("scanblocks", json!(["x"])),
        ("scanblocks", json!(["start"])),
        ("scanblocks", json!(["start", {}])),
        ("scanblocks", json!(["start", [{}]])),
        ("scanblocks", json!(["start", [1]])),
        ("scanblocks", json!(["start", object, 4])),
        ("scanblocks", json!(["start", object, -1])),
        ("scanblocks", json!(["start", object, 2, 1])),
        ("scanblocks", json!(["start", object, 2, 4])),
        ("scanblocks", json!(["start", object, "2"])),
        ("scanblocks", json!(["start", object, 0, 3, "x"])),
        ("scanblocks", json!(["start", object, 0, 3, "basic", { "filter_false_positives": 1 }])),
        ("getdescriptoractivity", json!([[], [1]])),
        ("getdescriptoractivity", json!([["00"], object])),
        ("getdescriptoractivity", json!([[zeros], object])),
        ("getdescriptoractivity", json!([[tip], object, 1])),
        ("echoipc", json!([1])),
        ("mockscheduler", json!([0])),
        ("mockscheduler", json!([3601])),
        ("mockscheduler", json!([1.5])),
        ("getaddednodeinfo", json!(["x"])),
        ("getnodeaddresses", json!([-1])),
        ("getnodeaddresses", json!([1, "x"])),
        ("getorphantxs", json!([3])),
        ("getorphantxs", json!([true])),
        ("getorphantxs", json!(["1"])),
        ("sendmsgtopeer", json!([0, "thirteenchars", "00"])),
        ("sendmsgtopeer", json!([0, "addr", "0"])),
    ] {
        both.same(method, params).unwrap_err();
    }
    both.finish();
}
