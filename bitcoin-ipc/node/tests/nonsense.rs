//! Requests that mean nothing, and some that mean a little: each gets an answer or an error, and the node
//! goes on.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

#[allow(dead_code, reason = "other tests use the rest")]
mod mine;
#[path = "../../rpc/tests/nonsense/mod.rs"]
mod nonsense;

use std::panic::{AssertUnwindSafe, catch_unwind};

use bitcoin::Network;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_node::index;
use bitcoin_node::rpc::{RpcOptions, RpcServer};
use bitcoin_node::state::{Options, State};
use mine::{REWARD, block, spend};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

/// Those that wait, end the node, or mine as many blocks as they are told.
const LEFT_OUT: &[&str] = &[
    "generatetoaddress",
    "generatetodescriptor",
    "stop",
    "waitforblock",
    "waitforblockheight",
    "waitfornewblock",
];
/// Requests for each command.
const REQUESTS: usize = 150;

fn start() -> (RpcServer, Vec<Value>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let mut options = Options::new(directory.path(), Network::Regtest);
    options.mempool.require_standard = false;
    options.index = index::Options { filters: true, txindex: true };
    let state = State::open(&options, Signals::default(), Shutdown::new()).unwrap();
    let server = RpcServer::new(RpcOptions::new(directory.path()));
    server.set_ready(state.clone());
    let mut own = Vec::new();
    for height in 1..=102 {
        let block = block(state.tip().hash, height, 0, REWARD, &[]);
        state.process_block(&block).unwrap();
        if height == 1 {
            let hex = bitcoin::consensus::encode::serialize_hex(&spend(&block.txdata[0], 10_000));
            own = vec![json!(block.block_hash()), json!(block.txdata[0].compute_txid()), json!(hex)];
            own.push(bitcoin::consensus::encode::serialize_hex(&block).into());
        }
    }
    own.push(json!(state.tip().hash));
    (server, own, directory)
}

#[test]
fn every_command_answers_everything() {
    let (server, own, _directory) = start();
    let mut runner = TestRunner::deterministic();
    let params = nonsense::params(own);
    for method in server.commands().iter().filter(|method| !LEFT_OUT.contains(&method.as_str())) {
        for _ in 0..REQUESTS {
            let params = params.new_tree(&mut runner).unwrap().current();
            let asked = params.clone();
            let answer = catch_unwind(AssertUnwindSafe(|| server.execute(method, asked, "/")));
            assert!(answer.is_ok(), "{method} {params}");
        }
    }
    assert!(server.execute("getblockcount", json!([]), "/").unwrap().as_u64() >= Some(102));
}
