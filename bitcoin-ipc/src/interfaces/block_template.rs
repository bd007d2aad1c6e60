//! BlockTemplate: a block that lacks its proof of work.

use std::sync::Arc;

use bitcoin::{Amount, Block, ScriptBuf, Transaction, TxMerkleNode, block};
use mp_runtime::{Result, ipc_interface};

use super::no_longer_served;
use crate::files::{MINING, V30_MINING, V31_MINING};
use crate::types::{Bitcoin, BlockWaitOptions, CoinbaseTx, Reject, in_form, older, verdict};

/// A block that lacks its coinbase and its proof of work. The node keeps it, and the transactions
/// in it, until it is dropped.
#[ipc_interface(
    file = MINING,
    types = Bitcoin,
    cxx = "interfaces::BlockTemplate",
    blocking = BlockingBlockTemplate,
    versions(
        v30(form = BlockTemplateV30, title = "Bitcoin Core v30", file = V30_MINING),
        v31(form = BlockTemplateV31, title = "Bitcoin Core v31", file = V31_MINING),
        v32,
    )
)]
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
    #[ipc(v30(result(with = older::dummy_coinbase)))]
    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx>;

    /// The script of the output with the witness commitment; empty where there is none.
    #[ipc(until = v30)]
    async fn get_coinbase_commitment(&self) -> Result<ScriptBuf> {
        let required = self.get_coinbase_tx().await?.required_outputs;
        Ok(required.into_iter().next().map(|output| output.script_pubkey).unwrap_or_default())
    }

    /// Which output of the coinbase has the witness commitment; -1 for none.
    #[ipc(until = v30)]
    async fn get_witness_commitment_index(&self) -> Result<i32> {
        let required = self.get_coinbase_tx().await?.required_outputs;
        Ok(if required.is_empty() { -1 } else { 1 })
    }

    /// The nodes of the merkle tree beside the way from the coinbase to the root, from below.
    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>>;

    /// How v31 took solutions; today an error.
    #[ipc(deprecated, since = v32)]
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
    #[ipc(
        interrupt = "interrupt_wait",
        v30(ordinal = 10, without(interrupt), result(with = template_v30)),
        v31(ordinal = 8, result(with = template_v31))
    )]
    async fn wait_next(
        &self,
        #[ipc(v30(with = older::wait_options))] options: &BlockWaitOptions,
    ) -> Result<Option<Arc<dyn BlockTemplate>>>;

    /// Has one waiting `wait_next` of this template return, or the next one if none is waiting.
    #[ipc(no_context)]
    async fn interrupt_wait(&self) -> Result<()>;

    /// Completes the block and gives it to the node, which says why it is not accepted. The node
    /// writes into the template, so only one such call may be under way.
    #[ipc(
        results = verdict,
        v30(ordinal = 9, without(results), result(with = older::accepted)),
        v31(ordinal = 7, without(results), result(with = older::accepted))
    )]
    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<Result<(), Reject>>;
}

in_form!(template_v30: BlockTemplateV30 for BlockTemplate);
in_form!(template_v31: BlockTemplateV31 for BlockTemplate);
