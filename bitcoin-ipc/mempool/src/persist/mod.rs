//! Files of transactions, which outlive the process: Bitcoin Core's `mempool_persist`.
//!
//! In: a mempool. Out: a [`journal`] of it, and a mempool again, also from Bitcoin Core's own file ([`import`]).

pub mod import;
pub mod journal;
mod restore;
