//! The place of the next block.
//!
//! In: the node's state. Out: the end of the chain and its coins, all of one moment.

use bitcoin::block::Header;
use bitcoin::{Network, OutPoint};
use bitcoin_ipc::types::Coin;
use mp_runtime::{Error, Result};

use super::rules::Activation;
use crate::chainstate::{Chainstate, Place};
use crate::index;
use crate::mempool::{View, ViewError};
use crate::state::State;

/// The place above a block. Blocks that come later do not change it.
pub(super) struct Next<'a> {
    chain: &'a Chainstate,
    coins: index::View,
    pub(super) network: Network,
    pub(super) active: Activation,
    pub(super) tip: Place,
    /// The height of the next block.
    pub(super) height: u32,
    /// The median time of the highest block.
    pub(super) median_time_past: u32,
    pub(super) now: u64,
}

impl<'a> Next<'a> {
    /// Above the end of the chain, with its coins.
    pub(super) fn new(state: &'a State) -> Result<Self> {
        let coins = state.index().view()?;
        let tip = coins.best();
        Next::above(state, coins, tip)
    }

    /// Above a known block of whatever branch, for rules that need no coins.
    pub(super) fn on(state: &'a State, parent: Place) -> Result<Self> {
        Next::above(state, state.index().view()?, parent)
    }

    fn above(state: &'a State, coins: index::View, tip: Place) -> Result<Self> {
        let chain = state.chain();
        let median = chain.median_time_past(tip.hash)?;
        Ok(Next {
            chain,
            coins,
            network: state.network(),
            active: Activation::of(state.network()),
            tip,
            height: tip.height + 1,
            median_time_past: median.ok_or_else(|| Error::failed("the highest block has no header"))?,
            now: state.clock().now(),
        })
    }

    /// The header at a height of this branch.
    pub(super) fn header(&self, height: u32) -> Result<Header> {
        let hash = self.chain.ancestor(self.tip.hash, height);
        let header = hash.map(|hash| self.chain.header(hash)).transpose()?.flatten();
        header.ok_or_else(|| Error::failed(format!("there is no block {height}")))
    }
}

impl View for Next<'_> {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        Ok(self.coins.coin(outpoint)?)
    }

    fn height(&self) -> u32 {
        self.tip.height
    }

    fn median_time_past_at(&self, height: u32) -> Result<u32, ViewError> {
        let missing = || format!("there is no block {height}");
        let hash = self.chain.ancestor(self.tip.hash, height).ok_or_else(missing)?;
        Ok(self.chain.median_time_past(hash)?.ok_or_else(missing)?)
    }
}
