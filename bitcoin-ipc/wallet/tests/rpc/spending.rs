//! Paying, in all ways.

use bitcoin::Transaction;
use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::psbt::raw::Key;
use bitcoin_ipc::types::psbt::{Fields, InputFields, Psbt};
use bitcoin_rpc::psbt::{parse, text};
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Node, btc, foreign, script};

fn tx(hex: &Value) -> Transaction {
    deserialize_hex(hex.as_str().unwrap()).unwrap()
}

fn in_mempool(node: &Node, txid: &Value) -> bool {
    node.chain.in_mempool(txid.as_str().unwrap().parse().unwrap())
}

fn paid(tx: &Transaction, to: &str) -> u64 {
    let script = script(&json!(to));
    tx.output.iter().filter(|output| output.script_pubkey == script).map(|output| output.value.to_sat()).sum()
}

#[test]
fn an_address_is_paid() {
    let node = Node::rich("w");
    let txid = node.ok("sendtoaddress", json!([foreign(), "1.00000001", "rent", "landlord"]));
    assert!(in_mempool(&node, &txid));
    let told = node.ok("gettransaction", json!([txid]));
    assert_eq!((&told["comment"], &told["to"]), (&json!("rent"), &json!("landlord")));
    assert_eq!(btc(&told["amount"]), "-1.00000001");
    assert_eq!(paid(&tx(&told["hex"]), &foreign()), 100_000_001);
    node.chain.mine(1, &elsewhere());
    let verbose = node.ok(
        "sendtoaddress",
        json!({ "address": foreign(), "amount": 1, "fee_rate": "5.5", "verbose": true }),
    );
    assert_eq!(verbose["fee_reason"], "None");
    let told = node.ok("gettransaction", json!([verbose["txid"]]));
    let size = tx(&told["hex"]).vsize() as f64;
    let fee = -told["fee"].to_string().parse::<f64>().unwrap() * 1e8;
    assert!((fee / size - 5.5).abs() < 0.1, "{fee} {size}");
    let whole = json!({ "address": foreign(), "amount": node.ok("getbalance", json!([])), "subtractfeefromamount": true });
    node.ok("sendtoaddress", whole);
    assert_eq!(btc(&node.ok("getbalance", json!([]))), "0.00000000");
}

#[test]
fn wrong_payments_say_what_is_wrong() {
    let node = Node::rich("w");
    for (params, code, text) in [
        (json!(["x", 1]), -5, "Invalid Bitcoin address: x"),
        (json!([foreign(), "x"]), -3, "Invalid amount"),
        (json!([foreign(), -1]), -3, "Amount out of range"),
        (json!([foreign(), "0.000000001"]), -3, "Invalid amount"),
        (json!([foreign(), true]), -3, "Amount is not a number or string"),
        (json!([foreign(), 51]), -6, "Insufficient funds"),
        (json!([foreign(), "0.00000001"]), -6, "Transaction amount too small"),
        (
            json!({ "address": foreign(), "amount": 1, "conf_target": 0 }),
            -8,
            "Invalid conf_target, must be between 1 and 1008",
        ),
        (
            json!({ "address": foreign(), "amount": 1, "estimate_mode": "x" }),
            -8,
            "Invalid estimate_mode parameter, must be one of: \"unset\", \"economical\", \"conservative\"",
        ),
        (
            json!({ "address": foreign(), "amount": 1, "fee_rate": 1, "estimate_mode": "economical" }),
            -8,
            "Cannot specify both estimate_mode and fee_rate",
        ),
        (json!({ "address": foreign(), "amount": 1, "fee_rate": "1.0001" }), -3, "Invalid amount"),
    ] {
        assert_eq!(node.error("sendtoaddress", params.clone()), (code, text.into()), "{params}");
    }
    let (code, text) =
        node.error("sendtoaddress", json!({ "address": foreign(), "amount": 1, "fee_rate": 0.5 }));
    assert!(code == -6 && text.contains("lower than the minimum fee rate setting"), "{text}");
    node.ok("createwallet", json!(["watch", true]));
    let error = node.ask("sendtoaddress", json!([foreign(), 1]), "/wallet/watch").unwrap_err();
    assert_eq!(error, (-4, "Error: Private keys are disabled for this wallet".into()));
}

