//! Descriptors of all kinds: what they bring, how it is spent, and that the wallet loads with them.
//!
//! In: what Bitcoin Core and other wallets export. Out: Bitcoin Core's answers.

use std::str::FromStr as _;

use bitcoin::bip32::{Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Address, Network, NetworkKind, ScriptBuf, Transaction, consensus};
use bitcoin_ipc::types::Secret;
use serde_json::{Value, json};

use super::chain::elsewhere;
use super::node::{Answer, Node, btc, foreign, script, with_checksum};

/// The key 1 and its public key.
const WIF: &str = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87JcbXMTcA";
const PUBLIC: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

pub(crate) fn xprv(seed: u8) -> Xpriv {
    Xpriv::new_master(NetworkKind::Test, &[seed; 32]).unwrap()
}

pub(crate) fn xpub(seed: u8) -> Xpub {
    Xpub::from_priv(&Secp256k1::new(), &xprv(seed))
}

pub(crate) fn ask(node: &Node, wallet: &str, method: &str, params: Value) -> Answer {
    node.ask(method, params, &format!("/wallet/{wallet}"))
}

pub(crate) fn ok(node: &Node, wallet: &str, method: &str, params: Value) -> Value {
    ask(node, wallet, method, params).unwrap_or_else(|error| panic!("{wallet} {method}: {error:?}"))
}

/// What one import answers.
fn import(node: &Node, wallet: &str, desc: &str, more: Value) -> Value {
    let mut request = json!({ "desc": with_checksum(desc), "timestamp": 0 });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    ok(node, wallet, "importdescriptors", json!([[request]]))[0].clone()
}

pub(crate) fn imported(node: &Node, wallet: &str, desc: &str, more: Value) {
    let told = import(node, wallet, desc, more);
    assert_eq!(told["success"], true, "{desc}: {told}");
}

/// The code and the text of an import that cannot be.
pub(crate) fn refused(node: &Node, wallet: &str, desc: &str, more: Value) -> (i64, String) {
    let told = import(node, wallet, desc, more);
    assert_eq!(told["success"], false, "{desc}: {told}");
    let error = &told["error"];
    (error["code"].as_i64().unwrap(), error["message"].as_str().unwrap().to_owned())
}

pub(crate) fn create(node: &Node, wallet: &str, watching: bool) {
    node.ok("createwallet", json!([wallet, watching, true]));
}

pub(crate) fn listed(node: &Node, wallet: &str, private: bool) -> Vec<Value> {
    ok(node, wallet, "listdescriptors", json!([private]))["descriptors"].as_array().unwrap().clone()
}

/// The descriptors without checksums.
fn texts(node: &Node, wallet: &str, private: bool) -> Vec<String> {
    let text = |one: &Value| one["desc"].as_str().unwrap().split('#').next().unwrap().to_owned();
    listed(node, wallet, private).iter().map(text).collect()
}

/// Unloads and loads a wallet, which tells the same then.
pub(crate) fn reload(node: &Node, wallet: &str) {
    let sight = || {
        let asked = [
            ("listdescriptors", json!([])),
            ("getbalances", json!([])),
            ("listtransactions", json!(["*", 100])),
            ("listunspent", json!([0])),
            ("listreceivedbyaddress", json!([0, true])),
        ];
        asked.map(|(method, params)| ok(node, wallet, method, params))
    };
    let before = sight();
    node.ok("unloadwallet", json!([wallet]));
    assert_eq!(node.ok("loadwallet", json!([wallet])), json!({ "name": wallet }), "without a warning");
    assert_eq!(sight(), before);
}

fn at(address: &str) -> ScriptBuf {
    Address::from_str(address).unwrap().require_network(Network::Regtest).unwrap().script_pubkey()
}

/// The scripts of a descriptor at a number, by the rules that tests of the node compare with Bitcoin Core's.
pub(crate) fn scripts(desc: &str, number: u32) -> Vec<ScriptBuf> {
    use bitcoin_rpc::descriptor::{Expander, parse};
    let secp = Secp256k1::new();
    let parsed = parse(desc, Network::Regtest, false, &secp).unwrap();
    Expander::new(&parsed.all[0], &parsed.keys, &secp).unwrap().scripts(number).unwrap()
}

