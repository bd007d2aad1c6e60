//! The same tests as of wallets that hear everything, with a node that looks for their scripts.
//!
//! In: the tests of `wallet`. Out: the same results.

#[path = "../wallet/main.rs"]
mod wallet;

pub(crate) use wallet::*;
