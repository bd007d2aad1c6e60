//! What of the chain and the mempool concerns a wallet's scripts.
//!
//! In: scripts; everything that the node tells. Out: the transactions that pay or spend those scripts, as
//! they come, and in the blocks and the mempool that there are.
//!
//! The spent coins of a block come from its undo data, those of a transaction from the mempool and the
//! index.

mod mempool;
mod notices;
mod scan;
mod script_watch;

pub use script_watch::Watch;
