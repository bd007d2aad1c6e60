//! ChainClient: what a node asks of what uses its chain.

use std::time::Duration;

use mp_runtime::{Result, ipc_interface};

use crate::files::CHAIN;

/// Something that uses the node's chain and is started and stopped with it.
#[ipc_interface(file = CHAIN, cxx = "interfaces::ChainClient")]
pub trait ChainClient: Send + Sync {
    /// Adds its RPC commands, each with [`Chain::handle_rpc`](super::Chain::handle_rpc).
    fn register_rpcs(&self) -> Result<()>;

    /// Checks its files before anything is loaded.
    fn verify(&self) -> Result<bool>;

    /// Loads them.
    fn load(&self) -> Result<bool>;

    /// Starts its work. The scheduler does not travel; each process has its own.
    fn start(&self, scheduler: ()) -> Result<()>;

    /// Stops its work and saves what is not saved.
    fn stop(&self) -> Result<()>;

    /// Sets the clock, for tests: seconds since 1970, or 0 for the real time.
    fn set_mock_time(&self, time: i64) -> Result<()>;

    /// Moves the scheduler forward, for tests. Whole seconds travel.
    fn scheduler_mock_forward(
        &self,
        #[ipc(with = mp_runtime::with::seconds)] delta_seconds: Duration,
    ) -> Result<()>;
}
