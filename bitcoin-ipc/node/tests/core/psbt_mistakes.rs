//! PSBTs that are joined, and PSBTs that are wrong.
//!
//! In: PSBTs of different transactions, and texts that are none. Out: what both nodes say, which must be the
//! same.

use serde_json::{Value, json};

use super::answers::{ADDRESS, KEY, LONG_PUBKEY, PUBKEY, TAPROOT};
use super::both::Both;
use super::psbt::{Answer, analyze, changed, create, process, update};

/// What a joined PSBT holds, with inputs and outputs in an order of their own.
fn sorted(both: &Both, text: &mut Value) {
    let mut decoded = both.core("decodepsbt", json!([*text])).unwrap();
    let mut pairs = |outer: &str, inner: &str| {
        let (outer, inner) = (decoded["tx"][outer].take(), decoded[inner].take());
        let mut pairs = Vec::new();
        for (mut outer, inner) in outer.as_array().unwrap().iter().cloned().zip(inner.as_array().unwrap()) {
            outer.as_object_mut().unwrap().remove("n");
            pairs.push(format!("{outer} {inner}"));
        }
        pairs.sort();
        json!(pairs)
    };
    let (inputs, outputs) = (pairs("vin", "inputs"), pairs("vout", "outputs"));
    let tx = &decoded["tx"];
    *text =
        json!([inputs, outputs, tx["version"], tx["locktime"], decoded["global_xpubs"], decoded["unknown"]]);
}

fn join(both: &Both, psbts: Value) -> Answer {
    both.same_after("joinpsbts", json!([psbts]), |answer| sorted(both, answer))
}

pub(crate) fn psbts_are_joined_the_same() {
    let both = Both::start();
    both.generate(103, ADDRESS);
    let psbt = |height: u32, lock_time: u32, version: u32| {
        let hash = both.core("getblockhash", json!([height])).unwrap();
        let block = both.core("getblock", json!([hash, 1])).unwrap();
        let outputs = json!([{ ADDRESS: height }, { TAPROOT: 2 }]);
        let inputs = json!([{ "txid": block["tx"][0], "vout": 0 }]);
        both.same("createpsbt", json!([inputs, outputs, lock_time, true, version, 0])).unwrap()
    };
    let (first, second, third) = (psbt(1, 0, 1), psbt(2, 7, 2), psbt(3, 5, 3));
    let signed = process(&both, json!([second, [format!("wpkh({KEY})")], null, true, false])).unwrap();
    let done = process(&both, json!([third, [format!("wpkh({KEY})")]])).unwrap();
    join(&both, json!([first, second])).unwrap();
    join(&both, json!([second, third])).unwrap();
    join(&both, json!([signed["psbt"], first, done["psbt"]])).unwrap();
    join(&both, json!([second, done["psbt"]])).unwrap();
    let unknown = |psbt: &Value, value: u8| {
        changed(psbt, |psbt| {
            let key = bitcoin::psbt::raw::Key { type_value: 0xf0, key: vec![1] };
            psbt.unknown.insert(key.clone(), vec![value]);
            psbt.inputs[0].unknown.insert(key, vec![value]);
        })
    };
    join(&both, json!([unknown(&first, 1), unknown(&second, 2)])).unwrap();
    let joined = join(&both, json!([first, done["psbt"]])).unwrap();
    join(&both, json!([joined, second])).unwrap();
    join(&both, json!([joined, first])).unwrap_err();
    join(&both, json!([first, first])).unwrap_err();
    join(&both, json!([first, second, signed["psbt"]])).unwrap_err();
    for wrong in [json!([]), json!([first]), json!([first, "x"]), json!([first, 1]), json!(["", first])] {
        join(&both, wrong).unwrap_err();
    }
    both.finish();
}

