//! The coins of an earlier block.
//!
//! In: a [`View`], and the blocks since then with what they spent. Out: every coin as it was, in the
//! order of the index. What changed is held in memory; the index stays as it is.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use bitcoin::OutPoint;
use bitcoin_ipc::types::Coin;

use super::batch::{made, pairs};
use super::error::{Error, Result};
use super::tables::{CoinKey, coin_key, outpoint};
use super::view::View;
use crate::chainstate::{Chainstate, Place};

/// The set of coins after a block of the chain that a [`View`] is of.
pub struct Past<'a> {
    view: &'a View,
    /// Coins that the set had and the view does not have, and the reverse.
    changes: BTreeMap<CoinKey, Option<Coin>>,
}

impl<'a> Past<'a> {
    /// Takes off the blocks above a block.
    ///
    /// # Errors
    ///
    /// The block is not one of the view's chain, a block cannot be read, or `interrupted`.
    pub fn new(
        view: &'a View,
        chain: &Chainstate,
        place: Place,
        interrupted: &dyn Fn() -> bool,
    ) -> Result<Self> {
        let missing =
            |what: &str, height: u32| Error::Unusable(format!("the {what} at height {height} is missing"));
        if view.hash_at(place.height)? != Some(place.hash) {
            return Err(missing("block", place.height));
        }
        let mut changes = BTreeMap::new();
        for height in (place.height + 1..=view.best().height).rev() {
            if interrupted() {
                return Err(Error::Interrupted);
            }
            let hash = view.hash_at(height)?.ok_or_else(|| missing("block", height))?;
            let block = chain.block(hash)?.ok_or_else(|| missing("block", height))?;
            let undo = chain.undo(hash)?.ok_or_else(|| missing("undo data", height))?;
            for (transaction, spent) in pairs(&block, &undo)?.into_iter().rev() {
                for (place, _) in made(transaction, transaction.compute_txid(), height) {
                    changes.insert(coin_key(&place), None);
                }
                for (input, coin) in transaction.input.iter().zip(spent) {
                    changes.insert(coin_key(&input.previous_output), Some(coin.clone()));
                }
            }
        }
        Ok(Past { view, changes })
    }

    /// Gives every coin, in the order of [`View::for_each_coin`], until the callback breaks.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub fn for_each_coin(&self, mut give: impl FnMut(OutPoint, &Coin) -> ControlFlow<()>) -> Result<()> {
        let mut changes = self.changes.iter().peekable();
        let mut over = false;
        self.view.for_each_coin(|place, coin| {
            let key = coin_key(&place);
            while let Some((at, change)) = changes.next_if(|(at, _)| **at < key) {
                if let Some(coin) = change
                    && give(outpoint(at), coin).is_break()
                {
                    over = true;
                    return ControlFlow::Break(());
                }
            }
            let given = match changes.next_if(|(at, _)| **at == key) {
                Some((_, None)) => ControlFlow::Continue(()),
                Some((_, Some(coin))) => give(place, coin),
                None => give(place, &coin),
            };
            over = given.is_break();
            given
        })?;
        for (at, change) in changes {
            if over {
                break;
            }
            if let Some(coin) = change {
                over = give(outpoint(at), coin).is_break();
            }
        }
        Ok(())
    }
}