#[test]
fn many_are_paid_at_once() {
    let node = Node::rich("w");
    let own = node.ok("getnewaddress", json!([]));
    let own = own.as_str().unwrap();
    let txid = node.ok("sendmany", json!(["", { foreign(): 1, own: "2" }, 1, "both", [own]]));
    let told = node.ok("gettransaction", json!([txid]));
    let made = tx(&told["hex"]);
    assert_eq!((paid(&made, &foreign()), &told["comment"]), (100_000_000, &json!("both")));
    assert!(paid(&made, own) < 200_000_000);
    assert_eq!(node.error("sendmany", json!(["x", {}])), (-8, "Dummy value must be set to \"\"".into()));
    assert_eq!(
        node.error("sendmany", json!(["", {}])),
        (-6, "Transaction must have at least one recipient".into())
    );
    for (payers, text) in [
        (json!(["x"]), "destination x not found in tx outputs"),
        (json!([0, 0]), "duplicated position: 0"),
        (json!([-1]), "negative position: -1"),
        (json!([1]), "position too large: 1"),
        (json!([true]), "invalid value type: bool"),
    ] {
        let (code, message) = node.error("sendmany", json!(["", { foreign(): 1 }, null, "", payers]));
        assert_eq!((code, message), (-8, format!("Invalid parameter 'subtract fee from output', {text}")));
    }
}

#[test]
fn send_has_options() {
    let node = Node::rich("w");
    let sent = node.ok("send", json!([{ foreign(): 1 }]));
    assert_eq!(sent["complete"], true);
    assert!(in_mempool(&node, &sent["txid"]) && sent.get("hex").is_none());
    let kept = node.ok("send", json!({ "outputs": [{ foreign(): 1 }, { "data": "cafe" }], "add_to_wallet": false, "fee_rate": 3, "change_position": 2 }));
    let made = tx(&kept["hex"]);
    assert!(kept["psbt"].is_string() && !in_mempool(&node, &kept["txid"]));
    assert_eq!(made.compute_txid().to_string(), kept["txid"].as_str().unwrap());
    assert_eq!(format!("{:x}", made.output[1].script_pubkey), "6a02cafe");
    assert_eq!(made.output.len(), 3);
    let psbt = node.ok("send", json!({ "outputs": { foreign(): 1 }, "psbt": true }));
    assert!(psbt["psbt"].is_string() && psbt["complete"] == true);
    // A chosen coin, with its own sequence number and a lock time.
    node.chain.mine(1, &elsewhere());
    let coin = node.ok("listunspent", json!([]))[0].clone();
    let input = json!({ "txid": coin["txid"], "vout": coin["vout"], "sequence": 5 });
    let chosen = node.ok("send", json!({ "outputs": { foreign(): 1 }, "inputs": [input], "locktime": 9, "add_to_wallet": false, "lock_unspents": true }));
    let made = tx(&chosen["hex"]);
    assert_eq!((made.input[0].sequence.0, made.lock_time.to_consensus_u32(), made.input.len()), (5, 9, 1));
    assert_eq!(node.ok("listlockunspent", json!([]))[0]["txid"], coin["txid"]);
    for (options, code, text) in [
        (json!({ "feeRate": 1 }), -8, "Use fee_rate (sat/vB) instead of feeRate"),
        (json!({ "conf_target": 3 }), -8, "Specify estimate_mode"),
        (json!({ "change_position": 2 }), -8, "changePosition out of bounds"),
        (json!({ "change_address": "x" }), -5, "Change address must be a valid bitcoin address"),
        (json!({ "change_type": "x" }), -5, "Unknown change type 'x'"),
        (json!({ "minconf": -1 }), -8, "Negative minconf"),
        (json!({ "minconf": 3, "maxconf": 2 }), -8, "maxconf can't be lower than minconf: 2 < 3"),
        (json!({ "nonsense": 1 }), -3, "Unexpected key nonsense"),
        (json!({ "psbt": 1 }), -3, "JSON value of type number for field psbt is not of expected type bool"),
    ] {
        let error = node.error("send", json!({ "outputs": { foreign(): 1 }, "options": options }));
        assert_eq!(error, (code, text.into()));
    }
    assert_eq!(node.code("send", json!([[]])), -8);
}

