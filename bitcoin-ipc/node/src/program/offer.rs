//! What a node offers to whoever connects.
//!
//! In: a running node. Out: the first interface of its process.

use std::sync::Arc;

use bitcoin_ipc::interfaces::{Chain, Echo, Init, Mining, Rpc};
use mp_runtime::{Result, ipc_interface};

use crate::chain::NodeChain;
use crate::mining::NodeMining;
use crate::rpc::RpcServer;
use crate::settings::SharedSettings;
use crate::state::State;
use crate::template::SelectOptions;

/// The parts of a running node, and its [`Init`].
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
}

impl Offer {
    /// The [`Chain`] of one more client.
    #[must_use]
    pub fn chain(&self) -> NodeChain {
        NodeChain::new(self.state.clone(), self.rpc.clone(), self.settings.clone())
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
}

struct Mirror;

#[ipc_interface]
impl Echo for Mirror {
    async fn echo(&self, echo: &str) -> Result<String> {
        Ok(echo.to_owned())
    }
}
