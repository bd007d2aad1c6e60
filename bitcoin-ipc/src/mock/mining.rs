//! The mining interface of a node in memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bitcoin::{Amount, Block, BlockHash, Transaction, TxMerkleNode, Txid, Wtxid, block};
use mp_runtime::{Error, Result, ipc_interface};
use tokio::sync::Notify;

use super::MemoryNode;
use super::chain::Draft;
use crate::interfaces::{BlockTemplate, Mining};
use crate::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, BlockWaitOptions, CoinbaseTx, Reject};

/// The least weight that Bitcoin Core lets a block reserve, and the most.
const RESERVED_WEIGHT: std::ops::RangeInclusive<u64> = 2_000..=4_000_000;
/// The most signature operations of a block.
const MOST_SIGOPS: u64 = 80_000;

/// Ends one wait: the one that is under way, or the next one.
#[derive(Default)]
struct Interrupt {
    flag: AtomicBool,
    bell: Notify,
}

impl Interrupt {
    fn ring(&self) {
        self.flag.store(true, Ordering::SeqCst);
        self.bell.notify_waiters();
    }
}

/// Waits until `done` gives something; `None` when the time is up or the interrupt rings.
async fn wait<T>(
    node: &MemoryNode,
    interrupt: &Interrupt,
    timeout: Option<Duration>,
    done: impl Fn() -> Option<T>,
) -> (Option<T>, bool) {
    let mut changed = node.0.changed.subscribe();
    let deadline = timeout.and_then(|timeout| tokio::time::Instant::now().checked_add(timeout));
    loop {
        let rung = interrupt.bell.notified();
        if interrupt.flag.swap(false, Ordering::SeqCst) {
            return (None, true);
        }
        if let Some(found) = done() {
            return (Some(found), false);
        }
        let time_is_up = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = rung => {}
            _ = changed.changed() => {}
            () = time_is_up => return (None, false),
        }
    }
}

#[derive(Clone)]
pub(super) struct MemoryMining {
    node: MemoryNode,
    interrupt: Arc<Interrupt>,
}

impl MemoryMining {
    pub(super) fn new(node: MemoryNode) -> Self {
        MemoryMining { node, interrupt: Arc::default() }
    }
}

#[ipc_interface]
impl Mining for MemoryMining {
    async fn is_test_chain(&self) -> Result<bool> {
        Ok(true)
    }

    async fn is_initial_block_download(&self) -> Result<bool> {
        Ok(false)
    }

    async fn get_tip(&self) -> Result<Option<BlockRef>> {
        Ok(Some(self.node.tip()))
    }

    async fn wait_tip_changed(
        &self,
        current_tip: BlockHash,
        timeout: Option<Duration>,
    ) -> Result<Option<BlockRef>> {
        let other = || Some(self.node.tip()).filter(|tip| tip.hash != current_tip);
        let (tip, interrupted) = wait(&self.node, &self.interrupt, timeout, other).await;
        Ok(if interrupted { None } else { Some(tip.unwrap_or_else(|| self.node.tip())) })
    }

    async fn create_new_block(
        &self,
        options: &BlockCreateOptions,
        _: bool,
    ) -> Result<Option<Arc<dyn BlockTemplate>>> {
        if !RESERVED_WEIGHT.contains(&options.block_reserved_weight) {
            return Err(Error::failed(format!(
                "block_reserved_weight ({}) must be from {} to {}",
                options.block_reserved_weight,
                RESERVED_WEIGHT.start(),
                RESERVED_WEIGHT.end()
            )));
        }
        if options.coinbase_output_max_additional_sigops > MOST_SIGOPS {
            return Err(Error::failed(format!(
                "coinbase_output_max_additional_sigops ({}) must be at most {MOST_SIGOPS}",
                options.coinbase_output_max_additional_sigops
            )));
        }
        Ok(Some(MemoryTemplate::make(&self.node, options)))
    }

    async fn check_block(&self, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
        Ok(self.node.chain().check(block, options))
    }

    async fn interrupt(&self) -> Result<()> {
        self.interrupt.ring();
        Ok(())
    }

    async fn submit_block(&self, block: &Block) -> Result<Result<(), Reject>> {
        Ok(self.node.accept(block.clone()))
    }

    async fn get_transactions_by_txid(&self, txids: &[Txid]) -> Result<Vec<Option<Transaction>>> {
        let chain = self.node.chain();
        Ok(txids.iter().map(|txid| chain.by_txid(*txid)).collect())
    }

    async fn get_transactions_by_witness_id(&self, wtxids: &[Wtxid]) -> Result<Vec<Option<Transaction>>> {
        let chain = self.node.chain();
        Ok(wtxids.iter().map(|wtxid| chain.by_wtxid(*wtxid)).collect())
    }
}

struct MemoryTemplate {
    node: MemoryNode,
    options: BlockCreateOptions,
    draft: Draft,
    interrupt: Interrupt,
}

impl MemoryTemplate {
    fn make(node: &MemoryNode, options: &BlockCreateOptions) -> Arc<dyn BlockTemplate> {
        let draft = node.chain().draft(options);
        Arc::new(MemoryTemplate {
            node: node.clone(),
            options: *options,
            draft,
            interrupt: Interrupt::default(),
        })
    }

    fn fees(&self) -> Amount {
        self.draft.transactions.iter().map(|(_, fee)| *fee).sum()
    }
}

#[ipc_interface]
impl BlockTemplate for MemoryTemplate {
    async fn get_block_header(&self) -> Result<block::Header> {
        Ok(self.draft.header)
    }

    async fn get_block(&self) -> Result<Block> {
        Ok(self.draft.block(self.draft.coinbase()))
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        Ok(self.draft.transactions.iter().map(|(_, fee)| *fee).collect())
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        let count = |tx: &Transaction| {
            let outputs: usize =
                tx.output.iter().map(|output| output.script_pubkey.count_sigops_legacy()).sum();
            i64::try_from(outputs * 4).unwrap_or(i64::MAX)
        };
        Ok(self.draft.transactions.iter().map(|(tx, _)| count(tx)).collect())
    }

    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx> {
        Ok(self.draft.requirements())
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        Ok(self.draft.merkle_path())
    }

    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let better = || {
            let (tip, fees) = {
                let chain = self.node.chain();
                (chain.tip().hash, chain.fees())
            };
            let on_new_block = tip != self.draft.header.prev_blockhash;
            let threshold = self.fees().checked_add(options.fee_threshold);
            let worth_more = self.options.use_mempool
                && fees > self.fees()
                && threshold.is_some_and(|threshold| fees >= threshold);
            (on_new_block || worth_more).then(|| MemoryTemplate::make(&self.node, &self.options))
        };
        Ok(wait(&self.node, &self.interrupt, options.timeout, better).await.0)
    }

    async fn interrupt_wait(&self) -> Result<()> {
        self.interrupt.ring();
        Ok(())
    }

    async fn submit_solution(
        &self,
        version: u32,
        timestamp: u32,
        nonce: u32,
        coinbase: &Transaction,
    ) -> Result<Result<(), Reject>> {
        let mut block = self.draft.rooted(coinbase.clone());
        block.header.version = block::Version::from_consensus(version as i32);
        block.header.time = timestamp;
        block.header.nonce = nonce;
        Ok(self.node.accept(block))
    }
}
