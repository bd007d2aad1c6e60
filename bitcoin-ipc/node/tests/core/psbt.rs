//! PSBTs on their way through both nodes.
//!
//! In: outputs of many forms, and PSBTs that spend them with more or less known of them. Out: what both have
//! made of them, which must be the same once Core has brought the fields of our PSBTs into its order.

use bitcoin::NetworkKind;
use bitcoin::base64::Engine;
use bitcoin::base64::prelude::BASE64_STANDARD;
use bitcoin::bip32::{Xpriv, Xpub};
use bitcoin::secp256k1::Secp256k1;
use bitcoin_ipc::types::psbt::{Psbt, decode, encode};
use serde_json::{Value, json};

use super::answers::{ADDRESS, KEY, LEGACY, PUBKEY, TAPROOT};
use super::both::Both;
use super::signing::{SECOND_KEY, SECOND_PUBKEY};

/// An answer, or code and message of an error.
pub(crate) type Answer = Result<Value, (i64, String)>;

/// With trees in the order of our library, which sorts leaves by their hashes.
fn with_sorted_trees(text: &Value) -> Value {
    changed(text, |_| {})
}

/// In the order of Core, which sorts keys by their hashes where ours sorts them by themselves.
pub(crate) fn in_cores_order(both: &Both, text: &mut Value) {
    *text = both.core("combinepsbt", json!([[with_sorted_trees(text)]])).unwrap();
}

pub(crate) fn update(both: &Both, params: Value) -> Answer {
    both.same_after("utxoupdatepsbt", params, |answer| in_cores_order(both, answer))
}

pub(crate) fn process(both: &Both, params: Value) -> Answer {
    both.same_after("descriptorprocesspsbt", params, |answer| in_cores_order(both, &mut answer["psbt"]))
}

/// Asks for what it lacks, and for what can be made final without more.
pub(crate) fn analyze(both: &Both, psbt: &Value) -> Value {
    let form = |answer: &mut Value| {
        if !answer["psbt"].is_null() {
            in_cores_order(both, &mut answer["psbt"]);
        }
    };
    both.same_after("finalizepsbt", json!([psbt]), form).unwrap();
    both.same("analyzepsbt", json!([psbt])).unwrap()
}

/// Descriptors with all their private keys.
fn forms() -> Vec<String> {
    let root = Xpriv::new_master(NetworkKind::Test, &[7; 32]).unwrap();
    let other = Xpub::from_priv(&Secp256k1::new(), &Xpriv::new_master(NetworkKind::Test, &[8; 32]).unwrap());
    let preimage = "926a54995ca48600920a19bf7bc502ca5f2f7d07e6f804c4f00ebf0325084dfc";
    [
        "pk({1})",
        "pkh({1})",
        "wpkh({1})",
        "sh(wpkh({1}))",
        "sh(pkh({1}))",
        "tr({1})",
        "rawtr({1})",
        "multi(1,{1},{2})",
        "sh(multi(2,{1},{2}))",
        "sh(multi(1,{2},{1}))",
        "wsh(multi(2,{1},{2}))",
        "sh(wsh(multi(1,{1},{2})))",
        "sh(wsh(sortedmulti(2,{1},{2})))",
        "wsh(pk({1}))",
        "wsh(pkh({1}))",
        "wsh(and_v(v:pk({1}),pk({2})))",
        "wsh(and_v(v:pkh({1}),pkh({2})))",
        "wsh(or_d(pk({1}),and_v(v:pkh({2}),older(1))))",
        "wsh(and_v(v:pk({1}),after(50)))",
        "wsh(and_v(v:pk({1}),after(50000)))",
        "wsh(andor(pk({1}),older(10),pk({2})))",
        "wsh(thresh(2,pk({1}),s:pk({2}),sln:older(5)))",
        "wsh(and_v(v:sha256({hash}),pk({1})))",
        "tr({2p},{pk({1}),pkh({1})})",
        "tr({2},pk({1}))",
        "tr({p},{pk({1}),multi_a(2,{1},{2})})",
        "tr({p},{and_v(v:pk({1}),older(3)),{pk({2}),and_v(v:pkh({1}),pk({2}))}})",
        "wpkh({x}/84h/1h/0h/0/*)",
        "wpkh({x}/*)",
        "sh(wpkh({x}/1h/*h))",
        "tr({x}/86h/<0;1>/*)",
        "wsh(sortedmulti(1,{x}/3/*,[01020304/5h/6]{y}/7/*))",
        "pkh([a0b0c0d0/1/2h]{2})",
    ]
    .map(|form| {
        // A point that nobody knows the key of (BIP 341).
        let nobody = "50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0";
        let form = form.replace("{1}", KEY).replace("{2}", SECOND_KEY).replace("{2p}", SECOND_PUBKEY);
        let form = form.replace("{p}", nobody).replace("{hash}", preimage);
        form.replace("{x}", &root.to_string()).replace("{y}", &other.to_string())
    })
    .into()
}

