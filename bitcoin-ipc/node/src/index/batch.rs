//! Blocks put on the index and taken off again, in one transaction of the database.
//!
//! In: blocks with the coins that they spent. Out: rows of all tables, which are seen and on disk
//! together, or not at all.

use bitcoin::bip158::FilterHeader;
use bitcoin::hashes::Hash;
use bitcoin::{Block, BlockHash, OutPoint, Transaction};
use bitcoin_ipc::types::{BlockUndo, Coin};
use redb::{ReadableTable, Table, WriteTransaction};

use super::Options;
use super::coins::{Changes, is_unspendable};
use super::error::{Error, Result};
use super::facts::{BlockFacts, basic_filter};
use super::tables::{
    ABOUT, BLOCKS, Bytes, COINS, CoinKey, FILTERS, Facts, HEIGHTS, STATE, State, TRANSACTIONS, VERSION,
    state, state_row,
};
use super::totals::Totals;
use crate::chainstate::Place;

/// A transaction in the making.
pub(super) struct Batch<'a> {
    options: Options,
    /// The index's last block; `None` before the genesis block.
    best: Option<Place>,
    changes: Changes,
    blocks_changed: usize,
    state: Table<'a, (), State>,
    coins: Table<'a, CoinKey, &'static [u8]>,
    heights: Table<'a, u32, Bytes>,
    blocks: Table<'a, Bytes, Facts>,
    filters: Table<'a, Bytes, (Bytes, &'static [u8])>,
    transactions: Table<'a, Bytes, u32>,
}

/// Writes what the index is made for, and drops the tables that it is not to have.
pub(super) fn write_about(
    transaction: &WriteTransaction,
    genesis: BlockHash,
    options: Options,
) -> Result<()> {
    if !options.filters {
        transaction.delete_table(FILTERS)?;
    }
    if !options.txindex {
        transaction.delete_table(TRANSACTIONS)?;
    }
    let about = (VERSION, genesis.to_byte_array(), options.filters, options.txindex);
    transaction.open_table(ABOUT)?.insert((), about)?;
    Ok(())
}

impl<'a> Batch<'a> {
    pub(super) fn new(transaction: &'a WriteTransaction, options: Options) -> Result<Self> {
        let state_table = transaction.open_table(STATE)?;
        let (best, totals) = match state_table.get(())? {
            Some(row) => {
                let (best, totals) = state(row.value());
                (Some(best), totals)
            }
            None => (None, Totals::default()),
        };
        Ok(Batch {
            options,
            best,
            changes: Changes::new(totals),
            blocks_changed: 0,
            state: state_table,
            coins: transaction.open_table(COINS)?,
            heights: transaction.open_table(HEIGHTS)?,
            blocks: transaction.open_table(BLOCKS)?,
            filters: transaction.open_table(FILTERS)?,
            transactions: transaction.open_table(TRANSACTIONS)?,
        })
    }

    pub(super) fn best(&self) -> Option<Place> {
        self.best
    }

