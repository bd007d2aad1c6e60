//! A node and its wallets at work: scenarios to watch and to test.
//!
//! In: the programs `bitcoin-node`, `bitcoin-wallet` and `bitcoind`. Out: [`programs`], which runs
//! them on temporary directories; [`scenario`], what is done with them, the same for one process and
//! two; [`traffic`], what they said to each other meanwhile.

mod failure;
pub mod programs;
pub mod scenario;
pub mod traffic;

pub use failure::{Failure, Result};
