//! What of the blocks below concerns scripts.
//!
//! In: scripts, and where to begin. Out: the transactions that pay or spend them. The node searches its filters
//! itself, far ahead of what is asked for; without filters every block is read.

use bitcoin::{BlockHash, ScriptBuf};
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::watch::{SCAN_ANSWER_BYTES, ScannedBlocks, ScriptSet, WatchedBlock};
use serde_json::json;

use crate::ask::Ask;
use crate::headers::Header;
use crate::listeners::{concerned, concerns, may_concern, watched};
use crate::mempool::descriptors;
use crate::method::Method;

/// How many blocks one call looks through at most, whatever the caller allows.
const LONGEST: u32 = 1000;
/// The same where each is read whole.
const LONGEST_WITHOUT_FILTERS: u32 = 20;
/// Up to so many blocks their filters are matched here.
const FEW: i32 = 20;
/// How many blocks the node searches at once. Its search cannot be stopped from here without stopping others'.
const AHEAD: i32 = 10_000;

/// What the node has found in filters, ahead of what was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Ahead {
    /// How often scripts had been added.
    added: u64,
    /// Heights, from and to.
    from: i32,
    to: i32,
    /// The block at the end.
    last: BlockHash,
    /// Blocks that may have something, the lowest first.
    found: Vec<(i32, BlockHash)>,
}

/// Looks through blocks of the active chain, as
/// [`ScriptWatch::scan_blocks`](bitcoin_ipc::interfaces::watch::ScriptWatch::scan_blocks) says. `ahead` is what was
/// found last.
pub(crate) fn scan(
    ask: &Ask,
    (scripts, added): &(ScriptSet, u64),
    ahead: &mut Option<Ahead>,
    start: BlockHash,
    max_height: Option<i32>,
    max_blocks: u32,
) -> Result<Option<ScannedBlocks>> {
    let Some(first) = ask.header(start)?.filter(|header| header.active) else { return Ok(None) };
    let tip = ask.tip()?;
    let highest = max_height.map_or(tip.height, |height| height.min(tip.height));
    if first.height > highest {
        return Ok(Some(ScannedBlocks::default()));
    }
    let filters = ask.has_filters()?;
    let most = max_blocks.clamp(1, if filters { LONGEST } else { LONGEST_WITHOUT_FILTERS });
    let to = first.height.saturating_add(i32::try_from(most - 1).unwrap_or(i32::MAX)).min(highest);
    let last = match ask.hash_at(to)? {
        Some(hash) => ask.known_header(hash)?,
        None => return Ok(None),
    };
    let candidates = if scripts.is_empty() {
        Vec::new()
    } else if !filters {
        ask.hashes_at(first.height..=to)?
    } else if to - first.height < FEW {
        by_filter(ask, scripts, first.height, to)?
    } else {
        match search_ahead(ask, scripts, *added, ahead, first.height, to, highest)? {
            Some(found) => found,
            // The node searches for somebody else.
            None => by_filter(ask, scripts, first.height, to)?,
        }
    };
    let mut scanned = ScannedBlocks { last: Some(last.place()), ..ScannedBlocks::default() };
    let mut bytes = 0;
    for header in ask.headers(&candidates)?.into_iter().flatten() {
        match look(ask, scripts, &header)? {
            Looked::Nothing => {}
            Looked::Missing => scanned.unreadable = Some(header.place()),
            Looked::Found(block) => {
                bytes += block.transactions.iter().map(|found| found.tx.total_size()).sum::<usize>();
                scanned.blocks.push(block);
            }
        }
        if bytes >= SCAN_ANSWER_BYTES {
            scanned.last = Some(header.place());
            break;
        }
    }
    // What was found is of the chain that has the last block, if this is still so.
    let end = scanned.last.unwrap_or(last.place());
    let Some(end) = ask.header(end.hash)?.filter(|header| header.active) else { return Ok(None) };
    scanned.next = if end.height < highest { end.next } else { None };
    Ok(Some(scanned))
}

enum Looked {
    Nothing,
    Missing,
    Found(WatchedBlock),
}

fn look(ask: &Ask, scripts: &ScriptSet, header: &Header) -> Result<Looked> {
    let Some(block) = ask.spending(header.hash)? else { return Ok(Looked::Missing) };
    let found = concerned(&block, |spending| concerns(scripts, spending));
    Ok(if found.is_empty() { Looked::Nothing } else { Looked::Found(watched(header, found)) })
}

/// The blocks between two heights whose filters match.
fn by_filter(ask: &Ask, scripts: &ScriptSet, from: i32, to: i32) -> Result<Vec<BlockHash>> {
    let hashes = ask.hashes_at(from..=to)?;
    let scripts: Vec<ScriptBuf> = scripts.iter().map(ToOwned::to_owned).collect();
    let mut found = Vec::new();
    for (hash, filter) in hashes.iter().zip(ask.filters(&hashes)?) {
        if may_concern(filter.as_ref(), *hash, &scripts)? {
            found.push(*hash);
        }
    }
    Ok(found)
}

/// The blocks between two heights that may have something, by a search of the node that goes further and is kept.
/// `None` if the node cannot search now.
fn search_ahead(
    ask: &Ask,
    scripts: &ScriptSet,
    added: u64,
    ahead: &mut Option<Ahead>,
    from: i32,
    to: i32,
    highest: i32,
) -> Result<Option<Vec<BlockHash>>> {
    let fits = ahead.as_ref().is_some_and(|kept| kept.added == added && kept.from <= from && to <= kept.to);
    let valid = match ahead {
        Some(kept) if fits => ask.header(kept.last)?.is_some_and(|header| header.active),
        _ => false,
    };
    if !valid {
        let end = from.saturating_add(AHEAD - 1).min(highest).max(to);
        let Some(last) = ask.hash_at(end)? else { return Ok(None) };
        let params = json!(["start", descriptors(scripts), from, end, "basic"]);
        let answer = match ask.fields(Method::ScanBlocks, params) {
            // One search at a time.
            Err(failure) if failure.code().is_some() => {
                tracing::debug!(target: "node", %failure, "the filters are searched here");
                return Ok(None);
            }
            answer => answer?,
        };
        if !answer.flag("completed")? {
            return Ok(None);
        }
        let hashes: Vec<BlockHash> = answer.texts("relevant_blocks")?;
        let headers = ask.headers(&hashes)?.into_iter().flatten();
        let mut found: Vec<_> = headers.map(|header| (header.height, header.hash)).collect();
        found.sort_unstable();
        *ahead = Some(Ahead { added, from, to: end, last, found });
    }
    let Some(kept) = ahead else { return Ok(None) };
    let within = kept.found.iter().filter(|(height, _)| (from..=to).contains(height));
    Ok(Some(within.map(|(_, hash)| *hash).collect()))
}