    /// The coins and the blocks that were changed so far.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.changes.len(), self.blocks_changed)
    }

    fn out_of_order(&self, event: BlockHash) -> Error {
        let best = self.best.map_or_else(BlockHash::all_zeros, |best| best.hash);
        Error::OutOfOrder { event, best }
    }

    /// Puts a block on the index's last one.
    pub(super) fn connect(&mut self, block: &Block, height: u32, undo: &BlockUndo) -> Result<()> {
        let hash = block.block_hash();
        let follows = match self.best {
            Some(best) => {
                block.header.prev_blockhash == best.hash && Some(height) == best.height.checked_add(1)
            }
            None => height == 0,
        };
        if !follows {
            return Err(self.out_of_order(hash));
        }
        let parent = block.header.prev_blockhash.to_byte_array();
        let parent_facts = self.blocks.get(parent)?.map(|row| BlockFacts::from_row(row.value()));
        let facts = BlockFacts::new(block, height, undo, parent_facts.as_ref())?;
        self.blocks.insert(hash.to_byte_array(), facts.row())?;
        self.heights.insert(height, hash.to_byte_array())?;
        if self.options.filters {
            let parent_header = self.filters.get(parent)?.map_or([0; 32], |row| row.value().0);
            let filter = basic_filter(block, undo);
            let header = filter.filter_header(&FilterHeader::from_byte_array(parent_header));
            self.filters.insert(hash.to_byte_array(), (header.to_byte_array(), filter.content.as_slice()))?;
        }
        // The genesis block's coinbase cannot be spent, and Bitcoin Core's `txindex` lacks it too.
        if height > 0 {
            for (transaction, spent) in pairs(block, undo)? {
                let txid = transaction.compute_txid();
                for (input, coin) in transaction.input.iter().zip(spent) {
                    self.changes.remove(&input.previous_output, coin)?;
                }
                for (place, coin) in made(transaction, txid, height) {
                    self.changes.add(&place, &coin, &self.coins)?;
                }
                if self.options.txindex {
                    self.transactions.insert(txid.to_byte_array(), height)?;
                }
            }
        }
        self.best = Some(Place { hash, height });
        self.blocks_changed += 1;
        Ok(())
    }

    /// Takes the index's last block off.
    pub(super) fn disconnect(&mut self, block: &Block, height: u32, undo: &BlockUndo) -> Result<()> {
        let hash = block.block_hash();
        if self.best != Some(Place { hash, height }) || height == 0 {
            return Err(self.out_of_order(hash));
        }
        for (transaction, spent) in pairs(block, undo)?.into_iter().rev() {
            let txid = transaction.compute_txid();
            for (place, coin) in made(transaction, txid, height) {
                self.changes.remove(&place, &coin)?;
            }
            for (input, coin) in transaction.input.iter().zip(spent) {
                self.changes.add(&input.previous_output, coin, &self.coins)?;
            }
            if self.options.txindex {
                self.transactions.remove(txid.to_byte_array())?;
            }
        }
        self.heights.remove(height)?;
        self.best = Some(Place { hash: block.header.prev_blockhash, height: height - 1 });
        self.blocks_changed += 1;
        Ok(())
    }

    /// Writes the coins and the place; what is left is to commit the transaction.
    pub(super) fn finish(mut self) -> Result<Option<Place>> {
        if let Some(best) = self.best {
            self.state.insert((), state_row(best, self.changes.totals))?;
        }
        self.changes.write(&mut self.coins)?;
        Ok(self.best)
    }
}

/// The transactions of a block, each with the coins that it spent; the coinbase has none.
pub(super) fn pairs<'b>(block: &'b Block, undo: &'b BlockUndo) -> Result<Vec<(&'b Transaction, &'b [Coin])>> {
    let spent = std::iter::once(&[][..]).chain(undo.transactions.iter().map(|undo| undo.spent.as_slice()));
    let pairs: Vec<_> = block.txdata.iter().zip(spent).collect();
    let whole = pairs.len() == block.txdata.len()
        && pairs.iter().skip(1).all(|(transaction, spent)| transaction.input.len() == spent.len());
    if whole {
        Ok(pairs)
    } else {
        Err(Error::Unusable(format!("block {} and its undo data do not match", block.block_hash())))
    }
}

/// The coins that a transaction makes.
pub(super) fn made(
    transaction: &Transaction,
    txid: bitcoin::Txid,
    height: u32,
) -> impl Iterator<Item = (OutPoint, Coin)> + '_ {
    let coinbase = transaction.is_coinbase();
    let outputs = transaction.output.iter().zip(0..);
    outputs.filter(|(output, _)| !is_unspendable(&output.script_pubkey)).map(move |(output, vout)| {
        (OutPoint::new(txid, vout), Coin { output: output.clone(), height, coinbase })
    })
}
