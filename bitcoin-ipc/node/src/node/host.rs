//! What starts, stops and holds the node that a GUI uses.
//!
//! In: the program around the node. Out: its parts, as far as they are there.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use bitcoin_init::config::SharedSettings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::WalletLoader;
use bitcoin_ipc::types::GlobalArgs;
use mp_runtime::Result;

use crate::rpc::RpcServer;
use crate::state::State;
use bitcoin_init::signals::Signals;

/// A node that has started.
#[derive(Clone)]
pub struct Parts {
    /// Chain, index and mempool.
    pub state: Arc<State>,
    /// The JSON-RPC commands.
    pub rpc: RpcServer,
    /// Whether the user has the network switched on. Nothing depends on it: there are no peers.
    pub network_active: Arc<AtomicBool>,
}

/// The program around a node, which a GUI found running or has spawned to have it start the node.
pub trait Host: Send + Sync {
    /// Takes over the settings and prepares the start. False, after a message to the user, when the
    /// node cannot start.
    ///
    /// # Errors
    ///
    /// The settings are none, or it is not the time for them; the text says so.
    fn base_initialize(&self, args: &GlobalArgs) -> Result<bool, String>;

    /// Starts the node. False, after a message to the user, when it cannot start.
    ///
    /// # Errors
    ///
    /// It is not the time for it; the text says so.
    fn app_init_main(&self) -> Result<bool, String>;

    /// Ends the node.
    ///
    /// # Errors
    ///
    /// Something could not be written.
    fn app_shutdown(&self) -> Result<()>;

    /// What the process will exit with.
    fn exit_status(&self) -> i32;

    /// What user interfaces hear.
    fn signals(&self) -> &Signals;

    /// The wish to stop.
    fn shutdown(&self) -> &Shutdown;

    /// The settings.
    ///
    /// # Errors
    ///
    /// They have not come yet.
    fn settings(&self) -> Result<SharedSettings>;

    /// The node, from its start to its end.
    fn started(&self) -> Option<Parts>;

    /// The wallets, or why there are none.
    ///
    /// # Errors
    ///
    /// There are none.
    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>>;
}
