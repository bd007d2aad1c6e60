//! The schemas as the reference compiler reads them: every offset, id and default is ours.

use bitcoin_ipc::interfaces::Init;
use bitcoin_ipc::interfaces::watch::SplitInit;
use bitcoin_ipc::monitor::Monitor;
use bitcoin_ipc::release::{v30, v31, v32};
use mp_runtime::schema::{Root, Schema, interface};
use mp_tests::reference::{differences, installed};

#[test]
fn the_reference_compiler_agrees() {
    if !installed() {
        return;
    }
    let sets: [&[Root]; 6] = [
        &[interface::<dyn Init>()],
        &[interface::<dyn SplitInit>()],
        &[interface::<dyn v30::Init>()],
        &[interface::<dyn v31::Init>()],
        &[interface::<dyn v32::Init>()],
        &[interface::<dyn Monitor>()],
    ];
    for roots in sets {
        let schema = Schema::of(roots).expect("a schema");
        let found = differences(&schema).expect("a verdict of the compiler");
        assert!(found.is_empty(), "{found:#?}");
    }
}
