//! Bitcoin Core v32: the first interface. The others are those of [`interfaces`](crate::interfaces).

use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

use crate::files::V32_INIT;
use crate::interfaces::{Echo, Mining, Rpc, no_longer_served};
use crate::types::Bitcoin;

/// The first interface of a node.
#[ipc_interface(file = V32_INIT, construct, types = Bitcoin, cxx = "interfaces::Init")]
pub trait Init: Send + Sync {
    /// Something to test the connection with.
    async fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>>;

    /// How v30 made Mining; an error.
    #[ipc(name = "makeMiningOld2", no_context, deprecated)]
    async fn make_mining_old2(&self) -> Result<()> {
        Err(no_longer_served("mining interface (@2)"))
    }

    /// Block templates and blocks. Waits until the node has loaded its chain; `None` when it shuts
    /// down.
    async fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>>;

    /// The JSON-RPC server.
    async fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>>;
}
