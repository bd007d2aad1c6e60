//! Mining: block templates and blocks.

use std::sync::Arc;
use std::time::Duration;

use bitcoin::{Block, BlockHash, Transaction, Txid, Wtxid};
use mp_runtime::{Result, ipc_interface};

use super::block_template::{template_v30, template_v31};
use super::{BlockTemplate, BlockingBlockTemplate};
use crate::files::{MAX_DOUBLE, MINING, V30_MINING, V31_MINING};
use crate::types::{
    Bitcoin, BlockCheckOptions, BlockCreateOptions, BlockRef, Reject, in_form, older, verdict,
};

/// Block templates and blocks, in the form of Bitcoin Core v32.
///
/// A [`Client`](crate::Client) gives this trait for the other releases too.
#[ipc_interface(
    file = MINING,
    destroy = false,
    types = Bitcoin,
    cxx = "interfaces::Mining",
    blocking(BlockingMining, BlockTemplate = BlockingBlockTemplate),
    versions(
        v30(form = MiningV30, title = "Bitcoin Core v30", file = V30_MINING),
        v31(form = MiningV31, title = "Bitcoin Core v31", file = V31_MINING),
        v32,
    )
)]
pub trait Mining: Send + Sync {
    /// Whether the chain is one for tests (anything but the main chain).
    async fn is_test_chain(&self) -> Result<bool>;

    /// Whether the node is still downloading the chain.
    async fn is_initial_block_download(&self) -> Result<bool>;

    /// The highest block; `None` while the node loads its chain.
    #[ipc(result(optional = flag))]
    async fn get_tip(&self) -> Result<Option<BlockRef>>;

    /// Waits until the highest block is another one than `current_tip`, at most for `timeout`
    /// (`None` for ever), and gives it. `None` when the node shuts down or
    /// [`interrupt`](Mining::interrupt) was called. Without a change it gives the same block.
    #[ipc(interrupt = "interrupt", result(with = known_tip))]
    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        #[ipc(with = mp_runtime::with::milliseconds_or_forever, default = MAX_DOUBLE, v30(without(default)))]
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>>;

    /// Makes a block template. With `cooldown` it waits until the chain has caught up with its
    /// headers. `None` when the node shuts down or [`interrupt`](Mining::interrupt) was called.
    #[ipc(
        interrupt = "interrupt",
        v30(no_context, result(with = template_v30)),
        v31(result(with = template_v31))
    )]
    async fn create_new_block(
        &self,
        #[ipc(v30(with = older::create_options))] options: &BlockCreateOptions,
        #[ipc(default = true, since = v31, absent = false)] cooldown: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>>;

    /// Checks a block as far as that is possible without its place in the chain, and says what is
    /// wrong with it. It must build on the highest block.
    #[ipc(results = verdict, v30(no_context))]
    async fn check_block(
        &self,
        block: &Block,
        #[ipc(v30(with = older::check_options))] options: &BlockCheckOptions,
    ) -> Result<Result<(), Reject>>;

    /// Has one waiting `wait_tip_changed` or `create_new_block` of this object return, or the next
    /// one if none is waiting.
    #[ipc(no_context, since = v31)]
    async fn interrupt(&self) -> Result<()>;

    /// Gives the node a block, and says why it is not accepted.
    #[ipc(results = verdict, since = v32)]
    async fn submit_block(&self, block: &Block) -> Result<Result<(), Reject>>;

    /// Finds transactions in the mempool. What is not there is `None`; without a mempool there is
    /// an empty list.
    #[ipc(name = "getTransactionsByTxID", since = v32)]
    async fn get_transactions_by_txid(&self, txids: &[Txid]) -> Result<Vec<Option<Transaction>>>;

    /// Finds transactions in the mempool by their ids with witness.
    #[ipc(name = "getTransactionsByWitnessID", since = v32)]
    async fn get_transactions_by_witness_id(&self, wtxids: &[Wtxid]) -> Result<Vec<Option<Transaction>>>;
}

in_form!(mining_v30: MiningV30 for Mining);
in_form!(mining_v31: MiningV31 for Mining);

/// A block that may be missing, in a struct of its own: C++ leaves it empty when there is none, so
/// an empty hash is none too.
pub(crate) mod known_tip {
    use bitcoin::BlockHash;
    use mp_runtime::{IpcStruct, Result};

    use crate::types::{Bitcoin, BlockRef};

    /// A block's hash and height.
    #[derive(Debug, Default, IpcStruct)]
    #[ipc(form_of = BlockRef, types = Bitcoin)]
    pub(crate) struct Inner {
        /// Its hash.
        hash: Option<BlockHash>,
        /// How many blocks are below it.
        height: i32,
    }

    pub(crate) type Wire = Option<Inner>;

    pub(crate) fn build(tip: &Option<BlockRef>) -> Result<Wire> {
        Ok(tip.map(|tip| Inner { hash: Some(tip.hash), height: tip.height }))
    }

    pub(crate) fn read(wire: Wire) -> Result<Option<BlockRef>> {
        let known = |inner: Inner| Some(BlockRef { hash: inner.hash?, height: inner.height });
        Ok(wire.and_then(known))
    }
}
