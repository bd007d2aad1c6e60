//! A chain that looks for scripts.
//!
//! In: calls of a wallet that says what it looks for. Out: its [`ScriptWatch`].

use std::sync::{Arc, Mutex};

use bitcoin::{BlockHash, ScriptBuf};
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::Handler;
use bitcoin_ipc::interfaces::watch::{ScannedBlocks, ScriptWatch, WatchedNotifications, WatchingChain};
use bitcoin_ipc::types::BlockRef;
use mp_runtime::ipc_interface;

use crate::ask::lock;
use crate::core::Core;
use crate::follow::Registration;
use crate::listeners::Ear;
use crate::mempool;
use crate::scan::{self, Ahead};

/// Scripts, and who hears of them. Dropping it ends the watch.
struct Watch {
    registration: Registration,
    /// What the node has found, ahead of a search.
    ahead: Mutex<Option<Ahead>>,
}

#[ipc_interface]
impl Handler for Watch {
    fn disconnect(&self) -> Result<()> {
        self.registration.end();
        Ok(())
    }
}

#[ipc_interface]
impl ScriptWatch for Watch {
    fn add_scripts(&self, scripts: &[ScriptBuf]) -> Result<Option<BlockRef>> {
        self.registration.listener.add(scripts).map(Some)
    }

    fn request_mempool_transactions(&self, notifications: &dyn WatchedNotifications) -> Result<()> {
        let ask = self.registration.follow().ask();
        mempool::request(ask, &self.registration.listener, |tx| notifications.transaction_added(tx))
    }

    fn scan_blocks(
        &self,
        start: BlockHash,
        max_height: Option<i32>,
        max_blocks: u32,
    ) -> Result<Option<ScannedBlocks>> {
        let ask = self.registration.follow().ask();
        let scripts = self.registration.listener.scripts();
        let mut ahead = lock(&self.ahead).take();
        let scanned = scan::scan(ask, &scripts, &mut ahead, start, max_height, max_blocks);
        *lock(&self.ahead) = ahead;
        scanned
    }
}

#[ipc_interface]
impl WatchingChain for Core {
    fn watch_scripts(&self, notifications: Arc<dyn WatchedNotifications>) -> Result<Box<dyn ScriptWatch>> {
        let registration = self.0.follow.register(Ear::Watched(notifications));
        Ok(Box::new(Watch { registration, ahead: Mutex::default() }))
    }
}
