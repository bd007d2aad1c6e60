//! PSBTs of version 2 (BIP 370), which versions are made, and what is wrong with bytes of both.
//!
//! In: PSBTs with all fields of version 2, and broken ones. Out: what both nodes say, which must be the same.

use bitcoin::base64::Engine;
use bitcoin::base64::prelude::BASE64_STANDARD;
use bitcoin::psbt::PsbtSighashType;
use bitcoin::psbt::raw::{Key, ProprietaryKey};
use bitcoin_ipc::types::psbt::{Fields, InputFields, Psbt};
use serde_json::{Value, json};

use super::answers::{ADDRESS, KEY};
use super::both::{Both, NOW, Pair};
use super::psbt::{Answer, analyze, changed, create, in_cores_order, process, update};

const TIME: u32 = 1_600_000_000;

/// Two coins, and a PSBT of version 2 that spends them.
fn of_two(both: &Both) -> Value {
    both.generate(102, ADDRESS);
    let coin = |height: u32| {
        let hash = both.core("getblockhash", json!([height])).unwrap();
        let block = both.core("getblock", json!([hash, 1])).unwrap();
        json!({ "txid": block["tx"][0], "vout": 0 })
    };
    create(both, 2, &json!([coin(1), coin(2)]), ADDRESS, "99")
}

fn decoded(both: &Both, psbt: &Value) -> Value {
    both.same("decodepsbt", json!([psbt])).unwrap()
}

fn combine(both: &Both, psbts: Value) -> Option<Value> {
    let combined = both.same_after("combinepsbt", json!([psbts]), |answer| in_cores_order(both, answer));
    combined.ok().inspect(|psbt| {
        decoded(both, psbt);
    })
}

fn with_fields(psbt: &Value, fallback_lock_time: Option<u32>, tx_modifiable: Option<u8>) -> Value {
    changed(psbt, |psbt| Fields { fallback_lock_time, tx_modifiable }.set(psbt))
}

/// With a sequence, and the least time and height of a block, of one input.
fn with_input(psbt: &Value, place: usize, own: [Option<u32>; 3]) -> Value {
    let [sequence, time_lock, height_lock] = own;
    changed(psbt, |psbt| InputFields { sequence, time_lock, height_lock }.set(psbt, place))
}

pub(crate) fn psbts_have_the_same_versions() {
    let both = Both::start();
    let psbt = of_two(&both);
    let outputs = json!([{ ADDRESS: 1 }, { "data": "00ff" }]);
    let inputs = json!([{ "txid": "11".repeat(32), "vout": 7, "sequence": 9 }]);
    let raw = both.core("createrawtransaction", json!([inputs, outputs, 500])).unwrap();
    for version in [json!(null), json!(0), json!(2)] {
        let created = json!([inputs, outputs, 500, false, 3, version]);
        decoded(&both, &both.same("createpsbt", created).unwrap());
        let converted = both.same("converttopsbt", json!([raw, false, null, version])).unwrap();
        decoded(&both, &converted);
        analyze(&both, &converted);
    }
    decoded(&both, &both.same("createpsbt", json!([[], []])).unwrap());
    decoded(&both, &both.same("createpsbt", json!([inputs, outputs])).unwrap());
    decoded(&both, &both.same("converttopsbt", json!([raw])).unwrap());
    for wrong in
        [json!(1), json!(3), json!(-1), json!(1.0), json!(4_294_967_296_u64), json!("2"), json!(true)]
    {
        both.same("createpsbt", json!([inputs, outputs, 0, true, 2, wrong])).unwrap_err();
        both.same("converttopsbt", json!([raw, false, null, wrong])).unwrap_err();
    }
    // What is wrong with the rest is told first.
    both.same("createpsbt", json!([inputs, { "x": 1 }, 0, true, 2, 1])).unwrap_err();
    both.same("converttopsbt", json!(["00", false, null, 1])).unwrap_err();
    for bits in (0..=8).chain([0xff]).map(Some).chain([None]) {
        for lock_time in [None, Some(0), Some(TIME)] {
            decoded(&both, &with_fields(&psbt, lock_time, bits));
        }
    }
    for own in
        [[None; 3], [Some(0), None, None], [None, Some(TIME), None], [Some(1), Some(u32::MAX), Some(1)]]
    {
        let psbt = with_input(&psbt, 1, own);
        decoded(&both, &psbt);
        analyze(&both, &psbt);
        let known = update(&both, json!([psbt])).unwrap();
        decoded(&both, &known);
    }
    for sighash in [0, 1, 2, 3, 4, 0x80, 0x81, 0x83, 0x101, u32::MAX] {
        let sighash = Some(PsbtSighashType::from_u32(sighash));
        decoded(&both, &changed(&psbt, |psbt| psbt.inputs[0].sighash_type = sighash));
    }
    // What nobody knows stays, and has its place.
    let more = changed(&psbt, |psbt| {
        let own = ProprietaryKey { prefix: vec![7], subtype: 1, key: vec![2] };
        for kind in [0x19, 0x50] {
            let key = Key { type_value: kind, key: vec![3] };
            psbt.unknown.insert(key.clone(), vec![4]);
            psbt.inputs[0].unknown.insert(key.clone(), vec![5]);
            psbt.outputs[1].unknown.insert(key, vec![6]);
        }
        psbt.proprietary.insert(own.clone(), vec![8]);
        psbt.inputs[0].proprietary.insert(own.clone(), vec![9]);
        psbt.outputs[1].proprietary.insert(own, vec![10]);
    });
    decoded(&both, &more);
    // A PSBT alone comes back byte for byte.
    assert_eq!(both.same("combinepsbt", json!([[more]])).unwrap(), more);
    let done = process(&both, json!([more, [format!("wpkh({KEY})")]])).unwrap();
    decoded(&both, &done["psbt"]);
    analyze(&both, &done["psbt"]);
    for several in [json!([psbt, more]), json!([psbt, "x"]), json!(["x", psbt]), json!([psbt])] {
        both.same("joinpsbts", json!([several])).unwrap_err();
    }
    both.finish();
}

