//! Proof of work by trial, for test networks.
//!
//! In: the node's state, who is paid, a number of trials. Out: a block that may be submitted.

use std::sync::Arc;

use bitcoin::{Amount, Block, ScriptBuf, Transaction};
use mp_runtime::{Error, Result};

use super::new_block::{block_of, new_block};
use crate::state::State;
use crate::template::{SelectOptions, Selected, Selection};

/// Makes the next block and solves it. `None` when the tries are used up, or `interrupted` says so.
///
/// With `transactions` the block holds these and no others, and claims none of their fees: Bitcoin
/// Core's `generateblock`. Without, it holds what pays best in the mempool, as for `generatetoaddress`.
/// `max_tries` counts down, so that several blocks can share it. The block is not submitted.
///
/// # Errors
///
/// The options contradict each other, the chain cannot be read, or the block breaks a rule; the text
/// begins with `TestBlockValidity failed` then.
pub fn mine(
    state: &State,
    options: &SelectOptions,
    coinbase_script: &ScriptBuf,
    transactions: Option<Vec<Transaction>>,
    max_tries: &mut u64,
    interrupted: &dyn Fn() -> bool,
) -> Result<Option<Block>> {
    let chosen = transactions.map(selection);
    loop {
        let made = match &chosen {
            Some(selection) => block_of(state, selection, coinbase_script)?,
            None => new_block(state, options, coinbase_script)?,
        };
        let mut block = made.template.block;
        block.header.merkle_root =
            block.compute_merkle_root().ok_or_else(|| Error::failed("the block is empty"))?;
        let target = block.header.target();
        // When all nonces have failed, a block of a later time is tried.
        for nonce in 0..u32::MAX {
            if *max_tries == 0 || interrupted() {
                return Ok(None);
            }
            block.header.nonce = nonce;
            if target.is_met_by(block.block_hash()) {
                return Ok(Some(block));
            }
            *max_tries -= 1;
        }
    }
}

fn selection(transactions: Vec<Transaction>) -> Selection {
    let selected = |tx| Selected { tx: Arc::new(tx), fee: Amount::ZERO, sigops_cost: 0 };
    Selection { transactions: transactions.into_iter().map(selected).collect(), ..Selection::default() }
}