/// An output that both know of.
struct Coin {
    /// Its descriptor with and without private keys.
    private: String,
    public: Value,
    place: Value,
}

/// Makes a block that pays to a descriptor, and gives the transaction that does.
fn mine(both: &Both, descriptor: &Value) -> Value {
    let hashes = both.core("generatetodescriptor", json!([1, descriptor])).unwrap();
    both.copy(&hashes);
    both.core("getblock", json!([hashes[0], 1])).unwrap()["tx"][0].clone()
}

/// Pays to all forms.
fn coins(both: &Both) -> Vec<Coin> {
    let mut coins = Vec::new();
    let mut outputs = Vec::new();
    for private in forms() {
        let public = both.core("getdescriptorinfo", json!([private])).unwrap();
        let ends = if public["isrange"] == true { json!([2, 2]) } else { json!(null) };
        // Core derives hardened steps only for those who give the private key.
        let checksum = &public["checksum"];
        let checked = format!("{private}#{}", checksum.as_str().unwrap());
        let addresses = match private.starts_with("rawtr") {
            // Outside of PSBTs ours takes it with a public key only.
            true => both.core("deriveaddresses", json!([public["descriptor"]])),
            false => both.same("deriveaddresses", json!([checked, ends])),
        };
        let place = match addresses {
            Ok(addresses) => {
                let first = match &addresses[0] {
                    Value::Array(several) => several[0].clone(),
                    address => address.clone(),
                };
                outputs.push(json!({ first.as_str().unwrap(): 1 }));
                json!({ "vout": outputs.len() - 1 })
            }
            Err(_) => {
                json!({ "txid": mine(both, &public["descriptor"]), "vout": 0 })
            }
        };
        coins.push(Coin { private, public: public["descriptor"].clone(), place });
    }
    both.generate(103, ADDRESS);
    let block = both.core("getblockhash", json!([3])).unwrap();
    let coinbase = both.core("getblock", json!([block, 1])).unwrap()["tx"][0].clone();
    let raw = both.core("createrawtransaction", json!([[{ "txid": coinbase, "vout": 0 }], outputs])).unwrap();
    let signed = both.core("signrawtransactionwithkey", json!([raw, [KEY]])).unwrap();
    let txid = both.same("sendrawtransaction", json!([signed["hex"], 0])).unwrap();
    for coin in &mut coins {
        if coin.place["txid"].is_null() {
            coin.place["txid"] = txid.clone();
        }
    }
    coins
}

pub(crate) fn create(both: &Both, version: u32, inputs: &Value, address: &str, amount: &str) -> Value {
    let params = json!([inputs, [{ address: amount }, { "data": "ab" }], 100, true, 2, version]);
    both.same("createpsbt", params).unwrap()
}

