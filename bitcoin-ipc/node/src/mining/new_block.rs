//! The next block.
//!
//! In: the node's state, limits, who is paid. Out: a block that is valid but for its proof of work.

use std::sync::Arc;

use bitcoin::block::Header;
use bitcoin::{Amount, BlockHash, CompactTarget, ScriptBuf, Transaction};
use bitcoin_ipc::types::{BlockCheckOptions, BlockCreateOptions};
use mp_runtime::{Error, Result};

use crate::chainstate::Place;
use crate::check_block::{self, NOT_BEST, Scripts};
use crate::state::{Assembled, State};
use crate::template::{NextBlock, SelectOptions, Selection, Template, next_bits, select, version};

/// Nothing of the proof of work, which is still to come.
const UNSOLVED: BlockCheckOptions = BlockCheckOptions { check_merkle_root: false, check_pow: false };

/// A block without proof of work, and its place.
#[derive(Clone, Debug)]
pub struct NewBlock {
    /// Where it is to stand.
    pub next: NextBlock,
    /// The block.
    pub template: Template,
    /// Its transactions after the coinbase, as the mempool has them.
    pub transactions: Vec<Arc<Transaction>>,
}

/// What a block is made of.
pub(super) struct Draft {
    next: NextBlock,
    selection: Selection,
}

/// The place above the highest block.
///
/// # Errors
///
/// The chain cannot be read.
pub fn next_block(state: &State) -> Result<NextBlock> {
    above(state, state.tip())
}

fn above(state: &State, tip: Place) -> Result<NextBlock> {
    let missing = || Error::failed(format!("block {} has no header", tip.hash));
    let height = tip.height + 1;
    Ok(NextBlock {
        network: state.network(),
        parent: tip.hash,
        parent_time: state.chain().header(tip.hash)?.ok_or_else(missing)?.time,
        median_time_past: state.chain().median_time_past(tip.hash)?.ok_or_else(missing)?,
        height,
        version: version(state.network(), height, |height| header_below(state, tip.hash, height))?,
    })
}

/// The header at a height of the branch that ends with `last`.
fn header_below(state: &State, last: BlockHash, height: u32) -> Result<Header> {
    let hash = state.chain().ancestor(last, height);
    let header = hash.map(|hash| state.chain().header(hash)).transpose()?.flatten();
    header.ok_or_else(|| Error::failed(format!("there is no block {height}")))
}

/// The time of a block made now, and its bits.
fn time_and_bits(state: &State, next: &NextBlock) -> Result<(u32, CompactTarget)> {
    let time = next.time(state.clock().now());
    let bits =
        next_bits(next.network, next.height - 1, time, |height| header_below(state, next.parent, height))?;
    Ok((time, bits))
}

/// Selects transactions while the chain and the mempool stand still.
pub(super) fn draft(state: &State, options: &SelectOptions) -> Result<Draft> {
    let mempool = state.mempool();
    let next = next_block(state)?;
    let selection = select(&mempool, options, next.height, next.median_time_past)
        .map_err(|error| Error::failed(error.to_string()))?;
    state.note_assembled(Assembled { weight: selection.weight, transactions: selection.transactions.len() });
    Ok(Draft { next, selection })
}

impl Draft {
    /// The fees that the block would bring.
    pub(super) fn fees(&self) -> Amount {
        self.selection.fees
    }

    /// The block, whose reward goes to a script, once it has been checked; `None` if another block came
    /// meanwhile.
    pub(super) fn block(&self, state: &State, pay_to: ScriptBuf) -> Result<Option<NewBlock>> {
        self.finish(state, pay_to, Scripts::Trust)
    }

    /// The block, once it has been checked; `None` if another block came meanwhile.
    fn finish(&self, state: &State, pay_to: ScriptBuf, scripts: Scripts) -> Result<Option<NewBlock>> {
        let (time, bits) = time_and_bits(state, &self.next)?;
        let template = self.next.assemble(&self.selection, time, bits, pay_to);
        match check_block::check(state, &template.block, &UNSOLVED, scripts)? {
            Ok(()) => {
                let transactions = self.selection.transactions.iter().map(|one| one.tx.clone()).collect();
                Ok(Some(NewBlock { next: self.next, template, transactions }))
            }
            Err(reject) if reject.reason == NOT_BEST => Ok(None),
            Err(reject) => {
                let text = [&*reject.reason, &*reject.debug].map(str::to_owned);
                let text = text.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
                Err(Error::failed(format!("TestBlockValidity failed: {text}")))
            }
        }
    }
}

/// Makes the next block of what pays best in the mempool. The reward goes to a script.
///
/// Bitcoin Core's `BlockAssembler::CreateNewBlock`.
///
/// # Errors
///
/// The options contradict each other, the chain cannot be read, or the block breaks a rule.
pub fn new_block(state: &State, options: &SelectOptions, pay_to: &ScriptBuf) -> Result<NewBlock> {
    loop {
        if let Some(block) = draft(state, options)?.block(state, pay_to.clone())? {
            return Ok(block);
        }
    }
}

/// The next block of these transactions and no others. Their fees are not claimed, their scripts are
/// run.
///
/// # Errors
///
/// As [`new_block`].
pub(super) fn block_of(state: &State, selection: &Selection, pay_to: &ScriptBuf) -> Result<NewBlock> {
    // In Bitcoin Core an empty block is put together, which then gets its transactions.
    let weight = BlockCreateOptions::default().block_reserved_weight;
    state.note_assembled(Assembled { weight, transactions: 0 });
    loop {
        let draft = Draft { next: next_block(state)?, selection: selection.clone() };
        if let Some(block) = draft.finish(state, pay_to.clone(), Scripts::Run)? {
            return Ok(block);
        }
    }
}
