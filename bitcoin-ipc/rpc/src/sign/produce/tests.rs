//! Scripts of all kinds, with signatures for them.
//!
//! In: scripts as miniscript makes them. Out: that none of them makes the solver panic.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

use bitcoin::psbt::Input;
use bitcoin::taproot::TaprootBuilder;
use proptest::prelude::*;

use super::super::creator::dummy;
use super::*;

const CASES: u32 = 2000;

/// Scripts as miniscript makes them, not all of which it would.
fn code() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "210279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798ac",
        "2079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798ac",
        "76a914751e76e8199196d454941c45d1b3a323f1433bd688ac",
        "76a914f678d9b79045452c8c64e9309d0f0046056e26c588ac",
        "76a914222222222222222222222222222222222222222288ac",
        "82012088a820926a54995ca48600920a19bf7bc502ca5f2f7d07e6f804c4f00ebf0325084dfc87",
        "51210279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f8179851ae",
        "2079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798ac519c",
        "52b2",
        "0132b1",
        "51",
        "00",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(4, 12, 2, |inner| {
        let joined = prop::sample::select(vec![
            ["", "69", ""],
            ["63", "67", "68"],
            ["", "7364", "68"],
            ["", "64", "68"],
            ["", "6b", "6c9a"],
            ["", "6b", "6c9b"],
            ["", "7c", "935287"],
            ["", "6b", "6c935187"],
            ["63", "68", "92"],
        ]);
        (inner.clone(), inner, joined).prop_map(|(first, second, [before, between, after])| {
            [before, &first, between, &second, after].concat()
        })
    })
}

fn solve(code: &Script, long: bool) {
    let provider = &FlatSigningProvider::default();
    let key: PublicKey =
        "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798".parse().unwrap();
    let signature = dummy().unwrap();
    let signer = PublicKey { compressed: !long, ..key };
    let x_only = key.inner.x_only_public_key().0;
    let mut fields = Input {
        redeem_script: Some(code.to_owned()),
        witness_script: Some(code.to_owned()),
        partial_sigs: [(signer, signature)].into(),
        ..Input::default()
    };
    let proof = TaprootBuilder::new().add_leaf(0, code.to_owned()).unwrap();
    let proof = proof.finalize(&SECP, x_only).unwrap();
    let leaf = (code.to_owned(), LeafVersion::TapScript);
    fields.tap_key_origins.insert(x_only, (Vec::new(), Default::default()));
    fields.tap_scripts.insert(proof.control_block(&leaf).unwrap(), leaf);
    let taproot = ScriptBuf::new_p2tr_tweaked(proof.output_key());
    for creator in [SignatureCreator::Nobody, SignatureCreator::Dummy] {
        let data = || SignatureData { fields: fields.clone(), ..SignatureData::default() };
        for output in [code.to_owned(), code.to_p2sh(), code.to_p2wsh(), taproot.clone()] {
            produce_signature(provider, creator, &output, &mut data());
        }
        let mut solver = Solver { provider, creator, data: &mut data() };
        solver.leaf(code, LeafVersion::TapScript);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn no_script_makes_it_panic(code in code(), long: bool) {
        solve(&ScriptBuf::from_hex(&code).unwrap(), long);
    }
}
