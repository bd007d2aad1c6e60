//! Descriptors whose last step is hardened, in a wallet that is locked: the public keys of their scripts are kept.
//!
//! In: `wpkh(xprv/0h/*h)` and the like, as wallets that Bitcoin Core has migrated have them. Out: while the private
//! keys are locked, all that the wallet tells when they are not, but for signatures.

use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bdk_wallet::rusqlite::Connection;
use bitcoin::bip32::{DerivationPath, Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use bitcoin::{NetworkKind, Psbt};
use serde_json::{Value, json};

use super::chain::{Asked, elsewhere};
use super::imports::scripts;
use super::node::{Node, foreign, script, with_checksum};

/// A kind of addresses, and the descriptor of a key for it.
type Kind = (&'static str, fn(&Xpriv) -> String);

const KINDS: [Kind; 4] = [
    ("bech32", |key| format!("wpkh({key}/0h/1h/*h)")),
    ("legacy", |key| format!("pkh({key}/0h/1h/*h)")),
    ("p2sh-segwit", |key| format!("sh(wpkh({key}/0h/1h/*h))")),
    ("bech32m", |key| format!("tr({key}/0h/1h/*h)")),
];

fn master() -> Xpriv {
    Xpriv::new_master(NetworkKind::Test, &[7; 32]).unwrap()
}

/// The public key at a number, and the path to it.
fn key(number: u32) -> (String, String) {
    let path = format!("m/0h/1h/{number}h");
    let (secp, steps) = (Secp256k1::new(), DerivationPath::from_str(&path).unwrap());
    let derived = master().derive_priv(&secp, &steps).unwrap();
    (derived.to_priv().public_key(&secp).to_string(), path)
}

fn fingerprint() -> String {
    Xpub::from_priv(&Secp256k1::new(), &master()).fingerprint().to_string()
}

/// A wallet with such descriptors, an address of each and a coin on it, encrypted and unlocked.
fn wallet() -> (Node, Vec<Value>) {
    let node = Node::new();
    node.ok("createwallet", json!(["w", false, true]));
    for (_, text) in KINDS {
        for internal in [false, true] {
            // Those for change have other keys.
            let text = if internal { text(&master()).replace("/1h/", "/2h/") } else { text(&master()) };
            let one = json!({
                "desc": with_checksum(&text), "timestamp": 0, "active": true, "internal": internal, "range": 9
            });
            assert_eq!(node.ok("importdescriptors", json!([[one]]))[0]["success"], true);
        }
    }
    let addresses: Vec<Value> =
        KINDS.iter().map(|(kind, _)| node.ok("getnewaddress", json!(["", kind]))).collect();
    addresses.iter().for_each(|address| node.chain.mine(1, &script(address)));
    node.chain.mine(100, &elsewhere());
    node.ok("encryptwallet", json!(["secret"]));
    node.ok("walletpassphrase", json!(["secret", 600]));
    (node, addresses)
}

/// What the wallet tells that takes public keys.
fn told(node: &Node, addresses: &[Value]) -> Vec<Value> {
    let infos = addresses.iter().map(|address| node.ok("getaddressinfo", json!([address])));
    let mut listed = node.ok("listdescriptors", json!([]))["descriptors"].clone();
    for one in listed.as_array_mut().unwrap() {
        // Each payment takes an address for change.
        one.as_object_mut().unwrap().retain(|name, _| !name.starts_with("next") && name != "range");
    }
    infos.chain([node.ok("listunspent", json!([])), listed]).collect()
}

fn psbt(text: &Value) -> Psbt {
    text.as_str().unwrap().parse().unwrap()
}

/// A payment of a part of all coins, as a PSBT.
fn funded(node: &Node) -> Value {
    let options = json!({ "fee_rate": 3, "change_type": "bech32", "changePosition": 1 });
    let params = json!([[], [{ foreign(): 180 }], 0, options, true, 2, 0]);
    let mut funded = node.ok("walletcreatefundedpsbt", params);
    let mut psbt = psbt(&funded["psbt"]);
    // Inputs are in an order of their own.
    let mut paired: Vec<_> = psbt.unsigned_tx.input.drain(..).zip(psbt.inputs.drain(..)).collect();
    paired.sort_by_key(|(input, _)| input.previous_output);
    (psbt.unsigned_tx.input, psbt.inputs) = paired.into_iter().unzip();
    // Each time there is a new address for change.
    psbt.unsigned_tx.output.remove(1);
    psbt.outputs.remove(1);
    funded["psbt"] = json!(psbt.to_string());
    funded
}

/// The wallet tells while it is locked what it told before, but for what changes with it.
fn same_while_locked(node: &Node, addresses: &[Value], before: &(Vec<Value>, Value)) {
    assert_eq!(node.code("walletprocesspsbt", json!([before.1["psbt"]])), -13, "it is locked");
    for (now, before) in told(node, addresses).iter().zip(&before.0) {
        assert_eq!(now, before);
    }
    assert_eq!(funded(node), before.1);
}

fn before(node: &Node, addresses: &[Value]) -> (Vec<Value>, Value) {
    (told(node, addresses), funded(node))
}

#[test]
fn a_locked_wallet_tells_of_hardened_keys_what_it_tells_unlocked() {
    let (node, addresses) = wallet();
    let before = before(&node, &addresses);
    node.ok("walletlock", json!([]));
    same_while_locked(&node, &addresses, &before);

    for (address, (kind, _)) in addresses.iter().zip(KINDS) {
        let info = node.ok("getaddressinfo", json!([address]));
        let (public, path) = key(0);
        assert_eq!((&info["solvable"], &info["ismine"]), (&json!(true), &json!(true)), "{kind}");
        assert_eq!(info["hdkeypath"], path, "{kind}");
        assert_eq!(info["hdmasterfingerprint"], fingerprint(), "{kind}");
        let origin = format!("[{}/0h/1h/0h]", fingerprint());
        let desc = match kind {
            "bech32" => format!("wpkh({origin}{public})"),
            "legacy" => format!("pkh({origin}{public})"),
            "p2sh-segwit" => format!("sh(wpkh({origin}{public}))"),
            _ => format!("tr({origin}{})", &public[2..]),
        };
        assert_eq!(info["desc"], with_checksum(&desc));
        if kind != "bech32m" && kind != "p2sh-segwit" {
            assert_eq!(info["pubkey"], public);
        }
    }
    let unspent = node.ok("listunspent", json!([]));
    assert_eq!(unspent.as_array().unwrap().len(), KINDS.len());
    assert!(unspent.as_array().unwrap().iter().all(|coin| coin["solvable"] == true));

    // In weight units: 42 around all, inputs of 271 (p2wpkh), 589 (p2pkh), 363 (p2sh-p2wpkh) and 230 (p2tr), outputs of
    // 172 (p2tr) and 124 (p2wpkh); that makes 448 vbytes.
    assert_eq!(before.1["fee"].to_string(), "0.00001344");

    let plain = Psbt::from_unsigned_tx(psbt(&before.1["psbt"]).unsigned_tx).unwrap();
    let processed = node.ok("walletprocesspsbt", json!([plain.to_string(), false, "DEFAULT", true]));
    assert_eq!(processed["complete"], false);
    let processed = psbt(&processed["psbt"]);
    assert_eq!(processed.inputs.len(), KINDS.len());
    for input in &processed.inputs {
        let paths = input.bip32_derivation.values().map(|(from, path)| (from.to_string(), path.to_string()));
        let tap =
            input.tap_key_origins.values().map(|(_, (from, path))| (from.to_string(), path.to_string()));
        let paths: Vec<_> = paths.chain(tap).collect();
        assert_eq!(paths, [(fingerprint(), "0'/1'/0'".to_owned())]);
    }

    let raw = node.ok("fundrawtransaction", json!([raw(), { "fee_rate": 3 }]));
    assert!(raw["fee"].as_f64().unwrap() > 0.0);
}

/// A transaction without inputs that pays one coin.
fn raw() -> String {
    let tx = bitcoin::Transaction {
        version: bitcoin::transaction::Version::TWO,
        lock_time: bitcoin::absolute::LockTime::ZERO,
        input: Vec::new(),
        output: vec![bitcoin::TxOut { value: bitcoin::Amount::from_int_btc(1), script_pubkey: elsewhere() }],
    };
    bitcoin::consensus::encode::serialize_hex(&tx)
}

#[test]
fn kept_keys_are_there_after_a_reload_and_after_a_kill() {
    let (node, addresses) = wallet();
    let before = before(&node, &addresses);
    node.ok("walletlock", json!([]));
    // More addresses, whose keys were derived while it was unlocked.
    let next = node.ok("getnewaddress", json!(["", "bech32"]));
    let info = node.ok("getaddressinfo", json!([next]));
    assert_eq!((&info["pubkey"], &info["hdkeypath"]), (&json!(key(1).0), &json!(key(1).1)));

    // What a killed process leaves: the files as they are.
    let wallets = node.folder.path().join("wallets");
    std::fs::create_dir(wallets.join("killed")).unwrap();
    for entry in std::fs::read_dir(wallets.join("w")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), wallets.join("killed").join(entry.file_name())).unwrap();
    }
    let before = (told(&node, &addresses), before.1);
    for name in ["w", "killed"] {
        node.ok("unloadwallet", json!(["w"]));
        assert_eq!(node.ok("loadwallet", json!([name])), json!({ "name": name }));
        same_while_locked(&node, &addresses, &before);
        assert_eq!(node.ok("getaddressinfo", json!([next])), info);
        if name == "w" {
            continue;
        }
        node.ok("unloadwallet", json!([name]));
    }
}