pub(crate) fn psbts_of_version_2_are_combined_the_same() {
    let both = Both::start();
    let psbt = of_two(&both);
    let fields = [None, Some(0), Some(1), Some(2), Some(3), Some(4), Some(5), Some(7), Some(0xff)];
    for (first, second) in fields.iter().flat_map(|first| fields.iter().map(move |second| (*first, *second)))
    {
        let [first, second] = [first, second].map(|bits| with_fields(&psbt, Some(100), bits));
        combine(&both, json!([first, second])).unwrap();
    }
    // A lock time that is required may be one that is chosen.
    let [none, zero, other] = [None, Some(0), Some(7)].map(|lock_time| with_fields(&psbt, lock_time, None));
    combine(&both, json!([none, zero])).unwrap();
    combine(&both, json!([zero, none])).unwrap();
    assert_eq!(combine(&both, json!([none, other])), None);
    let high = |place, height| with_input(&psbt, place, [Some(1), None, Some(height)]);
    assert_eq!(combine(&both, json!([other, high(0, 8)])), None);
    combine(&both, json!([other, high(0, 7)])).unwrap();
    combine(&both, json!([psbt, high(1, 100)])).unwrap();
    combine(&both, json!([high(0, 100), high(1, 100), psbt])).unwrap();
    combine(&both, json!([with_input(&psbt, 0, [None, Some(TIME), Some(100)]), high(0, 100)])).unwrap();
    // Sequences may differ; the first one counts.
    let sequence = |place, sequence| with_input(&psbt, place, [sequence, None, None]);
    combine(&both, json!([sequence(0, Some(5)), sequence(0, Some(6))])).unwrap();
    combine(&both, json!([sequence(0, None), sequence(0, Some(6)), sequence(1, None)])).unwrap();
    combine(&both, json!([sequence(0, Some(6)), sequence(0, None)])).unwrap();
    // Parts of all kinds, of which the first ones count.
    let known = update(&both, json!([psbt])).unwrap();
    let pair = format!("wpkh({KEY})");
    let signed = process(&both, json!([psbt, [pair], null, true, false])).unwrap()["psbt"].clone();
    let done = process(&both, json!([psbt, [pair]])).unwrap()["psbt"].clone();
    let own = |value: u8| {
        changed(&known, |psbt| {
            let key = Key { type_value: 0x70, key: vec![] };
            let name = ProprietaryKey { prefix: vec![1], subtype: 0, key: vec![] };
            psbt.unknown.insert(key.clone(), vec![value]);
            psbt.proprietary.insert(name.clone(), vec![value]);
            psbt.inputs[1].unknown.insert(key.clone(), vec![value]);
            psbt.inputs[1].proprietary.insert(name.clone(), vec![value]);
            psbt.outputs[0].unknown.insert(key, vec![value]);
            psbt.outputs[0].proprietary.insert(name, vec![value]);
            psbt.outputs[0].witness_script = Some(vec![value].into());
        })
    };
    for several in [
        json!([psbt, known]),
        json!([known, signed, own(1)]),
        json!([own(1), own(2), signed]),
        json!([own(2), done, own(1)]),
        json!([signed, done]),
        json!([done, signed]),
    ] {
        let combined = combine(&both, several).unwrap();
        analyze(&both, &combined);
    }
    // The same transaction in the other version, and another one.
    let raw = both.core("finalizepsbt", json!([done])).unwrap()["hex"].clone();
    let [zero, two] =
        [0, 2].map(|version| both.core("converttopsbt", json!([raw, true, true, version])).unwrap());
    combine(&both, json!([psbt, two])).unwrap();
    for (first, second) in [(&psbt, &zero), (&zero, &psbt)] {
        assert_eq!(combine(&both, json!([first, second])), None);
    }
    let less = changed(&psbt, |psbt| psbt.unsigned_tx.output[0].value -= bitcoin::Amount::ONE_SAT);
    assert_eq!(combine(&both, json!([psbt, less])), None);
    both.finish();
}

