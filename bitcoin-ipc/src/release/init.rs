//! The first interface of the releases.

use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

use crate::files::{V30_INIT, V31_INIT, V32_INIT};
use crate::interfaces::{Echo, Mining, Rpc, mining_v30, mining_v31, no_longer_served};
use crate::types::Bitcoin;

/// The first interface of a node, in the form of Bitcoin Core v32. [`interfaces::Init`](crate::interfaces::Init)
/// has what is not released beside.
#[ipc_interface(
    file = V32_INIT,
    construct,
    types = Bitcoin,
    cxx = "interfaces::Init",
    versions(
        v30(form = InitV30, title = "Bitcoin Core v30", file = V30_INIT),
        v31(form = InitV31, title = "Bitcoin Core v31", file = V31_INIT),
        v32,
    )
)]
pub trait Init: Send + Sync {
    /// Something to test the connection with.
    async fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>>;

    /// How v30 made Mining; an error.
    #[ipc(name = "makeMiningOld2", no_context, deprecated, since = v31)]
    async fn make_mining_old2(&self) -> Result<()> {
        Err(no_longer_served("mining interface (@2)"))
    }

    /// Block templates and blocks. Waits until the node has loaded its chain; `None` when it shuts
    /// down.
    #[ipc(v30(result(with = mining_v30)), v31(result(with = mining_v31)))]
    async fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>>;

    /// The JSON-RPC server.
    #[ipc(since = v32)]
    async fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>>;
}
