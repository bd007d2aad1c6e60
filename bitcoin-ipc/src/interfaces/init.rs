//! Init: what a process offers to whoever connects.

use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

use super::{Chain, Echo, Mining, Node, Rpc, WalletLoader, no_longer_served};
use crate::files::INIT;
use crate::types::{Bitcoin, GlobalArgs};

/// The first interface of every process. Methods for what the process does not have give `None`.
///
/// Bitcoin Core v32 has the methods up to `make_rpc`; the last three belong to the split into
/// processes, which is not released. [`release::v32::Init`](crate::release::v32::Init) is the
/// released part.
#[ipc_interface(file = INIT, construct, types = Bitcoin, cxx = "interfaces::Init")]
pub trait Init: Send + Sync {
    /// Something to test the connection with.
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>>;

    /// How v30 made [`Mining`]; today an error.
    #[ipc(name = "makeMiningOld2", no_context, deprecated)]
    fn make_mining_old2(&self) -> Result<()> {
        Err(no_longer_served("mining interface (@2)"))
    }

    /// Block templates and blocks. Waits until the node has loaded its chain.
    fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>> {
        Ok(None)
    }

    /// The JSON-RPC server.
    fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(None)
    }

    /// What a node offers its wallets.
    fn make_chain(&self) -> Result<Option<Box<dyn Chain>>> {
        Ok(None)
    }

    /// What a node offers its GUI.
    fn make_node(&self) -> Result<Option<Box<dyn Node>>> {
        Ok(None)
    }

    /// A wallet process's wallets, which use `chain` as long as they live.
    fn make_wallet_loader(
        &self,
        #[ipc(secret)] global_args: &GlobalArgs,
        chain: Arc<dyn Chain>,
    ) -> Result<Option<Box<dyn WalletLoader>>> {
        let _ = (global_args, chain);
        Ok(None)
    }
}