/// Sends all of a wallet's coins away, which a block then has.
fn spend_all(node: &Node, wallet: &str) -> Transaction {
    let sent = ok(node, wallet, "sendall", json!([[foreign()], null, null, 2]));
    assert_eq!(sent["complete"], true, "{sent}");
    let hex = ok(node, wallet, "gettransaction", json!([sent["txid"]]))["hex"].clone();
    let tx: Transaction = consensus::encode::deserialize_hex(hex.as_str().unwrap()).unwrap();
    assert!(node.chain.in_mempool(tx.compute_txid()), "the chain has taken it, signatures and all");
    node.chain.mine_block(vec![tx.clone()], &elsewhere());
    tx
}

#[test]
fn of_two_paths_the_second_is_for_change() {
    let node = Node::new();
    create(&node, "w", true);
    let key = xpub(1);
    let desc = format!("wpkh([11223344/84h/1h/0h]{key}/<0;1>/*)");
    imported(&node, "w", &desc, json!({ "active": true, "range": [0, 99] }));
    let told = listed(&node, "w", false);
    let expected = [0, 1].map(|path| format!("wpkh([11223344/84h/1h/0h]{key}/{path}/*)"));
    assert_eq!(texts(&node, "w", false), expected);
    assert_eq!([&told[0]["internal"], &told[1]["internal"]], [false, true]);
    assert_eq!([&told[0]["range"], &told[1]["range"]], [&json!([0, 99]); 2]);
    let receiving = script(&ok(&node, "w", "getnewaddress", json!([])));
    let change = script(&ok(&node, "w", "getrawchangeaddress", json!([])));
    let own = |path: u32| format!("wpkh({key}/{path}/*)");
    assert_eq!([receiving, change], [0, 1].map(|path| scripts(&own(path), 0).remove(0)));
    let both = "Cannot have multipath descriptor while also specifying 'internal'";
    for internal in [true, false] {
        assert_eq!(refused(&node, "w", &desc, json!({ "internal": internal })), (-5, both.into()));
    }
    let single = format!("wpkh({key}/<7;8>)");
    let labelled = refused(&node, "w", &single, json!({ "label": "x" }));
    assert_eq!(labelled, (-8, "Multipath descriptors should not have a label".into()));
    reload(&node, "w");

    create(&node, "three", true);
    imported(&node, "three", &format!("pkh({key}/<2;3;4>/*)"), json!({ "range": 5 }));
    let told = listed(&node, "three", false);
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|one| one["active"] == false));
    reload(&node, "three");

    create(&node, "hot", false);
    imported(&node, "hot", &format!("tr({}/86h/<0h;1h>/*)", xprv(2)), json!({ "active": true, "range": 9 }));
    assert_eq!(texts(&node, "hot", true), [0, 1].map(|path| format!("tr({}/86h/{path}h/*)", xprv(2))));
    node.chain.mine(1, &script(&ok(&node, "hot", "getnewaddress", json!(["", "bech32m"]))));
    node.chain.mine(1, &script(&ok(&node, "hot", "getrawchangeaddress", json!(["bech32m"]))));
    node.chain.mine(100, &elsewhere());
    reload(&node, "hot");
    assert_eq!(spend_all(&node, "hot").input.len(), 2);
}