#[test]
fn everything_is_sent() {
    let node = Node::rich("w");
    node.earn();
    let own = node.ok("getnewaddress", json!([]));
    let sent =
        node.ok("sendall", json!({ "recipients": [foreign(), { own.as_str().unwrap(): 1 }], "fee_rate": 2 }));
    assert_eq!(sent["complete"], true);
    let told = node.ok("gettransaction", json!([sent["txid"]]));
    let made = tx(&told["hex"]);
    let fee = 10_000_000_000 - made.output.iter().map(|output| output.value.to_sat()).sum::<u64>();
    assert_eq!((made.input.len(), made.output.len()), (2, 2));
    // A signature may be a byte shorter than was reckoned with.
    let least = 2 * made.vsize() as u64;
    assert!((least..least + 5).contains(&fee), "{fee} {least}");
    node.chain.mine(1, &elsewhere());
    let coin = node.ok("listunspent", json!([]))[0].clone();
    assert_eq!(btc(&coin["amount"]), "1.00000000");
    let one = json!({ "txid": coin["txid"], "vout": coin["vout"] });
    for (params, code, text) in [
        (json!([[{ foreign(): 1 }]]), -8, "Must provide at least one address without a specified amount"),
        (
            json!({ "recipients": [foreign()], "inputs": [one], "send_max": true }),
            -8,
            "Cannot combine send_max with specific inputs.",
        ),
        (
            json!({ "recipients": [foreign(), { own.as_str().unwrap(): 2 }] }),
            -6,
            "Assigned more value to outputs than available funds.",
        ),
        (
            json!({ "recipients": [foreign(), { own.as_str().unwrap(): "0.99999" }], "fee_rate": 100 }),
            -6,
            "Insufficient funds for fees after creating specified outputs.",
        ),
        (
            json!({ "recipients": [foreign(), { own.as_str().unwrap(): "0.999997" }], "fee_rate": 1 }),
            -6,
            "Dynamically assigned remainder results in dust output.",
        ),
    ] {
        assert_eq!(node.error("sendall", params.clone()), (code, text.into()), "{params}");
    }
    node.ok("sendall", json!({ "recipients": [foreign()], "inputs": [one] }));
    assert_eq!(node.ok("listunspent", json!([0])), json!([]));
    let gone = node.error("sendall", json!({ "recipients": [foreign()], "inputs": [one] }));
    assert!(gone.0 == -8 && gone.1.ends_with("was already spent."), "{gone:?}");
}

#[test]
fn a_lock_time_is_chosen_unless_inputs_have_a_meaning_of_their_own() {
    let node = Node::rich("w");
    let coin = node.ok("listunspent", json!([]))[0].clone();
    let lock_time = |method: &str, sequence: Value, locktime: Option<Value>| {
        let input = json!({ "txid": coin["txid"], "vout": coin["vout"], "sequence": sequence });
        let mut params = match method {
            "send" => json!({ "outputs": [{ foreign(): 1 }] }),
            _ => json!({ "recipients": [foreign()] }),
        };
        params["inputs"] = json!([input]);
        params["add_to_wallet"] = json!(false);
        params["replaceable"] = json!(sequence.as_u64() < Some(0xffff_fffe));
        if let Some(locktime) = locktime {
            params["locktime"] = locktime;
        }
        tx(&node.ok(method, params)["hex"]).lock_time.to_consensus_u32()
    };
    let height = u32::try_from(node.chain.height()).unwrap();
    let last = i64::from(node.chain.state().blocks.last().unwrap().header.time);
    // A chain whose last block is more than eight hours old may not be the network's any more.
    node.loader.set_mock_time(last + 8 * 3600 + 1);
    for method in ["send", "sendall"] {
        assert_eq!(lock_time(method, json!(0xffff_fffd_u32), None), 0, "{method}");
    }
    node.loader.set_mock_time(last + 8 * 3600);
    for method in ["send", "sendall"] {
        for sequence in [0xffff_fffd_u32, 0xffff_fffe] {
            let chosen = lock_time(method, json!(sequence), None);
            assert!(chosen > 0 && chosen <= height, "{method} {sequence} {chosen}");
        }
        for sequence in [0, 10, 0xffff_ffff_u32] {
            assert_eq!(lock_time(method, json!(sequence), None), 0, "{method} {sequence}");
        }
        assert_eq!(lock_time(method, json!(0xffff_fffd_u32), Some(json!(7))), 7);
        assert_eq!(lock_time(method, json!(0xffff_fffd_u32), Some(Value::Null)), 0);
    }
}

