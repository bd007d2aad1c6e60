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

use super::new_block::{NewBlock, new_block};
use super::shared::Shared;
use super::submit::submit_block;
use super::wait::{Interrupt, Woken, wait};
use crate::check_block::merkle;
use crate::state::{Seen, State};
use crate::template::{NextBlock, SelectOptions, Template};

/// How long lies between two looks at the fees, which take their time.
const TICK: Duration = Duration::from_secs(1);
/// After how many seconds without a block test networks allow one of the lowest difficulty.
const EASY_AFTER: u64 = 20 * 60;

/// A new block, which stays as it is until the miner drops it. It shares its transactions with the mempool and
/// with other templates.
pub(super) struct NodeTemplate {
    shared: Arc<Shared>,
    options: SelectOptions,
    next: NextBlock,
    header: block::Header,
    /// The dummy coinbase, and what another one would have to be like.
    first: Transaction,
    coinbase: CoinbaseTx,
    /// What comes after it.
    transactions: Vec<Arc<Transaction>>,
    fees: Vec<Amount>,
    sigops: Vec<u64>,
    interrupt: Interrupt,
    /// Held by the solution that is being processed.
    submitting: Mutex<()>,
}

/// The dummy coinbase pays to anyone.
fn anyone() -> ScriptBuf {
    Builder::new().push_opcode(OP_TRUE).into_script()
}

/// Why a block is refused whose first transaction has no input: the first rule of Bitcoin Core's `CheckBlock` that it
/// breaks.
fn no_coinbase(header: &block::Header) -> Reject {
    let (reason, debug) = match header.validate_pow(header.target()) {
        Err(_) => ("high-hash", "proof of work failed"),
        Ok(_) => ("bad-cb-missing", "first tx is not coinbase"),
    };
    Reject { reason: reason.to_owned(), debug: debug.to_owned() }
}

impl NodeTemplate {
    fn of(shared: Arc<Shared>, options: SelectOptions, new: NewBlock) -> Result<Self> {
        let NewBlock { next, template, transactions } = new;
        let Template { block, coinbase, fees, sigops } = template;
        let first = block.txdata.into_iter().next().ok_or_else(|| Error::failed("the block is empty"))?;
        Ok(NodeTemplate {
            shared,
            options,
            next,
            header: block.header,
            first,
            coinbase,
            transactions,
            fees,
            sigops,
            interrupt: Interrupt::default(),
            submitting: Mutex::new(()),
        })
    }

    /// Makes a template of the mempool as it is.
    pub(super) fn make(shared: Arc<Shared>, options: SelectOptions) -> Result<Self> {
        let new = new_block(&shared.state, &options, &anyone())?;
        Self::of(shared, options, new)
    }

    /// The block with a coinbase.
    fn block(&self, coinbase: Transaction) -> Block {
        let rest = self.transactions.iter().map(|tx| (**tx).clone());
        Block { header: self.header, txdata: std::iter::once(coinbase).chain(rest).collect() }
    }

    fn fees(&self) -> Amount {
        self.fees.iter().copied().sum()
    }

    /// A template of now, if its fees are at least so much.
    async fn next_worth(&self, least: Amount) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let options = self.options;
        loop {
            let draft = self.shared.draft(&options).await?;
            if draft.fees() < least {
                return Ok(None);
            }
            let made = self.shared.read(move |shared| match draft.block(&shared.state, anyone())? {
                Some(new) => Self::of(shared.clone(), options, new).map(Some),
                None => Ok(None),
            });
            if let Some(template) = made.await? {
                return Ok(Some(Arc::new(template)));
            }
        }
    }

    /// Whether the highest block is so old that the next one may be of the lowest difficulty.
    fn may_be_easy(&self) -> bool {
        self.shared.state.clock().now() > u64::from(self.next.parent_time) + EASY_AFTER
    }
}

#[ipc_interface]
impl BlockTemplate for NodeTemplate {
    async fn get_block_header(&self) -> Result<block::Header> {
        Ok(self.header)
    }

    async fn get_block(&self) -> Result<Block> {
        Ok(self.block(self.first.clone()))
    }

    async fn get_tx_fees(&self) -> Result<Vec<Amount>> {
        Ok(self.fees.clone())
    }

    async fn get_tx_sigops(&self) -> Result<Vec<i64>> {
        let signed = |count: &u64| i64::try_from(*count).map_err(|_| Error::failed("too many sigops"));
        self.sigops.iter().map(signed).collect()
    }

    async fn get_coinbase_tx(&self) -> Result<CoinbaseTx> {
        Ok(self.coinbase.clone())
    }

    async fn get_coinbase_merkle_path(&self) -> Result<Vec<TxMerkleNode>> {
        let transactions = std::iter::once(&self.first).chain(self.transactions.iter().map(|tx| &**tx));
        Ok(merkle::path(merkle::leaves(transactions)))
    }

    async fn wait_next(&self, options: &BlockWaitOptions) -> Result<Option<Arc<dyn BlockTemplate>>> {
        let deadline = options.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let watches_fees = options.fee_threshold < Amount::MAX_MONEY;
        // Of what change of the mempool the fees are known.
        let mut looked = None;
        let turns_easy = Params::new(self.shared.state.network()).allow_min_difficulty_blocks;
        loop {
            let tick = (watches_fees || turns_easy).then(|| Instant::now() + TICK);
            let until = tick.into_iter().chain(deadline).min();
            let on_new_block = |now: &Seen| now.tip.hash != self.next.parent;
            match wait(&self.shared.state, &self.interrupt, until, on_new_block).await {
                Woken::Ended => return Ok(None),
                Woken::Done => return self.next_worth(Amount::ZERO).await,
                Woken::TimeUp => {}
            }
            if turns_easy && self.may_be_easy() {
                return self.next_worth(Amount::ZERO).await;
            }
            let changes = Some(self.shared.state.seen().mempool_changes);
            if watches_fees
                && looked != changes
                && let Some(least) = self.fees().checked_add(options.fee_threshold)
            {
                let better = self.next_worth(least).await?;
                looked = changes;
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
        let mut block = self.block(coinbase.clone());
        block.header.version = block::Version::from_consensus(version.cast_signed());
        block.header.time = timestamp;
        block.header.nonce = nonce;
        let submit = move |state: &State| {
            let root = merkle::root(merkle::leaves(&block.txdata)).0;
            block.header.merkle_root = root.ok_or_else(|| Error::failed("the block is empty"))?;
            if block.txdata.first().is_none_or(|first| first.input.is_empty()) {
                // It has no form in which the kernel would take it.
                return Ok(Err(no_coinbase(&block.header)));
            }
            submit_block(state, &block)
        };
        self.shared.write(submit).await
    }
}
