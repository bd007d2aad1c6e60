//! The parts of a node that others use.
//!
//! In: a node that has started. Out: its interfaces.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bitcoin_init::config::SharedSettings;
use bitcoin_ipc::interfaces::WalletLoader;
use mp_runtime::callbacks::News;
use mp_runtime::{Error, Result};

use super::wallets::{LoadedWallets, Offered};
use crate::chain::NodeChain;
use crate::mining::NodeMining;
use crate::node::Parts;
use crate::rpc::RpcServer;
use crate::state::State;
use crate::template::SelectOptions;

/// The parts of a running node.
#[derive(Clone)]
pub struct Offer {
    /// Chain, index and mempool.
    pub state: Arc<State>,
    /// The JSON-RPC commands.
    pub rpc: RpcServer,
    /// The settings.
    pub settings: SharedSettings,
    /// What makes blocks. Each client gets [`another`](NodeMining::another).
    pub mining: Arc<NodeMining>,
    /// The wallets, as long as there are any.
    pub wallets: LoadedWallets,
    /// Whether the user has the network switched on.
    pub network_active: Arc<AtomicBool>,
}

impl Offer {
    /// A node without wallets yet, which makes blocks like these.
    #[must_use]
    pub fn new(state: Arc<State>, rpc: RpcServer, settings: SharedSettings, blocks: SelectOptions) -> Self {
        Offer {
            mining: Arc::new(NodeMining::new(state.clone(), blocks)),
            state,
            rpc,
            settings,
            wallets: LoadedWallets::default(),
            network_active: Arc::default(),
        }
    }

    /// The [`Chain`](bitcoin_ipc::interfaces::Chain) of one more client.
    #[must_use]
    pub fn chain(&self) -> NodeChain {
        NodeChain::new(self.state.clone(), self.rpc.clone(), self.settings.clone())
    }

    /// The wallets, or why there are none.
    pub(super) fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        self.wallets.loader().ok_or_else(|| {
            Error::failed(if self.settings.lock().bool("disablewallet", false) {
                "the wallets of this node are disabled (-disablewallet)"
            } else {
                "this node has no wallets now"
            })
        })
    }

    /// Takes the wallets of a process that has attached by itself, and tells the windows; nothing if there are wallets.
    /// They are given back when what this gives is dropped.
    pub(super) fn take_wallets(&self, loader: Arc<dyn WalletLoader>) -> Option<Offered> {
        let offered = self.wallets.offered(loader)?;
        tracing::info!(target: "node", "A wallet process has attached and offers its wallets to windows.");
        self.state.signals().init_wallet.tell(News::Each, |hear| hear());
        Some(offered)
    }

    /// What a GUI uses of the node.
    pub(super) fn parts(&self) -> Parts {
        Parts {
            state: self.state.clone(),
            rpc: self.rpc.clone(),
            network_active: self.network_active.clone(),
        }
    }
}
