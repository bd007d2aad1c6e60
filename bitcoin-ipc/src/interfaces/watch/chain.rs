//! WatchingChain: a chain that looks for a wallet's scripts.

use std::sync::Arc;

use mp_runtime::{Result, ipc_interface};

use super::{ScriptWatch, WatchedNotifications};
use crate::files::WATCH;
use crate::interfaces::Chain;
use crate::types::Bitcoin;

/// What a node offers those of its wallets that say what they look for. Not an interface of Bitcoin
/// Core.
#[ipc_interface(file = WATCH, types = Bitcoin)]
pub trait WatchingChain: Chain {
    /// Tells of blocks, and of the transactions that pay or spend a watched script, until the watch
    /// is dropped. Some may still arrive then. At first no script is watched.
    fn watch_scripts(&self, notifications: Arc<dyn WatchedNotifications>) -> Result<Box<dyn ScriptWatch>>;
}
