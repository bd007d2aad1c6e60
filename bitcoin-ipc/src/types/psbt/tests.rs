//! PSBTs of both versions, right and wrong ones.

use bitcoin::hashes::Hash;
use bitcoin::psbt::PsbtSighashType;
use bitcoin::psbt::raw::{Key, ProprietaryKey};
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, absolute, transaction};
use proptest::prelude::*;

use super::fields::{global, input, output};
use super::maps::{Map, Pair};
use super::*;

fn psbt(sequences: &[u32]) -> Psbt {
    let input = |(vout, sequence): (u32, &u32)| TxIn {
        previous_output: OutPoint::new(Txid::from_byte_array([7; 32]), vout),
        sequence: Sequence(*sequence),
        ..TxIn::default()
    };
    let tx = Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::from_consensus(99),
        input: (0..).zip(sequences).map(input).collect(),
        output: vec![TxOut { value: Amount::from_sat(5000), script_pubkey: ScriptBuf::new_op_return([1]) }],
    };
    let mut psbt = Psbt::from_unsigned_tx(tx).unwrap();
    for input in &mut psbt.inputs {
        input.witness_utxo = Some(TxOut { value: Amount::ONE_BTC, script_pubkey: ScriptBuf::new() });
        input.sighash_type = Some(PsbtSighashType::from_u32(1));
        input.unknown.insert(Key { type_value: 0x30, key: vec![1] }, vec![2]);
    }
    psbt
}

/// A change of an input's map in the bytes of version 2.
fn with_input(psbt: &Psbt, place: usize, change: impl FnOnce(&mut Map)) -> Vec<u8> {
    let mut all = maps_of(psbt);
    change(&mut all[place]);
    maps::write(&all)
}

fn maps_of(psbt: &Psbt) -> Vec<Map> {
    let bytes = encode(psbt);
    let mut rest = bytes.as_slice();
    maps::begin(&mut rest).unwrap();
    let mut all = Vec::new();
    while !rest.is_empty() {
        all.push(maps::read(&mut rest, "").unwrap());
    }
    all
}

fn refused(bytes: &[u8]) -> String {
    decode(bytes).unwrap_err().text().to_owned()
}

#[test]
fn other_code_works_on_version_0_and_loses_nothing_of_version_2() {
    let mut made = to_version_2(psbt(&[5, 6]));
    Fields { fallback_lock_time: Some(7), tx_modifiable: Some(3) }.set(&mut made);
    InputFields { sequence: Some(8), height_lock: Some(100), time_lock: None }.set(&mut made, 1);
    let before = made.clone();
    let lent = made.with(|psbt| {
        // As finalizing does.
        psbt.inputs[1].unknown.clear();
        psbt.inputs[1].final_script_sig = Some(ScriptBuf::from_bytes(vec![0x51]));
        psbt.serialize()
    });
    let lent = decode(&lent).expect("a PSBT of version 0");
    assert_eq!((lent.version, lent.unsigned_tx.lock_time.to_consensus_u32()), (0, 100));
    assert_eq!((Fields::of(&made), InputFields::of(&made.inputs[1])), {
        (Fields::of(&before), InputFields::of(&before.inputs[1]))
    });
    assert!(made.inputs[1].final_script_sig.is_some());
    let again = decode(&encode(&made)).expect("a PSBT of version 2");
    assert_eq!((again.version, &again), (2, &made));
    let extracted = made.extract_tx_unchecked_fee_rate();
    assert_eq!((extracted.input[1].script_sig.len(), extracted.lock_time.to_consensus_u32()), (1, 100));
}

#[test]
fn both_versions_come_back_as_they_were() {
    for sequences in [&[][..], &[0xffff_fffd], &[1, u32::MAX, 3]] {
        let zero = psbt(sequences);
        let theirs = bitcoin::Psbt::from(zero.clone()).serialize();
        assert_eq!(encode(&zero), theirs);
        assert_eq!(decode(&theirs).unwrap(), zero);
        let two = to_version_2(zero.clone());
        let bytes = encode(&two);
        assert_ne!(bytes, theirs);
        let read = decode(&bytes).unwrap();
        assert_eq!(read, two);
        assert_eq!(Fields::of(&read), Fields { fallback_lock_time: Some(99), tx_modifiable: None });
        let found: Vec<_> =
            read.inputs.iter().map(|input| InputFields::of(input).sequence.unwrap()).collect();
        assert_eq!(found, sequences);
        assert_eq!(to_version_0(read), zero);
        assert_eq!(Fields::of(&zero), Fields::default());
    }
}

#[test]
fn what_is_missing_has_a_default_and_stays_missing() {
    let two = to_version_2(psbt(&[7]));
    let bytes = with_input(&two, 0, |map| map.retain(|pair| pair.kind() != global::FALLBACK_LOCKTIME));
    let read = decode(&bytes).unwrap();
    assert_eq!(read.unsigned_tx.lock_time, absolute::LockTime::ZERO);
    assert_eq!(encode(&read), bytes);
    let bytes = with_input(&two, 1, |map| map.retain(|pair| pair.kind() != input::SEQUENCE));
    let read = decode(&bytes).unwrap();
    assert_eq!(read.unsigned_tx.input[0].sequence, Sequence::MAX);
    assert_eq!(encode(&read), bytes);
}

