//! The client, against nodes in memory of every release.

mod connection;
mod every_release;
mod freezer;
mod full;
mod hangs;
mod misuse;
mod own_node;
mod rpc_waits;
mod streams;
mod waits;

use bitcoin::absolute::LockTime;
use bitcoin::{Amount, ScriptBuf, Transaction, TxIn, TxOut, transaction};
use bitcoin_ipc::Release;
use bitcoin_ipc::interfaces::BlockTemplate;
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::types::CoinbaseTx;
use mp_runtime::{EventLoop, Server};

/// Runs a test in a runtime of its own, which fails after half a minute.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let limit = std::time::Duration::from_secs(30);
    runtime.block_on(async { tokio::time::timeout(limit, test).await }).expect("an end within 30 seconds")
}

/// Listens where a server has just been dropped, as soon as its socket is gone.
async fn listen_again(
    node: &MemoryNode,
    event_loop: &EventLoop,
    path: &std::path::Path,
    release: Release,
) -> Server {
    while path.exists() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    node.listen(event_loop, path, release).expect("a server")
}

/// A transaction of which the mock checks nothing.
fn transaction(number: u32) -> Transaction {
    Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::from_consensus(number),
        input: vec![TxIn::default()],
        output: vec![TxOut { value: Amount::from_sat(1000), script_pubkey: ScriptBuf::new() }],
    }
}

/// A coinbase that keeps to what a template requires, and pays to anybody.
fn coinbase(required: &CoinbaseTx) -> Transaction {
    required.transaction(&[0x51, 0x51], ScriptBuf::from_bytes(vec![0x51]))
}

/// Completes a template's block and submits it.
async fn solve(template: &dyn BlockTemplate) -> Result<(), bitcoin_ipc::types::Reject> {
    let mut block = template.get_block().await.expect("a block");
    block.txdata[0] = coinbase(&template.get_coinbase_tx().await.expect("requirements"));
    block.header.merkle_root = block.compute_merkle_root().expect("a root");
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
    let version = block.header.version.to_consensus() as u32;
    let (time, nonce) = (block.header.time, block.header.nonce);
    template.submit_solution(version, time, nonce, &block.txdata[0]).await.expect("a verdict")
}
