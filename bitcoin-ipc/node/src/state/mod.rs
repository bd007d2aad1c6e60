//! The node: chain, index and mempool as one, and everybody who is told of their changes.
//!
//! In: blocks and transactions. Out: what became of them; the chain and the mempool to read from;
//! notifications, in the order of the changes.
//!
//! One change is made at a time. Locks are taken in this order: the writer's, the mempool's, the
//! estimator's. Whoever holds the mempool sees the coins that it stands on.

mod branches;
mod clock;
mod import;
mod notifier;
mod open;
mod progress;
mod tip_block;
mod tip_signals;
mod transactions;
mod view;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

use bitcoin::block::Header;
use bitcoin::{Block, BlockHash, Network};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::{BlockInfo, BlockLocator, BlockUndo, MempoolRemovalReason};
use mp_runtime::callbacks::News;
use mp_runtime::{Error, Result};
use tokio::sync::watch;

pub use branches::BranchStatus;
pub use clock::Clock;
pub use import::{ImportOptions, Imported};
pub use notifier::Registration;
pub(crate) use notifier::Watcher;
pub use open::Options;
pub use tip_block::Seen;

pub use view::ChainView;

use crate::chainstate::{ChainEvent, Chainstate, MAX_FUTURE_BLOCK_TIME, Place, Reject, Verdict};
use crate::fees::Estimator;
use crate::index::Index;
use crate::mempool::Mempool;
use crate::mempool::persist::journal::Journal;
use bitcoin_init::signals::Signals;
use branches::Branches;
use notifier::{Event, Notifier};
use tip_block::TipBlock;

/// How many blocks, or seconds, lie between two messages that the chain is safely on disk.
const FLUSHED_BLOCKS: u32 = 144;
const FLUSHED_SECONDS: u64 = 600;

/// A running node, without the interfaces that it is used through. Share it with `Arc`.
pub struct State {
    network: Network,
    max_tip_age: u64,
    shutdown: Shutdown,
    clock: Clock,
    signals: Signals,
    chain: Chainstate,
    index: Index,
    mempool: Mutex<Mempool>,
    estimator: Mutex<Estimator>,
    journal: Mutex<Option<Journal>>,
    directory: std::path::PathBuf,
    notifier: Notifier,
    branches: Branches,
    tip_block: TipBlock,
    /// Whether the chain has not caught up yet; once it has, it stays so.
    initial_download: AtomicBool,
    tip_signals: OnceLock<Registration>,
    assembled: Mutex<Option<Assembled>>,
    writer: Mutex<Writer>,
}

/// The size of a block that was put together here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assembled {
    /// Its weight, with what is kept free for header and coinbase.
    pub weight: u64,
    /// Its transactions from the mempool.
    pub transactions: usize,
}

/// What belongs to whoever makes a change.
struct Writer {
    events: Receiver<ChainEvent>,
    /// The height and time of the last message that the chain is on disk.
    flushed: (u32, u64),
}

fn unreadable(error: crate::mempool::ViewError) -> Error {
    Error::failed(format!("the chain cannot be read: {error}"))
}

