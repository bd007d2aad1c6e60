//! Destinations: a struct in which one pointer is set, or none.

use std::sync::Arc;

use bitcoin::hashes::Hash;
use bitcoin::{PubkeyHash, ScriptHash, WPubkeyHash, WScriptHash};
use bitcoin_ipc::Result;
use bitcoin_ipc::types::{Bitcoin, Destination, WitnessUnknown};
use mp_runtime::IpcStruct;

use crate::ends::{Bytes, Ends, Mirror, echoes};

echoes! {
    Places, PlacesWire, Pointers, 0x9a1c_4e07_55d2_8b0a;
    place: Destination,
}

/// A destination as it travels.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub(crate) struct Pointers {
    public_key: Option<Bytes>,
    public_key_hash: Option<Bytes>,
    script_hash: Option<Bytes>,
    witness_v0_script_hash: Option<Bytes>,
    witness_v0_key_hash: Option<Bytes>,
    witness_v1_taproot: Option<Bytes>,
    witness_unknown: Option<Program>,
}

/// A witness program as it travels.
#[derive(Clone, Debug, Default, PartialEq, IpcStruct)]
pub(crate) struct Program {
    version: u32,
    program: Bytes,
}

/// Every kind, with its form.
fn kinds() -> [(Destination, Pointers); 8] {
    let none = Pointers::default();
    let (twenty, thirty_two) = (Some(vec![1; 20]), Some(vec![2; 32]));
    let unknown = WitnessUnknown { version: 16, program: vec![3; 40] };
    let program = Some(Program { version: 16, program: vec![3; 40] });
    [
        (Destination::None, none.clone()),
        (Destination::PubKey(vec![4; 65]), Pointers { public_key: Some(vec![4; 65]), ..none.clone() }),
        (
            Destination::PkHash(PubkeyHash::from_byte_array([1; 20])),
            Pointers { public_key_hash: twenty.clone(), ..none.clone() },
        ),
        (
            Destination::ScriptHash(ScriptHash::from_byte_array([1; 20])),
            Pointers { script_hash: twenty.clone(), ..none.clone() },
        ),
        (
            Destination::WitnessV0ScriptHash(WScriptHash::from_byte_array([2; 32])),
            Pointers { witness_v0_script_hash: thirty_two.clone(), ..none.clone() },
        ),
        (
            Destination::WitnessV0KeyHash(WPubkeyHash::from_byte_array([1; 20])),
            Pointers { witness_v0_key_hash: twenty, ..none.clone() },
        ),
        (Destination::WitnessV1Taproot([2; 32]), Pointers { witness_v1_taproot: thirty_two, ..none.clone() }),
        (Destination::WitnessUnknown(unknown), Pointers { witness_unknown: program, ..none }),
    ]
}

fn ends() -> Ends<dyn Places, dyn PlacesWire, Pointers> {
    Ends::<dyn Places, dyn PlacesWire, Pointers>::new(Arc::new(Mirror), |tape| tape)
}

#[test]
fn every_kind_of_destination_has_a_pointer_of_its_own() {
    let ends = ends();
    for (destination, pointers) in kinds() {
        ends.same(Places::place, PlacesWire::place, &destination, &pointers);
    }
}

#[test]
fn two_destinations_at_once_are_refused() {
    let ends = ends();
    let one = Pointers { public_key: Some(vec![4; 65]), ..Pointers::default() };
    for (destination, pointers) in kinds().into_iter().skip(2) {
        let two = Pointers { public_key: one.public_key.clone(), ..pointers.clone() };
        let error = ends.refused(Places::place, PlacesWire::place, &destination, &two);
        assert!(error.text().contains("two kinds"), "{error}");
        ends.same(Places::place, PlacesWire::place, &destination, &pointers);
    }
}

#[test]
fn hashes_of_a_wrong_length_name_their_field() {
    let ends = ends();
    let short = |length: usize| Some(vec![0; length]);
    for (field, pointers) in [
        ("pkHash", Pointers { public_key_hash: short(19), ..Pointers::default() }),
        ("scriptHash", Pointers { script_hash: short(21), ..Pointers::default() }),
        ("witnessV0ScriptHash", Pointers { witness_v0_script_hash: short(31), ..Pointers::default() }),
        ("witnessV0KeyHash", Pointers { witness_v0_key_hash: short(32), ..Pointers::default() }),
        ("witnessV1Taproot", Pointers { witness_v1_taproot: short(33), ..Pointers::default() }),
    ] {
        let error = ends.refused(Places::place, PlacesWire::place, &Destination::None, &pointers);
        assert_eq!(error.field(), format!("result.{field}"));
    }
}
