//! The watch of one wallet.
//!
//! In: calls of the wallet. Out: what concerns its scripts; when it goes, its listener hears no more.

use std::sync::Arc;

use bitcoin::{BlockHash, ScriptBuf};
use bitcoin_ipc::interfaces::Handler;
use bitcoin_ipc::interfaces::watch::{ScannedBlocks, ScriptWatch, WatchedNotifications};
use bitcoin_ipc::types::BlockRef;
use mp_runtime::{Result, ipc_interface};

use super::notices::{Notices, NotificationsReceiver};
use super::{mempool, scan};
use crate::state::{Registration, State, Watcher, signed};

/// Scripts, and who hears of them. Dropping it ends the watch.
pub struct Watch {
    state: Arc<State>,
    notices: Arc<Notices>,
    registration: Registration,
}

impl Watch {
    /// Starts a watch without scripts.
    ///
    /// # Errors
    ///
    /// The system has no thread to give.
    pub fn start(state: &Arc<State>, notifications: Arc<dyn WatchedNotifications>) -> Result<Self> {
        let notices = Arc::new(Notices::new(state));
        // Held until it is known where it begins: the first block is told after that. The block may be
        // one that is still to be told, and is told twice then.
        let mut heard = notices.heard();
        let receiver = NotificationsReceiver { notices: notices.clone(), to: notifications };
        let registration = state.notify(Arc::new(receiver))?;
        let tip = state.tip();
        heard.begin(BlockRef { hash: tip.hash, height: signed(tip.height)? });
        drop(heard);
        Ok(Watch { state: state.clone(), notices, registration })
    }

    /// Waits for the notifications without keeping the watch.
    pub(crate) fn watcher(&self) -> Watcher {
        self.registration.watcher()
    }
}

#[ipc_interface]
impl Handler for Watch {
    fn disconnect(&self) -> Result<()> {
        self.registration.disconnect()
    }
}

#[ipc_interface]
impl ScriptWatch for Watch {
    fn add_scripts(&self, scripts: &[ScriptBuf]) -> Result<Option<BlockRef>> {
        self.notices.add(scripts)
    }

    fn request_mempool_transactions(&self, notifications: &dyn WatchedNotifications) -> Result<()> {
        mempool::request(&self.state, &self.notices, notifications)
    }

    fn scan_blocks(
        &self,
        start: BlockHash,
        max_height: Option<i32>,
        max_blocks: u32,
    ) -> Result<Option<ScannedBlocks>> {
        // The wallet may add scripts meanwhile, and hear of blocks.
        let scripts = self.notices.heard().scripts.clone();
        scan::scan(&self.state, &scripts, start, max_height, max_blocks)
    }
}
