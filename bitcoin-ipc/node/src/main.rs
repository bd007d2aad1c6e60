//! `bitcoin-node`: a node, with its wallets in another process.

use std::process::ExitCode;

use bitcoin_node::program::{SpawnedWallets, main as run};

const ABOUT: &str = "bitcoin-node checks blocks by Bitcoin Core's kernel, keeps the chain and the mempool, and \
                     answers JSON-RPC and IPC on Unix sockets. It starts bitcoin-wallet in a process of its \
                     own, unless -disablewallet is given or one attaches by itself.";

fn main() -> ExitCode {
    match SpawnedWallets::beside("bitcoin-wallet") {
        Ok(wallets) => run("bitcoin-node", ABOUT, Box::new(wallets)),
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}