#[test]
fn a_file_of_an_older_version_gets_the_keys_when_it_is_unlocked() {
    let (node, addresses) = wallet();
    let before = before(&node, &addresses);
    node.ok("unloadwallet", json!(["w"]));
    let file = node.folder.path().join("wallets/w/wallet.sqlite");
    let connection = Connection::open(&file).unwrap();
    connection
        .execute_batch(
            "DROP TABLE public_key;
             UPDATE bdk_schemas SET version = version - 1 WHERE name = 'bitcoin_wallet'",
        )
        .unwrap();
    drop(connection);
    node.ok("loadwallet", json!(["w"]));
    let info = node.ok("getaddressinfo", json!([addresses[0]]));
    assert_eq!((&info["ismine"], &info["solvable"]), (&json!(true), &json!(false)));
    node.ok("walletpassphrase", json!(["secret", 600]));
    node.ok("walletlock", json!([]));
    same_while_locked(&node, &addresses, &before);
    node.ok("unloadwallet", json!(["w"]));
    node.ok("loadwallet", json!(["w"]));
    same_while_locked(&node, &addresses, &before);
}

#[test]
fn a_wallet_that_is_not_encrypted_fills_an_older_file_before_it_is_locked() {
    let node = Node::new();
    node.ok("createwallet", json!(["w", false, true]));
    let desc = with_checksum(&KINDS[0].1(&master()));
    let one = json!({ "desc": desc, "timestamp": 0, "active": true, "range": 9 });
    assert_eq!(node.ok("importdescriptors", json!([[one]]))[0]["success"], true);
    node.ok("unloadwallet", json!(["w"]));
    let connection = Connection::open(node.folder.path().join("wallets/w/wallet.sqlite")).unwrap();
    connection.execute("DELETE FROM public_key WHERE number % 2 = 1", []).unwrap();
    // Not the length of a key.
    connection.execute("UPDATE public_key SET key = x'02' WHERE number = 4", []).unwrap();
    drop(connection);
    node.ok("loadwallet", json!(["w"]));
    let addresses: Vec<Value> = (0..6).map(|_| node.ok("getnewaddress", json!(["", "bech32"]))).collect();
    node.ok("encryptwallet", json!(["secret"]));
    for _ in ["before", "after a reload"] {
        for (number, address) in (0..).zip(&addresses) {
            let info = node.ok("getaddressinfo", json!([address]));
            assert_eq!((&info["pubkey"], &info["hdkeypath"]), (&json!(key(number).0), &json!(key(number).1)));
        }
        node.ok("unloadwallet", json!(["w"]));
        node.ok("loadwallet", json!(["w"]));
    }
}

