//! Whether a block could be the next one, without taking it.
//!
//! In: a block, and the node's state. Out: nothing, or the first rule that it breaks, in the words and
//! the order of Bitcoin Core's `TestBlockValidity`.
//!
//! The kernel has no such call: it stores what it checks. These rules are for proposals and templates
//! only; what enters the chain is the kernel's to say.

mod body;
mod connect;
mod header;
pub(crate) mod merkle;
mod next;
mod rules;
mod signet;

use bitcoin::Block;
use bitcoin::block::Header;
use bitcoin_ipc::types::{BlockCheckOptions, Reject};
use mp_runtime::{Error, Result};

use crate::chainstate::Place;
use crate::mempool::ViewError;
use crate::state::State;
use next::Next;

/// The reason for a block that does not build on the highest one.
pub(crate) const NOT_BEST: &str = "inconclusive-not-best-prevblk";

/// Whether scripts are run. Those of a block from the mempool have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scripts {
    Run,
    Trust,
}

/// Why a check ended early.
enum Failure {
    Broken(Reject),
    Unread(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Unread(error)
    }
}

impl From<ViewError> for Failure {
    fn from(error: ViewError) -> Self {
        Failure::Unread(Error::failed(format!("the chain cannot be read: {error}")))
    }
}

/// A rule is broken.
fn broken<T>(reason: &str, debug: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Broken(Reject { reason: reason.to_owned(), debug: debug.into() }))
}

/// Checks a block that is to follow the highest one by all rules. Nothing of it is kept.
///
/// Of a script that fails the kernel does not say which rule it was: the reason is then
/// `block-script-verify-flag-failed (unknown error)`.
///
/// # Errors
///
/// The chain cannot be read.
pub fn check_block(state: &State, block: &Block, options: &BlockCheckOptions) -> Result<Result<(), Reject>> {
    check(state, block, options, Scripts::Run)
}

/// Checks a header that is to follow a known block by all rules of headers: Bitcoin Core's
/// `CheckBlockHeader` and `ContextualCheckBlockHeader`.
///
/// # Errors
///
/// The chain cannot be read.
pub fn check_header(state: &State, header: &Header, parent: Place) -> Result<Result<(), Reject>> {
    let checked = header::proof_of_work(state.network(), header)
        .and_then(|()| header::in_place(&Next::on(state, parent)?, header));
    told(checked)
}

/// [`check_block`], with scripts or without.
pub(crate) fn check(
    state: &State,
    block: &Block,
    options: &BlockCheckOptions,
    scripts: Scripts,
) -> Result<Result<(), Reject>> {
    told(run(state, block, options, scripts))
}

fn told(checked: Result<(), Failure>) -> Result<Result<(), Reject>> {
    match checked {
        Ok(()) => Ok(Ok(())),
        Err(Failure::Broken(reject)) => Ok(Err(reject)),
        Err(Failure::Unread(error)) => Err(error),
    }
}

fn run(state: &State, block: &Block, options: &BlockCheckOptions, scripts: Scripts) -> Result<(), Failure> {
    let next = Next::new(state)?;
    if block.header.prev_blockhash != next.tip.hash {
        return broken(NOT_BEST, "");
    }
    if options.check_pow {
        header::proof_of_work(next.network, &block.header)?;
        if next.network == bitcoin::Network::Signet {
            signet::solution(block)?;
        }
    }
    if options.check_merkle_root {
        body::merkle_root(block)?;
    }
    body::alone(block)?;
    header::in_place(&next, &block.header)?;
    body::in_place(&next, block)?;
    connect::connect(&next, block, scripts)
}
