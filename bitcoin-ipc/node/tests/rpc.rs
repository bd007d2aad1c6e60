//! The RPC server over a node of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod mine;

use std::sync::{Arc, Mutex};

use bitcoin::Network;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::interfaces::{Rpc, RpcActor, RpcCommand};
use bitcoin_ipc::types::psbt::{Fields, InputFields};
use bitcoin_ipc::types::{Json, JsonRpcRequestMode, RpcArg, RpcOutcome};
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::index;
use bitcoin_node::rpc::{RpcError, RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use bitcoin_rpc::psbt::{parse, text};
use mine::{REWARD, block, spend};
use mp_runtime::Error;
use serde_json::{Value, json};
use tempfile::TempDir;

const ADDRESS: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

struct Node {
    server: RpcServer,
    state: Arc<State>,
    _directory: TempDir,
}

fn start() -> Node {
    start_with(&[])
}

/// A node that also shows what is deprecated under these names.
fn start_with(deprecated: &[&str]) -> Node {
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::new(directory.path(), Network::Regtest);
    options.mempool.require_standard = false;
    options.index = index::Options { filters: true, txindex: true };
    let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
    let deprecated = deprecated.iter().map(ToString::to_string).collect();
    let server = RpcServer::new(RpcOptions { deprecated, ..RpcOptions::new(directory.path()) });
    server.set_ready(state.clone());
    Node { server, state, _directory: directory }
}

impl Node {
    fn ask(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        self.server.execute(method, params, "/")
    }

    fn get(&self, method: &str, params: Value) -> Value {
        self.ask(method, params).unwrap()
    }

    fn code(&self, method: &str, params: Value) -> i64 {
        self.ask(method, params).unwrap_err().code()
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn requests_wait_until_the_node_is_ready() {
    let directory = tempfile::tempdir().unwrap();
    let server = RpcServer::new(RpcOptions::new(directory.path()));
    server.set_warmup("Loading block index…");
    let request = Json::from(json!({ "id": 1, "method": "getblockcount", "params": [] }));
    let response = run(server.execute_rpc(&request, "/", "")).unwrap();
    let expected = json!({ "code": -28, "message": "Loading block index…" });
    assert_eq!(response["error"], expected);
    let options = Options::new(directory.path(), Network::Regtest);
    let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
    server.set_ready(state);
    let response = run(server.execute_rpc(&request, "/", "")).unwrap();
    assert_eq!(response.to_string(), r#"{"result":0,"error":null,"id":1}"#);
    server.stop();
    assert_eq!(run(server.execute_rpc(&request, "/", "")).unwrap()["error"]["code"], -9);
}

#[test]
fn a_chain_is_made_spent_and_read() {
    let node = start();
    let hashes = node.get("generatetoaddress", json!([101, ADDRESS]));
    assert_eq!(hashes.as_array().unwrap().len(), 101);
    assert_eq!(node.get("getblockcount", json!([])), 101);
    assert_eq!(node.get("getbestblockhash", json!([])), hashes[100]);
    let block = node.get("getblock", json!({ "blockhash": hashes[0], "verbosity": 2 }));
    assert_eq!(block["tx"][0]["vout"][0]["value"].to_string(), "50.00000000");
    assert_eq!(block["confirmations"], 101);
    let coin = node.get("gettxout", json!([block["tx"][0]["txid"], 0]));
    assert_eq!((&coin["coinbase"], &coin["scriptPubKey"]["address"]), (&json!(true), &json!(ADDRESS)));
    let found = node.get("scantxoutset", json!(["start", [format!("addr({ADDRESS})")]]));
    assert_eq!(found["total_amount"].to_string(), "5050.00000000");
    let bytes = node.get("getblock", json!([hashes[5], 0]));
    assert_eq!(node.get("submitblock", json!([bytes])), "duplicate");
    let proposal = json!([{ "mode": "proposal", "data": bytes }]);
    assert_eq!(node.get("getblocktemplate", proposal), "duplicate");
    let made = node.get("generateblock", json!([ADDRESS, [], false]));
    assert_eq!(node.get("getblockcount", json!([])), 101);
    let proposal = json!([{ "mode": "proposal", "data": made["hex"] }]);
    assert_eq!(node.get("getblocktemplate", proposal), Value::Null);
    assert_eq!(node.get("submitblock", json!([made["hex"]])), Value::Null);
    assert_eq!(node.get("getblockcount", json!([])), 102);
}

#[test]
fn a_transaction_goes_through_the_mempool_into_a_block() {
    through_the_mempool(&start(), false);
}

#[test]
fn what_is_deprecated_is_shown_on_demand() {
    let node = start_with(&["bip125", "fullrbf", "warnings"]);
    through_the_mempool(&node, true);
    for method in ["getblockchaininfo", "getmininginfo", "getnetworkinfo"] {
        assert!(node.get(method, json!([]))["warnings"].is_string(), "{method}");
    }
}

/// A transaction is sent, told of, and mined; and whether what is deprecated is told with it.
fn through_the_mempool(node: &Node, deprecated: bool) {
    let mut parent = node.state.tip().hash;
    let mut first = None;
    for height in 1..=101 {
        let block = block(parent, height, 0, REWARD, &[]);
        parent = block.block_hash();
        first.get_or_insert(block.txdata[0].clone());
        assert_eq!(node.state.process_block(&block).unwrap(), Verdict::Valid);
    }
    let mut tx = spend(&first.unwrap(), 1000);
    // Smaller ones are not relayed.
    tx.output.push(bitcoin::TxOut {
        value: bitcoin::Amount::ZERO,
        script_pubkey: bitcoin::ScriptBuf::new_op_return([0; 32]),
    });
    let hex = bitcoin::consensus::encode::serialize_hex(&tx);
    let txid = json!(tx.compute_txid().to_string());
    assert_eq!(node.get("testmempoolaccept", json!([[hex]]))[0]["allowed"], true);
    assert_eq!(node.get("getrawmempool", json!([])), json!([]));
    assert_eq!(node.get("sendrawtransaction", json!([hex])), txid);
    assert_eq!(node.get("getrawmempool", json!([])), json!([txid]));
    let entry = node.get("getmempoolentry", json!([txid]));
    assert_eq!(entry["fees"]["chunk"].to_string(), "0.00001000");
    let replaceable = deprecated.then(|| Value::from(tx.is_explicitly_rbf()));
    assert_eq!(entry.get("bip125-replaceable"), replaceable.as_ref());
    let listed = &node.get("getrawmempool", json!([true]))[txid.as_str().unwrap()];
    assert_eq!(*listed, entry);
    let info = node.get("getmempoolinfo", json!([]));
    assert_eq!((&info["size"], info.get("fullrbf").is_some()), (&json!(1), deprecated));
    let template = node.get("getblocktemplate", json!([{ "rules": ["segwit"] }]));
    assert_eq!(template["transactions"][0]["txid"], txid);
    assert_eq!(template["coinbasevalue"], REWARD + 1000);
    node.get("generatetodescriptor", json!([1, format!("addr({ADDRESS})")]));
    assert_eq!(node.get("getrawmempool", json!([])), json!([]));
    let read = node.get("getrawtransaction", json!([txid, 2]));
    assert_eq!((read["confirmations"].as_u64(), read["fee"].to_string()), (Some(1), "0.00001000".to_owned()));
    assert_eq!(node.code("sendrawtransaction", json!([hex])), -27);
}

#[test]
fn a_psbt_is_updated_signed_and_sent() {
    let node = start();
    let hashes = node.get("generatetoaddress", json!([104, ADDRESS]));
    let input = |place: usize| {
        let block = node.get("getblock", json!([hashes[place], 1]));
        json!({ "txid": block["tx"][0], "vout": 0 })
    };
    let make = |place: usize, version: u32| {
        let outputs = json!([{ ADDRESS: "49.999" }]);
        node.get("createpsbt", json!([[input(place)], outputs, 0, true, 2, version]))
    };
    let (first, second) = (make(0, 0), make(1, 0));
    let unknown = node.get("analyzepsbt", json!([first]));
    assert_eq!(unknown["inputs"], json!([{ "has_utxo": false, "is_final": false, "next": "updater" }]));
    let joined = node.get("joinpsbts", json!([[first, second]]));
    update_sign_and_send(&node, &joined, 0);
    assert_eq!(node.code("joinpsbts", json!([[first, first]])), -8);
    assert_eq!(node.code("joinpsbts", json!([[first, make(2, 2)]])), -8);
    // Bitcoin Core v32 makes version 2 unless asked otherwise.
    let inputs = json!([input(2), input(3)]);
    let newer = node.get("createpsbt", json!([inputs, [{ ADDRESS: "99.998" }]]));
    let decoded = node.get("decodepsbt", json!([newer]));
    assert_eq!((&decoded["inputs"][1]["previous_txid"], &decoded["tx"]), (&inputs[1]["txid"], &Value::Null));
    update_sign_and_send(&node, &newer, 2);
    assert_eq!(node.code("createpsbt", json!([inputs, [], 0, true, 2, 1])), -8);
    assert_eq!(node.code("combinepsbt", json!([[newer, first]])), -8);
}

/// Goes all the way with a PSBT that spends two coins and pays a fee of 0.002.
fn update_sign_and_send(node: &Node, psbt: &Value, version: u32) {
    const KEY: &str = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
    const PUBKEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    let known = node.get("utxoupdatepsbt", json!([psbt, [format!("wpkh({PUBKEY})")]]));
    let analysis = node.get("analyzepsbt", json!([known]));
    let missing = json!({ "signatures": ["751e76e8199196d454941c45d1b3a323f1433bd6"] });
    for input in analysis["inputs"].as_array().unwrap() {
        assert_eq!((&input["next"], &input["missing"]), (&json!("signer"), &missing));
    }
    assert_eq!(analysis["fee"].to_string(), "0.00200000");
    let part = node.get("descriptorprocesspsbt", json!([known, [format!("wpkh({KEY})")], null, true, false]));
    let ready = node.get("analyzepsbt", json!([part["psbt"]]));
    assert_eq!((&ready["next"], &part["complete"]), (&json!("finalizer"), &json!(false)));
    let done = node.get("descriptorprocesspsbt", json!([part["psbt"], []]));
    assert_eq!(done["complete"], true);
    let raw = node.get("decoderawtransaction", json!([done["hex"]]));
    let vsize = analysis["estimated_vsize"].as_u64().unwrap();
    // A signature may be a byte shorter than most.
    assert!((vsize - 1..=vsize).contains(&raw["vsize"].as_u64().unwrap()));
    node.get("sendrawtransaction", json!([done["hex"]]));
    for psbt in
        [&known, &part["psbt"], &done["psbt"], &node.get("combinepsbt", json!([[known, done["psbt"]]]))]
    {
        assert_eq!(node.get("decodepsbt", json!([psbt]))["psbt_version"], version);
    }
    let other = node.code("descriptorprocesspsbt", json!([part["psbt"], [], "NONE"]));
    assert_eq!(other, -22);
    // Hardened steps need the private key.
    let xpub = "tpubD6NzVbkrYhZ4XccijNhpXysErmvbLWBTKoRsaF25Ktm3HvfL35PnuQ495h9zcFbPMzJ2DRuNDNzjP9CBz1Mkr9ykx1YohakBsYRj4Fqv4rT";
    for path in ["/1h", "/1h/*", "/*h"] {
        let wrong = json!([format!("wpkh({xpub}{path})")]);
        assert_eq!(node.code("utxoupdatepsbt", json!([known, wrong])), -5);
        assert_eq!(node.code("scantxoutset", json!(["start", wrong])), -5);
    }
}

#[test]
fn psbts_of_version_2_are_put_together() {
    let node = start();
    let inputs = json!([{ "txid": "11".repeat(32), "vout": 0 }, { "txid": "22".repeat(32), "vout": 3 }]);
    let made = node.get("createpsbt", json!([inputs, [{ "data": "00" }]]));
    let made = parse(made.as_str().unwrap()).unwrap();
    let with = |place: usize, own: InputFields, bits: Option<u8>| {
        let mut psbt = made.clone();
        own.set(&mut psbt, place);
        Fields { tx_modifiable: bits, fallback_lock_time: Some(9) }.set(&mut psbt);
        Value::from(text(psbt))
    };
    let sequence = |sequence| InputFields { sequence, ..InputFields::default() };
    let height = InputFields { height_lock: Some(9), ..InputFields::default() };
    let several =
        [with(0, sequence(Some(5)), Some(7)), with(1, sequence(None), None), with(0, height, Some(3))];
    let decode = |psbt: &Value| node.get("decodepsbt", json!([psbt]));
    let read = decode(&node.get("combinepsbt", json!([several])));
    for (name, value) in
        [("inputs_modifiable", false), ("outputs_modifiable", false), ("has_sighash_single", true)]
    {
        assert_eq!(read[name], value, "{name}");
    }
    assert_eq!(
        (&read["inputs"][0]["sequence"], &read["inputs"][0]["height_locktime"]),
        (&json!(5), &json!(9))
    );
    assert_eq!(read["inputs"][1]["sequence"], decode(&several[0])["inputs"][1]["sequence"]);
    let later = InputFields { height_lock: Some(10), ..InputFields::default() };
    assert_eq!(node.code("combinepsbt", json!([[several[0], with(0, later, None)]])), -8);
    // No lock time is what both inputs require.
    let mut none = made.clone();
    later.set(&mut none, 0);
    InputFields { time_lock: Some(1_600_000_000), ..InputFields::default() }.set(&mut none, 1);
    let none = text(none);
    assert_eq!(decode(&json!(none))["inputs"][1]["time_locktime"], 1_600_000_000);
    let analysis = node.get("analyzepsbt", json!([none]));
    assert_eq!(analysis["error"], "PSBT cannot be made into a valid transaction");
    assert_eq!(node.get("finalizepsbt", json!([none])), json!({ "psbt": none, "complete": false }));
    assert_eq!(node.code("utxoupdatepsbt", json!([none])), -25);
    assert_eq!(node.code("descriptorprocesspsbt", json!([none, []])), -25);
    assert_eq!(node.code("combinepsbt", json!([[none, none]])), -8);
}

#[test]
fn branches_are_listed_by_what_became_of_them() {
    let node = start();
    let genesis = node.state.tip().hash;
    let (one, other) = (block(genesis, 1, 1, REWARD, &[]), block(genesis, 1, 2, REWARD, &[]));
    let last = block(other.block_hash(), 2, 2, REWARD, &[]);
    let hex = |block: &bitcoin::Block| bitcoin::consensus::encode::serialize_hex(block);
    assert_eq!(node.get("submitblock", json!([hex(&one)])), Value::Null);
    assert_eq!(node.get("submitblock", json!([hex(&other)])), "inconclusive");
    let tips = node.get("getchaintips", json!([]));
    assert_eq!((&tips[0]["status"], &tips[1]["status"]), (&json!("active"), &json!("valid-headers")));
    assert_eq!(node.get("submitblock", json!([hex(&last)])), Value::Null);
    // Who watches the branches is told after the block, so wait until it was.
    let tips = loop {
        let tips = node.get("getchaintips", json!([]));
        if tips.as_array().unwrap().len() == 2 {
            break tips;
        }
        std::thread::yield_now();
    };
    let old =
        json!({ "height": 1, "hash": one.block_hash().to_string(), "branchlen": 1, "status": "valid-fork" });
    assert_eq!(tips[1], old);
    assert_eq!(tips[0]["hash"], json!(last.block_hash().to_string()));
    assert_eq!(node.get("getblockheader", json!([one.block_hash().to_string()]))["confirmations"], -1);
}

/// The words are those of Bitcoin Core's node for the same requests.
#[test]
fn a_name_that_comes_twice_is_refused_where_both_would_count() {
    let node = start();
    let one = |text: String| {
        let request: Json = format!(r#"{{"id":1,"method":{text}}}"#).parse().unwrap();
        let response = run(node.server.execute_rpc(&request, "/", "")).unwrap();
        match &response["error"] {
            Value::Null => Ok(response["result"].to_string()),
            error => Err(format!("{} {}", error["code"], error["message"].as_str().unwrap())),
        }
    };
    let duplicated = Err(format!("-8 Invalid parameter, duplicated address: {ADDRESS}"));
    let refused = |text: &str| Err(format!("-8 {text}"));
    for method in ["createrawtransaction", "createpsbt"] {
        let outputs = |outputs: &str| one(format!(r#""{method}","params":[[],{outputs}]"#));
        let twice = |first: &str, second: &str| {
            outputs(&format!(r#"{{"{ADDRESS}":{first},"data":"00","{ADDRESS}":{second}}}"#))
        };
        assert_eq!(twice("1", "2"), duplicated);
        // The second value is not looked at.
        assert_eq!(twice("1", "\"x\""), duplicated);
        assert_eq!(twice("\"x\"", "1"), Err("-3 Invalid amount".into()));
        let upper = ADDRESS.to_uppercase();
        let other = outputs(&format!(r#"{{"{ADDRESS}":1,"{upper}":1}}"#));
        assert_eq!(other, Err(format!("-8 Invalid parameter, duplicated address: {upper}")));
        assert_eq!(
            outputs(r#"{"data":"00","data":"01"}"#),
            refused("Invalid parameter, duplicate key: data")
        );
        let text = "Invalid parameter, key-value pair must contain exactly one key";
        assert_eq!(outputs(&format!(r#"[{{"{ADDRESS}":1,"{ADDRESS}":1}}]"#)), refused(text));
        let separate = outputs(&format!(r#"[{{"{ADDRESS}":1}},{{"{ADDRESS}":"x"}}]"#));
        assert_eq!(separate, duplicated);
    }
    let twice = refused("Parameter height specified multiple times");
    assert_eq!(one(r#""getblockhash","params":{"height":1,"height":2}"#.into()), twice);
    // Elsewhere the first one counts.
    let genesis = node.get("getblockhash", json!([0])).to_string();
    assert_eq!(one(r#""getblockhash","params":[0],"params":[2],"method":"x""#.into()), Ok(genesis));
    let zeros = "0".repeat(64);
    let inputs =
        format!(r#""createrawtransaction","params":[[{{"txid":"{zeros}","vout":0,"vout":7}}],{{}}]"#);
    let made = format!("\"020000000100{}fdffffff0000000000\"", "0".repeat(72));
    assert_eq!(one(inputs), Ok(made));
}

/// A command of a wallet, which writes down what it was asked.
fn command(name: &str, actor: RpcActor) -> RpcCommand {
    let arg = |name: &str, named_only| RpcArg { name: name.to_owned(), named_only };
    RpcCommand {
        category: "wallet".to_owned(),
        name: name.to_owned(),
        actor,
        arg_names: vec![arg("first|one", false), arg("deep", true), arg("options", false)],
        unique_id: 7,
    }
}

#[test]
fn commands_of_wallets_are_asked_in_their_order() {
    let node = start();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let actor = |handled: bool| -> RpcActor {
        let seen = seen.clone();
        Box::new(move |request, _, last| {
            if request.mode == JsonRpcRequestMode::GetHelp {
                return Ok(RpcOutcome::Help("mine \"first\"\n\nIts help.\n".to_owned()));
            }
            let response = Value::from(request.params);
            seen.lock().unwrap().push((handled, last, response.clone(), request.uri));
            Ok(RpcOutcome::Answered { response, handled })
        })
    };
    let left = node.server.register(command("mine", actor(false)));
    let handled = node.server.register(command("mine", actor(true)));
    let answer = node.server.execute("mine", json!({ "one": 1, "deep": 2 }), "/wallet/w").unwrap();
    assert_eq!(answer, json!([1, { "deep": 2 }]));
    let all = std::mem::take(&mut *seen.lock().unwrap());
    let uri = || "/wallet/w".to_owned();
    assert_eq!(all, [(false, false, answer.clone(), uri()), (true, true, answer, uri())]);
    assert!(node.get("help", json!([])).as_str().unwrap().contains("\n\n== Wallet ==\nmine \"first\""));
    assert_eq!(node.get("help", json!(["mine"])), "mine \"first\"\n\nIts help.\n");
    handled.disconnect().unwrap();
    assert_eq!(node.code("mine", json!([])), -32601);
    drop(left);
    assert_eq!(node.get("help", json!(["mine"])), "help: unknown command: mine");
}

#[test]
fn failures_of_wallets_keep_their_kind() {
    let node = start();
    let outcomes: [(RpcOutcome, i64, &str); 4] = [
        (RpcOutcome::Failed("a".to_owned()), -1, "a"),
        (RpcOutcome::TypeError("b".to_owned()), -3, "b"),
        (RpcOutcome::Help("c".to_owned()), -1, "c"),
        (RpcOutcome::RpcError(json!({ "code": -18, "message": "d" })), -18, "d"),
    ];
    for (outcome, code, message) in outcomes {
        let _handler = node.server.register(command("mine", Box::new(move |_, _, _| Ok(outcome.clone()))));
        let error = node.ask("mine", json!([])).unwrap_err();
        assert_eq!((error.code(), error.message()), (code, message));
    }
    let _gone = node.server.register(command("mine", Box::new(|_, _, _| Err(Error::disconnected("gone")))));
    for _ in 0..2 {
        let error = node.ask("mine", json!([])).unwrap_err();
        assert_eq!((error.code(), error.message()), (-4, "The wallet process is not connected"));
    }
    assert_eq!(node.get("help", json!(["mine"])), "help: unknown command: mine");
    let back =
        node.server.register(command("mine", Box::new(|_, _, _| Ok(RpcOutcome::Failed("e".to_owned())))));
    assert_eq!(node.code("mine", json!([])), -1);
    // Dropped is not taken back: the wallets may have been killed.
    drop(back);
    assert_eq!(node.code("mine", json!([])), -4);
    let back = node.server.register(command("mine", Box::new(|_, _, _| Err(Error::disconnected("gone")))));
    back.disconnect().unwrap();
    assert_eq!(node.code("mine", json!([])), -32601);
}

#[test]
fn the_coins_of_an_earlier_block_are_those_that_there_were() {
    let node = start();
    node.get("generatetoaddress", json!([3, ADDRESS]));
    let then = node.get("dumptxoutset", json!(["then", "latest"]));
    assert_eq!((&then["coins_written"], &then["base_height"]), (&json!(3), &json!(3)));
    node.get("generatetoaddress", json!([4, ADDRESS]));
    let again = node.get("dumptxoutset", json!(["again", "rollback", { "rollback": 3 }]));
    for name in ["coins_written", "base_hash", "base_height", "txoutset_hash", "nchaintx"] {
        assert_eq!(again[name], then[name], "{name}");
    }
    let bytes = |told: &Value| std::fs::read(told["path"].as_str().unwrap()).unwrap();
    assert_eq!(bytes(&again), bytes(&then));
    let now = node.get("dumptxoutset", json!(["now", "latest"]));
    assert_eq!(now["txoutset_hash"], node.get("gettxoutsetinfo", json!([]))["hash_serialized_3"]);
    // Nothing is written over, and nothing is left of what could not be.
    assert_eq!(node.code("dumptxoutset", json!(["now", "latest"])), -8);
    assert_eq!(node.code("dumptxoutset", json!(["more", "rollback", { "rollback": 8 }])), -8);
    let left = std::fs::read_dir(node._directory.path()).unwrap().flatten();
    assert!(left.map(|file| file.file_name()).all(|name| !name.to_string_lossy().contains("more")));
}

#[test]
fn a_block_that_is_gone_from_disk_is_said_to_be() {
    let node = start();
    node.get("generatetoaddress", json!([2, ADDRESS]));
    let tip = node.get("getbestblockhash", json!([]));
    std::fs::remove_file(node._directory.path().join("blocks/blk00000.dat")).unwrap();
    for method in ["getblock", "getblockstats"] {
        let error = node.ask(method, json!([tip])).unwrap_err();
        assert_eq!((error.code(), error.message()), (-1, "Block not found on disk"), "{method}");
    }
}

#[test]
fn many_make_blocks_at_once() {
    let node = start();
    let made: Vec<String> = std::thread::scope(|scope| {
        let make = || {
            let one = || node.get("generateblock", json!([ADDRESS, []]))["hash"].clone();
            (0..10).map(|_| one().as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(make)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(made.len(), 40);
    let tip = node.get("getbestblockhash", json!([]));
    assert!(made.iter().any(|hash| tip == hash.as_str()));
    // Each is there, whoever else made it too.
    made.iter().for_each(|hash| assert_eq!(node.get("getblock", json!([hash]))["hash"], hash.as_str()));
}
