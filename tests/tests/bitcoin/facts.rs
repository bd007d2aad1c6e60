//! Ids, ordinals, names, types, defaults and sizes of all interfaces and structs, one fact per line.
//!
//! `set_m.txt` is Bitcoin Core's master of August 2026 (commit 69c61f9f), `set_c.txt` the newest
//! files of the multiprocess branch with echo, mining and rpc of master. Neither was made from this
//! source.

use std::collections::BTreeSet;

use bitcoin_ipc::interfaces::watch::SplitInit;
use bitcoin_ipc::interfaces::{
    Chain, ChainClient, ChainNotifications, Echo, Handler, Init, Mining, Node, Rpc, Wallet, WalletLoader,
};
use bitcoin_ipc::release::v32;
use mp_runtime::schema::{Root, Schema, interface};

use super::lines::lines;

/// Compares the lines of a set with ours, and prints how many there are of each kind.
fn compare(set: &str, known: &str, roots: &[Root]) -> [usize; 4] {
    let schema = Schema::of(roots).expect("a schema");
    let files: BTreeSet<&str> =
        known.lines().filter_map(|line| line.strip_prefix("file ")?.split(' ').next()).collect();
    let mut ours: BTreeSet<String> = lines(&schema, &files).into_iter().collect();
    // No interface uses it, so it comes with its file, in which the release does not have it.
    if !known.contains("common.Expected") {
        ours.retain(|line| !line.contains("common.Expected"));
    }
    let known: BTreeSet<String> = known.lines().map(str::to_owned).collect();
    let missing: Vec<&String> = known.difference(&ours).collect();
    let unknown: Vec<&String> = ours.difference(&known).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "set {set}: not in our schema:\n{missing:#?}\nonly in our schema:\n{unknown:#?}"
    );
    let count = |kind: &str| ours.iter().filter(|line| line.starts_with(kind)).count();
    let counts = [count("interface "), count("method "), count("struct "), count("const ")];
    let [interfaces, methods, structs, constants] = counts;
    println!(
        "set {set}: {interfaces} interfaces, {methods} methods, {structs} structs, {constants} constants"
    );
    counts
}

#[test]
fn the_released_interfaces_are_exact() {
    // `common.capnp` has more structs for the process split, of which the release knows one.
    let known = include_str!("set_m.txt");
    let roots = [interface::<dyn v32::Init>()];
    assert_eq!(compare("M", known, &roots), [5, 29, 5, 4]);
}

#[test]
fn the_interfaces_of_the_process_split_are_exact() {
    let known = include_str!("set_c.txt");
    let roots = [
        interface::<dyn Init>(),
        interface::<dyn Echo>(),
        interface::<dyn Mining>(),
        interface::<dyn Rpc>(),
        interface::<dyn Handler>(),
        interface::<dyn Chain>(),
        interface::<dyn ChainNotifications>(),
        interface::<dyn ChainClient>(),
        interface::<dyn Node>(),
        interface::<dyn Wallet>(),
        interface::<dyn WalletLoader>(),
    ];
    assert_eq!(compare("C", known, &roots), [33, 275, 45, 4]);
}

#[test]
fn what_is_not_bitcoin_cores_is_in_a_file_of_its_own() {
    // Everything is known here, and Core's files are as they are without it.
    let roots = [interface::<dyn SplitInit>()];
    assert_eq!(compare("C", include_str!("set_c.txt"), &roots), [33, 275, 45, 4]);
    let schema = Schema::of(&roots).expect("a schema");
    let ours = lines(&schema, &BTreeSet::from(["watch.capnp"]));
    let interfaces = ours.iter().filter_map(|line| {
        let (name, extends) = line.strip_prefix("interface watch.")?.split_once(' ')?;
        Some((name, extends.split(' ').nth(1)?))
    });
    let known = [
        ("WatchingChain", "extends(Chain.Chain)"),
        ("WatchedNotifications", "extends()"),
        ("ScriptWatch", "extends(Handler.Handler)"),
        ("SplitInit", "extends(Init.Init)"),
    ];
    assert_eq!(interfaces.collect::<BTreeSet<_>>(), BTreeSet::from(known));
    assert_eq!(ours.iter().filter(|line| line.starts_with("method ")).count(), 14);
}