#[test]
fn addresses_and_scripts_are_watched_and_never_chosen() {
    let node = Node::new();
    create(&node, "w", true);
    let address = foreign();
    imported(&node, "w", &format!("addr({address})"), json!({ "label": "shop" }));
    imported(&node, "w", "raw(51)", json!({}));
    node.chain.mine(1, &at(&address));
    node.chain.mine(1, &ScriptBuf::from_hex("51").unwrap());
    node.chain.mine(100, &ScriptBuf::from_hex("52").unwrap());
    assert_eq!(btc(&ok(&node, "w", "getbalances", json!([]))["mine"]["trusted"]), "100.00000000");
    let coins = ok(&node, "w", "listunspent", json!([]));
    assert_eq!(coins.as_array().unwrap().len(), 2);
    for coin in coins.as_array().unwrap() {
        assert_eq!((&coin["spendable"], &coin["solvable"]), (&json!(true), &json!(false)), "{coin}");
        assert!(coin.get("desc").is_none(), "{coin}");
        let bare = coin["scriptPubKey"] == "51";
        assert_eq!(coin.get("address").is_none(), bare, "{coin}");
        let parent = if bare { "raw(51)".to_owned() } else { format!("addr({address})") };
        assert_eq!(coin["parent_descs"], json!([with_checksum(&parent)]));
    }
    let info = ok(&node, "w", "getaddressinfo", json!([address]));
    assert_eq!(
        (&info["ismine"], &info["solvable"], &info["labels"]),
        (&json!(true), &json!(false), &json!(["shop"]))
    );
    assert_eq!(info["parent_desc"], with_checksum(&format!("addr({address})")));
    assert!(["desc", "timestamp", "hdkeypath"].iter().all(|name| info.get(*name).is_none()), "{info}");
    let outputs = json!([{ address: 1 }]);
    let funded = ask(&node, "w", "walletcreatefundedpsbt", json!([[], outputs, 0, { "fee_rate": 2 }]));
    assert_eq!(funded, Err((-4, "Insufficient funds".into())));
    let coin = &coins[0];
    let inputs = json!([{ "txid": coin["txid"], "vout": coin["vout"] }]);
    let (code, text) =
        ask(&node, "w", "walletcreatefundedpsbt", json!([inputs, outputs, 0, { "fee_rate": 2 }]))
            .unwrap_err();
    assert_eq!(code, -4);
    assert!(text.starts_with("Not solvable pre-selected input COutPoint("), "{text}");
    reload(&node, "w");
    // Who learns how it is spent can spend it.
    create(&node, "both", true);
    let solved = format!("wpkh({})", xpub(3));
    let script = scripts(&solved, 0).remove(0);
    let address = Address::from_script(&script, Network::Regtest).unwrap();
    for desc in [format!("addr({address})"), solved] {
        imported(&node, "both", &desc, json!({}));
    }
    node.chain.mine(1, &script);
    node.chain.mine(100, &elsewhere());
    reload(&node, "both");
    assert_eq!(btc(&ok(&node, "both", "getbalance", json!([]))), "50.00000000");
    assert_eq!(ok(&node, "both", "listunspent", json!([]))[0]["solvable"], true);
    ok(
        &node,
        "both",
        "walletcreatefundedpsbt",
        json!([[], outputs, 0, { "fee_rate": 2, "subtractFeeFromOutputs": [0], "changeAddress": foreign() }]),
    );
}

#[test]
fn a_key_is_watched_and_spent_in_all_usual_scripts() {
    let node = Node::new();
    create(&node, "w", false);
    imported(&node, "w", &format!("combo({WIF})"), json!({ "label": "coinbase" }));
    assert_eq!(texts(&node, "w", true), [format!("combo({WIF})")]);
    assert_eq!(texts(&node, "w", false), [format!("combo({PUBLIC})")]);
    let book = ok(&node, "w", "getaddressesbylabel", json!(["coinbase"]));
    assert_eq!(book.as_object().unwrap().len(), 3, "P2PK has no address: {book}");
    let all = scripts(&format!("combo({PUBLIC})"), 0);
    assert_eq!(all.len(), 4);
    for script in &all {
        node.chain.mine(1, script);
    }
    node.chain.mine(100, &elsewhere());
    reload(&node, "w");
    assert_eq!(btc(&ok(&node, "w", "getbalance", json!([]))), "200.00000000");
    let coins = ok(&node, "w", "listunspent", json!([]));
    let mut descs: Vec<String> =
        coins.as_array().unwrap().iter().map(|coin| coin["desc"].as_str().unwrap().to_owned()).collect();
    descs.sort();
    let key = format!("[751e76e8]{PUBLIC}");
    let mut expected =
        [format!("pk({key})"), format!("pkh({key})"), format!("sh(wpkh({key}))"), format!("wpkh({key})")]
            .map(|text| with_checksum(&text));
    expected.sort();
    assert_eq!(descs, expected);
    let address = Address::from_script(&all[1], Network::Regtest).unwrap();
    ok(&node, "w", "signmessage", json!([address.to_string(), "hello"]));
    // The fee is that of what they really weigh, each by its own script.
    let tx = spend_all(&node, "w");
    assert_eq!(tx.input.len(), 4);
    let fee = 200 * 100_000_000 - tx.output[0].value.to_sat();
    let size = u64::try_from(tx.vsize()).unwrap();
    assert!((2 * size..=2 * (size + 4)).contains(&fee), "{fee} sat for {size} vB");
    let active = refused(&node, "w", &format!("combo({}/*)", xprv(1)), json!({ "active": true }));
    assert_eq!(active, (-4, "Combo descriptors cannot be set to active".into()));
}

