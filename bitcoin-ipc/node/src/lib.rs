//! A Bitcoin node on Bitcoin Core's kernel.
//!
//! In: blocks and transactions, and a directory to keep them in. Out: the interfaces
//! [`Chain`](bitcoin_ipc::interfaces::Chain), [`Mining`](bitcoin_ipc::interfaces::Mining),
//! [`Node`](bitcoin_ipc::interfaces::Node) and [`Rpc`](bitcoin_ipc::interfaces::Rpc).
//!
//! Each module imports from those above it only:
//!
//! | module | |
//! |---|---|
//! | [`chainstate`] | the chain: blocks, verdicts, events |
//! | [`index`] | coins, filters and counts of the active chain |
//! | [`mempool`] | transactions that wait for a block |
//! | [`fees`] | estimates of fee rates |
//! | [`scripts`] | scripts and signatures, run by the kernel |
//! | [`template`] | the transactions of the next block |
//! | [`watch`] | the scripts that a wallet looks for |
//! | [`state`] | all of these together, and who is told of changes |
//! | [`watch`] | what of all that concerns a wallet's scripts |
//! | [`check_block`] | whether a block could be the next one |
//! | [`rpc`], [`chain`], [`mining`], [`node`] | the interfaces |
//! | [`restrictions`] | what some of them are limited to |
//! | [`program`] | the program around all of this |

pub mod chain;
pub mod chainstate;
pub mod check_block;
pub mod index;
pub mod mining;
pub mod node;
pub mod program;
pub mod restrictions;
pub mod rpc;
pub mod scripts;
pub mod state;
pub mod template;
pub mod watch;

pub use bitcoin_mempool as mempool;
pub use bitcoin_mempool::fees;