pub(crate) fn required_lock_times_are_kept_the_same() {
    let both = Both::start();
    let psbt = of_two(&both);
    let pair = format!("wpkh({KEY})");
    let locked = |locks: [[Option<u32>; 2]; 2]| {
        let [first, second] = locks.map(|[time, height]| [Some(0), time, height]);
        with_input(&with_input(&psbt, 0, first), 1, second)
    };
    let (none, time, height) = ([None; 2], [Some(TIME), None], [None, Some(50)]);
    let each = [Some(TIME + 1), Some(40)];
    for locks in [
        [none, none],
        [time, none],
        [none, height],
        [time, time],
        [height, height],
        [time, each],
        [each, height],
        [each, each],
        [each, none],
        [[None, Some(499_999_999)], each],
        [[Some(500_000_000), None], each],
        [[Some(u32::try_from(NOW).unwrap() + 5), None], none],
        // These have no transaction.
        [time, height],
        [height, time],
    ] {
        let psbt = locked(locks);
        decoded(&both, &psbt);
        analyze(&both, &psbt);
        combine(&both, json!([psbt]));
        combine(&both, json!([psbt, psbt]));
        let _ = update(&both, json!([psbt]));
        let Ok(part) = process(&both, json!([psbt, [pair], null, true, false])) else { continue };
        analyze(&both, &part["psbt"]);
        let done = process(&both, json!([part["psbt"], [pair]])).unwrap();
        decoded(&both, &done["psbt"]);
        analyze(&both, &done["psbt"]);
        both.same("finalizepsbt", json!([part["psbt"], false])).unwrap();
        both.same("testmempoolaccept", json!([[done["hex"]], 0])).unwrap();
        // A signature is for the lock time.
        let later = with_input(&part["psbt"], 0, [Some(0), None, Some(77)]);
        analyze(&both, &later);
        let _ = process(&both, json!([later, [pair]]));
    }
    both.finish();
}

type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The maps of a PSBT that has nothing longer than 252 bytes.
fn maps(psbt: &Value) -> Vec<Pairs> {
    let bytes = BASE64_STANDARD.decode(psbt.as_str().unwrap()).unwrap();
    let (mut rest, mut maps, mut map) = (&bytes[5..], Vec::new(), Pairs::new());
    let next = |rest: &mut &[u8]| {
        let (length, after) = rest.split_first().unwrap();
        assert!(*length < 0xfd);
        let (taken, after) = after.split_at((*length).into());
        *rest = after;
        taken.to_vec()
    };
    while !rest.is_empty() {
        match next(&mut rest) {
            key if key.is_empty() => maps.push(std::mem::take(&mut map)),
            key => {
                let value = next(&mut rest);
                map.push((key, value));
            }
        }
    }
    maps
}

fn written(maps: &[Pairs]) -> Value {
    let mut bytes = b"psbt\xff".to_vec();
    for map in maps {
        for part in map.iter().flat_map(|(key, value)| [key, value]) {
            bytes.push(u8::try_from(part.len()).unwrap());
            bytes.extend(part);
        }
        bytes.push(0);
    }
    BASE64_STANDARD.encode(bytes).into()
}

