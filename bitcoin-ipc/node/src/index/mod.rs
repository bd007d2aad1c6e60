//! What the kernel cannot be asked for: coins by outpoint, filters, and numbers of blocks.
//!
//! In: a [`Chainstate`] and its [`ChainEvent`]s. Out: coins, filters, counts and, where wanted,
//! the places of transactions, as of one block; kept in a database of their own.

mod batch;
mod coins;
mod error;
mod facts;
mod past;
mod sync;
mod tables;
mod totals;
mod view;

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock};

use bitcoin::bip158::{BlockFilter, FilterHeader};
use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, OutPoint, Txid};
use bitcoin_init::owner;
use bitcoin_ipc::types::Coin;
use redb::{Database, ReadableDatabase, TableError};

use batch::{Batch, write_about};
pub(crate) use coins::is_unspendable;
pub use error::{Error, Result};
pub use facts::BlockFacts;
pub use past::Past;
use tables::{ABOUT, VERSION};
pub use totals::Totals;
pub use view::View;

use crate::chainstate::{ChainEvent, Chainstate, Place};

/// What the database keeps in memory at most, in bytes.
const CACHE: usize = 256 << 20;

/// What an index holds besides coins and numbers of blocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The basic filter (BIP 158) of each block: Bitcoin Core's `-blockfilterindex`.
    pub filters: bool,
    /// The block of each transaction: Bitcoin Core's `-txindex`.
    pub txindex: bool,
}

/// An index on disk, which follows a chain. Share it with `Arc`.
///
/// Each change is on disk when the call returns; there is nothing to close.
pub struct Index {
    database: Database,
    options: Options,
    best: RwLock<Place>,
    /// One writer at a time, until `best` says what it wrote.
    writing: Mutex<()>,
}

impl Index {
    /// Opens the index in a directory, which is made if it is missing, and brings it to the chain's
    /// tip as [`Index::sync`] does.
    ///
    /// An index that is damaged, of another network, of blocks that are not stored any more, or
    /// without something that the options ask for is rebuilt from the genesis block. What the options
    /// do not ask for is dropped.
    ///
    /// # Errors
    ///
    /// As [`Index::sync`]; or the directory cannot be written, or another process has the index open.
    pub fn open(
        directory: &Path,
        chain: &Chainstate,
        options: Options,
        interrupted: &dyn Fn(u32, u32) -> bool,
    ) -> Result<Self> {
        let file = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { path, source }
        };
        owner::create_folder(directory).map_err(file(directory))?;
        let path = directory.join("index.redb");
        let open = || {
            let index = Self::open_as_is(&path, chain, options)?;
            index.sync(chain, interrupted)?;
            Ok(index)
        };
        match open() {
            Err(Error::Unusable(why)) => {
                tracing::warn!(target: "node", "The index is rebuilt from the first block: {why}.");
                fs::remove_file(&path).map_err(file(&path))?;
                open()
            }
            result => result,
        }
    }

    /// Opens the database wherever it is; a new one is empty.
    fn open_as_is(path: &Path, chain: &Chainstate, options: Options) -> Result<Self> {
        let made = owner::options().append(true).create(true).open(path);
        let restricted = made.and_then(|file| owner::restrict(&file));
        restricted.map_err(|source| Error::File { path: path.to_owned(), source })?;
        let database = Database::builder().set_cache_size(CACHE).create(path)?;
        let genesis = chain.hash_at(0).unwrap_or_else(BlockHash::all_zeros);
        let unusable = |why: &str| Err(Error::Unusable(why.to_owned()));
        let kept = match database.begin_read()?.open_table(ABOUT) {
            Err(TableError::TableDoesNotExist(_)) => None,
            table => table?.get(())?.map(|row| row.value()),
        };
        if let Some((version, found, filters, txindex)) = kept {
            if version != VERSION {
                return unusable("it is of another version of this program");
            }
            if found != genesis.to_byte_array() {
                return unusable("it is of another network");
            }
            if (options.filters && !filters) || (options.txindex && !txindex) {
                return unusable("it lacks what is now asked for");
            }
        }
        let transaction = database.begin_write()?;
        write_about(&transaction, genesis, options)?;
        transaction.commit()?;
        let best = RwLock::new(Place { hash: genesis, height: 0 });
        Ok(Index { database, options, best, writing: Mutex::default() })
    }

    /// Changes the index in one transaction, which is on disk when this returns, or not at all.
    fn write<R>(&self, change: impl FnOnce(&mut Batch<'_>) -> Result<R>) -> Result<R> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = self.database.begin_write()?;
        // After a crash the next start need not read all of it.
        transaction.set_quick_repair(true);
        let mut batch = Batch::new(&transaction, self.options)?;
        let result = change(&mut batch)?;
        let best = batch.finish()?;
        transaction.commit()?;
        if let Some(best) = best {
            *self.best.write().unwrap_or_else(PoisonError::into_inner) = best;
        }
        Ok(result)
    }

    /// Follows the chain by one or several events, in their order, in one transaction.
    ///
    /// # Errors
    ///
    /// An event does not follow on the one before it, or the index cannot be written: nothing was
    /// changed then.
    pub fn apply<'a>(&self, events: impl IntoIterator<Item = &'a ChainEvent>) -> Result<()> {
        let changes = events.into_iter().filter(|event| !matches!(event, ChainEvent::Tip { .. }));
        let mut changes = changes.peekable();
        if changes.peek().is_none() {
            return Ok(());
        }
        self.write(|batch| {
            changes.try_for_each(|event| match event {
                ChainEvent::BlockConnected { block, height, undo } => batch.connect(block, *height, undo),
                ChainEvent::BlockDisconnected { block, height, undo } => {
                    batch.disconnect(block, *height, undo)
                }
                ChainEvent::Tip { .. } => Ok(()),
            })
        })
    }

    /// The last block.
    #[must_use]
    pub fn best(&self) -> Place {
        *self.best.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there are filters.
    #[must_use]
    pub fn has_filters(&self) -> bool {
        self.options.filters
    }

    /// Whether there are the places of transactions.
    #[must_use]
    pub fn has_transactions(&self) -> bool {
        self.options.txindex
    }

    /// The index as it is now, for several reads that belong together.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn view(&self) -> Result<View> {
        View::new(&self.database)
    }
}

/// Single reads, each of its own moment. Errors are those of [`Index::view`].
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
impl Index {
    /// [`View::coin`].
    pub fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>> {
        self.view()?.coin(outpoint)
    }

    /// [`View::totals`].
    pub fn totals(&self) -> Result<Totals> {
        Ok(self.view()?.totals())
    }

    /// [`View::for_each_coin`].
    pub fn for_each_coin(&self, give: impl FnMut(OutPoint, Coin) -> ControlFlow<()>) -> Result<()> {
        self.view()?.for_each_coin(give)
    }

    /// [`View::block`].
    pub fn block(&self, hash: BlockHash) -> Result<Option<BlockFacts>> {
        self.view()?.block(hash)
    }

    /// [`View::filter`].
    pub fn filter(&self, hash: BlockHash) -> Result<Option<BlockFilter>> {
        self.view()?.filter(hash)
    }

    /// [`View::filter_header`].
    pub fn filter_header(&self, hash: BlockHash) -> Result<Option<FilterHeader>> {
        self.view()?.filter_header(hash)
    }

    /// [`View::transaction`].
    pub fn transaction(&self, txid: Txid) -> Result<Option<BlockHash>> {
        self.view()?.transaction(txid)
    }
}