#[test]
fn extended_keys_are_watched_and_spent_in_all_usual_scripts() {
    let node = Node::new();
    create(&node, "hot", false);
    create(&node, "cold", true);
    imported(&node, "hot", &format!("combo({}/7h/*)", xprv(4)), json!({ "range": [0, 3] }));
    let public = texts(&node, "hot", false).remove(0);
    assert!(
        public.starts_with("combo([") && public.contains("/7h]tpub") && public.ends_with("/*)"),
        "{public}"
    );
    imported(&node, "cold", &public, json!({ "range": [0, 3] }));
    let all: Vec<ScriptBuf> = [1, 3].into_iter().flat_map(|number| scripts(&public, number)).collect();
    assert_eq!(all.len(), 8);
    for script in &all {
        node.chain.mine(1, script);
    }
    node.chain.mine(100, &elsewhere());
    for wallet in ["hot", "cold"] {
        reload(&node, wallet);
        assert_eq!(btc(&ok(&node, wallet, "getbalance", json!([]))), "400.00000000");
        let range = &listed(&node, wallet, false)[0];
        assert_eq!((&range["range"], &range["next"]), (&json!([0, 23]), &json!(4)), "what is paid is used");
    }
    assert_eq!(spend_all(&node, "hot").input.len(), 8);
    assert_eq!(btc(&ok(&node, "cold", "getbalance", json!([]))), "0.00000000");
    // A key of a wallet file is not one of this network.
    let main = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";
    let (code, text) = refused(&node, "cold", &format!("combo({main}/*)"), json!({}));
    assert_eq!((code, text), (-5, format!("combo(): key '{main}' is not valid")));
}

#[test]
fn what_can_be_signed_is_signed() {
    let node = Node::new();
    let (one, other) = (xprv(5), xprv(6));
    let internal = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";
    for (place, desc) in [
        format!("rawtr({WIF})"),
        format!("tr({WIF})"),
        format!("pk({WIF})"),
        format!("rawtr({one}/1h/*)"),
        format!("tr({internal},pk({one}/1/*))"),
        format!("tr({internal},sortedmulti_a(2,{one}/*,{other}/*))"),
        format!("tr({internal},{{multi_a(1,{one}/*,{other}/*),pk({other}/9/*)}})"),
        format!("pkh({one}/0h/0h/*h)"),
        format!("wpkh({one}/*h)"),
        format!("wsh(multi(2,{one}/*h,{other}/3/*))"),
        format!("sh(wsh(sortedmulti(2,{one}/48h/*,{other}/48h/*)))"),
        format!("sh(multi(1,{one}/*,{PUBLIC}))"),
        format!("wsh(and_v(v:pk({one}/*),older(5)))"),
    ]
    .iter()
    .enumerate()
    {
        let name = format!("w{place}");
        create(&node, &name, false);
        let ranged = desc.contains('*');
        let range = if ranged { json!({ "range": [0, 3] }) } else { json!({}) };
        imported(&node, &name, desc, range);
        assert_eq!(texts(&node, &name, true), std::slice::from_ref(desc));
        for number in if ranged { vec![0, 2] } else { vec![0] } {
            node.chain.mine(1, &scripts(desc, number)[0]);
        }
        node.chain.mine(100, &elsewhere());
        reload(&node, &name);
        let coins = ok(&node, &name, "listunspent", json!([]));
        assert!(coins.as_array().unwrap().iter().all(|coin| coin["solvable"] == true), "{desc} {coins}");
        if desc.contains("older") {
            // The sequence number has to say so.
            continue;
        }
        assert_eq!(spend_all(&node, &name).input.len(), if ranged { 2 } else { 1 }, "{desc}");
    }
}

