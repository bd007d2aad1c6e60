//! Bitcoin Core v30: other ordinals, no defaults, no interrupts, the coinbase as a transaction.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bitcoin::{Amount, Block, BlockHash, ScriptBuf, Transaction, TxMerkleNode, Txid, Wtxid, block};
use mp_runtime::{Error, IpcStruct, Result, ipc_interface};

use super::Release;
use crate::files::{V30_INIT, V30_MINING};
use crate::interfaces::{self, Echo, known_tip};
use crate::types::{Bitcoin, BlockRef, CoinbaseTx, Reject, verdict};

/// The first interface of a node.
#[ipc_interface(file = V30_INIT, construct, types = Bitcoin, cxx = "interfaces::Init")]
pub trait Init: Send + Sync {
    /// Something to test the connection with.
    async fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>>;

    /// Block templates and blocks.
    async fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>>;
}

/// [`interfaces::Mining`] as v30 has it.
#[ipc_interface(file = V30_MINING, destroy = false, types = Bitcoin, cxx = "interfaces::Mining")]
pub trait Mining: Send + Sync {
    /// Whether the chain is one for tests.
    async fn is_test_chain(&self) -> Result<bool>;

    /// Whether the node is still downloading the chain.
    async fn is_initial_block_download(&self) -> Result<bool>;

    /// The highest block.
    #[ipc(result(optional = flag))]
    async fn get_tip(&self) -> Result<Option<BlockRef>>;

    /// Waits for another highest block.
    #[ipc(result(with = known_tip))]
    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        #[ipc(with = mp_runtime::with::milliseconds_or_forever)] timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>>;

    /// Makes a block template, on the node's event loop.
    #[ipc(no_context)]
    async fn create_new_block(&self, options: &BlockCreateOptions) -> Result<Option<Arc<dyn BlockTemplate>>>;

    /// Checks a block, on the node's event loop.
    #[ipc(no_context, results = verdict)]
    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>>;
}

/// [`interfaces::BlockTemplate`] as v30 has it.
#[ipc_interface(file = V30_MINING, types = Bitcoin, cxx = "interfaces::BlockTemplate")]
pub trait BlockTemplate: Send + Sync {
    /// The header.
    async fn get_block_header(&self) -> Result<block::Header>;

    /// The whole block.
    async fn get_block(&self) -> Result<Block>;

    /// The fees of its transactions.
    async fn get_tx_fees(&self) -> Result<Vec<Amount>>;

    /// The signature operations of its transactions.
    async fn get_tx_sigops(&self) -> Result<Vec<i64>>;

    /// The dummy coinbase.
    async fn get_coinbase_tx(&self) -> Result<Transaction>;

    /// The script of the output with the witness commitment; empty where there is none.
    async fn get_coinbase_commitment(&self) -> Result<ScriptBuf>;

    /// Which output of the coinbase has the witness commitment; -1 for none.
    async fn get_witness_commitment_index(&self) -> Result<i32>;

    /// The merkle path of the coinbase.
    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>>;

    /// Completes the block and gives it to the node; whether it was accepted.
    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<bool>;

    /// Waits for a better template.
    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>>;

    /// Has a waiting `wait_next` return. Not in 30.0.
    #[ipc(no_context)]
    async fn interrupt_wait(&self) -> Result<()>;
}

/// [`BlockCreateOptions`](crate::types::BlockCreateOptions) without defaults on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin, cxx = "node::BlockCreateOptions")]
pub struct BlockCreateOptions {
    /// Take transactions from the mempool.
    #[ipc(cxx_name = "use_mempool")]
    pub use_mempool: bool,
    /// Weight units to keep free for the header and the coinbase.
    #[ipc(cxx_name = "block_reserved_weight")]
    pub block_reserved_weight: u64,
    /// Signature operations to keep free for the coinbase's outputs.
    #[ipc(cxx_name = "coinbase_output_max_additional_sigops")]
    pub coinbase_output_max_additional_sigops: u64,
}

/// [`BlockWaitOptions`](crate::types::BlockWaitOptions) without defaults on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin, cxx = "node::BlockWaitOptions")]
pub struct BlockWaitOptions {
    /// How long to wait; `None` for ever.
    #[ipc(with = mp_runtime::with::milliseconds_or_forever, cxx_name = "timeout")]
    pub timeout: Option<Duration>,
    /// How much the fees have to rise to be worth a new template.
    #[ipc(cxx_name = "fee_threshold")]
    pub fee_threshold: Amount,
}

/// [`BlockCheckOptions`](crate::types::BlockCheckOptions) without defaults on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(types = Bitcoin, cxx = "node::BlockCheckOptions")]
pub struct BlockCheckOptions {
    /// That the header has the root of its transactions.
    #[ipc(cxx_name = "check_merkle_root")]
    pub check_merkle_root: bool,
    /// That the header's hash meets its target.
    #[ipc(cxx_name = "check_pow")]
    pub check_pow: bool,
}

/// The longest that one call waits in the node. It has no way to be interrupted, so a longer wait
/// is made of several calls.
const SLICE: Duration = Duration::from_secs(1);

