//! The mining interface of a node.
//!
//! In: calls of miners. Out: answers from the [`State`], as Bitcoin Core v32 gives them.

use std::sync::Arc;
use std::time::Duration;

use bitcoin::{Block, BlockHash, Network, Transaction, Txid, Wtxid};
use bitcoin_ipc::interfaces::{BlockTemplate, Mining};
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, Reject};
use mp_runtime::{Error, Result, ipc_interface};
use tokio::time::Instant;

use super::block_template::NodeTemplate;
use super::submit::submit_block;
use super::wait::{Interrupt, Woken, on_thread, wait};
use crate::chainstate::Place;
use crate::check_block::check_block;
use crate::state::State;
use crate::template::SelectOptions;

/// How long a wait for the end of the initial block download lasts at a time.
const COOLDOWN: Duration = Duration::from_secs(1);

/// The [`Mining`] of a node. Clients that share one share its interrupts.
pub struct NodeMining {
    state: Arc<State>,
    options: SelectOptions,
    interrupt: Interrupt,
}

impl NodeMining {
    /// The interface over a node, with the user's limits of blocks; what callers ask takes the place
    /// of `options.create`.
    #[must_use]
    pub fn new(state: Arc<State>, options: SelectOptions) -> Self {
        NodeMining { state, options, interrupt: Interrupt::default() }
    }

    /// Whether a template may be made: `false` when the wait was interrupted or the node stops.
    ///
    /// Blocks come whole here, so headers are never ahead of them: there is nothing to wait for but
    /// the end of the initial block download.
    async fn is_ready(&self, cooldown: bool) -> bool {
        if wait(&self.state, &self.interrupt, None, |_| true).await == Woken::Ended {
            return false;
        }
        while cooldown && self.state.is_initial_block_download() {
            let deadline = Instant::now() + COOLDOWN;
            let caught_up = |_: &_| !self.state.is_initial_block_download();
            if wait(&self.state, &self.interrupt, Some(deadline), caught_up).await == Woken::Ended {
                return false;
            }
        }
        true
    }
}

fn block_ref(place: Place) -> Result<BlockRef> {
    let height = i32::try_from(place.height).map_err(|_| Error::failed("a height above 31 bits"))?;
    Ok(BlockRef { hash: place.hash, height })
}

#[ipc_interface]
impl Mining for NodeMining {
    async fn is_test_chain(&self) -> Result<bool> {
        Ok(self.state.network() != Network::Bitcoin)
    }

    async fn is_initial_block_download(&self) -> Result<bool> {
        Ok(self.state.is_initial_block_download())
    }

    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        block_ref(self.state.seen().tip).map(Some)
    }

    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let woken = wait(&self.state, &self.interrupt, deadline, |now| now.tip.hash != current_tip).await;
        if woken == Woken::Ended {
            return Ok(None);
        }
        block_ref(self.state.seen().tip).map(Some)
    }

    async fn create_new_block(
        &self,
        options: &BlockCreateOptions,
        cooldown: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        if !self.is_ready(cooldown).await {
            return Ok(None);
        }
        let options = SelectOptions { create: *options, ..self.options };
        let state = self.state.clone();
        let template = on_thread(move || NodeTemplate::make(state, options)).await?;
        Ok(Some(Arc::new(template)))
    }

    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        let (state, block, options) = (self.state.clone(), block.clone(), *options);
        on_thread(move || check_block(&state, &block, &options)).await
    }

    async fn interrupt(&self) -> Result<()> {
        self.interrupt.ring();
        Ok(())
    }

    async fn submit_block(&self, block: &Block) -> Result<Result<(), Reject>> {
        let (state, block) = (self.state.clone(), block.clone());
        on_thread(move || submit_block(&state, &block)).await
    }

    async fn get_transactions_by_txid(&self, txids: &[Txid]) -> Result<Vec<Option<Transaction>>> {
        let (state, txids) = (self.state.clone(), txids.to_vec());
        on_thread(move || {
            let mempool = state.mempool();
            Ok(txids.iter().map(|txid| mempool.get(txid).map(|entry| (*entry.tx).clone())).collect())
        })
        .await
    }

    async fn get_transactions_by_witness_id(&self, wtxids: &[Wtxid]) -> Result<Vec<Option<Transaction>>> {
        let (state, wtxids) = (self.state.clone(), wtxids.to_vec());
        on_thread(move || {
            let mempool = state.mempool();
            let found = |wtxid| mempool.get_by_wtxid(wtxid).map(|entry| (*entry.tx).clone());
            Ok(wtxids.iter().map(found).collect())
        })
        .await
    }
}
