//! How a transaction, or a package, is taken: Bitcoin Core's `MemPoolAccept`.
//!
//! In: transactions, the chain. Out: what became of each, and what changed. The order within: what is known of
//! one ([`workspace`]), what became of it ([`verdict`]), the limits of version 3 ([`truc`]), replacement
//! ([`rbf`]), one by itself ([`single`]), several together ([`package`]).

mod package;
mod rbf;
mod single;
mod truc;
mod verdict;
mod workspace;

pub use verdict::{Accepted, Outcome, PackageRefused, PackageVerdict};