/// An object of v30 as one of today. Interrupts end a wait within a second.
pub struct Upgraded<T: ?Sized> {
    object: Arc<T>,
    /// Set by an interrupt, taken by the wait that it ends.
    interrupted: AtomicBool,
}

impl<T: ?Sized> Upgraded<T> {
    /// Wraps an object of v30.
    #[must_use]
    pub fn new(object: Arc<T>) -> Self {
        Upgraded { object, interrupted: AtomicBool::new(false) }
    }

    fn take_interrupt(&self) -> bool {
        self.interrupted.swap(false, Ordering::SeqCst)
    }
}

/// An object of today as one of v30.
pub struct Downgraded<T: ?Sized>(Arc<T>);

impl<T: ?Sized> Downgraded<T> {
    /// Wraps an object of today.
    #[must_use]
    pub fn new(object: Arc<T>) -> Self {
        Downgraded(object)
    }
}

/// The waits that a long one is made of.
struct Slices {
    until: Option<Instant>,
}

impl Slices {
    fn new(timeout: Option<Duration>) -> Self {
        Slices { until: timeout.and_then(|timeout| Instant::now().checked_add(timeout)) }
    }

    /// How long to wait now.
    fn next(&self) -> Duration {
        self.until.map_or(SLICE, |until| SLICE.min(until.saturating_duration_since(Instant::now())))
    }

    fn is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
}

#[ipc_interface]
impl interfaces::Mining for Upgraded<dyn Mining> {
    async fn is_test_chain(&self) -> Result<bool> {
        self.object.is_test_chain().await
    }

    async fn is_initial_block_download(&self) -> Result<bool> {
        self.object.is_initial_block_download().await
    }

    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        self.object.get_tip().await
    }

    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>> {
        let slices = Slices::new(timeout);
        loop {
            let tip = self.object.wait_tip_changed(current_tip, Some(slices.next())).await?;
            if self.take_interrupt() {
                return Ok(None);
            }
            match tip {
                Some(tip) if tip.hash == current_tip && !slices.is_over() => {}
                tip => return Ok(tip),
            }
        }
    }

    async fn create_new_block(
        &self,
        options: &crate::types::BlockCreateOptions,
        _: bool,
    ) -> Result<Option<Arc<dyn interfaces::BlockTemplate>>> {
        let options = BlockCreateOptions {
            use_mempool: options.use_mempool,
            block_reserved_weight: options.block_reserved_weight,
            coinbase_output_max_additional_sigops: options.coinbase_output_max_additional_sigops,
        };
        Ok(self.object.create_new_block(&options).await?.map(upgraded))
    }

    async fn check_block(
        &self,
        block: &Block,
        options: &crate::types::BlockCheckOptions,
    ) -> Result<Result<(), Reject>> {
        let options =
            BlockCheckOptions { check_merkle_root: options.check_merkle_root, check_pow: options.check_pow };
        self.object.check_block(block, &options).await
    }

    async fn interrupt(&self) -> Result<()> {
        self.interrupted.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn submit_block(&self, _: &Block) -> Result<Result<(), Reject>> {
        Err(Release::V30.lacks("submitBlock", Release::V32))
    }

    async fn get_transactions_by_txid(&self, _: &[Txid]) -> Result<Vec<Option<Transaction>>> {
        Err(Release::V30.lacks("getTransactionsByTxID", Release::V32))
    }

    async fn get_transactions_by_witness_id(&self, _: &[Wtxid]) -> Result<Vec<Option<Transaction>>> {
        Err(Release::V30.lacks("getTransactionsByWitnessID", Release::V32))
    }
}

fn upgraded(template: Arc<dyn BlockTemplate>) -> Arc<dyn interfaces::BlockTemplate> {
    Arc::new(Upgraded::new(template))
}

#[ipc_interface]
impl interfaces::BlockTemplate for Upgraded<dyn BlockTemplate> {
    async fn get_block_header(&self) -> Result<block::Header> {
        self.object.get_block_header().await
    }

    async fn get_block(&self) -> Result<Block> {
        self.object.get_block().await
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        self.object.get_tx_fees().await
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        self.object.get_tx_sigops().await
    }

    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx> {
        requirements(&self.object.get_coinbase_tx().await?)
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        self.object.get_coinbase_merkle_path().await
    }

    async fn wait_next(
        &self,
        options: &crate::types::BlockWaitOptions,
    ) -> Result<Option<Arc<dyn interfaces::BlockTemplate>>> {
        let slices = Slices::new(options.timeout);
        loop {
            let slice =
                BlockWaitOptions { timeout: Some(slices.next()), fee_threshold: options.fee_threshold };
            let next = self.object.wait_next(&slice).await?;
            if self.take_interrupt() {
                return Ok(None);
            }
            if next.is_some() || slices.is_over() {
                return Ok(next.map(upgraded));
            }
        }
    }

    async fn interrupt_wait(&self) -> Result<()> {
        self.interrupted.store(true, Ordering::SeqCst);
        Ok(())
    }

    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<Result<(), Reject>> {
        let accepted = self.object.submit_solution(version, timestamp, nonce, coinbase).await?;
        Ok(Release::V30.verdict(accepted))
    }
}

