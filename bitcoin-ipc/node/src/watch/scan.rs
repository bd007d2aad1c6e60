//! Looking through blocks.
//!
//! In: scripts, and where to begin. Out: the transactions that pay or spend them. Where there are filters
//! (BIP 158), only blocks that may have any are read.

use bitcoin::BlockHash;
use bitcoin_ipc::interfaces::watch::{SCAN_ANSWER_BYTES, ScannedBlocks, ScriptSet, WatchedBlock};
use bitcoin_ipc::types::{BlockRef, BlockUndo};
use mp_runtime::{Error, Result};

use crate::chainstate;
use crate::index::View;
use crate::state::{State, signed};

/// How many blocks one call looks through at most, whatever the caller allows: nothing stops a call that
/// is under way, and without filters every block is read.
const LONGEST: u32 = 1000;

/// Looks through blocks of the active chain, as
/// [`ScriptWatch::scan_blocks`](bitcoin_ipc::interfaces::watch::ScriptWatch::scan_blocks) says.
pub(super) fn scan(
    state: &State,
    scripts: &ScriptSet,
    start: BlockHash,
    max_height: Option<i32>,
    max_blocks: u32,
) -> Result<Option<ScannedBlocks>> {
    // All of one moment, so that the blocks are of one chain.
    let index = state.index().view()?;
    let Some(first) = index.block(start)?.map(|facts| facts.height) else { return Ok(None) };
    if index.hash_at(first)? != Some(start) {
        return Ok(None);
    }
    let mut scanned = ScannedBlocks::default();
    let highest = max_height.map_or(i64::from(u32::MAX), i64::from).min(index.best().height.into());
    let mut bytes = 0;
    for count in 0.. {
        let height = first + count;
        let hash = if i64::from(height) <= highest { index.hash_at(height)? } else { None };
        let Some(hash) = hash else { break };
        let enough = count >= max_blocks.clamp(1, LONGEST) || bytes >= SCAN_ANSWER_BYTES;
        // At least one block is looked at, so that a caller comes to an end.
        if count > 0 && (enough || state.shutdown().requested()) {
            scanned.next = Some(hash);
            break;
        }
        let place = BlockRef { hash, height: signed(height)? };
        scanned.last = Some(place);
        match look(state, &index, scripts, place) {
            Ok(None) => {}
            Ok(Some(block)) => {
                bytes += block.transactions.iter().map(|found| found.tx.total_size()).sum::<usize>();
                scanned.blocks.push(block);
            }
            Err(Failure::Unreadable(error)) => {
                tracing::warn!(target: "node", "A search for scripts passes over block {hash}: {error}.");
                scanned.unreadable = Some(place);
            }
            Err(Failure::Other(error)) => return Err(error),
        }
    }
    Ok(Some(scanned))
}

enum Failure {
    /// The block is not there to be read.
    Unreadable(chainstate::Error),
    Other(Error),
}

impl From<chainstate::Error> for Failure {
    fn from(error: chainstate::Error) -> Self {
        Failure::Unreadable(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Other(error)
    }
}

impl From<crate::index::Error> for Failure {
    fn from(error: crate::index::Error) -> Self {
        Failure::Other(error.into())
    }
}

/// What a block has for the scripts, if anything.
fn look(
    state: &State,
    index: &View,
    scripts: &ScriptSet,
    BlockRef { hash, height }: BlockRef,
) -> Result<Option<WatchedBlock>, Failure> {
    if scripts.is_empty() {
        return Ok(None);
    }
    if let Some(filter) = index.filter(hash)? {
        let scripts = scripts.iter().map(|script| script.as_bytes());
        let matched = filter.match_any(&hash, scripts);
        if !matched.map_err(|error| Error::failed(format!("the filter of {hash}: {error}")))? {
            return Ok(None);
        }
    }
    let not_stored = || chainstate::Error::NotStored(hash);
    let block = state.chain().block(hash)?.ok_or_else(not_stored)?;
    // The first block has none, as it spends nothing.
    let undo =
        if height == 0 { BlockUndo::default() } else { state.chain().undo(hash)?.ok_or_else(not_stored)? };
    let transactions = scripts.concerned(&block, &undo);
    if transactions.is_empty() {
        return Ok(None);
    }
    let time = block.header.time;
    Ok(Some(WatchedBlock {
        hash,
        prev_hash: (height > 0).then_some(block.header.prev_blockhash),
        height,
        time,
        max_time: index.block(hash)?.map_or(time, |facts| facts.time_max),
        transactions,
    }))
}
