//! Warnings of the kernel reach the user, wherever the user looks.
//!
//! In: blocks that signal for rules that nobody knows. Out: one text, and a signal that it is there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

#[allow(dead_code, reason = "blocks are all that is needed here")]
mod mine;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::Network;
use bitcoin::block::Version;
use bitcoin_common::shutdown::Shutdown;
use bitcoin_node::chainstate::Verdict;
use bitcoin_node::rpc::{RpcOptions, RpcServer};
use bitcoin_node::signals::Signals;
use bitcoin_node::state::{Options, State};
use serde_json::{Value, json};

/// The end of the period after the one in which the rules are locked in.
const ACTIVE: u32 = 3 * 144 - 1;

#[test]
fn rules_that_the_node_does_not_know_are_told_everywhere() {
    let directory = tempfile::tempdir().unwrap();
    let signals = Signals::default();
    let alerts = Arc::new(AtomicU32::new(0));
    let counted = alerts.clone();
    let _handler = signals.alert.connect(Box::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }));
    let options = Options::new(directory.path(), Network::Regtest);
    let state = State::open(&options, signals, Shutdown::new()).unwrap();
    let rpc = RpcServer::new(RpcOptions::new(directory.path())).unwrap();
    rpc.set_ready(state.clone()).unwrap();
    let told = || {
        let field = |method| rpc.execute(method, json!([]), "/").unwrap()["warnings"].take();
        let all = ["getblockchaininfo", "getmininginfo", "getnetworkinfo"].map(field);
        assert!(all.iter().all(|warnings| *warnings == all[0]), "{all:?}");
        assert_eq!(json!(state.warnings()), all[0]);
        (all[0].clone(), alerts.load(Ordering::Relaxed))
    };

    // The kernel looks at new blocks only, by the real time.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let start = u32::try_from(now).unwrap() - 2 * ACTIVE;
    let mut parent = state.tip().hash;
    for height in 1..=ACTIVE + 1 {
        let mut block = mine::block(parent, height, 0, mine::REWARD >> (height / 150), &[]);
        block.header.version = Version::from_consensus(0x2000_0010);
        block.header.time = start + height;
        mine::grind(&mut block, true);
        assert_eq!(state.process_block(&block).unwrap(), Verdict::Valid);
        parent = block.block_hash();
        if height == ACTIVE - 1 {
            assert_eq!(told(), (json!([]), 0));
        }
    }
    let warning: Value = json!(["Unknown new rules activated (versionbit 4)"]);
    assert_eq!(told(), (warning, 1));
}