pub(crate) fn broken_psbts_are_refused_the_same() {
    let both = Both::start();
    let inputs = json!([{ "txid": "11".repeat(32), "vout": 7 }, { "txid": "12".repeat(32), "vout": 0 }]);
    let made = |version| create(&both, version, &inputs, ADDRESS, "1");
    let two = with_fields(&with_input(&made(2), 0, [Some(4), Some(TIME), Some(3)]), Some(5), Some(3));
    for psbt in [made(0), two.clone()] {
        let whole = maps(&psbt);
        assert_eq!(written(&whole), psbt);
        let check = |maps: &[Pairs]| {
            let _ = both.same("decodepsbt", json!([written(maps)]));
        };
        // Where more than one thing is wrong, or a field that our library reads, they may say another one first.
        let alike = |maps: &[Pairs]| {
            let params = json!([written(maps)]);
            let code = |answer: Answer| answer.map_err(|(code, _)| code);
            let core = code(both.core("decodepsbt", params.clone()));
            let _ =
                both.equal(&params.to_string(), Pair { ours: code(both.ours("decodepsbt", params)), core });
        };
        for (place, map) in whole.iter().enumerate() {
            for index in 0..map.len() {
                let with = |change: &dyn Fn(&mut Pairs)| {
                    let mut all = whole.clone();
                    change(&mut all[place]);
                    all
                };
                check(&with(&|map| {
                    map.remove(index);
                }));
                check(&with(&|map| map.push(map[index].clone())));
                check(&with(&|map| map[index].0.push(0)));
                check(&with(&|map| {
                    let (mut key, value) = map[index].clone();
                    key.push(1);
                    map.push((key, value));
                }));
                check(&with(&|map| map[index].1.push(0)));
                check(&with(&|map| map[index].1 = vec![0; map[index].1.len()]));
                alike(&with(&|map| map[index].1 = vec![0xff; map[index].1.len()]));
                // In the place of another field.
                for other in 0..whole.len() {
                    let mut all = whole.clone();
                    let pair = all[place][index].clone();
                    all[other].push(pair);
                    alike(&all);
                }
            }
            let mut all = whole.clone();
            all.remove(place);
            alike(&all);
            let mut all = whole.clone();
            all.insert(place, Pairs::new());
            check(&all);
        }
        // Fields of the other version.
        for (place, kinds, size) in [(1, 0x0e..=0x0e, 32), (1, 0x0f..=0x12, 4), (3, 0x03..=0x04, 8)] {
            for kind in kinds {
                let mut all = whole.clone();
                all[place].retain(|(key, _)| key != &[kind]);
                all[place].push((vec![kind], vec![0x1e; size]));
                check(&all);
            }
        }
        for kind in [0x02, 0x03, 0x04, 0x05, 0x06, 0xfb] {
            for value in [vec![], vec![1], vec![1, 0, 0, 0], vec![3, 0, 0, 0]] {
                let mut all = whole.clone();
                all[0].retain(|(key, _)| key != &[kind]);
                all[0].push((vec![kind], value));
                check(&all);
            }
        }
        let bytes = BASE64_STANDARD.decode(psbt.as_str().unwrap()).unwrap();
        for end in 0..bytes.len() {
            let _ = both.same("decodepsbt", json!([BASE64_STANDARD.encode(&bytes[..end])]));
        }
    }
    // A whole transaction that is another one's, or has no such output.
    both.generate(1, ADDRESS);
    let hash = both.core("getbestblockhash", json!([])).unwrap();
    let coinbase = both.core("getblock", json!([hash, 1])).unwrap()["tx"][0].clone();
    let spend =
        |version, vout| create(&both, version, &json!([{ "txid": coinbase, "vout": vout }]), ADDRESS, "1");
    let change: fn(&mut Psbt) = |psbt| psbt.unsigned_tx.input[0].previous_output.vout = 2;
    for version in [0, 2] {
        let known = update(&both, json!([spend(version, 0)])).unwrap();
        decoded(&both, &known);
        let _ = both.same("decodepsbt", json!([changed(&known, change)]));
        let other = changed(&spend(version, 0), |psbt| {
            psbt.unsigned_tx.output[0].value = bitcoin::Amount::from_sat(u64::MAX)
        });
        decoded(&both, &other);
    }
    both.finish();
}