#[test]
fn inputs_agree_on_a_lock_time() {
    let two = to_version_2(psbt(&[1, 2, 3]));
    let lock_time = |locks: &[(usize, u8, u32)]| {
        let bytes = locks.iter().fold(two.clone(), |psbt, (place, kind, number)| {
            let bytes = with_input(&psbt, 1 + place, |map| {
                map.push(Pair::new(*kind, number.to_le_bytes().to_vec()));
            });
            decode(&bytes).unwrap_or(psbt)
        });
        bytes.unsigned_tx.lock_time.to_consensus_u32()
    };
    const TIME: u8 = input::REQUIRED_TIME_LOCKTIME;
    const HEIGHT: u8 = input::REQUIRED_HEIGHT_LOCKTIME;
    const NOON: u32 = 1_700_000_000;
    assert_eq!(lock_time(&[]), 99);
    assert_eq!(lock_time(&[(0, HEIGHT, 10), (2, HEIGHT, 20)]), 20);
    assert_eq!(lock_time(&[(1, TIME, NOON), (0, TIME, NOON - 1)]), NOON);
    // Heights come first where both can be.
    assert_eq!(lock_time(&[(0, HEIGHT, 10), (0, TIME, NOON)]), 10);
    assert_eq!(lock_time(&[(0, HEIGHT, 10), (0, TIME, NOON), (1, TIME, NOON + 5)]), NOON + 5);
    let mut conflict = two.clone();
    InputFields { time_lock: Some(NOON), ..InputFields::default() }.set(&mut conflict, 0);
    assert_eq!(super::lock_time(&conflict), Some(absolute::LockTime::from_consensus(NOON)));
    InputFields { height_lock: Some(5), ..InputFields::default() }.set(&mut conflict, 1);
    assert_eq!(super::lock_time(&conflict), None);
    assert_eq!(decode(&encode(&conflict)).unwrap(), conflict);
    for (kind, number, text) in [
        (TIME, 5, "time based locktime is invalid (less than 500000000)"),
        (HEIGHT, 0, "height based locktime is invalid (0)"),
        (HEIGHT, NOON, "height based locktime is invalid (greater than or equal to 500000000)"),
    ] {
        let wrong = with_input(&two, 1, |map| map.push(Pair::new(kind, number.to_le_bytes().to_vec())));
        assert_eq!(refused(&wrong), format!("Required {text}"));
    }
}

#[test]
fn what_is_set_is_followed_by_the_transaction() {
    let mut two = to_version_2(psbt(&[1, 2]));
    let fields = Fields { fallback_lock_time: None, tx_modifiable: Some(5) };
    fields.set(&mut two);
    assert_eq!(two.unsigned_tx.lock_time, absolute::LockTime::ZERO);
    let own = InputFields { sequence: None, height_lock: Some(77), time_lock: None };
    own.set(&mut two, 1);
    own.set(&mut two, 2);
    assert_eq!(two.unsigned_tx.lock_time.to_consensus_u32(), 77);
    assert_eq!(two.unsigned_tx.input[1].sequence, Sequence::MAX);
    assert_eq!((Fields::of(&two), InputFields::of(&two.inputs[1])), (fields, own));
    assert_eq!(decode(&encode(&two)).unwrap(), two);
}

#[test]
fn pairs_are_written_in_the_order_of_bitcoin_core() {
    let mut two = to_version_2(psbt(&[1]));
    let (own, unknown) =
        (ProprietaryKey { prefix: vec![1], subtype: 2, key: vec![] }, Key { type_value: 0x19, key: vec![] });
    two.proprietary.insert(own.clone(), vec![]);
    two.unknown.insert(unknown.clone(), vec![]);
    two.inputs[0].proprietary.insert(own.clone(), vec![]);
    two.inputs[0].unknown.insert(unknown.clone(), vec![]);
    two.outputs[0].proprietary.insert(own, vec![]);
    two.outputs[0].unknown.insert(unknown, vec![]);
    two.outputs[0].tap_internal_key = Some(bitcoin::secp256k1::XOnlyPublicKey::from_slice(&[2; 32]).unwrap());
    let kinds = |map: &Map| map.iter().map(Pair::kind).collect::<Vec<_>>();
    let all: Vec<_> = maps_of(&two).iter().map(kinds).collect();
    assert_eq!(all[0], [0x02, 0x03, 0x04, 0x05, 0xfb, 0xfc, 0x19]);
    assert_eq!(all[1], [0x01, 0x03, 0x0e, 0x0f, 0x10, 0xfc, 0x19, 0x30]);
    assert_eq!(all[2], [0x03, 0x04, 0xfc, 0x05, 0x19]);
    assert_eq!(decode(&encode(&two)).unwrap(), two);
}

