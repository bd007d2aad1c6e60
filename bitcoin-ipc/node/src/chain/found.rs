//! Facts of blocks that wallets ask for.
//!
//! In: a block and which facts are wanted. Out: a [`FoundBlock`].

use bitcoin::BlockHash;
use bitcoin_ipc::types::{FoundBlock, FoundBlockRequest};
use mp_runtime::Result;

use crate::state::{State, signed};

/// The wanted facts of a block; `None` if it is not known.
pub(super) fn found(
    state: &State,
    hash: Option<BlockHash>,
    wanted: &FoundBlockRequest,
) -> Result<Option<FoundBlock>> {
    let Some(hash) = hash else { return Ok(None) };
    let chain = state.chain();
    let (Some(header), Some(height)) = (chain.header(hash)?, chain.height(hash)) else { return Ok(None) };
    let active = || chain.hash_at(height) == Some(hash);
    let mut found = FoundBlock { found: true, ..FoundBlock::default() };
    if wanted.want_hash {
        found.hash = Some(hash);
    }
    if wanted.want_height {
        found.height = signed(height)?;
    }
    if wanted.want_time {
        found.time = header.time.into();
    }
    if wanted.want_max_time {
        found.max_time = state.index().block(hash)?.map_or(header.time, |facts| facts.time_max).into();
    }
    if wanted.want_mtp_time {
        found.mtp_time = chain.median_time_past(hash)?.unwrap_or(header.time).into();
    }
    if wanted.want_in_active_chain {
        found.in_active_chain = active();
    }
    if wanted.want_locator {
        found.locator = chain.locator(hash);
    }
    if let Some(next) = &wanted.next_block {
        let above = if active() { chain.hash_at(height + 1) } else { None };
        found.next_block = Some(Box::new(self::found(state, above, next)?.unwrap_or_default()));
    }
    if wanted.want_data {
        found.data = match chain.block(hash) {
            Err(crate::chainstate::Error::NotStored(_)) => None,
            block => block?,
        };
    }
    Ok(Some(found))
}

/// The highest block below two others, or one of them.
pub(super) fn common_ancestor(state: &State, a: BlockHash, b: BlockHash) -> Option<BlockHash> {
    let chain = state.chain();
    let (mut low, mut high) = (0, chain.height(a)?.min(chain.height(b)?));
    // Below the last common block all are common, above it none.
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if chain.ancestor(a, middle)? == chain.ancestor(b, middle)? {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    let ancestor = chain.ancestor(a, low)?;
    (chain.ancestor(b, low)? == ancestor).then_some(ancestor)
}

/// The lowest block of the active chain at or above a height that is, or has one below it that is,
/// at least as late as a time (seconds since 1970).
pub(super) fn first_from(state: &State, time: i64, height: i32) -> Result<Option<BlockHash>> {
    let chain = state.chain();
    let tip = state.tip().height;
    let late = |height: u32| -> Result<bool> {
        let Some(hash) = chain.hash_at(height) else { return Ok(true) };
        Ok(state.index().block(hash)?.is_none_or(|facts| i64::from(facts.time_max) >= time))
    };
    let (mut low, mut high) = (u32::try_from(height).unwrap_or(0), tip + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if late(middle)? {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(if low <= tip { chain.hash_at(low) } else { None })
}