pub(crate) fn psbts_that_are_wrong_are_refused_the_same(version: u32) {
    let both = Both::start();
    both.generate(103, ADDRESS);
    let zeros = "0".repeat(64);
    let nothing = create(&both, version, &json!([]), ADDRESS, "1");
    let unknown = create(&both, version, &json!([{ "txid": zeros, "vout": 1 }]), ADDRESS, "1");
    let hash = both.core("getblockhash", json!([3])).unwrap();
    let coinbase = both.core("getblock", json!([hash, 1])).unwrap()["tx"][0].clone();
    let known = create(&both, version, &json!([{ "txid": coinbase, "vout": 0 }]), ADDRESS, "1");
    let known = update(&both, json!([known])).unwrap();
    for psbt in [&nothing, &unknown, &known] {
        analyze(&both, psbt);
        let _ = update(&both, json!([psbt]));
        let _ = process(&both, json!([psbt, []]));
    }
    // Amounts and outputs that cannot be, and a coin that only a PSBT tells of.
    let coin = |value: u64, script: &str| {
        changed(&unknown, |psbt| {
            let script_pubkey = bitcoin::ScriptBuf::from_hex(script).unwrap();
            let value = bitcoin::Amount::from_sat(value);
            psbt.inputs[0].witness_utxo = Some(bitcoin::TxOut { value, script_pubkey });
        })
    };
    let program = format!("0014{}", "33".repeat(20));
    for psbt in [
        coin(1_000, &program),
        coin(200_000_000, &program),
        coin(2_100_000_000_000_001, &program),
        coin(200_000_000, "6a00"),
        coin(200_000_000, "51"),
        coin(200_000_000, "51024e73"),
        coin(200_000_000, "5202ffff"),
        coin(200_000_000, &format!("a914{}87", "22".repeat(20))),
        coin(200_000_000, &format!("0020{}", "22".repeat(32))),
        coin(200_000_000, &format!("5120{}", &PUBKEY[2..])),
        coin(200_000_000, &format!("76a914{}88ac", "22".repeat(20))),
        coin(200_000_000, &format!("21{PUBKEY}ac")),
        coin(200_000_000, &format!("41{LONG_PUBKEY}ac")),
        changed(&known, |psbt| psbt.unsigned_tx.output[0].value = bitcoin::Amount::MAX_MONEY),
        changed(&known, |psbt| {
            psbt.unsigned_tx.output[0].value = bitcoin::Amount::from_sat(2_100_000_000_000_001);
        }),
        changed(&known, |psbt| psbt.unsigned_tx.input[0].previous_output.vout = 9),
        changed(&known, |psbt| psbt.unsigned_tx.input[0].previous_output.txid = zeros.parse().unwrap()),
    ] {
        let _ = both.same("analyzepsbt", json!([psbt]));
        let _ = update(&both, json!([psbt]));
        let _ = process(&both, json!([psbt, [format!("combo({KEY})")]]));
    }
    let text = known.as_str().unwrap();
    let more = {
        use bitcoin::base64::Engine;
        use bitcoin::base64::prelude::BASE64_STANDARD;
        let mut bytes = BASE64_STANDARD.decode(text).unwrap();
        bytes.push(0);
        BASE64_STANDARD.encode(bytes)
    };
    for wrong in ["", "x", "cHNidP8", "AAAA", "AAAAAAAA", "cHNidP8A", &text[1..], &more, " "] {
        both.same("analyzepsbt", json!([wrong])).unwrap_err();
        update(&both, json!([wrong])).unwrap_err();
        process(&both, json!([wrong, []])).unwrap_err();
        both.same("decodepsbt", json!([wrong])).unwrap_err();
    }
    let pair = format!("wpkh({KEY})");
    for wrong in [
        json!([known, [1]]),
        json!([known, [{}]]),
        json!([known, [{ "desc": 1 }]]),
        json!([known, [{ "desc": pair, "range": [5, 4] }]]),
        json!([known, [{ "desc": pair, "range": -1 }]]),
        json!([known, [{ "desc": pair, "range": [0, 1_000_000] }]]),
        json!([known, [format!("{pair}#00000000")]]),
        json!([known, [format!("{pair}#0")]]),
        json!([known, 1]),
        json!([1, []]),
    ] {
        update(&both, wrong.clone()).unwrap_err();
        process(&both, wrong).unwrap_err();
    }
    // Hardened steps need the private key.
    let xpub = "tpubD6NzVbkrYhZ4XccijNhpXysErmvbLWBTKoRsaF25Ktm3HvfL35PnuQ495h9zcFbPMzJ2DRuNDNzjP9CBz1Mkr9ykx1YohakBsYRj4Fqv4rT";
    for path in ["/1h", "/1h/*", "/*h"] {
        let wrong = json!([format!("wpkh({xpub}{path})")]);
        update(&both, json!([known, wrong])).unwrap_err();
        both.same("scantxoutset", json!(["start", wrong])).unwrap_err();
    }
    let xprv = bitcoin::bip32::Xpriv::new_master(bitcoin::NetworkKind::Test, &[7; 32]).unwrap();
    for path in ["<0>", "<0;0>", "<0;1", "<0;1>/<2;3>", "<>", "<0;x>"] {
        let wrong = json!([known, [format!("wpkh({xprv}/{path}/*)")]]);
        assert_eq!(both.ours("utxoupdatepsbt", wrong.clone()).unwrap_err().0, -5);
        assert_eq!(both.core("utxoupdatepsbt", wrong).unwrap_err().0, -5);
    }
    process(&both, json!([known, [pair], "x"])).unwrap_err();
    process(&both, json!([known, [pair], "ALL", 1])).unwrap_err();
    both.finish();
}