#[test]
fn hardened_steps_at_the_end_take_private_keys() {
    let node = Node::new();
    create(&node, "watch", true);
    let cannot =
        "Cannot expand descriptor. Probably because of hardened derivations without private keys provided";
    for desc in [format!("pkh({}/*h)", xpub(1)), format!("wpkh({}/1h/*)", xpub(1))] {
        assert_eq!(refused(&node, "watch", &desc, json!({ "range": 3 })), (-4, cannot.into()));
    }
    let private = refused(&node, "watch", &format!("pkh({}/*h)", xprv(1)), json!({}));
    assert_eq!(private, (-4, "Cannot import private keys to a wallet with private keys disabled".into()));
    assert!(listed(&node, "watch", false).is_empty());

    create(&node, "hot", false);
    let desc = format!("pkh({}/0h/0h/*h)", xprv(7));
    imported(&node, "hot", &desc, json!({ "active": true, "range": [0, 9] }));
    let addresses: Vec<Value> =
        (0..3).map(|_| ok(&node, "hot", "getnewaddress", json!(["", "legacy"]))).collect();
    for (number, address) in (0..).zip(&addresses) {
        assert_eq!(script(address), scripts(&desc, number)[0]);
    }
    ok(&node, "hot", "encryptwallet", json!(["secret"]));
    // While it is locked it gives out what it has.
    let locked: Vec<Value> =
        (3..10).map(|_| ok(&node, "hot", "getnewaddress", json!(["", "legacy"]))).collect();
    assert_eq!(script(&locked[6]), scripts(&desc, 9)[0]);
    node.chain.mine(1, &scripts(&desc, 8)[0]);
    reload(&node, "hot");
    assert!(node.loader.wallet("hot").unwrap().unlock(&Secret::new("secret")).unwrap());
    for number in 10..40 {
        let address = ok(&node, "hot", "getnewaddress", json!(["", "legacy"]));
        assert_eq!(script(&address), scripts(&desc, number)[0], "{number}");
    }
    node.chain.mine(100, &elsewhere());
    let info = ok(&node, "hot", "getaddressinfo", json!([addresses[0]]));
    assert_eq!(info["hdkeypath"], "m/0h/0h/0h", "{info}");
    assert_eq!(spend_all(&node, "hot").input.len(), 1);
}

#[test]
fn keys_that_no_descriptor_uses_are_kept() {
    let node = Node::new();
    create(&node, "w", false);
    let key = xprv(9);
    let none = "Cannot import descriptor without private keys to a wallet with private keys enabled";
    assert_eq!(refused(&node, "w", &format!("unused({})", xpub(9)), json!({})), (-4, none.into()));
    imported(&node, "w", &format!("unused({key})"), json!({}));
    imported(&node, "w", &format!("unused({WIF})"), json!({}));
    let there = "Cannot import an unused() descriptor when its private key is already in the wallet";
    for again in [format!("unused({key})"), format!("unused({WIF})")] {
        assert_eq!(refused(&node, "w", &again, json!({})), (-4, there.into()));
    }
    assert_eq!(texts(&node, "w", true), [format!("unused({WIF})"), format!("unused({key})")]);
    let keys = ok(&node, "w", "gethdkeys", json!([]));
    assert_eq!((keys.as_array().unwrap().len(), &keys[0]["xpub"]), (1, &json!(xpub(9).to_string())));
    reload(&node, "w");
    create(&node, "watch", true);
    let watching = "Cannot import unused() to wallet without private keys enabled";
    assert_eq!(refused(&node, "watch", &format!("unused({})", xpub(9)), json!({})), (-4, watching.into()));
}

