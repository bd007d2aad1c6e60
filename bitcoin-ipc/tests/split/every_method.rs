//! After all tests on one connection, no method is left that was not called.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bitcoin_ipc::files;
use bitcoin_ipc::interfaces::watch::SplitInit;
use mp_runtime::monitor::Side;
use mp_runtime::schema::{Kind, Schema, interface};
use mp_runtime::wire::node::InterfaceNode;

use crate::ends::Ends;

/// The interfaces of the files that are tested here.
fn interfaces() -> Vec<&'static InterfaceNode> {
    let names = [&files::INIT, &files::HANDLER, &files::CHAIN, &files::NODE, &files::WALLET, &files::WATCH]
        .map(|file| file.name);
    let schema = Schema::of(&[interface::<dyn SplitInit>()]).expect("a schema");
    let files = schema.files().iter().filter(|file| names.contains(&file.node.name));
    files
        .flat_map(|file| &file.declarations)
        .filter_map(|declaration| match declaration.kind {
            Kind::Interface(node) => Some(node),
            _ => None,
        })
        .collect()
}

/// The methods that the peers of this connection have answered, by interface.
fn answered(ends: &Ends) -> BTreeSet<(&'static str, &'static str)> {
    let counts = ends.counts.snapshot();
    let served = counts.iter().filter(|count| count.side == Side::Server && count.calls > count.errors);
    served.map(|count| (count.interface, count.method)).collect()
}

#[test]
fn every_method_of_every_interface_is_called() {
    let ends = Ends::new();
    for test in crate::TESTS {
        test(&ends);
    }
    let interfaces = interfaces();
    assert!(interfaces.len() > 25, "only {} interfaces", interfaces.len());
    // What is dropped far away is destroyed a moment later.
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let answered = answered(&ends);
        let mut left = Vec::new();
        for node in &interfaces {
            let methods = node.methods.iter().filter(|method| !method.deprecated);
            let methods: Vec<_> = methods.map(|method| method.name).collect();
            let missing = methods.iter().filter(|method| !answered.contains(&(node.name, **method)));
            let missing: Vec<_> = missing.collect();
            println!("{}: {} of {}", node.name, methods.len() - missing.len(), methods.len());
            left.extend(missing.iter().map(|method| format!("{}.{method}", node.name)));
        }
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < patience, "nobody called {left:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
