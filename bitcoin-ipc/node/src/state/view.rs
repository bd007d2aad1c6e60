//! The chain as a mempool sees it.
//!
//! In: the chain and its index. Out: a [`View`].

use bitcoin::OutPoint;
use bitcoin_ipc::types::Coin;

use crate::chainstate::Chainstate;
use crate::index::Index;
use crate::mempool::{View, ViewError};

/// The active chain, at the block that the index has followed it to.
pub struct ChainView<'a> {
    chain: &'a Chainstate,
    index: &'a Index,
}

impl<'a> ChainView<'a> {
    pub(super) fn new(chain: &'a Chainstate, index: &'a Index) -> Self {
        ChainView { chain, index }
    }
}

impl View for ChainView<'_> {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        Ok(self.index.coin(outpoint)?)
    }

    fn height(&self) -> u32 {
        self.index.best().height
    }

    fn median_time_past_at(&self, height: u32) -> Result<u32, ViewError> {
        let hash = self.chain.hash_at(height).ok_or_else(|| format!("there is no block {height}"))?;
        Ok(self.chain.median_time_past(hash)?.ok_or_else(|| format!("there is no header of {hash}"))?)
    }
}