#[test]
fn each_transaction_that_is_made_has_a_change_address_of_its_own() {
    let node = Node::rich("w");
    let keys = || node.ok("listdescriptors", json!([]))["descriptors"].clone();
    let next = || {
        let all = keys();
        let all = all.as_array().unwrap().iter();
        let mut inner = all.filter(|one| one["internal"] == true);
        let found = inner.find(|one| one["desc"].as_str().unwrap().starts_with("wpkh("));
        found.unwrap()["next_index"].as_u64().unwrap()
    };
    let options = json!({ "change_type": "bech32", "add_to_wallet": false, "fee_rate": 5 });
    let send = |amount: Value, payers: Value| {
        let mut options = options.clone();
        options["subtract_fee_from_outputs"] = payers;
        node.ask("send", json!([{ foreign(): amount }, null, "unset", null, options]), "").is_ok()
    };
    assert_eq!(next(), 0);
    assert!(send(json!(1), json!([])));
    assert_eq!(next(), 1);
    // Also where there is no change: coins are chosen once as they are and once by address, with one for each.
    assert!(send(json!(50), json!([0])));
    assert_eq!(next(), 3);
    assert!(!send(json!(51), json!([])));
    assert_eq!(next(), 3);
}

#[test]
fn change_has_an_address_also_where_none_is_derived_ahead() {
    let node = Node::of_one_address();
    node.ok("createwallet", json!(["w"]));
    node.earn();
    let mut given = std::collections::HashSet::new();
    for _ in 0..4 {
        let payment = json!([foreign(), 1, "", "", false, true, null, "unset", null, 5]);
        let txid = node.ask("sendtoaddress", payment, "").unwrap();
        let outputs = node.ok("gettransaction", json!([txid, false, true]))["decoded"]["vout"].clone();
        let change =
            outputs.as_array().unwrap().iter().find(|output| output["scriptPubKey"]["address"] != foreign());
        let address = change.unwrap()["scriptPubKey"]["address"].as_str().unwrap().to_owned();
        assert_eq!(node.ok("getaddressinfo", json!([address]))["ischange"], true);
        assert!(given.insert(address));
    }
}

