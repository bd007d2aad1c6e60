//! BlockTemplate: a block that lacks its proof of work.

use std::sync::Arc;

use bitcoin::{Amount, Block, Transaction, TxMerkleNode, block};
use mp_runtime::{Result, ipc_interface};

use super::no_longer_served;
use crate::files::MINING;
use crate::types::{Bitcoin, BlockWaitOptions, CoinbaseTx, Reject, verdict};

/// A block that lacks its coinbase and its proof of work. The node keeps it, and the transactions
/// in it, until it is dropped.
#[ipc_interface(file = MINING, types = Bitcoin, cxx = "interfaces::BlockTemplate")]
pub trait BlockTemplate: Send + Sync {
    /// The header. Its merkle root means nothing yet: that takes the real coinbase.
    async fn get_block_header(&self) -> Result<block::Header>;

    /// The whole block, with a dummy coinbase.
    async fn get_block(&self) -> Result<Block>;

    /// The fees of its transactions, without the coinbase.
    async fn get_tx_fees(&self) -> Result<Vec<Amount>>;

    /// The signature operations of its transactions, without the coinbase.
    async fn get_tx_sigops(&self) -> Result<Vec<i64>>;

    /// What the coinbase has to be like.
    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx>;

    /// The nodes of the merkle tree beside the way from the coinbase to the root, from below.
    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>>;

    /// How v31 took solutions; today an error.
    #[ipc(deprecated)]
    async fn submit_solution_old7(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: Option<&Transaction>,
    ) -> Result<bool> {
        let _ = (version, timestamp, nonce, coinbase);
        Err(no_longer_served("submitSolution (@7)"))
    }

    /// Waits for a template that is worth more, or that builds on a new block. `None` when the
    /// time is up, the node shuts down or [`interrupt_wait`](BlockTemplate::interrupt_wait) was
    /// called.
    #[ipc(interrupt = "interrupt_wait")]
    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>>;

    /// Has one waiting `wait_next` of this template return, or the next one if none is waiting.
    #[ipc(no_context)]
    async fn interrupt_wait(&self) -> Result<()>;

    /// Completes the block and gives it to the node, which says why it is not accepted. The node
    /// writes into the template, so only one such call may be under way.
    #[ipc(results = verdict)]
    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<Result<(), Reject>>;
}
