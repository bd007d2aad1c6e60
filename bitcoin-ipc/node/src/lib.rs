//! A Bitcoin node on Bitcoin Core's kernel.
//!
//! In: blocks, and a directory to keep them in. Out: the chain they make, and what happens to it.

pub mod chainstate;
