//! Reading the index.
//!
//! In: outpoints, hashes and heights. Out: coins, filters and facts, all of one moment.

use std::ops::ControlFlow;

use bitcoin::bip158::{BlockFilter, FilterHeader};
use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, OutPoint, Txid};
use bitcoin_ipc::types::Coin;
use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable};

use super::error::{Error, Result};
use super::facts::BlockFacts;
use super::tables::{BLOCKS, COINS, FILTERS, HEIGHTS, STATE, TRANSACTIONS, coin_key, outpoint, state};
use super::totals::Totals;
use crate::chainstate::Place;

/// The index as it was when this was taken; later blocks do not change it.
///
/// While it lives the database cannot reuse what these blocks made obsolete: keep it briefly.
pub struct View {
    transaction: ReadTransaction,
    best: Place,
    totals: Totals,
}

fn coin(bytes: &[u8]) -> Result<Coin> {
    Coin::from_bytes(bytes).map_err(|error| Error::Unusable(error.to_string()))
}

impl View {
    pub(super) fn new(database: &Database) -> Result<Self> {
        let transaction = database.begin_read()?;
        let row = transaction.open_table(STATE)?.get(())?;
        let row = row.ok_or_else(|| Error::Unusable("it has no last block".to_owned()))?;
        let (best, totals) = state(row.value());
        drop(row);
        Ok(View { transaction, best, totals })
    }

    /// The last block.
    #[must_use]
    pub fn best(&self) -> Place {
        self.best
    }

    /// Sums over all coins.
    #[must_use]
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// An unspent output of the active chain; `None` if it is spent or was never there.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>> {
        let row = self.transaction.open_table(COINS)?.get(coin_key(outpoint))?;
        row.map(|row| coin(row.value())).transpose()
    }

    /// Gives every unspent output, in the order of the bytes of the transactions' hashes and then of
    /// the outputs, until the callback breaks.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn for_each_coin(&self, mut give: impl FnMut(OutPoint, Coin) -> ControlFlow<()>) -> Result<()> {
        for row in self.transaction.open_table(COINS)?.iter()? {
            let (key, value) = row?;
            if give(outpoint(&key.value()), coin(value.value())?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The hash at a height of the active chain; `None` above the last block.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn hash_at(&self, height: u32) -> Result<Option<BlockHash>> {
        let row = self.transaction.open_table(HEIGHTS)?.get(height)?;
        Ok(row.map(|row| BlockHash::from_byte_array(row.value())))
    }

    /// The facts of a block that is, or ever was, in the active chain.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn block(&self, hash: BlockHash) -> Result<Option<BlockFacts>> {
        let row = self.transaction.open_table(BLOCKS)?.get(hash.to_byte_array())?;
        Ok(row.map(|row| BlockFacts::from_row(row.value())))
    }

    /// The basic filter (BIP 158) of a block that is, or ever was, in the active chain; `None` where
    /// the index has no filters.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn filter(&self, hash: BlockHash) -> Result<Option<BlockFilter>> {
        let row = self.transaction.open_table(FILTERS)?.get(hash.to_byte_array())?;
        Ok(row.map(|row| BlockFilter::new(row.value().1)))
    }

    /// The header (BIP 157) that goes with [`View::filter`].
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn filter_header(&self, hash: BlockHash) -> Result<Option<FilterHeader>> {
        let row = self.transaction.open_table(FILTERS)?.get(hash.to_byte_array())?;
        Ok(row.map(|row| FilterHeader::from_byte_array(row.value().0)))
    }

    /// The block of the active chain with a transaction, the genesis block excepted; `None` where the
    /// index has no transactions.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn transaction(&self, txid: Txid) -> Result<Option<BlockHash>> {
        match self.transaction.open_table(TRANSACTIONS)?.get(txid.to_byte_array())? {
            Some(row) => self.hash_at(row.value()),
            None => Ok(None),
        }
    }
}
