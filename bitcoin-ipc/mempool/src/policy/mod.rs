//! Rules that need no more than a transaction, or a package, its coins and the chain.
//!
//! In: transactions as they come. Out: the rule that one breaks, in Bitcoin Core's words. Nothing here knows the
//! mempool.

pub mod check;
pub mod package;
mod script_kind;
pub(crate) mod standard;
