//! Giving the node a block.
//!
//! In: a block. Out: nothing, or why it is not the highest one now, in Bitcoin Core's words.

use bitcoin::Block;
use bitcoin::block::Header;
use bitcoin_ipc::types::Reject;
use mp_runtime::Result;

use crate::chainstate::{Place, Verdict};
use crate::check_block::check_header;
use crate::state::State;

/// Processes a block: Bitcoin Core's `SubmitBlock`. The reason is `duplicate` for a block that is there
/// already, and `inconclusive` for one whose branch has not the most work.
///
/// # Errors
///
/// As [`State::process_block`].
pub fn submit_block(state: &State, block: &Block) -> Result<Result<(), Reject>> {
    let reject = |reason: &str| Err(Reject { reason: reason.to_owned(), debug: String::new() });
    Ok(match state.process_block(block)? {
        Verdict::Valid => Ok(()),
        Verdict::Duplicate => reject("duplicate"),
        Verdict::Inconclusive => reject("inconclusive"),
        Verdict::Invalid(why) => Err(Reject { reason: why.reason, debug: why.details }),
    })
}

/// Checks a header and keeps it, so that its block may follow. `None` if its parent is not known.
///
/// # Errors
///
/// The chain cannot be read, or the kernel cannot go on.
pub fn submit_header(state: &State, header: &Header) -> Result<Option<Result<(), Reject>>> {
    let (chain, parent) = (state.chain(), header.prev_blockhash);
    let Some(height) = chain.height(parent) else { return Ok(None) };
    // The kernel does not say which rule is broken.
    if chain.height(header.block_hash()).is_none()
        && let Err(reject) = check_header(state, header, Place { hash: parent, height })?
    {
        return Ok(Some(Err(reject)));
    }
    Ok(Some(match state.process_header(header)? {
        Verdict::Invalid(why) => Err(Reject { reason: why.reason, debug: why.details }),
        _ => Ok(()),
    }))
}
