//! What a node offers to whoever connects.
//!
//! In: a running node. Out: the first interface of its process.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::watch::{SplitInit, WatchingChain};
use bitcoin_ipc::interfaces::{Chain, Echo, Init, Mining, Node, Rpc, WalletLoader};
use bitcoin_ipc::types::GlobalArgs;
use mp_runtime::{Error, Result, ipc_interface};

use super::wallets::LoadedWallets;
use crate::chain::NodeChain;
use crate::mining::NodeMining;
use crate::node::{GuiNode, Host, Parts};
use crate::rpc::RpcServer;
use crate::settings::SharedSettings;
use crate::signals::Signals;
use crate::state::State;
use crate::template::SelectOptions;

/// The parts of a running node, and its [`Init`] and [`SplitInit`].
#[derive(Clone)]
pub struct Offer {
    /// Chain, index and mempool.
    pub state: Arc<State>,
    /// The JSON-RPC commands.
    pub rpc: RpcServer,
    /// The settings.
    pub settings: SharedSettings,
    /// What blocks that are made here are to be like.
    pub blocks: SelectOptions,
    /// The wallets, as long as there are any.
    pub wallets: LoadedWallets,
    /// Whether the user has the network switched on.
    pub network_active: Arc<AtomicBool>,
}

impl Offer {
    /// A node without wallets yet.
    #[must_use]
    pub fn new(state: Arc<State>, rpc: RpcServer, settings: SharedSettings, blocks: SelectOptions) -> Self {
        Offer {
            state,
            rpc,
            settings,
            blocks,
            wallets: LoadedWallets::default(),
            network_active: Arc::default(),
        }
    }

    /// The [`Chain`] of one more client.
    #[must_use]
    pub fn chain(&self) -> NodeChain {
        NodeChain::new(self.state.clone(), self.rpc.clone(), self.settings.clone())
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

/// A node that runs by itself, and that a GUI has found.
impl Host for Offer {
    fn base_initialize(&self, _args: &GlobalArgs) -> Result<bool, String> {
        Ok(true)
    }

    fn app_init_main(&self) -> Result<bool, String> {
        Ok(true)
    }

    fn app_shutdown(&self) -> Result<()> {
        // Whoever started the node ends it; the connection of this call ends with it.
        self.shutdown().request();
        Ok(())
    }

    fn exit_status(&self) -> i32 {
        0
    }

    fn signals(&self) -> &Signals {
        self.state.signals()
    }

    fn shutdown(&self) -> &Shutdown {
        self.state.shutdown()
    }

    fn settings(&self) -> Result<SharedSettings> {
        Ok(self.settings.clone())
    }

    fn started(&self) -> Option<Parts> {
        Some(self.parts())
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        self.wallets.loader().ok_or_else(|| {
            Error::failed(if self.settings.lock().bool("disablewallet", false) {
                "the wallets of this node are disabled (-disablewallet)"
            } else {
                "this node has no wallets now"
            })
        })
    }
}

#[ipc_interface]
impl Init for Offer {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(Some(Arc::new(Mirror)))
    }

    fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>> {
        Ok(Some(Arc::new(NodeMining::new(self.state.clone(), self.blocks))))
    }

    fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(Some(Arc::new(self.rpc.clone())))
    }

    fn make_chain(&self) -> Result<Option<Box<dyn Chain>>> {
        Ok(Some(Box::new(self.chain())))
    }

    fn make_node(&self) -> Result<Option<Box<dyn Node>>> {
        Ok(Some(Box::new(GuiNode::new(Arc::new(self.clone())))))
    }
}

#[ipc_interface]
impl SplitInit for Offer {
    fn make_watching_chain(&self) -> Result<Option<Arc<dyn WatchingChain>>> {
        Ok(Some(Arc::new(self.chain())))
    }
}

/// Gives back what it is told.
pub(super) struct Mirror;

#[ipc_interface]
impl Echo for Mirror {
    async fn echo(&self, echo: &str) -> Result<String> {
        Ok(echo.to_owned())
    }
}
