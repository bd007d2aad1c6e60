//! Opening and closing a node.
//!
//! In: a directory and options. Out: a [`State`] that has caught up with its own blocks.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock};

use bitcoin::Network;
use bitcoin_init::lock::DirectoryLock;
use bitcoin_init::shutdown::Shutdown;
use mp_runtime::Result;

use super::branches::Branches;
use super::notifier::{Event, Notifier};
use super::tip_block::TipBlock;
use super::{Clock, State, Writer, lock};
use crate::chainstate::Chainstate;
use crate::fees::Estimator;
use crate::index::{self, Index};
use crate::mempool::persist::journal::Journal;
use crate::mempool::{Mempool, MempoolOptions};
use crate::scripts::KernelScripts;
use bitcoin_init::signals::Signals;

const JOURNAL: &str = "mempool.journal";
const ESTIMATES: &str = "fee_estimates.json";

/// What a node is to be like.
#[derive(Clone, Debug)]
pub struct Options {
    /// The network's directory.
    pub directory: PathBuf,
    /// The network.
    pub network: Network,
    /// What the index holds.
    pub index: index::Options,
    /// The mempool's limits and policy.
    pub mempool: MempoolOptions,
    /// Whether the mempool survives the end of the process: `-persistmempool`.
    pub persist_mempool: bool,
    /// How old the highest block may be, in seconds, for the chain to have caught up: `-maxtipage`.
    pub max_tip_age: u64,
}

impl Options {
    /// Bitcoin Core's defaults.
    #[must_use]
    pub fn new(directory: impl AsRef<Path>, network: Network) -> Self {
        Options {
            directory: directory.as_ref().to_owned(),
            network,
            index: index::Options::default(),
            mempool: MempoolOptions::default(),
            persist_mempool: true,
            max_tip_age: 24 * 3600,
        }
    }
}

impl State {
    /// Opens a node: the chain, then the index, which follows it, then the mempool.
    ///
    /// `signals` hear of the progress; setting `shutdown` makes it stop early.
    ///
    /// # Errors
    ///
    /// The directory is in use, another program's or of another network, cannot be read or written, or
    /// the node is to stop before it has started.
    pub fn open(options: &Options, signals: Signals, shutdown: Shutdown) -> Result<Arc<State>> {
        Self::open_locked(Chainstate::lock(&options.directory)?, options, signals, shutdown)
    }

    /// As [`State::open`], in a directory that was taken before with [`Chainstate::lock`].
    ///
    /// # Errors
    ///
    /// As [`State::open`].
    pub fn open_locked(
        taken: DirectoryLock,
        options: &Options,
        signals: Signals,
        shutdown: Shutdown,
    ) -> Result<Arc<State>> {
        let say = |message: &str| {
            tracing::info!(target: "node", "{message}");
            signals.loading(message);
        };
        let directory = &options.directory;
        say("Loading block index…");
        let chain = Chainstate::open_locked(taken, directory, options.network)?;
        let events = chain.subscribe();
        say("Loading the index…");
        let shown = Cell::new(0);
        let interrupted = |at: u32, of: u32| {
            let hundredths = u64::from(at) * 100 / u64::from(of.max(1));
            if shown.replace(hundredths) != hundredths {
                signals.loading(&format!("Loading the index… {hundredths} %"));
            }
            shutdown.requested()
        };
        let index = Index::open(&directory.join("index"), &chain, options.index, &interrupted)?;
        let tip = index.best();
        let state = Arc::new(State {
            network: options.network,
            max_tip_age: options.max_tip_age,
            shutdown,
            clock: Clock::default(),
            signals,
            chain,
            index,
            mempool: Mutex::new(Mempool::new(options.mempool.clone(), Arc::new(KernelScripts))),
            estimator: Mutex::new(Estimator::load(&directory.join(ESTIMATES))),
            journal: Mutex::default(),
            directory: directory.clone(),
            notifier: Notifier::new(),
            branches: Branches::default(),
            tip_block: TipBlock::new(tip),
            initial_download: AtomicBool::new(true),
            tip_signals: OnceLock::new(),
            assembled: Mutex::default(),
            writer: Mutex::new(Writer { events, flushed: (tip.height, 0) }),
        });
        state.update_initial_download(tip);
        if options.persist_mempool {
            state.signals.loading("Loading mempool…");
            let (journal, records) = Journal::open(&directory.join(JOURNAL))?;
            state.restore(records);
            *lock(&state.journal) = Some(journal);
            state.save_mempool()?;
        }
        state.signal_tips()?;
        state.tell_warnings();
        Ok(state)
    }

    /// Wakes everybody who waits, tells everybody that the chain is on disk, and writes what is kept in
    /// memory. The chain itself is closed when the last handle on the state goes.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn close(&self) -> Result<()> {
        let _writer = lock(&self.writer);
        self.tip_block.change(|now| now.stopping = true);
        if let Some(locator) = self.chain.locator(self.tip().hash) {
            self.notifier.tell(&Event::Flushed(locator.into()));
        }
        self.notifier.finish();
        let saved = self.save_mempool();
        self.estimator().save(&self.directory.join(ESTIMATES))?;
        saved
    }

    /// Closes the chain, after [`State::close`] and once nobody else uses the state.
    ///
    /// # Errors
    ///
    /// The chain could not be flushed; the next start repairs it.
    pub fn finish(self) -> Result<()> {
        Ok(self.chain.close()?)
    }
}
