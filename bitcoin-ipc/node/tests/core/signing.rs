//! Transactions that are signed by both nodes.
//!
//! In: outputs of every form that keys can spend. Out: what both have made of them, which must be the same.

use serde_json::{Value, json};

use super::answers::{ADDRESS, KEY, LEGACY, LONG_PUBKEY, PUBKEY, TAPROOT};
use super::both::Both;

/// The private key 2, and its public key.
pub(crate) const SECOND_KEY: &str = "cMahea7zqjxrtgAbB7LSGbcQUr1uX1ojuat9jZodMN87K7XCyj5v";
pub(crate) const SECOND_PUBKEY: &str = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";

/// Signs with both, and gives the transaction of Core.
fn sign(both: &Both, raw: &Value, keys: Value, spent: &Value) -> Value {
    both.same("signrawtransactionwithkey", json!([raw, keys, spent])).unwrap()["hex"].clone()
}

pub(crate) fn transactions_are_signed_the_same() {
    let both = Both::start();
    both.generate(103, ADDRESS);
    let multi = |needed: u32, kind: &str| {
        let keys = json!([PUBKEY, SECOND_PUBKEY, LONG_PUBKEY]);
        let keys = if kind == "legacy" { keys } else { json!([PUBKEY, SECOND_PUBKEY, SECOND_PUBKEY]) };
        let multi = both.same("createmultisig", json!([needed, keys, kind])).unwrap();
        (multi["address"].clone(), multi["redeemScript"].clone())
    };
    let policy = format!("21{PUBKEY}ad21{SECOND_PUBKEY}ac");
    let policy = both.same("decodescript", json!([policy])).unwrap();
    let mut places = vec![
        (json!(ADDRESS), json!(null)),
        (json!(LEGACY), json!(null)),
        (json!(TAPROOT), json!(null)),
        (policy["segwit"]["address"].clone(), json!(format!("21{PUBKEY}ad21{SECOND_PUBKEY}ac"))),
    ];
    for kind in ["legacy", "p2sh-segwit", "bech32"] {
        places.extend((1..=3).map(|needed| multi(needed, kind)));
    }
    let outputs: Vec<Value> =
        places.iter().map(|(address, _)| json!({ address.as_str().unwrap(): 1 })).collect();
    let hash = both.core("getblockhash", json!([1])).unwrap();
    let coinbase = both.core("getblock", json!([hash, 1])).unwrap()["tx"][0].clone();
    let raw = both.same("createrawtransaction", json!([[{ "txid": coinbase, "vout": 0 }], outputs])).unwrap();
    both.same("signrawtransactionwithkey", json!([raw, []])).unwrap();
    let first = sign(&both, &raw, json!([KEY]), &json!(null));
    // Signed already, and by a key of nobody.
    sign(&both, &first, json!([SECOND_KEY]), &json!(null));
    both.same("combinerawtransaction", json!([[raw, first]])).unwrap();
    let first = both.same("sendrawtransaction", json!([first, 0])).unwrap();

    let place = |vout: usize| json!({ "txid": first, "vout": vout });
    let scripts = |vout: usize, (address, script): &(Value, Value)| {
        let info = both.core("validateaddress", json!([address])).unwrap();
        let mut row = json!({ "txid": first, "vout": vout, "scriptPubKey": info["scriptPubKey"] });
        row["amount"] = 1.into();
        if !script.is_null() {
            row["witnessScript"] = script.clone();
        }
        row
    };
    let spent: Vec<Value> = places.iter().enumerate().map(|(vout, place)| scripts(vout, place)).collect();
    let inputs: Vec<Value> = (0..places.len()).map(place).collect();
    let all = both.same("createrawtransaction", json!([inputs, [{ ADDRESS: 12.9 }]])).unwrap();
    // Core's combinerawtransaction throws away signatures of taproot; ours keeps them.
    let others: Vec<Value> = (0..places.len()).filter(|vout| *vout != 2).map(place).collect();
    let others = both.same("createrawtransaction", json!([others, [{ ADDRESS: 11.9 }]])).unwrap();
    for keys in [json!([]), json!([KEY]), json!([SECOND_KEY]), json!([KEY, SECOND_KEY])] {
        for known in [json!(null), json!(spent)] {
            for raw in [&all, &others] {
                let signed = sign(&both, raw, keys.clone(), &known);
                // What others have signed stays, and what is missing comes.
                let more = sign(&both, &signed, json!([SECOND_KEY]), &known);
                if raw == &others {
                    both.same("combinerawtransaction", json!([[raw, signed]])).unwrap();
                    both.same("combinerawtransaction", json!([[signed, more]])).unwrap();
                }
            }
        }
    }
    let halves = [json!([KEY]), json!([SECOND_KEY])].map(|keys| sign(&both, &others, keys, &json!(spent)));
    both.same("combinerawtransaction", json!([halves])).unwrap();
    let half = sign(&both, &all, json!([KEY]), &json!(spent));
    let merged = both.ours("combinerawtransaction", json!([[all, half]])).unwrap();
    assert_eq!(merged, half);
    for sighash in ["DEFAULT", "ALL", "NONE", "SINGLE", "ALL|ANYONECANPAY", "SINGLE|ANYONECANPAY"] {
        let keys = json!([KEY, SECOND_KEY]);
        both.same("signrawtransactionwithkey", json!([all, keys, spent, sighash])).unwrap();
    }
    let zeros = "0".repeat(64);
    let mut unknown = inputs.clone();
    unknown.push(json!({ "txid": zeros, "vout": 0 }));
    let raw = both.same("createrawtransaction", json!([unknown, [{ ADDRESS: 12.9 }]])).unwrap();
    let part = sign(&both, &raw, json!([KEY, SECOND_KEY]), &json!(spent));
    both.same("combinerawtransaction", json!([[raw, part]])).unwrap_err();
    both.same("combinerawtransaction", json!([[raw, first]])).unwrap_err();
    let single = both.same("createrawtransaction", json!([[place(0)], [{ ADDRESS: 0.9 }]])).unwrap();
    both.same("combinerawtransaction", json!([[raw, single]])).unwrap_err();
    let program = format!("0014{}", "33".repeat(20));
    let row = |change: Value| {
        let mut row = json!({ "txid": first, "vout": 0, "scriptPubKey": spent[0]["scriptPubKey"] });
        row.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        row
    };
    for row in [
        row(json!({})),
        row(json!({ "txid": 1 })),
        row(json!({ "txid": null })),
        row(json!({ "vout": -1 })),
        row(json!({ "scriptPubKey": program })),
        row(json!({ "amount": "x" })),
        row(json!({ "vout": 4, "scriptPubKey": spent[4]["scriptPubKey"] })),
        row(json!({ "vout": 4, "scriptPubKey": spent[4]["scriptPubKey"], "redeemScript": "51" })),
        row(
            json!({ "vout": 4, "scriptPubKey": spent[4]["scriptPubKey"], "redeemScript": "51", "witnessScript": "52" }),
        ),
        row(json!({ "vout": 4, "scriptPubKey": spent[4]["scriptPubKey"], "redeemScript": 1 })),
        json!(1),
    ] {
        both.same("signrawtransactionwithkey", json!([single, [KEY], [row]])).unwrap_err();
    }
    both.finish();
}
