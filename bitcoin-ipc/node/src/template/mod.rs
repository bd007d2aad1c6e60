//! The transactions of the next block, and the block.
//!
//! In: a mempool, the end of the chain, the time. Out: a [`Selection`] of what pays best, and a
//! [`Template`] that lacks a proof of work only: Bitcoin Core's `BlockAssembler`.

mod bits;
mod block;
#[cfg(test)]
mod tests;
mod version;

pub use bitcoin_mempool::select::{OptionsError, SelectOptions, Selected, Selection, select};
pub(crate) use bits::interval;
pub use bits::next_bits;
pub(crate) use block::MAX_TIMEWARP;
pub use block::{NextBlock, Template, subsidy};
pub(crate) use version::{Deployment, Status, deployments, version};
