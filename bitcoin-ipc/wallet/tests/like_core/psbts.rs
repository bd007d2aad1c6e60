//! PSBTs of both versions, and the fields that they have.

use std::collections::BTreeSet;

use bitcoin::VarInt;
use bitcoin::consensus::Decodable;
use bitcoin::psbt::raw::{Key, ProprietaryKey};
use bitcoin_ipc::types::psbt::{Fields, InputFields, Psbt, encode};
use bitcoin_rpc::psbt::{parse, text};
use serde_json::{Map, Value, json};

use super::node::foreign;
use super::story::Story;

const TIME: u32 = 1_600_000_000;

fn taken(bytes: &mut &[u8]) -> Vec<u8> {
    let length = VarInt::consensus_decode(bytes).unwrap().0;
    let (taken, rest) = bytes.split_at(usize::try_from(length).unwrap());
    *bytes = rest;
    taken.to_vec()
}

/// Keeps which fields a PSBT has, to be compared.
fn look(story: &mut Story<'_>, psbt: &Value) {
    let psbt = parse(psbt.as_str().unwrap()).unwrap();
    let bytes = encode(&psbt);
    let (mut rest, mut place, mut found) = (&bytes[5..], 0, BTreeSet::new());
    while !rest.is_empty() {
        let key = taken(&mut rest);
        if key.is_empty() {
            place += 1;
            continue;
        }
        let value = taken(&mut rest);
        let whose = match place {
            0 => "global",
            place if place <= psbt.inputs.len() => "input",
            _ => "output",
        };
        found.insert(format!("{whose} {:02x}", key[0]));
        if value.len() == 1 {
            found.insert(format!("{whose} {:02x} {}", key[0], value[0]));
        }
    }
    found.insert(format!("version {}", psbt.version));
    let found: Map<_, _> = found.into_iter().map(|name| (name, Value::Null)).collect();
    story.tell(Value::Object(found));
}

fn changed(psbt: &Value, change: impl Fn(&mut Psbt)) -> Value {
    let mut psbt = parse(psbt.as_str().unwrap()).unwrap();
    change(&mut psbt);
    text(psbt).into()
}

/// Fees differ by what signatures are thought to take.
pub(crate) fn versions(story: &mut Story<'_>) {
    story.loosely(tell_versions);
}

fn tell_versions(story: &mut Story<'_>) {
    story.ok("createwallet", json!(["w"]));
    story.earn();
    story.earn();
    // It takes two coins.
    let outputs = json!({ foreign(): 60 });
    for version in [Value::Null, json!(0), json!(2)] {
        let made = story.ok("walletcreatefundedpsbt", json!({ "outputs": outputs, "psbt_version": version }));
        look(story, &made["psbt"]);
        let more = changed(&made["psbt"], |psbt| {
            let own = ProprietaryKey { prefix: vec![7], subtype: 1, key: vec![2] };
            let key = Key { type_value: 0x50, key: vec![3] };
            psbt.unknown.insert(key.clone(), vec![4]);
            psbt.proprietary.insert(own.clone(), vec![5]);
            psbt.inputs[1].unknown.insert(key.clone(), vec![6]);
            psbt.inputs[1].proprietary.insert(own.clone(), vec![7]);
            psbt.outputs[0].unknown.insert(key, vec![8]);
            psbt.outputs[0].proprietary.insert(own, vec![9]);
        });
        for params in [
            json!([more, false]),
            json!([more, false, null, false]),
            json!([more, true, null, true, false]),
            json!([more, true, null, false]),
            json!([more]),
        ] {
            let done = story.ok("walletprocesspsbt", params);
            look(story, &done["psbt"]);
        }
    }
    locks(story, &outputs);
    for wrong in [json!(1), json!(3), json!(-1), json!("2"), json!(4_294_967_296_u64), json!(2.5)] {
        let _ = story.ask("walletcreatefundedpsbt", json!({ "outputs": outputs, "psbt_version": wrong }));
    }
    // What cannot be paid is told first.
    let _ = story.ask("walletcreatefundedpsbt", json!({ "outputs": { foreign(): 5000 }, "psbt_version": 1 }));
    for options in [json!({ "psbt": true }), json!({ "add_to_wallet": false })] {
        let sent = story.ok("send", json!({ "outputs": outputs, "options": options }));
        look(story, &sent["psbt"]);
        let sent = story.ok("sendall", json!({ "recipients": [foreign()], "options": options }));
        look(story, &sent["psbt"]);
    }
    let txid = story.ok("sendtoaddress", json!({ "address": foreign(), "amount": 1, "fee_rate": 10 }));
    for options in [json!({}), json!({ "psbt_version": 0 }), json!({ "psbt_version": 2, "fee_rate": 30 })] {
        let bumped = story.ok("psbtbumpfee", json!([txid, options]));
        look(story, &bumped["psbt"]);
        let signed = story.ok("walletprocesspsbt", json!([bumped["psbt"]]));
        look(story, &signed["psbt"]);
    }
    for wrong in [json!(1), json!(-1), json!("2"), json!(4_294_967_296_u64)] {
        let _ = story.ask("psbtbumpfee", json!([txid, { "psbt_version": wrong }]));
    }
    for wrong in ["", "x", "AAAA", "AAAAAAAA", "cHNidP8A", "cHNidP8B+wQBAAAAAA==", "cHNidP8B+wQCAAAAAA=="] {
        let _ = story.ask("walletprocesspsbt", json!([wrong]));
    }
}

/// Lock times that inputs require.
fn locks(story: &mut Story<'_>, outputs: &Value) {
    let made = story.ok("walletcreatefundedpsbt", json!([[], outputs, 7]));
    let locked = |first: [Option<u32>; 2], second: [Option<u32>; 2]| {
        changed(&made["psbt"], |psbt| {
            Fields { fallback_lock_time: None, tx_modifiable: Some(5) }.set(psbt);
            for (place, [time_lock, height_lock]) in [first, second].into_iter().enumerate() {
                InputFields { sequence: Some(0), time_lock, height_lock }.set(psbt, place);
            }
        })
    };
    let (time, height, each) = ([Some(TIME), None], [None, Some(50)], [Some(TIME + 1), Some(51)]);
    for psbt in [locked(time, [None; 2]), locked(height, each), locked(each, time)] {
        let half = story.ok("walletprocesspsbt", json!([psbt, true, null, true, false]));
        look(story, &half["psbt"]);
        let done = story.ok("walletprocesspsbt", json!([half["psbt"]]));
        look(story, &done["psbt"]);
        let decoded = parse(done["psbt"].as_str().unwrap()).unwrap();
        let tx: bitcoin::Transaction =
            bitcoin::consensus::encode::deserialize_hex(done["hex"].as_str().unwrap()).unwrap();
        assert_eq!(tx.lock_time, decoded.unsigned_tx.lock_time);
        assert!(tx.lock_time.to_consensus_u32() >= 50);
    }
    // No transaction is what both inputs require.
    for psbt in [locked(time, height), locked(height, time)] {
        let _ = story.ask("walletprocesspsbt", json!([psbt]));
        let _ = story.ask("walletprocesspsbt", json!([psbt, false]));
    }
}