/// A height in the form in which it travels.
pub(crate) fn signed(height: u32) -> Result<i32> {
    i32::try_from(height).map_err(|_| Error::bad_value(format!("height {height} has more than 31 bits")))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    /// The last block that was put together here, for whomever; none before the first.
    #[must_use]
    pub fn last_assembled(&self) -> Option<Assembled> {
        *lock(&self.assembled)
    }

    /// Notes that a block was put together.
    pub(crate) fn note_assembled(&self, assembled: Assembled) {
        *lock(&self.assembled) = Some(assembled);
    }

    /// The network.
    #[must_use]
    pub fn network(&self) -> Network {
        self.network
    }

    /// The blocks, and where they stand.
    #[must_use]
    pub fn chain(&self) -> &Chainstate {
        &self.chain
    }

    /// The coins, filters and counts of the active chain.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }

    /// The mempool. While this is held the chain stands still, so hold it briefly.
    pub fn mempool(&self) -> MutexGuard<'_, Mempool> {
        lock(&self.mempool)
    }

    /// The estimates of fee rates.
    pub fn estimator(&self) -> MutexGuard<'_, Estimator> {
        lock(&self.estimator)
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// What user interfaces hear.
    #[must_use]
    pub fn signals(&self) -> &Signals {
        &self.signals
    }

    /// The wish to stop.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// The chain as a mempool sees it; valid while the mempool is held.
    #[must_use]
    pub fn view(&self) -> ChainView<'_> {
        ChainView::new(&self.chain, &self.index)
    }

    /// The active chain's last block, of which everything is known.
    #[must_use]
    pub fn tip(&self) -> Place {
        self.index.best()
    }

    /// Whether the chain has not caught up with the present since the start: Bitcoin Core's initial
    /// block download. Once it has caught up, this stays false.
    #[must_use]
    pub fn is_initial_block_download(&self) -> bool {
        self.initial_download.load(Ordering::Relaxed)
    }

    /// Guesses how much of all transactions lies at or below a block, from 0 to 1.
    ///
    /// # Errors
    ///
    /// The index or a header cannot be read.
    pub fn verification_progress(&self, hash: BlockHash) -> Result<f64> {
        let (Some(header), Some(facts)) = (self.chain.header(hash)?, self.index.block(hash)?) else {
            return Ok(0.0);
        };
        let known = progress::Known {
            time: header.time,
            below_best: self.tip().height.saturating_sub(facts.height),
            transactions: facts.chain_tx_count,
        };
        Ok(progress::guess(self.network, self.clock.now(), &known))
    }

    /// [`State::tip`] once the change that is under way is over, so that everything is to be told.
    pub(crate) fn settled_tip(&self) -> Place {
        let _writer = lock(&self.writer);
        self.tip()
    }

    /// What the node is like now, for [`State::wait`].
    #[must_use]
    pub fn seen(&self) -> Seen {
        self.tip_block.now()
    }

    /// Blocks the thread until `done` holds, the deadline has passed or the node stops.
    pub fn wait(&self, deadline: Option<Instant>, done: impl FnMut(&Seen) -> bool) -> Seen {
        self.tip_block.wait(deadline, done)
    }

    /// The node's changes, for tasks.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<Seen> {
        self.tip_block.subscribe()
    }

    /// Checks a block, and makes its branch the active chain if it has the most work.
    ///
    /// When this returns, index and mempool have followed, and notifications are on their way.
    ///
    /// # Errors
    ///
    /// The kernel or the index cannot go on; the node should stop then.
    pub fn process_block(&self, block: &Block) -> Result<Verdict> {
        let (verdict, followed) = {
            let mut writer = lock(&self.writer);
            if self.is_ahead_of_mock_time(block)? {
                return Ok(Verdict::Invalid(Reject::time_too_new()));
            }
            (self.chain.process_block(block), self.follow(&mut writer))
        };
        self.tell_warnings();
        followed?;
        let verdict = verdict?;
        let hash = block.block_hash();
        if let Some(status) = BranchStatus::of(&verdict)
            && self.chain.header(hash)?.is_some()
            && !self.chain.is_active(hash)
        {
            self.branches.note(hash, status);
        }
        Ok(verdict)
    }

    /// Checks a header by itself and keeps it, so that its block may follow.
    ///
    /// # Errors
    ///
    /// The kernel cannot go on.
    pub fn process_header(&self, header: &Header) -> Result<Verdict> {
        let _writer = lock(&self.writer);
        let verdict = self.chain.process_header(header)?;
        if verdict == Verdict::Inconclusive {
            self.branches.note(header.block_hash(), BranchStatus::HeadersOnly);
        }
        Ok(verdict)
    }

    /// Blocks outside the active chain that came since the start, with how far each came.
    #[must_use]
    pub fn branches(&self) -> Vec<(BlockHash, BranchStatus)> {
        let mut branches = self.branches.all();
        branches.retain(|(hash, _)| !self.chain.is_active(*hash));
        branches
    }

    /// What the user should know, in Bitcoin Core's words.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.chain.warnings()
    }

    /// Has user interfaces look at the warnings, if those have changed. They may ask the chain at once, so
    /// nothing is locked meanwhile.
    fn tell_warnings(&self) {
        if self.chain.take_warning_change() {
            self.signals.alert.tell(News::Once("alert".into()), |hear| hear());
        }
    }

    /// Whether a new block is too far ahead of a clock that was set: the kernel's own cannot be.
    fn is_ahead_of_mock_time(&self, block: &Block) -> Result<bool> {
        let (header, mock_time) = (&block.header, self.clock.mock_time());
        Ok(mock_time != 0
            && u64::from(header.time) > mock_time.saturating_add(MAX_FUTURE_BLOCK_TIME)
            && header.validate_pow(header.target()).is_ok()
            && self.chain.header(block.block_hash())?.is_none()
            && self.chain.header(header.prev_blockhash)?.is_some())
    }

    /// Has everything else follow the chain.
    fn follow(&self, writer: &mut Writer) -> Result<()> {
        let events: Vec<ChainEvent> = writer.events.try_iter().collect();
        if events.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut mempool = self.mempool();
        self.index.apply(&events)?;
        // Whoever has heard of a block has heard of the mempool on top of it, as from Bitcoin Core: blocks
        // are told last.
        let (mut told, mut connected) = (Vec::new(), Vec::new());
        for event in &events {
            match event {
                ChainEvent::BlockConnected { block, height, undo } => {
                    let (confirmed, conflicts): (Vec<_>, Vec<_>) = mempool
                        .block_connected(block, now)
                        .into_iter()
                        .partition(|gone| gone.reason == MempoolRemovalReason::Block);
                    self.estimator().block_connected(*height, &confirmed);
                    told.extend(self.left(conflicts));
                    let info = self.block_info(block, *height, Some(undo))?;
                    connected.push(Event::Connected(info.hash, self.notifier.keep(info)));
                }
                ChainEvent::BlockDisconnected { block, height, undo } => {
                    told.extend(self.left(mempool.block_disconnected(block)));
                    let info = self.block_info(block, *height, Some(undo))?;
                    self.branches.note(info.hash, BranchStatus::ValidFork);
                    told.push(Event::Disconnected(info.hash, self.notifier.keep(info)));
                }
                ChainEvent::Tip { .. } => {}
            }
        }
        let tip = self.tip();
        if events.iter().any(|event| matches!(event, ChainEvent::BlockDisconnected { .. })) {
            let changes = mempool.after_reorg(&self.view(), now).map_err(unreadable)?;
            told.extend(self.take_in(&changes));
        }
        told.extend(self.left(mempool.expire(now)));
        told.append(&mut connected);
        told.push(Event::Tip);
        if let Some(locator) = self.flush_is_due(writer, tip) {
            told.push(Event::Flushed(locator.into()));
        }
        // Whoever hears of the block that ends it knows that by then.
        self.update_initial_download(tip);
        for event in &told {
            self.notifier.tell(event);
        }
        self.tip_block.change(|now| {
            now.tip = tip;
            now.mempool_changes += 1;
        });
        Ok(())
    }

    /// A message that the chain is on disk is due now and then: whoever follows it may forget what
    /// lies below.
    fn flush_is_due(&self, writer: &mut Writer, tip: Place) -> Option<BlockLocator> {
        let now = self.clock.now();
        let (height, time) = writer.flushed;
        if tip.height.abs_diff(height) < FLUSHED_BLOCKS && now.abs_diff(time) < FLUSHED_SECONDS {
            return None;
        }
        writer.flushed = (tip.height, now);
        self.chain.locator(tip.hash)
    }

    fn update_initial_download(&self, tip: Place) {
        if self.is_initial_block_download()
            && let Ok(Some(header)) = self.chain.header(tip.hash)
            && u64::from(header.time) + self.max_tip_age >= self.clock.now()
        {
            tracing::info!(target: "node", "The chain has caught up at block {} {}.", tip.height, tip.hash);
            self.initial_download.store(false, Ordering::Relaxed);
        }
    }

    /// Waits until everybody has been told of everything that has happened so far, and gives true; false
    /// once `give_up` says so: Bitcoin Core's `SyncWithValidationInterfaceQueue`.
    pub fn wait_until_told(&self, give_up: &dyn Fn() -> bool) -> bool {
        self.notifier.wait_until_told(give_up)
    }

    /// What is told of a block.
    fn block_info(&self, block: &Block, height: u32, undo: Option<&BlockUndo>) -> Result<BlockInfo> {
        let hash = block.block_hash();
        Ok(BlockInfo {
            hash,
            prev_hash: (height > 0).then_some(block.header.prev_blockhash),
            height: signed(height)?,
            // Where the kernel keeps the block is not known.
            file_number: -1,
            data_pos: 0,
            data: Some(block.clone()),
            undo_data: undo.cloned(),
            chain_time_max: self.index.block(hash)?.map_or(block.header.time, |facts| facts.time_max),
        })
    }

    /// Tells `to` of all that happens from now on, until the registration is dropped.
    ///
    /// # Errors
    ///
    /// The system has no thread to give.
    pub fn notify(self: &Arc<Self>, to: Arc<dyn ChainNotifications>) -> Result<Registration> {
        let state: Weak<State> = Arc::downgrade(self);
        let read = move |hash: BlockHash| {
            let state = state.upgrade().ok_or_else(|| Error::disconnected("the node has stopped"))?;
            let missing = || Error::failed(format!("block {hash} is not on disk"));
            let block = state.chain.block(hash)?.ok_or_else(missing)?;
            let undo = state.chain.undo(hash)?.ok_or_else(missing)?;
            let height = state.chain.height(hash).ok_or_else(missing)?;
            state.block_info(&block, height, Some(&undo))
        };
        // Not in the middle of a change.
        let _writer = lock(&self.writer);
        self.notifier.register(to, Box::new(read))
    }
}
