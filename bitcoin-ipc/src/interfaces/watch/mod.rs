//! Watching scripts: only what concerns a wallet crosses the socket.
//!
//! In: the scripts of a wallet. Out: the transactions that pay or spend them, as they come and in
//! the blocks there are. This is an extension of this library, in a schema file of its own; Bitcoin
//! Core's interfaces are as they are without it.
//!
//! [`SplitInit`] is [`Init`](super::Init) with two more methods, [`WatchingChain`] is
//! [`Chain`](super::Chain) with one more. Both inherit, so a process that serves them answers those
//! who know only Core's interfaces, Core's own programs among them. A process that serves only Core's
//! answers the new methods with an error of kind
//! [`Unimplemented`](mp_runtime::ErrorKind::Unimplemented), and the connection goes on;
//! [`SplitInit::any_chain`] and [`SplitInit::any_wallet_loader`] do with it what they can.
//!
//! # No gaps
//!
//! A wallet that follows the chain
//!
//! 1. starts a watch with [`WatchingChain::watch_scripts`], and gives it its scripts with
//!    [`ScriptWatch::add_scripts`], which answers the last block that was told without them;
//! 2. scans with [`ScriptWatch::scan_blocks`] from what it knows already to that block, or to the end;
//! 3. asks for the mempool with [`ScriptWatch::request_mempool_transactions`].
//!
//! When a transaction makes it derive new scripts, it adds them and scans from the block of that
//! transaction to the block that is answered, until nothing new is derived.
//!
//! # What is not told
//!
//! A transaction that another one in a block makes impossible was told with
//! [`transaction_removed`](WatchedNotifications::transaction_removed), and why; the other one is told
//! only if it pays or spends a watched script itself.

mod chain;
mod init;
mod notifications;
mod script_set;
mod script_watch;

pub use chain::WatchingChain;
pub use init::{AnyChain, SplitInit};
pub use notifications::{WatchedBlock, WatchedNotifications, WatchedTransaction};
pub use script_set::ScriptSet;
pub use script_watch::{
    MAX_WATCHED_BYTES, MAX_WATCHED_SCRIPTS, SCAN_ANSWER_BYTES, ScannedBlocks, ScriptWatch,
};
