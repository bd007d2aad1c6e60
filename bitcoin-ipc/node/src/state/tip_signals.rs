//! Tells user interfaces of the highest block, on a thread where they hold up nobody.
//!
//! In: notifications. Out: the signals `block_tip` and `header_tip`.

use std::sync::{Arc, Weak};

use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::{BlockTip, SynchronizationState};
use mp_runtime::callbacks::News;
use mp_runtime::{Result, ipc_interface};

use super::State;

/// Passes on that the highest block is another one.
pub(super) struct TipSignals(pub(super) Weak<State>);

#[ipc_interface]
impl ChainNotifications for TipSignals {
    fn updated_block_tip(&self) -> Result<()> {
        match self.0.upgrade() {
            Some(state) => state.signal_tip(),
            None => Ok(()),
        }
    }
}

impl State {
    /// Begins to tell user interfaces of the highest block.
    pub(super) fn signal_tips(self: &Arc<Self>) -> Result<()> {
        let registration = self.notify(Arc::new(TipSignals(Arc::downgrade(self))))?;
        let _ = self.tip_signals.set(registration);
        Ok(())
    }

    fn signal_tip(&self) -> Result<()> {
        let (blocks, headers) = (&self.signals.block_tip, &self.signals.header_tip);
        if !blocks.is_connected() && !headers.is_connected() {
            return Ok(());
        }
        let tip = self.tip();
        let Some(header) = self.chain.header(tip.hash)? else { return Ok(()) };
        let progress = self.verification_progress(tip.hash)?;
        let place = move || BlockTip {
            block_height: i32::try_from(tip.height).unwrap_or(i32::MAX),
            block_time: header.time.into(),
            block_hash: tip.hash,
        };
        let state = if self.is_initial_block_download() {
            SynchronizationState::InitDownload
        } else {
            SynchronizationState::PostInit
        };
        // Blocks come whole here, so the highest header is that of the highest block.
        let newest = || News::Latest("tip".into());
        headers.tell(newest(), move |hear| hear(state, place(), 0.0));
        blocks.tell(newest(), move |hear| hear(state, place(), progress));
        Ok(())
    }
}
