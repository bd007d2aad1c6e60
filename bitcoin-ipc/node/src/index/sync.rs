//! Bringing the index to where the chain is.
//!
//! In: a chain that has gone on, or gone another way, without the index. Out: the index at the
//! chain's tip.

use std::time::{Duration, Instant};

use bitcoin::BlockHash;

use super::Index;
use super::batch::Batch;
use super::error::{Error, Result};
use crate::chainstate::{self, Chainstate, Place};

/// Changes after which a stretch of blocks is committed: some 50 MB of coins, or blocks of some
/// minutes at most.
const COINS_OF_COMMIT: usize = 200_000;
const BLOCKS_OF_COMMIT: usize = 2_000;
/// Between two lines of progress.
const PROGRESS: Duration = Duration::from_secs(5);

/// How a stretch of blocks ended.
enum Stretch {
    /// At the chain's tip.
    Done,
    /// There was enough to commit.
    Full,
    /// The caller asked to stop.
    Interrupted,
}

impl Index {
    /// Takes blocks off down to the active chain, and puts those of the active chain on up to its
    /// tip. Many blocks make one commit; progress goes to `tracing`, target `node`.
    ///
    /// Only needed after an error of [`Index::apply`], or when events were missed.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] once `interrupted` says so, which hears before each block at what height the index
    /// and the chain are: what was done until then is kept. The
    /// chain cannot be read, or the index cannot be written or does not fit the chain.
    pub fn sync(&self, chain: &Chainstate, interrupted: &dyn Fn(u32, u32) -> bool) -> Result<()> {
        let mut told = Instant::now();
        loop {
            match self.write(|batch| stretch(batch, chain, interrupted, &mut told))? {
                Stretch::Done => return Ok(()),
                Stretch::Full => {}
                Stretch::Interrupted => return Err(Error::Interrupted),
            }
        }
    }
}

fn stretch(
    batch: &mut Batch<'_>,
    chain: &Chainstate,
    interrupted: &dyn Fn(u32, u32) -> bool,
    told: &mut Instant,
) -> Result<Stretch> {
    loop {
        let tip = chain.tip()?;
        if batch.best() == Some(tip) {
            return Ok(Stretch::Done);
        }
        if interrupted(batch.best().map_or(0, |best| best.height), tip.height) {
            return Ok(Stretch::Interrupted);
        }
        let (coins, blocks) = batch.size();
        if coins >= COINS_OF_COMMIT || blocks >= BLOCKS_OF_COMMIT {
            return Ok(Stretch::Full);
        }
        step(batch, chain)?;
        if let Some(best) = batch.best()
            && told.elapsed() >= PROGRESS
        {
            tracing::info!(target: "node", "The index is at block {} of {}.", best.height, tip.height);
            *told = Instant::now();
        }
    }
}

/// One block nearer to the chain.
fn step(batch: &mut Batch<'_>, chain: &Chainstate) -> Result<()> {
    let next = match batch.best() {
        Some(Place { hash, height }) if !chain.is_active(hash) => {
            let gone = || Error::Unusable(format!("its last block {hash} is not stored any more"));
            let kept = |error: chainstate::Error| match error {
                chainstate::Error::NotStored(_) => gone(),
                error => error.into(),
            };
            let block = chain.block(hash).map_err(kept)?.ok_or_else(gone)?;
            let undo = chain.undo(hash).map_err(kept)?.ok_or_else(gone)?;
            return batch.disconnect(&block, height, &undo);
        }
        Some(best) => best.height + 1,
        None => 0,
    };
    // Without a block there, the chain has become shorter since its tip was read.
    let Some(hash) = chain.hash_at(next) else { return Ok(()) };
    let (block, undo) = (chain.block(hash)?, chain.undo(hash)?);
    let missing = |hash: BlockHash| Error::Chain(chainstate::Error::NotStored(hash));
    let (block, undo) = block.zip(undo).ok_or_else(|| missing(hash))?;
    match batch.connect(&block, next, &undo) {
        // The chain has gone another way meanwhile: the next step looks again.
        Err(Error::OutOfOrder { .. }) => Ok(()),
        result => result,
    }
}
