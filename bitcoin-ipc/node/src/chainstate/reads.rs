//! Reading the chain.
//!
//! In: hashes and heights. Out: headers, blocks, undo data and places.

use bitcoin::block::Header;
use bitcoin::hashes::Hash;
use bitcoin::{Amount, Block, BlockHash, ScriptBuf, TxOut, Work, consensus};
use bitcoin_ipc::types::{BlockLocator, BlockUndo, Coin, TxUndo};
use bitcoinkernel::BlockTreeEntry;
use bitcoinkernel::prelude::*;

use super::events::{hash_of, height_of, lock};
use super::{Chainstate, Error, Result};

/// Blocks whose times make up the median.
const MEDIAN_TIME_SPAN: usize = 11;

/// Where a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The block's hash.
    pub hash: BlockHash,
    /// Its height in blocks; the genesis block has 0.
    pub height: u32,
}

fn place(entry: &BlockTreeEntry<'_>) -> Place {
    Place { hash: hash_of(entry), height: height_of(entry) }
}

impl Chainstate {
    fn entry(&self, hash: BlockHash) -> Option<BlockTreeEntry<'_>> {
        self.manager.get_block_tree_entry(&bitcoinkernel::BlockHash::from(hash.to_byte_array()))
    }

    /// The active chain's last entry. The binding's own `tip` asks for height and entry in two
    /// steps and trusts that no reorganisation came between them.
    fn tip_entry(&self) -> Result<BlockTreeEntry<'_>> {
        let chain = self.manager.active_chain();
        loop {
            let height = usize::try_from(chain.height())
                .map_err(|_| Error::Fatal("there is no genesis block".to_owned()))?;
            if let Some(entry) = chain.at_height(height) {
                return Ok(entry);
            }
        }
    }

    /// The active chain's last block.
    ///
    /// # Errors
    ///
    /// The kernel has no chain.
    pub fn tip(&self) -> Result<Place> {
        Ok(place(&self.tip_entry()?))
    }

    fn read_header(&self, entry: &BlockTreeEntry<'_>) -> Result<Header> {
        let hash = hash_of(entry);
        let mut headers = lock(&self.headers);
        if let Some(header) = headers.get(&hash) {
            return Ok(*header);
        }
        let malformed = || Error::Malformed("header");
        let bytes = entry.header().consensus_encode().map_err(|_| malformed())?;
        let header: Header = consensus::deserialize(&bytes).map_err(|_| malformed())?;
        headers.insert(hash, header);
        Ok(header)
    }

    /// The header of a known block, of whatever branch; `None` for an unknown one.
    ///
    /// # Errors
    ///
    /// The kernel's bytes do not parse.
    pub fn header(&self, hash: BlockHash) -> Result<Option<Header>> {
        self.entry(hash).map(|entry| self.read_header(&entry)).transpose()
    }

    /// A known block, of whatever branch; `None` for an unknown one.
    ///
    /// # Errors
    ///
    /// Only the header is stored, or the block cannot be read.
    pub fn block(&self, hash: BlockHash) -> Result<Option<Block>> {
        let Some(entry) = self.entry(hash) else { return Ok(None) };
        let block = self.manager.read_block_data(&entry).map_err(|_| Error::NotStored(hash))?;
        let bytes = block.consensus_encode().map_err(|_| Error::Malformed("block"))?;
        consensus::deserialize(&bytes).map(Some).map_err(|_| Error::Malformed("block"))
    }

    /// The coins that a known block spent; `None` for an unknown one.
    ///
    /// # Errors
    ///
    /// The block was never connected, or its undo data cannot be read.
    pub fn undo(&self, hash: BlockHash) -> Result<Option<BlockUndo>> {
        let Some(entry) = self.entry(hash) else { return Ok(None) };
        let spent = self.manager.read_spent_outputs(&entry).map_err(|_| Error::NotStored(hash))?;
        let coin = |coin: bitcoinkernel::CoinRef<'_>| {
            let output = coin.output();
            let value = u64::try_from(output.value()).map_err(|_| Error::Malformed("amount"))?;
            let script_pubkey = ScriptBuf::from_bytes(output.script_pubkey().to_bytes());
            Ok(Coin {
                output: TxOut { value: Amount::from_sat(value), script_pubkey },
                height: coin.confirmation_height(),
                coinbase: coin.is_coinbase(),
            })
        };
        let transactions = spent
            .iter()
            .map(|transaction| Ok(TxUndo { spent: transaction.coins().map(coin).collect::<Result<_>>()? }))
            .collect::<Result<_>>()?;
        Ok(Some(BlockUndo { transactions }))
    }

    /// The hash at a height of the active chain; `None` above its tip.
    #[must_use]
    pub fn hash_at(&self, height: u32) -> Option<BlockHash> {
        // The kernel counts heights with 31 bits.
        let height = usize::try_from(i32::try_from(height).ok()?).ok()?;
        self.manager.active_chain().at_height(height).as_ref().map(hash_of)
    }

    /// The height of a known block, of whatever branch.
    #[must_use]
    pub fn height(&self, hash: BlockHash) -> Option<u32> {
        self.entry(hash).as_ref().map(height_of)
    }

    /// Whether the block itself is stored, and not only its header.
    #[must_use]
    pub fn is_stored(&self, hash: BlockHash) -> bool {
        self.entry(hash).is_some_and(|entry| self.manager.read_block_data(&entry).is_ok())
    }

    /// The known header whose chain has the most work, also without its block.
    #[must_use]
    pub fn best_header(&self) -> Option<Place> {
        self.manager.best_entry().as_ref().map(place)
    }

    /// Whether a block is in the active chain.
    #[must_use]
    pub fn is_active(&self, hash: BlockHash) -> bool {
        self.entry(hash).is_some_and(|entry| self.manager.active_chain().contains(&entry))
    }

    /// The ancestor of a known block at a height; the block itself at its own.
    #[must_use]
    pub fn ancestor(&self, hash: BlockHash, height: u32) -> Option<BlockHash> {
        self.entry(hash)?.ancestor(i32::try_from(height).ok()?).as_ref().map(hash_of)
    }

    /// The median of the times of a known block and the ten before it, in seconds since 1970.
    ///
    /// # Errors
    ///
    /// The kernel's bytes do not parse.
    pub fn median_time_past(&self, hash: BlockHash) -> Result<Option<u32>> {
        let entries = std::iter::successors(self.entry(hash), BlockTreeEntry::prev);
        let times = entries.take(MEDIAN_TIME_SPAN).map(|entry| Ok(self.read_header(&entry)?.time));
        let mut times = times.collect::<Result<Vec<_>>>()?;
        times.sort_unstable();
        Ok(times.get(times.len() / 2).copied())
    }

    /// The work of the chain that ends with a known block. Takes one step for each block of it.
    ///
    /// # Errors
    ///
    /// The kernel's bytes do not parse.
    pub fn chain_work(&self, hash: BlockHash) -> Result<Option<Work>> {
        let mut total = None;
        for entry in std::iter::successors(self.entry(hash), BlockTreeEntry::prev) {
            let work = self.read_header(&entry)?.work();
            total = Some(total.map_or(work, |total| total + work));
        }
        Ok(total)
    }

    /// The first block of a locator that is in the active chain; the genesis block if none is.
    #[must_use]
    pub fn fork(&self, locator: &BlockLocator) -> Option<Place> {
        let chain = self.manager.active_chain();
        let known = locator.hashes.iter().filter_map(|hash| self.entry(*hash));
        known
            .into_iter()
            .find(|entry| chain.contains(entry))
            .or_else(|| chain.at_height(0))
            .as_ref()
            .map(place)
    }

    /// A locator of a known block: it and the nine before it, then ever wider steps down to the
    /// genesis block. `None` for an unknown one.
    #[must_use]
    pub fn locator(&self, hash: BlockHash) -> Option<BlockLocator> {
        let mut entry = self.entry(hash)?;
        let mut hashes = vec![hash];
        let mut step = 1;
        while entry.height() > 0 {
            entry = entry.ancestor(entry.height().saturating_sub(step).max(0))?;
            hashes.push(hash_of(&entry));
            if hashes.len() > 10 {
                step = step.saturating_mul(2);
            }
        }
        Some(BlockLocator { hashes })
    }
}
