//! The mining interface of a node.
//!
//! In: calls of miners. Out: answers from the [`State`], as Bitcoin Core v32 gives them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bitcoin::{Block, BlockHash, Network, Transaction, Txid, Wtxid};
use bitcoin_ipc::interfaces::{BlockTemplate, Mining};
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, Reject};
use mp_runtime::{Error, ErrorKind, Result, ipc_interface};
use tokio::time::Instant;

use super::block_template::NodeTemplate;
use super::shared::Shared;
use super::submit::submit_block;
use super::wait::{Interrupt, Woken, wait};
use crate::chainstate::Place;
use crate::check_block::check_block;
use crate::mempool::Mempool;
use crate::state::State;
use crate::template::SelectOptions;

/// How long a wait for the end of the initial block download lasts at a time.
const COOLDOWN: Duration = Duration::from_secs(1);
/// The most bytes of transactions in one answer: what a message may have.
const MAX_ANSWER: usize = 8 * 8 * 1024 * 1024;

/// The [`Mining`] of a node. Clients that share one share its interrupts.
pub struct NodeMining {
    shared: Arc<Shared>,
    options: SelectOptions,
    interrupt: Interrupt,
}

impl NodeMining {
    /// The interface over a node, with the user's limits of blocks; what callers ask takes the place
    /// of `options.create`.
    #[must_use]
    pub fn new(state: Arc<State>, options: SelectOptions) -> Self {
        NodeMining { shared: Arc::new(Shared::new(state)), options, interrupt: Interrupt::default() }
    }

    /// An interface of the same node with interrupts of its own. What costs much is shared.
    #[must_use]
    pub fn another(&self) -> Self {
        NodeMining { shared: self.shared.clone(), options: self.options, interrupt: Interrupt::default() }
    }

    fn state(&self) -> &State {
        &self.shared.state
    }

    /// Whether a template may be made: `false` when the wait was interrupted or the node stops.
    ///
    /// Blocks come whole here, so headers are never ahead of them: there is nothing to wait for but
    /// the end of the initial block download.
    async fn is_ready(&self, cooldown: bool) -> bool {
        if wait(self.state(), &self.interrupt, None, |_| true).await == Woken::Ended {
            return false;
        }
        while cooldown && self.state().is_initial_block_download() {
            let deadline = Instant::now() + COOLDOWN;
            let caught_up = |_: &_| !self.state().is_initial_block_download();
            if wait(self.state(), &self.interrupt, Some(deadline), caught_up).await == Woken::Ended {
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
        Ok(self.state().network() != Network::Bitcoin)
    }

    async fn is_initial_block_download(&self) -> Result<bool> {
        Ok(self.state().is_initial_block_download())
    }

    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        block_ref(self.state().seen().tip).map(Some)
    }

    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let woken = wait(self.state(), &self.interrupt, deadline, |now| now.tip.hash != current_tip).await;
        if woken == Woken::Ended {
            return Ok(None);
        }
        block_ref(self.state().seen().tip).map(Some)
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
        let template = self.shared.read(move |shared| NodeTemplate::make(shared.clone(), options)).await?;
        Ok(Some(Arc::new(template)))
    }

    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        let (block, options) = (block.clone(), *options);
        self.shared.read(move |shared| check_block(&shared.state, &block, &options)).await
    }

    async fn interrupt(&self) -> Result<()> {
        self.interrupt.ring();
        Ok(())
    }

    async fn submit_block(&self, block: &Block) -> Result<Result<(), Reject>> {
        let block = block.clone();
        self.shared.write(move |state| submit_block(state, &block)).await
    }

    async fn get_transactions_by_txid(&self, txids: &[Txid]) -> Result<Vec<Option<Transaction>>> {
        let txids = txids.to_vec();
        self.shared
            .read(move |shared| {
                found(shared, &txids, |mempool, id| mempool.get(id).map(|entry| entry.tx.clone()))
            })
            .await
    }

    async fn get_transactions_by_witness_id(&self, wtxids: &[Wtxid]) -> Result<Vec<Option<Transaction>>> {
        let wtxids = wtxids.to_vec();
        self.shared
            .read(move |shared| {
                found(shared, &wtxids, |mempool, id| mempool.get_by_wtxid(id).map(|entry| entry.tx.clone()))
            })
            .await
    }
}

/// Transactions of the mempool. They are copied when it is known that they fit into an answer, and that is not while
/// the mempool is held.
fn found<Id>(
    shared: &Shared,
    ids: &[Id],
    get: impl Fn(&Mempool, &Id) -> Option<Arc<Transaction>>,
) -> Result<Vec<Option<Transaction>>> {
    let found: Vec<Option<Arc<Transaction>>> = {
        let mempool = shared.state.mempool();
        ids.iter().map(|id| get(&mempool, id)).collect()
    };
    let mut sizes = HashMap::new();
    let bytes: usize = found
        .iter()
        .flatten()
        .map(|tx| *sizes.entry(Arc::as_ptr(tx)).or_insert_with(|| tx.total_size()))
        .fold(0, usize::saturating_add);
    if bytes > MAX_ANSWER {
        let text =
            format!("the transactions are {bytes} bytes together, and one answer at most {MAX_ANSWER}");
        return Err(Error::new(ErrorKind::Limit, text));
    }
    Ok(found.into_iter().map(|tx| tx.map(|tx| (*tx).clone())).collect())
}