/// One input of a form, with more and more known of it.
fn about(both: &Both, version: u32, coin: &Coin, address: &str) {
    let Coin { private, public, place } = coin;
    let (own, told) = (json!({ "desc": private, "range": 3 }), json!({ "desc": public, "range": [1, 2] }));
    let inputs = json!([{ "txid": place["txid"], "vout": place["vout"], "sequence": 4 }]);
    let empty = create(both, version, &inputs, address, "0.99");
    analyze(both, &empty);
    let bare = update(both, json!([empty])).unwrap();
    analyze(both, &bare);
    // Nothing is known of keys behind a hardened step but to those who give the private key.
    let known = update(both, json!([empty, [told]])).unwrap_or_else(|_| bare.clone());
    analyze(both, &known);
    update(both, json!([bare, [own, format!("wpkh({PUBKEY})")]])).unwrap();
    // Out of range.
    let none = process(both, json!([known, [{ "desc": private, "range": [7, 9] }]])).unwrap();
    analyze(both, &none["psbt"]);
    for key in [KEY, SECOND_KEY] {
        let public = if key == KEY { PUBKEY } else { SECOND_PUBKEY };
        let half = json!({ "desc": private.replace(key, public), "range": 3 });
        let half = process(both, json!([known, [half, format!("combo({key})")], null, true, false])).unwrap();
        analyze(both, &half["psbt"]);
        both.same("decodepsbt", json!([with_sorted_trees(&half["psbt"])])).unwrap();
        process(both, json!([half["psbt"], [own]])).unwrap();
    }
    let signed = process(both, json!([empty, [own], null, true, false])).unwrap();
    analyze(both, &signed["psbt"]);
    let done = process(both, json!([known, [own]])).unwrap();
    analyze(both, &done["psbt"]);
    both.same("decodepsbt", json!([with_sorted_trees(&done["psbt"])])).unwrap();
    if done["complete"] == true {
        both.same("decoderawtransaction", json!([done["hex"]])).unwrap();
    }
    process(both, json!([done["psbt"], [own]])).unwrap();
    let bad = spoilt(&signed["psbt"], &done["psbt"]);
    for psbt in bad {
        analyze(both, &psbt);
        process(both, json!([psbt, [own]])).unwrap();
        process(both, json!([psbt, []])).unwrap();
    }
    for sighash in ["DEFAULT", "ALL", "NONE", "SINGLE", "ALL|ANYONECANPAY", "SINGLE|ANYONECANPAY"] {
        for derivs in [true, false] {
            let made = process(both, json!([known, [own], sighash, derivs, false]));
            let Ok(made) = made else { continue };
            analyze(both, &made["psbt"]);
            process(both, json!([made["psbt"], [own], sighash])).unwrap();
            // What was made for one purpose may not do for another.
            let _ = process(both, json!([made["psbt"], [own]]));
            let _ = update(both, json!([made["psbt"], [told]]));
        }
    }
}

pub(crate) fn changed(psbt: &Value, change: impl Fn(&mut Psbt)) -> Value {
    let mut psbt = decode(&BASE64_STANDARD.decode(psbt.as_str().unwrap()).unwrap()).unwrap();
    change(&mut psbt);
    BASE64_STANDARD.encode(encode(&psbt)).into()
}

/// PSBTs with something wrong or missing.
fn spoilt(signed: &Value, done: &Value) -> Vec<Value> {
    let other = |psbt: &mut Psbt| psbt.unsigned_tx.output[0].value -= bitcoin::Amount::from_sat(1);
    vec![
        changed(signed, other),
        changed(done, other),
        changed(signed, |psbt| {
            other(psbt);
            psbt.inputs[0].tap_key_sig = None;
        }),
        // Only the output, and only the transaction that has it.
        changed(signed, |psbt| {
            if psbt.inputs[0].witness_utxo.is_some() {
                psbt.inputs[0].non_witness_utxo = None;
            }
        }),
        changed(done, |psbt| {
            if psbt.inputs[0].witness_utxo.is_some() {
                psbt.inputs[0].non_witness_utxo = None;
            }
        }),
        changed(signed, |psbt| psbt.inputs[0].witness_utxo = None),
        changed(done, |psbt| psbt.inputs[0].witness_utxo = None),
        changed(signed, |psbt| {
            psbt.inputs[0].redeem_script = None;
            psbt.inputs[0].bip32_derivation.clear();
        }),
        changed(signed, |psbt| {
            psbt.inputs[0].witness_script = None;
            psbt.inputs[0].partial_sigs.clear();
        }),
        changed(signed, |psbt| psbt.inputs[0].partial_sigs.clear()),
    ]
}

