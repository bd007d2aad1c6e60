//! Giving the node a block.
//!
//! In: a block. Out: nothing, or why it is not the highest one now, in Bitcoin Core's words.

use bitcoin::Block;
use bitcoin_ipc::types::Reject;
use mp_runtime::Result;

use crate::chainstate::Verdict;
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