#[test]
fn options_that_are_null_or_of_another_type_are_mistakes() {
    let node = Node::rich("w");
    let null = |kind: &str| (-3, format!("JSON value of type null is not of expected type {kind}"));
    let send = |options: Value| node.error("send", json!([{ foreign(): 1 }, null, "unset", null, options]));
    for (name, kind) in [
        ("minconf", "number"),
        ("maxconf", "number"),
        ("change_position", "number"),
        ("max_tx_weight", "number"),
        ("add_inputs", "bool"),
        ("replaceable", "bool"),
        ("lock_unspents", "bool"),
        ("include_unsafe", "bool"),
        ("psbt", "bool"),
        ("add_to_wallet", "bool"),
    ] {
        assert_eq!(send(json!({ name: null })), null(kind), "{name}");
    }
    let text = (-3, "JSON value of type string is not of expected type number".to_owned());
    assert_eq!(send(json!({ "max_tx_weight": "1000" })), text);
    assert_eq!(send(json!({ "locktime": "7" })), text);
    let of_field = "JSON value of type string for field minconf is not of expected type number";
    assert_eq!(send(json!({ "minconf": "1" })), (-3, of_field.into()));
    let weight = (-4, "Maximum transaction weight must be between 260 and 400000".to_owned());
    assert_eq!(send(json!({ "max_tx_weight": -1 })), weight);
    // What is wrong without any fee is said before that the fee is.
    assert_eq!(send(json!({ "max_tx_weight": 259, "fee_rate": 0 })), weight);
    let small = node.error("send", json!([{ foreign(): "0.00000001" }, null, "unset", 0]));
    assert_eq!(small, (-4, "Transaction amount too small".into()));
    let coin = node.ok("listunspent", json!([]))[0].clone();
    let input = json!({ "txid": coin["txid"], "vout": coin["vout"] });
    let chosen = json!({ "inputs": [input], "max_tx_weight": 260 });
    let short = node.error("send", json!([{ foreign(): 51 }, null, "unset", 5, chosen]));
    assert!(short.0 == -4 && short.1.starts_with("The preselected coins total amount does not"), "{short:?}");
    let low =
        node.error("send", json!([{ foreign(): 1 }, null, "unset", 0, { "max_tx_weight": 400_001 }, 3]));
    assert!(low.1.starts_with("Fee rate (0.000 sat/vB) is lower"), "{low:?}");
    let all = |options: Value| node.error("sendall", json!([[foreign()], null, "unset", null, options]));
    for (name, kind) in [("minconf", "number"), ("maxconf", "number"), ("replaceable", "bool")] {
        assert_eq!(all(json!({ name: null })), null(kind), "{name}");
    }
    let wrong = (-3, "JSON value of type string is not of expected type bool".to_owned());
    assert_eq!(all(json!({ "lock_unspents": "true" })), wrong);
    // That nobody gets the rest is said before that the rate is too low.
    let nobody = node.error("sendall", json!([[{ foreign(): 1 }], null, "unset", 0]));
    assert_eq!(nobody, (-8, "Must provide at least one address without a specified amount".into()));
    assert_eq!(node.chain.state().mempool.len(), 0);
    node.ok("send", json!([{ foreign(): 1 }, null, "unset", null, { "fee_rate": null, "locktime": null }]));
}

#[test]
fn a_fee_is_raised() {
    let node = Node::rich("w");
    let txid = node.ok("sendtoaddress", json!({ "address": foreign(), "amount": 1, "fee_rate": 1 }));
    let low = node.error("bumpfee", json!([txid, { "fee_rate": 1 }]));
    assert!(low.0 == -8 && low.1.starts_with("Insufficient total fee"), "{low:?}");
    let psbt = node.ok("psbtbumpfee", json!([txid, { "fee_rate": 20 }]));
    assert!(psbt["psbt"].is_string());
    let bumped = node.ok("bumpfee", json!([txid, { "fee_rate": 20 }]));
    assert_eq!(
        (&bumped["fee"], &bumped["origfee"], &bumped["errors"]),
        (&psbt["fee"], &psbt["origfee"], &json!([]))
    );
    assert!(in_mempool(&node, &bumped["txid"]) && !in_mempool(&node, &txid));
    let (old, new) =
        (node.ok("gettransaction", json!([txid])), node.ok("gettransaction", json!([bumped["txid"]])));
    assert_eq!((&old["replaced_by_txid"], &new["replaces_txid"]), (&bumped["txid"], &txid));
    assert_eq!(old["walletconflicts"], json!([bumped["txid"]]));
    assert_eq!(paid(&tx(&new["hex"]), &foreign()), 100_000_000);
    let again = node.error("bumpfee", json!([txid]));
    assert!(again.0 == -4 || again.0 == -8, "{again:?}");
    // Other outputs, and the option that says which one is change.
    let other = node.ok("getnewaddress", json!([]));
    let other = other.as_str().unwrap();
    let to_other =
        node.ok("bumpfee", json!({ "txid": bumped["txid"], "fee_rate": 40, "outputs": [{ other: 2 }] }));
    let made = tx(&node.ok("gettransaction", json!([to_other["txid"]]))["hex"]);
    assert_eq!((paid(&made, &foreign()), paid(&made, other)), (0, 200_000_000));
    let both = node.error(
        "bumpfee",
        json!([to_other["txid"], { "outputs": [{ other: 2 }], "original_change_index": 0 }]),
    );
    assert_eq!(both.0, -8);
    let beyond = node.error("bumpfee", json!([to_other["txid"], { "original_change_index": 9 }]));
    assert_eq!(beyond, (-8, "Change position is out of range".into()));
    assert_eq!(
        node.error("bumpfee", json!(["00".repeat(32)])),
        (-5, "Invalid or non-wallet transaction id".into())
    );
    node.chain.mine(1, &elsewhere());
    assert_eq!(node.code("bumpfee", json!([to_other["txid"]])), -1);
}