#[test]
fn of_keys_that_are_hardened_in_part_all_are_kept() {
    let node = Node::new();
    node.ok("createwallet", json!(["w", false, true]));
    let other = Xpub::from_priv(&Secp256k1::new(), &Xpriv::new_master(NetworkKind::Test, &[8; 32]).unwrap());
    let desc = with_checksum(&format!("wsh(sortedmulti(1,{}/0h/1h/*h,{other}/5/*))", master()));
    let one = json!({ "desc": desc, "timestamp": 0, "active": true, "range": 9 });
    assert_eq!(node.ok("importdescriptors", json!([[one]]))[0]["success"], true);
    let address = node.ok("getnewaddress", json!(["", "bech32"]));
    let open = node.ok("getaddressinfo", json!([address]));
    assert_eq!(open["script"], "multisig");
    node.ok("encryptwallet", json!(["secret"]));
    assert_eq!(node.ok("getaddressinfo", json!([address])), open);
    node.ok("unloadwallet", json!(["w"]));
    node.ok("loadwallet", json!(["w"]));
    assert_eq!(node.ok("getaddressinfo", json!([address])), open);
}

#[test]
fn an_import_goes_on_unlocked_whoever_locks_meanwhile() {
    for by_hand in [false, true] {
        let node = Node::new();
        node.ok("createwallet", json!(["w", false, true, "secret"]));
        let text = KINDS[0].1(&master());
        // The second one is derived only when the first one is found, which takes private keys.
        for number in [19, 38] {
            node.chain.mine(1, &scripts(&text, number)[0]);
        }
        node.chain.mine(100, &elsewhere());
        node.ok("walletpassphrase", json!(["secret", if by_hand { 600 } else { 1 }]));
        let (asked, wallet) = (AtomicBool::new(false), node.loader.wallet("w").unwrap());
        node.chain.set_hook(move |what| {
            if matches!(what, Asked::Block(_)) && !asked.swap(true, Ordering::SeqCst) {
                let wallet = wallet.clone();
                // As a GUI does it; or the time is over.
                let _ = by_hand.then(|| std::thread::spawn(move || wallet.lock().unwrap()));
                std::thread::sleep(Duration::from_secs(2));
            }
        });
        let one = json!({ "desc": with_checksum(&text), "timestamp": 0, "active": true, "range": 0 });
        assert_eq!(node.ok("importdescriptors", json!([[one]])), json!([{ "success": true }]));
        assert_eq!(node.ok("getbalance", json!([])).to_string(), "100.00000000");
        let until = Instant::now() + Duration::from_secs(60);
        while node.ok("getwalletinfo", json!([]))["unlocked_until"] != 0 {
            assert!(Instant::now() < until, "it is locked once the import is over");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
