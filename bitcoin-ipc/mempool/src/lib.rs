//! Transactions that wait for a block: Bitcoin Core's mempool, without its kernel.
//!
//! In: transactions, blocks, the chain below as a [`View`], and somebody who runs scripts ([`ScriptCheck`]).
//! Out: verdicts in Bitcoin Core's words, the [`Entry`]s that wait, every [`Change`] in order, estimates of fee
//! rates, and what goes into the next block.
//!
//! Rules, names and numbers are those of Bitcoin Core 32: clusters instead of limits on ancestors,
//! replacement of any transaction, eviction of the chunk that would be mined last. What differs:
//!
//! - Scripts are run with whatever rules [`ScriptCheck`] knows. Bitcoin Core's kernel knows those of consensus
//!   only: then transactions that break one of its further script rules (such as low S or minimal pushes) are
//!   taken.
//!
//! Each module imports from those above it only:
//!
//! | module | |
//! |---|---|
//! | `rate` | fees for sizes |
//! | `options` | what a user sets |
//! | `view` | what is asked of the chain below |
//! | `cluster` | transactions that hang together, and the order in which miners take them |
//! | [`bump`] | what unconfirmed coins cost besides themselves |
//! | `entry` | a transaction that waits, its coming and going |
//! | `reject` | why one is refused |
//! | [`policy`] | rules that need no more than a transaction, or a package, and its coins |
//! | [`scripts`] | who runs scripts |
//! | `pool` | the transactions and their clusters, kept in step |
//! | `disconnected` | transactions of blocks that left the chain |
//! | `mempool` | the transactions and what is asked of them: relatives, sums, limits |
//! | `accept` | how a transaction, or a package, is taken: TRUC, replacement, dust |
//! | `block` | what blocks do to it |
//! | [`persist`] | files that outlive the process |
//! | [`fees`] | estimates of fee rates |
//! | [`select`] | the transactions of the next block |

mod accept;
mod block;
pub mod bump;
mod cluster;
mod disconnected;
mod entry;
pub mod fees;
mod mempool;
mod options;
pub mod persist;
pub mod policy;
mod pool;
mod rate;
mod reject;
pub mod scripts;
pub mod select;
#[cfg(test)]
mod tests;
mod view;

pub use accept::{Accepted, Outcome, PackageRefused, PackageVerdict};
pub use cluster::FeePerWeight;
pub use entry::{Change, Entry, Removed};
pub use mempool::{Info, Mempool, Package, Totals};
pub use options::{AcceptOptions, MempoolOptions};
pub use rate::Rate;
pub use reject::{RejectKind, Rejected};
pub use scripts::{ScriptCheck, ScriptCheckError};
pub use view::{MEMPOOL_HEIGHT, View, ViewError};
