//! `bitcoind`: a node and its wallets in one process, with no IPC unless asked for.
//!
//! In: the same parts as `bitcoin-node` and `bitcoin-wallet`. Out: one program; where those hold
//! proxies of each other, this holds the objects themselves.

use std::process::ExitCode;
use std::sync::Arc;

use bitcoin_ipc::interfaces::watch::WatchingChain;
use bitcoin_ipc::types::GlobalArgs;
use bitcoin_node::program::{StartedWallets, WalletSource, main as run};
use mp_runtime::{EventLoop, Result};

const ABOUT: &str = "bitcoind is a Bitcoin node with wallets, in one process. It checks blocks by Bitcoin Core's \
                     kernel and listens nowhere unless told so by -ipcbind.";

/// Wallets in this process.
struct LocalWallets;

impl WalletSource for LocalWallets {
    fn start(
        &self,
        _: &EventLoop,
        settings: GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<StartedWallets>> {
        let loader = bitcoin_wallet::program::local_wallets(settings, chain)?;
        Ok(Some(StartedWallets { loader, process: None }))
    }
}

fn main() -> ExitCode {
    run("bitcoind", ABOUT, Box::new(LocalWallets))
}
