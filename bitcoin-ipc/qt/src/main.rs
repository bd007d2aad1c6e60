//! `bitcoin-qt`: a window, a node and its wallets in one process, with no IPC unless asked for.
//!
//! In: the same parts as `bitcoin-gui`, `bitcoin-node` and `bitcoin-wallet`. Out: one program; where those hold
//! proxies of each other, this holds the objects themselves.

use std::process::ExitCode;
use std::sync::Arc;

use bitcoin_gui::program::main_hosting;
use bitcoin_ipc::interfaces::watch::WatchingChain;
use bitcoin_ipc::types::GlobalArgs;
use bitcoin_node::program::{HostedNode, StartedWallets, WalletSource};
use mp_runtime::{EventLoop, Result};

const ABOUT: &str = "bitcoin-qt is a window on a node and wallets that are in the same process. It listens nowhere \
                     unless told so by -ipcbind, and the node ends with the window.";

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
    main_hosting("bitcoin-qt", ABOUT, || {
        let node = HostedNode::new("bitcoin-qt", ABOUT, Box::new(LocalWallets))?;
        Ok(node.interface())
    })
}
