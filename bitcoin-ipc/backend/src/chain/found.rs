//! Facts of blocks that wallets ask for.
//!
//! In: a block and which facts are wanted. Out: a [`FoundBlock`].

use bitcoin::BlockHash;
use bitcoin_ipc::Result;
use bitcoin_ipc::types::{BlockLocator, FoundBlock, FoundBlockRequest};

use crate::ask::Ask;
use crate::headers::Header;

/// The wanted facts of a block; `None` if it is not known.
pub(super) fn found(
    ask: &Ask,
    hash: Option<BlockHash>,
    wanted: &FoundBlockRequest,
) -> Result<Option<FoundBlock>> {
    let Some(hash) = hash else { return Ok(None) };
    let Some(header) = ask.header(hash)? else { return Ok(None) };
    let mut found = FoundBlock { found: true, ..FoundBlock::default() };
    if wanted.want_hash {
        found.hash = Some(hash);
    }
    if wanted.want_height {
        found.height = header.height;
    }
    if wanted.want_time {
        found.time = header.time.into();
    }
    if wanted.want_max_time {
        found.max_time = header.max_time().into();
    }
    if wanted.want_mtp_time {
        found.mtp_time = header.median_time.into();
    }
    if wanted.want_in_active_chain {
        found.in_active_chain = header.active;
    }
    if wanted.want_locator {
        found.locator = Some(locator(ask, &header)?);
    }
    if let Some(next) = &wanted.next_block {
        let above = self::found(ask, header.next.filter(|_| header.active), next)?;
        found.next_block = Some(Box::new(above.unwrap_or_default()));
    }
    if wanted.want_data {
        found.data = ask.block(hash)?;
    }
    Ok(Some(found))
}

/// Blocks below a block, first each, then ever fewer: Bitcoin Core's `LocatorEntries`.
fn locator(ask: &Ask, header: &Header) -> Result<BlockLocator> {
    // What is outside the active chain is walked, the rest found by height.
    let fork = ask.fork(header.clone())?;
    let mut hashes = vec![header.hash];
    let (mut height, mut step) = (header.height, 1);
    while height > 0 {
        height = (height - step).max(0);
        let hash =
            if height > fork.height { ask.ancestor(header.hash, height)? } else { ask.hash_at(height)? };
        hashes.extend(hash);
        if hashes.len() > 10 {
            step *= 2;
        }
    }
    Ok(BlockLocator { hashes })
}
