//! A chain that looks for scripts.
//!
//! In: calls of a wallet that says what it looks for. Out: its [`ScriptWatch`].

use std::sync::Arc;

use bitcoin_ipc::interfaces::watch::{ScriptWatch, WatchedNotifications, WatchingChain};
use mp_runtime::{Result, ipc_interface};

use super::NodeChain;
use crate::watch::Watch;

#[ipc_interface]
impl WatchingChain for NodeChain {
    fn watch_scripts(&self, notifications: Arc<dyn WatchedNotifications>) -> Result<Box<dyn ScriptWatch>> {
        let watch = Watch::start(&self.state, notifications)?;
        self.wait_also_for(watch.watcher());
        Ok(Box::new(watch))
    }
}
