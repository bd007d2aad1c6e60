//! The blocks that the wallet knows, by height.
//!
//! In: changes of BDK's chain, a list that is walked from its end. Out: whether a block is in it, without walking.

use std::collections::BTreeMap;
use std::convert::Infallible;

use bdk_wallet::chain::local_chain::{ChangeSet, LocalChain};
use bdk_wallet::chain::{BlockId, ChainOracle};
use bitcoin::BlockHash;

/// The blocks of a chain.
pub(super) struct Heights(BTreeMap<u32, BlockHash>);

impl Heights {
    pub(super) fn of(chain: &LocalChain) -> Self {
        Heights(chain.iter_checkpoints().map(|block| (block.height(), block.hash())).collect())
    }

    /// Follows the chain.
    pub(super) fn apply(&mut self, changes: &ChangeSet) {
        for (height, hash) in &changes.blocks {
            match hash {
                Some(hash) => self.0.insert(*height, *hash),
                None => self.0.remove(height),
            };
        }
    }

    pub(super) fn get(&self, height: u32) -> Option<BlockHash> {
        self.0.get(&height).copied()
    }

    /// The lowest known block at this height or above.
    pub(super) fn from(&self, height: u32) -> Option<BlockId> {
        self.0.range(height..).next().map(|(height, hash)| BlockId { height: *height, hash: *hash })
    }
}

impl ChainOracle for Heights {
    type Error = Infallible;

    fn is_block_in_chain(&self, block: BlockId, tip: BlockId) -> Result<Option<bool>, Infallible> {
        let below = self.get(tip.height) == Some(tip.hash) && block.height <= tip.height;
        Ok(self.get(block.height).filter(|_| below).map(|hash| hash == block.hash))
    }

    fn get_chain_tip(&self) -> Result<BlockId, Infallible> {
        let tip = self.0.last_key_value().map(|(height, hash)| BlockId { height: *height, hash: *hash });
        Ok(tip.unwrap_or_default())
    }
}