#[test]
fn psbts_are_made_and_signed() {
    let node = Node::rich("w");
    let made = node.ok(
        "walletcreatefundedpsbt",
        json!([[], [{ foreign(): 1 }], 7, { "fee_rate": 2, "changePosition": 0 }]),
    );
    assert_eq!(made["changepos"], 0);
    let unsigned = node.ok("walletprocesspsbt", json!([made["psbt"], false]));
    assert_eq!(unsigned["complete"], false);
    let signed = node.ok("walletprocesspsbt", json!([made["psbt"]]));
    assert_eq!(signed["complete"], true);
    let tx = tx(&signed["hex"]);
    assert_eq!(tx.lock_time.to_consensus_u32(), 7);
    node.chain.submit(&tx).unwrap();
    assert_eq!(node.error("walletprocesspsbt", json!(["x"])).0, -22);
    assert_eq!(
        node.error("walletprocesspsbt", json!([made["psbt"], true, "X"])),
        (-8, "'X' is not a valid sighash parameter.".into())
    );
    assert_eq!(
        node.error("walletcreatefundedpsbt", json!({ "outputs": { foreign(): 1 }, "psbt_version": 1 })),
        (-8, "The PSBT version can only be 2 or 0".into())
    );
    assert_eq!(
        node.error("walletcreatefundedpsbt", json!([[], { foreign(): 90 }])),
        (-4, "Insufficient funds".into())
    );
}

fn psbt(text: &Value) -> Psbt {
    parse(text.as_str().unwrap()).unwrap()
}

#[test]
fn psbts_are_of_version_2_unless_asked_otherwise() {
    let node = Node::rich("w");
    let outputs = json!({ foreign(): 1 });
    let made = |version: Value| {
        psbt(
            &node.ok("walletcreatefundedpsbt", json!({ "outputs": outputs, "psbt_version": version }))["psbt"],
        )
    };
    assert_eq!([json!(null), json!(2), json!(0)].map(|version| made(version).version), [2, 2, 0]);
    let sent = node.ok("send", json!({ "outputs": outputs, "psbt": true }));
    assert_eq!(psbt(&sent["psbt"]).version, 2);
    let txid = node.ok("sendtoaddress", json!([foreign(), 1]));
    for (options, version) in [(json!({}), 2), (json!({ "psbt_version": 0 }), 0)] {
        let bumped = node.ok("psbtbumpfee", json!([txid, options]));
        assert_eq!(psbt(&bumped["psbt"]).version, version);
    }
    assert_eq!(node.code("psbtbumpfee", json!([txid, { "psbt_version": 3 }])), -8);
}