pub(crate) fn psbts_are_signed_the_same(version: u32) {
    let both = Both::start();
    let coins = coins(&both);
    let mut addresses: Vec<String> = Vec::new();
    for coin in &coins {
        let tx = both.core("getrawtransaction", json!([coin.place["txid"], 1])).unwrap();
        let vout = usize::try_from(coin.place["vout"].as_u64().unwrap()).unwrap();
        let address = &tx["vout"][vout]["scriptPubKey"]["address"];
        addresses.push(address.as_str().unwrap_or(ADDRESS).to_owned());
    }
    for (coin, address) in coins.iter().zip(&addresses) {
        about(&both, version, coin, address);
    }
    // All at once, whole and in part, before and after they are in the chain.
    let places: Vec<&Value> = coins.iter().map(|coin| &coin.place).collect();
    let all = create(&both, version, &json!(places), TAPROOT, "30");
    let few = create(&both, version, &json!([places[5], places[6], places[24]]), &addresses[25], "2.9");
    let many = create(&both, version, &json!([places[2], places[3], places[5]]), LEGACY, "9");
    let own = |coin: &Coin| json!({ "desc": coin.private, "range": [2, 2] });
    let private: Vec<Value> = coins.iter().map(own).collect();
    let one = vec![own(&coins[5]), own(&coins[25])];
    for _ in 0..2 {
        for psbt in [&all, &few, &many] {
            let known = update(&both, json!([psbt])).unwrap();
            analyze(&both, &known);
            for descriptors in [&private, &one] {
                let part = process(&both, json!([psbt, descriptors, null, true, false])).unwrap();
                analyze(&both, &part["psbt"]);
                let done = process(&both, json!([part["psbt"], private])).unwrap();
                analyze(&both, &done["psbt"]);
            }
            both.same("analyzepsbt", json!([psbt])).unwrap();
            process(&both, json!([psbt, private, "ALL|ANYONECANPAY"])).unwrap();
        }
        both.generate(1, LEGACY);
    }
    both.finish();
}

/// Without an index of transactions, so that only outputs of segregated witness are known.
pub(crate) fn psbts_of_coins_are_signed_the_same(version: u32) {
    let both = Both::start_with(false);
    let coins = coins(&both);
    both.generate(1, LEGACY);
    for Coin { private, public, place } in &coins {
        let (own, told) = (json!({ "desc": private, "range": 3 }), json!({ "desc": public, "range": 3 }));
        let psbt = create(&both, version, &json!([place]), TAPROOT, "0.98");
        for descriptors in [json!([]), json!([told])] {
            if let Ok(known) = update(&both, json!([psbt, descriptors])) {
                analyze(&both, &known);
                process(&both, json!([known, [own], null, false])).unwrap();
            }
        }
        let done = process(&both, json!([psbt, [own]])).unwrap();
        analyze(&both, &done["psbt"]);
        process(&both, json!([psbt, [own], "NONE|ANYONECANPAY"])).unwrap();
    }
    let places: Vec<&Value> = coins.iter().map(|coin| &coin.place).collect();
    let private: Vec<Value> =
        coins.iter().map(|coin| json!({ "desc": coin.private, "range": [2, 2] })).collect();
    let all = create(&both, version, &json!(places), TAPROOT, "30");
    let done = process(&both, json!([all, private])).unwrap();
    analyze(&both, &done["psbt"]);
    both.finish();
}

/// Where keys of 65 bytes come from is not kept here, so that it is not asked for.
pub(crate) fn psbts_with_long_keys_are_signed_the_same(version: u32) {
    let both = Both::start();
    let key = bitcoin::PrivateKey::from_wif(KEY).unwrap();
    let long = bitcoin::PrivateKey { compressed: false, ..key }.to_wif();
    let forms = ["pk({})", "pkh({})", "combo({})", "sh(multi(1,{},{2}))", "sh(pkh({}))", "multi(2,{},{2})"];
    let forms = forms.map(|form| form.replace("{}", &long).replace("{2}", SECOND_KEY));
    let coins = forms.each_ref().map(|form| {
        let info = both.core("getdescriptorinfo", json!([form])).unwrap();
        mine(&both, &info["descriptor"])
    });
    both.generate(100, ADDRESS);
    for (coin, form) in coins.iter().zip(&forms) {
        let psbt = create(&both, version, &json!([{ "txid": coin, "vout": 0 }]), TAPROOT, "49.9");
        let known =
            process(&both, json!([psbt, [form.replace(SECOND_KEY, SECOND_PUBKEY)], null, false, false]));
        analyze(&both, &known.unwrap()["psbt"]);
        let done = process(&both, json!([psbt, [form], null, false])).unwrap();
        analyze(&both, &done["psbt"]);
        process(&both, json!([psbt, [form], "SINGLE", false, false])).unwrap();
    }
    // A witness has no place for them.
    for wrong in [format!("wpkh({long})"), format!("wsh(pk({long}))"), format!("tr({long})")] {
        let psbt = create(&both, version, &json!([]), TAPROOT, "1");
        let ours = both.ours("descriptorprocesspsbt", json!([psbt, [wrong]])).unwrap_err().0;
        assert_eq!(ours, both.core("descriptorprocesspsbt", json!([psbt, [wrong]])).unwrap_err().0);
    }
    both.finish();
}