/// What a coinbase has to be like, from the dummy that v30 gives: its first output takes the whole
/// reward, the others are required, and its input's script ends with an `OP_0` that only keeps it
/// from being too short.
fn requirements(dummy: &Transaction) -> Result<CoinbaseTx> {
    let (Some(input), Some(reward)) = (dummy.input.first(), dummy.output.first()) else {
        return Err(Error::bad_value("the node's coinbase has no input or no output"));
    };
    let script = input.script_sig.as_bytes();
    let prefix = match script.split_last() {
        Some((0, height)) if height.len() >= 2 => height,
        _ => script,
    };
    Ok(CoinbaseTx {
        version: dummy.version.0 as u32,
        sequence: input.sequence.0,
        script_sig_prefix: ScriptBuf::from_bytes(prefix.to_vec()),
        witness: input.witness.iter().next().map(<[u8]>::to_vec),
        block_reward_remaining: reward.value,
        required_outputs: dummy.output[1..].to_vec(),
        lock_time: dummy.lock_time.to_consensus_u32(),
    })
}

/// The dummy coinbase that v30 would give for these requirements.
fn dummy(required: &CoinbaseTx) -> Transaction {
    let padding: &[u8] = if required.script_sig_prefix.as_bytes().ends_with(&[0]) { &[] } else { &[0] };
    required.transaction(padding, ScriptBuf::new())
}

#[ipc_interface]
impl Mining for Downgraded<dyn interfaces::Mining> {
    async fn is_test_chain(&self) -> Result<bool> {
        self.0.is_test_chain().await
    }

    async fn is_initial_block_download(&self) -> Result<bool> {
        self.0.is_initial_block_download().await
    }

    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        self.0.get_tip().await
    }

    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>> {
        self.0.wait_tip_changed(current_tip, timeout).await
    }

    async fn create_new_block(&self, options: &BlockCreateOptions) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let options = crate::types::BlockCreateOptions {
            use_mempool: options.use_mempool,
            block_reserved_weight: options.block_reserved_weight,
            coinbase_output_max_additional_sigops: options.coinbase_output_max_additional_sigops,
        };
        Ok(self.0.create_new_block(&options, false).await?.map(downgraded))
    }

    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        let options = crate::types::BlockCheckOptions {
            check_merkle_root: options.check_merkle_root,
            check_pow: options.check_pow,
        };
        self.0.check_block(block, &options).await
    }
}

fn downgraded(template: Arc<dyn interfaces::BlockTemplate>) -> Arc<dyn BlockTemplate> {
    Arc::new(Downgraded(template))
}

#[ipc_interface]
impl BlockTemplate for Downgraded<dyn interfaces::BlockTemplate> {
    async fn get_block_header(&self) -> Result<block::Header> {
        self.0.get_block_header().await
    }

    async fn get_block(&self) -> Result<Block> {
        self.0.get_block().await
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        self.0.get_tx_fees().await
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        self.0.get_tx_sigops().await
    }

    async fn get_coinbase_tx(&self) -> Result<Transaction> {
        self.0.get_coinbase_tx().await.map(|required| dummy(&required))
    }

    async fn get_coinbase_commitment(&self) -> Result<ScriptBuf> {
        let required = self.0.get_coinbase_tx().await?;
        Ok(required
            .required_outputs
            .into_iter()
            .next()
            .map(|output| output.script_pubkey)
            .unwrap_or_default())
    }

    async fn get_witness_commitment_index(&self) -> Result<i32> {
        let required = self.0.get_coinbase_tx().await?;
        Ok(if required.required_outputs.is_empty() { -1 } else { 1 })
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        self.0.get_coinbase_merkle_path().await
    }

    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<bool> {
        self.0.submit_solution(version, timestamp, nonce, coinbase).await.map(|verdict| verdict.is_ok())
    }

    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let options =
            crate::types::BlockWaitOptions { timeout: options.timeout, fee_threshold: options.fee_threshold };
        Ok(self.0.wait_next(&options).await?.map(downgraded))
    }

    async fn interrupt_wait(&self) -> Result<()> {
        self.0.interrupt_wait().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dummy_coinbase_says_what_is_required() {
        for (prefix, kept) in [(vec![1, 102], vec![1, 102]), (vec![0x51, 0], vec![0x51, 0])] {
            let required = CoinbaseTx {
                version: 2,
                sequence: 0xffff_fffe,
                script_sig_prefix: ScriptBuf::from_bytes(prefix),
                witness: Some(vec![0; 32]),
                block_reward_remaining: Amount::from_sat(5_000_000_000),
                required_outputs: vec![bitcoin::TxOut {
                    value: Amount::ZERO,
                    script_pubkey: ScriptBuf::from_bytes(vec![0x6a]),
                }],
                lock_time: 101,
            };
            let again = requirements(&dummy(&required)).expect("requirements");
            assert_eq!(again.script_sig_prefix.as_bytes(), kept);
            assert_eq!(again, required);
        }
    }
}