#[test]
fn what_only_others_know_of_a_psbt_stays_in_it() {
    let node = Node::rich("w");
    let made = node.ok("walletcreatefundedpsbt", json!([[], { foreign(): 1 }]));
    let mut given = psbt(&made["psbt"]);
    let fields = Fields { fallback_lock_time: Some(3), tx_modifiable: Some(2) };
    let own = InputFields { sequence: Some(1), time_lock: Some(1_600_000_000), height_lock: None };
    fields.set(&mut given);
    own.set(&mut given, 0);
    let key = Key { type_value: 0x70, key: vec![1] };
    given.inputs[0].unknown.insert(key.clone(), vec![2]);
    for last in [false, true] {
        let filled = node.ok("walletprocesspsbt", json!([text(given.clone()), true, null, true, last]));
        let done = psbt(&filled["psbt"]);
        assert_eq!((done.version, Fields::of(&done), InputFields::of(&done.inputs[0])), (2, fields, own));
        assert_eq!(done.inputs[0].unknown.get(&key), Some(&vec![2]));
        assert_eq!(filled["complete"], last);
        if last {
            let tx = tx(&filled["hex"]);
            assert_eq!(tx.lock_time.to_consensus_u32(), 1_600_000_000);
            assert_eq!(tx.input[0].sequence.0, 1);
        }
    }
}

#[test]
fn transactions_are_funded_and_signed() {
    let node = Node::rich("w");
    let bare = format!("02000000000100e1f505000000002200{:02x}{}00000000", 0x20, "07".repeat(32));
    let funded = node.ok("fundrawtransaction", json!([bare, { "fee_rate": 3, "changePosition": 1 }]));
    let unsigned = tx(&funded["hex"]);
    assert_eq!((unsigned.input.len(), unsigned.output.len(), &funded["changepos"]), (1, 2, &json!(1)));
    let partly = node.ok("signrawtransactionwithwallet", json!([funded["hex"]]));
    assert_eq!(partly["complete"], true);
    node.chain.submit(&tx(&partly["hex"])).unwrap();
    // What is complete stays so; what is not the wallet's is named.
    let again = node.ok("signrawtransactionwithwallet", json!([partly["hex"]]));
    assert_eq!((&again["complete"], &again["hex"]), (&json!(true), &partly["hex"]));
    let mut foreign_input = unsigned.clone();
    foreign_input.input[0].previous_output.vout = 9;
    let hex = bitcoin::consensus::encode::serialize_hex(&foreign_input);
    let missing = node.ok("signrawtransactionwithwallet", json!([hex]));
    assert_eq!(
        (&missing["complete"], &missing["errors"][0]["error"]),
        (&json!(false), &json!("Input not found or already spent"))
    );
    let spent = json!([{ "txid": foreign_input.input[0].previous_output.txid.to_string(), "vout": 9, "scriptPubKey": format!("{:x}", elsewhere()), "amount": 1 }]);
    let missing = node.ok("signrawtransactionwithwallet", json!([hex, spent]));
    let text = missing["errors"][0]["error"].as_str().unwrap();
    assert_eq!(text, "Witness program was passed an empty witness");
    assert_eq!(node.code("signrawtransactionwithwallet", json!(["00"])), -22);
    assert_eq!(node.code("fundrawtransaction", json!(["zz"])), -22);
    // A signature for another amount is none.
    let mut broken = tx(&partly["hex"]);
    broken.output[0].value -= bitcoin::Amount::ONE_SAT;
    broken.input[0].previous_output = foreign_input.input[0].previous_output;
    let hex = bitcoin::consensus::encode::serialize_hex(&broken);
    let coin = json!([{ "txid": broken.input[0].previous_output.txid.to_string(), "vout": 9, "scriptPubKey": format!("{:x}", elsewhere()), "amount": 50 }]);
    assert_eq!(node.ok("signrawtransactionwithwallet", json!([hex, coin]))["complete"], false);
}

#[test]
fn what_transactions_would_do_is_told() {
    let node = Node::rich("w");
    let kept = node.ok("send", json!({ "outputs": { foreign(): 1 }, "add_to_wallet": false }));
    let change = node.ok("simulaterawtransaction", json!([[kept["hex"]]]));
    assert!(btc(&change["balance_change"]).starts_with("-1.0000"));
    let twice = node.error("simulaterawtransaction", json!([[kept["hex"], kept["hex"]]]));
    assert_eq!(twice, (-8, "Transaction(s) are spending the same output more than once".into()));
    assert_eq!(node.code("simulaterawtransaction", json!([["00"]])), -22);
}