#[test]
fn private_keys_that_come_later_are_added() {
    let node = Node::new();
    create(&node, "w", false);
    let (one, other) = ((xprv(1), xpub(1)), (xprv(2), xpub(2)));
    let partial = "Not all private keys provided. Some wallet functionality may return unexpected errors";
    let first = format!("wsh(multi(2,{}/*,{}/*))", one.0, other.1);
    let told = import(&node, "w", &first, json!({ "range": 5 }));
    assert_eq!(told, json!({ "success": true, "warnings": [partial] }));
    node.chain.mine(1, &scripts(&first, 1)[0]);
    node.chain.mine(100, &elsewhere());
    let second = format!("wsh(multi(2,{}/*,{}/*))", one.1, other.0);
    let told = import(&node, "w", &second, json!({ "range": 30 }));
    assert_eq!(told, json!({ "success": true, "warnings": [partial] }));
    assert_eq!(texts(&node, "w", true), [format!("wsh(multi(2,{}/*,{}/*))", one.0, other.0)]);
    reload(&node, "w");
    assert_eq!(spend_all(&node, "w").input.len(), 1);
}

#[test]
fn marks_of_hardened_steps_are_one_in_public_and_those_given_in_private() {
    let node = Node::new();
    create(&node, "w", false);
    let desc = format!("wpkh({}/84'/1h/0'/0/*)", xprv(3));
    imported(&node, "w", &desc, json!({ "active": true, "range": 3 }));
    assert_eq!(texts(&node, "w", true), [format!("wpkh({}/84'/1'/0'/0/*)", xprv(3))]);
    let public = texts(&node, "w", false).remove(0);
    assert!(public.contains("/84h/1h/0h]") && !public.contains('\''), "{public}");
    let address = ok(&node, "w", "getnewaddress", json!([]));
    let info = ok(&node, "w", "getaddressinfo", json!([address]));
    assert_eq!(info["parent_desc"], with_checksum(&public));
    // The same with other marks is the same.
    imported(&node, "w", &desc.replace('\'', "h"), json!({ "active": true, "range": 30 }));
    assert_eq!(listed(&node, "w", false).len(), 1);
}

#[test]
fn addresses_that_received_are_in_the_address_book_of_a_restored_wallet() {
    let node = Node::new();
    node.ok("createwallet", json!(["first"]));
    let addresses: Vec<Value> = (0..3).map(|_| node.ok("getnewaddress", json!(["shop"]))).collect();
    node.chain.mine(1, &script(&addresses[2]));
    node.chain.mine(100, &elsewhere());
    let all = listed(&node, "first", false);
    let receiving = all.iter().find(|one| one["next"] == 3).unwrap()["desc"].as_str().unwrap();
    let receiving = receiving.split('#').next().unwrap();
    for active in [true, false] {
        let name = format!("active {active}");
        create(&node, &name, true);
        imported(&node, &name, receiving, json!({ "active": active, "range": 9 }));
        // Those before the one that was paid have been given out by somebody too.
        let expected: Vec<&Value> = if active { addresses.iter().collect() } else { Vec::new() };
        let book = ask(&node, &name, "getaddressesbylabel", json!([""])).unwrap_or_else(|_| json!({}));
        let mut known: Vec<String> = book.as_object().unwrap().keys().cloned().collect();
        known.sort();
        let mut expected: Vec<String> = expected.iter().map(|one| one.as_str().unwrap().to_owned()).collect();
        expected.sort();
        assert_eq!(known, expected, "{name}");
        let received = ok(&node, &name, "listreceivedbyaddress", json!([]));
        assert_eq!(received.as_array().unwrap().len(), usize::from(active), "{received}");
        if active {
            assert_eq!(
                (&received[0]["address"], btc(&received[0]["amount"])),
                (&addresses[2], "50.00000000".into())
            );
            assert_eq!(btc(&ok(&node, &name, "getreceivedbylabel", json!([""]))), "50.00000000");
        }
        let labels = ok(&node, &name, "getaddressinfo", json!([addresses[2]]))["labels"].clone();
        assert_eq!(labels, if active { json!([""]) } else { json!([]) });
        reload(&node, &name);
    }
}
