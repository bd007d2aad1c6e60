//! What starts and stops the wallets that a window uses.
//!
//! In: the program around them. Out: its settings and its wallets, as far as they are there.

use std::sync::Arc;

use bitcoin_init::config::SharedSettings;
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::WalletLoader;
use bitcoin_ipc::types::{GlobalArgs, WireFeeRate};

/// The program around the wallets, which a window found running or has spawned to have it start them.
pub trait Host: Send + Sync {
    /// Takes over the settings and prepares the start.
    ///
    /// # Errors
    ///
    /// The settings are none for wallets on a node, or it is not the time for them; the text says so.
    fn base_initialize(&self, args: &GlobalArgs) -> Result<(), String>;

    /// Starts the wallets, and waits for their node.
    ///
    /// # Errors
    ///
    /// They cannot be started, or it is not the time for it, or the wait was ended; the text says so.
    fn app_init_main(&self) -> Result<(), String>;

    /// Ends the wallets. The node stays.
    ///
    /// # Errors
    ///
    /// Something could not be written.
    fn app_shutdown(&self) -> Result<()>;

    /// What the process will exit with.
    fn exit_status(&self) -> i32;

    /// The settings.
    ///
    /// # Errors
    ///
    /// They have not come yet.
    fn settings(&self) -> Result<SharedSettings>;

    /// The fee rate that decides which outputs are dust, which the node does not say.
    ///
    /// # Errors
    ///
    /// The settings have not come yet.
    fn dust_rate(&self) -> Result<WireFeeRate>;

    /// The wallets.
    ///
    /// # Errors
    ///
    /// They have not been started yet.
    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>>;
}
