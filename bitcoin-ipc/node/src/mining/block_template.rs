//! A template that a miner holds.
//!
//! In: a new block. Out: a [`BlockTemplate`]: its parts, a better one, a solved block.

use std::sync::Arc;
use std::time::Duration;

use bitcoin::consensus::Params;
use bitcoin::opcodes::OP_TRUE;
use bitcoin::script::Builder;
use bitcoin::{Amount, Block, ScriptBuf, Transaction, TxMerkleNode, block};
use bitcoin_ipc::interfaces::BlockTemplate;
use bitcoin_ipc::types::{BlockWaitOptions, CoinbaseTx, Reject};
use mp_runtime::{Error, Result, ipc_interface};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::new_block::{NewBlock, new_block, new_block_worth};
use super::submit::submit_block;
use super::wait::{Interrupt, Woken, on_thread, wait};
use crate::check_block::merkle;
use crate::state::{Seen, State};
use crate::template::{SelectOptions, Template};

/// How long lies between two looks at the fees, which take their time.
const TICK: Duration = Duration::from_secs(1);
/// After how many seconds without a block test networks allow one of the lowest difficulty.
const EASY_AFTER: u64 = 20 * 60;

/// A new block, which stays as it is until the miner drops it.
pub(super) struct NodeTemplate {
    state: Arc<State>,
    options: SelectOptions,
    new: NewBlock,
    interrupt: Interrupt,
    /// Held by the solution that is being processed.
    submitting: Mutex<()>,
}

/// The dummy coinbase pays to anyone.
fn anyone() -> ScriptBuf {
    Builder::new().push_opcode(OP_TRUE).into_script()
}

impl NodeTemplate {
    fn of(state: Arc<State>, options: SelectOptions, new: NewBlock) -> Self {
        NodeTemplate { state, options, new, interrupt: Interrupt::default(), submitting: Mutex::new(()) }
    }

    /// Makes a template of the mempool as it is.
    pub(super) fn make(state: Arc<State>, options: SelectOptions) -> Result<Self> {
        let new = new_block(&state, &options, &anyone())?;
        Ok(Self::of(state, options, new))
    }

    fn template(&self) -> &Template {
        &self.new.template
    }

    fn fees(&self) -> Amount {
        self.template().fees.iter().copied().sum()
    }

    /// A template of now, if its fees are at least so much.
    async fn next_worth(&self, least: Amount) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let (state, options) = (self.state.clone(), self.options);
        on_thread(move || {
            let new = new_block_worth(&state, &options, &anyone(), least)?;
            Ok(new.map(|new| Arc::new(Self::of(state, options, new)) as Arc<dyn BlockTemplate>))
        })
        .await
    }

    /// Whether the highest block is so old that the next one may be of the lowest difficulty.
    fn may_be_easy(&self) -> bool {
        self.state.clock().now() > u64::from(self.new.next.parent_time) + EASY_AFTER
    }
}

#[ipc_interface]
impl BlockTemplate for NodeTemplate {
    async fn get_block_header(&self) -> Result<block::Header> {
        Ok(self.template().block.header)
    }

    async fn get_block(&self) -> Result<Block> {
        Ok(self.template().block.clone())
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        Ok(self.template().fees.clone())
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        let signed = |count: &u64| i64::try_from(*count).map_err(|_| Error::failed("too many sigops"));
        self.template().sigops.iter().map(signed).collect()
    }

    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx> {
        Ok(self.template().coinbase.clone())
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        Ok(merkle::path(merkle::leaves(&self.template().block.txdata)))
    }

    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let deadline = options.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let watches_fees = options.fee_threshold < Amount::MAX_MONEY;
        let turns_easy = Params::new(self.state.network()).allow_min_difficulty_blocks;
        loop {
            let tick = (watches_fees || turns_easy).then(|| Instant::now() + TICK);
            let until = tick.into_iter().chain(deadline).min();
            let on_new_block = |now: &Seen| now.tip.hash != self.new.next.parent;
            match wait(&self.state, &self.interrupt, until, on_new_block).await {
                Woken::Ended => return Ok(None),
                Woken::Done => return self.next_worth(Amount::ZERO).await,
                Woken::TimeUp => {}
            }
            if turns_easy && self.may_be_easy() {
                return self.next_worth(Amount::ZERO).await;
            }
            if watches_fees && let Some(least) = self.fees().checked_add(options.fee_threshold) {
                let better = self.next_worth(least).await?;
                if better.is_some() {
                    return Ok(better);
                }
            }
            if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Ok(None);
            }
        }
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
        // A block of a template costs as much as all of its transactions: one at a time.
        let _one = self.submitting.lock().await;
        let mut block = self.template().block.clone();
        block.header.version = block::Version::from_consensus(version.cast_signed());
        block.header.time = timestamp;
        block.header.nonce = nonce;
        let (state, coinbase) = (self.state.clone(), coinbase.clone());
        on_thread(move || {
            if let Some(first) = block.txdata.first_mut() {
                *first = coinbase;
            }
            let root = merkle::root(merkle::leaves(&block.txdata)).0;
            block.header.merkle_root = root.ok_or_else(|| Error::failed("the block is empty"))?;
            submit_block(&state, &block)
        })
        .await
    }
}