#[test]
fn fields_of_the_wrong_version_are_refused() {
    let (zero, two) = (psbt(&[1]), to_version_2(psbt(&[1])));
    let global =
        |kind: u8, value: &[u8]| with_input(&zero, 0, |map| map.push(Pair::new(kind, value.to_vec())));
    for (kind, size) in (global::TX_VERSION..=global::TX_MODIFIABLE).zip([4, 4, 1, 1, 1]) {
        assert!(refused(&global(kind, &[1, 0, 0, 0][..size])).ends_with("not allowed in PSBTv0"));
    }
    for kind in input::PREVIOUS_TXID..=input::REQUIRED_HEIGHT_LOCKTIME {
        let size = if kind == input::PREVIOUS_TXID { 32 } else { 4 };
        let bytes = with_input(&zero, 1, |map| map.push(Pair::new(kind, vec![1; size])));
        assert!(refused(&bytes).ends_with("not allowed in PSBTv0"));
    }
    assert_eq!(refused(&global(global::VERSION, &[1, 0, 0, 0])), "There is no PSBT version 1");
    assert_eq!(refused(&global(global::VERSION, &[3, 0, 0, 0])), "Unsupported version number");
    let both = with_input(&two, 0, |map| map.push(maps_of(&zero)[0][0].clone()));
    assert!(refused(&both).contains("not allowed in PSBTv2"));
    for (place, kind, name) in [
        (0, global::TX_VERSION, "PSBT_GLOBAL_TX_VERSION is required"),
        (0, global::INPUT_COUNT, "PSBT_GLOBAL_INPUT_COUNT is required"),
        (0, global::OUTPUT_COUNT, "PSBT_GLOBAL_OUTPUT_COUNT is required"),
        (1, input::PREVIOUS_TXID, "Previous TXID is required"),
        (1, input::OUTPUT_INDEX, "Previous output's index is required"),
        (2, output::AMOUNT, "Output amount is required"),
        (2, output::SCRIPT, "Output script is required"),
    ] {
        let less = with_input(&two, place, |map| map.retain(|pair| pair.kind() != kind));
        assert!(refused(&less).contains(name), "{name}");
        let long = with_input(&two, place, |map| map.push(Pair { key: vec![kind, 0], value: vec![0] }));
        assert!(refused(&long).contains("Size of key was not 1 for the type"), "{name}");
    }
    let sequence =
        with_input(&two, 1, |map| map.push(Pair { key: vec![input::SEQUENCE, 0], value: vec![0] }));
    decode(&sequence).unwrap_err();
    let modifiable = with_input(&two, 0, |map| map.push(Pair::new(global::TX_MODIFIABLE, vec![1, 2])));
    assert_eq!(refused(&modifiable), "Size of value was not the stated size");
    let twice = with_input(&two, 1, |map| map.push(Pair::new(input::SEQUENCE, vec![1, 0, 0, 0])));
    assert_eq!(refused(&twice), "Duplicate Key, input key \"10\" already provided");
}

#[test]
fn cut_off_and_prolonged_bytes_are_errors() {
    for psbt in [psbt(&[1, 2]), to_version_2(psbt(&[1, 2]))] {
        let bytes = encode(&psbt);
        for end in 0..bytes.len() {
            decode(&bytes[..end]).unwrap_err();
        }
        assert!(refused(&[&bytes[..], &[0]].concat()).contains("extra data"));
        // Many more inputs than there are bytes for.
        let many = with_input(&to_version_2(psbt), 0, |map| {
            map.retain(|pair| pair.kind() != global::INPUT_COUNT);
            map.push(Pair::new(global::INPUT_COUNT, vec![0xfe, 0xff, 0xff, 0xff, 0xff]));
        });
        decode(&many).unwrap_err();
    }
}

#[test]
fn what_does_not_go_together_is_written_but_not_read() {
    let two = to_version_2(psbt(&[1, 2]));
    let mut less = two.clone();
    less.inputs.pop();
    assert!(decode(&encode(&less)).is_ok_and(|read| read.unsigned_tx.input.len() == 1));
    let mut more = two.clone();
    more.inputs.push(more.inputs[0].clone());
    assert_eq!(refused(&encode(&more)), "Previous TXID is required in PSBTv2");
    let mut twice = two;
    twice.inputs[0].unknown.insert(Key { type_value: input::OUTPUT_INDEX, key: vec![] }, vec![]);
    assert_eq!(refused(&encode(&twice)), "Duplicate Key, input key \"0f\" already provided");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(
        is_new: bool,
        changes in prop::collection::vec((0..1000_usize, any::<u8>()), 0..4),
    ) {
        let mut whole = psbt(&[1, 2]);
        if is_new {
            whole = to_version_2(whole);
            InputFields { sequence: None, time_lock: Some(600_000_000), height_lock: Some(3) }.set(&mut whole, 1);
        }
        let mut bytes = encode(&whole);
        for (place, byte) in changes {
            let place = place % bytes.len();
            bytes[place] = byte;
        }
        if let Ok(read) = decode(&bytes) {
            prop_assert_eq!(decode(&encode(&read)).unwrap(), read);
        }
    }
}
