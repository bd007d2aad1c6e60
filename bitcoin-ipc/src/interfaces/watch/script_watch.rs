//! ScriptWatch: the scripts that a wallet looks for.

use bitcoin::{BlockHash, ScriptBuf};
use mp_runtime::{IpcStruct, Result, ipc_interface};

use super::{WatchedBlock, WatchedNotifications};
use crate::files::WATCH;
use crate::interfaces::Handler;
use crate::types::{Bitcoin, BlockRef};

/// How many scripts a watch may have.
pub const MAX_WATCHED_SCRIPTS: usize = 1_000_000;
/// How many bytes the scripts of a watch may have together.
pub const MAX_WATCHED_BYTES: usize = 64 << 20;
/// How many bytes of transactions an answer of [`ScriptWatch::scan_blocks`] may have; the block that
/// goes beyond it is the last one in the answer.
pub const SCAN_ANSWER_BYTES: usize = 4 << 20;

/// The scripts that a wallet looks for. Dropping it ends the watch, and so does `disconnect`.
#[ipc_interface(file = WATCH, types = Bitcoin)]
pub trait ScriptWatch: Handler {
    /// Watches these scripts too, and answers the last block that is told without them: transactions
    /// of it and of those below are found by [`scan_blocks`](ScriptWatch::scan_blocks). `None` where
    /// every block is told with them.
    ///
    /// Beyond [`MAX_WATCHED_SCRIPTS`] or [`MAX_WATCHED_BYTES`] it is an error, and none is added.
    /// There is no way to take scripts out but a new watch. Long lists go in pieces of some 100,000.
    fn add_scripts(&self, scripts: &[ScriptBuf]) -> Result<Option<BlockRef>>;

    /// Calls [`transaction_added`](WatchedNotifications::transaction_added) for every transaction of
    /// the mempool that concerns the scripts, before it returns. Later removals of these are told to
    /// the watch's own listener.
    fn request_mempool_transactions(&self, notifications: &dyn WatchedNotifications) -> Result<()>;

    /// Looks through blocks of the chain from `start` on: at most `max_blocks`, at least one, none
    /// above `max_height`, and fewer when [`SCAN_ANSWER_BYTES`] are reached. `None` when `start` is
    /// not in the chain, or no longer: then scan from the highest block in common.
    ///
    /// One call after the other goes through the chain, with time between them to show how far it is,
    /// to add scripts, or to stop.
    fn scan_blocks(
        &self,
        start: BlockHash,
        max_height: Option<i32>,
        max_blocks: u32,
    ) -> Result<Option<ScannedBlocks>>;
}

/// What [`ScriptWatch::scan_blocks`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, IpcStruct)]
#[ipc(file = WATCH, types = Bitcoin)]
pub struct ScannedBlocks {
    /// The blocks with transactions that concern the scripts, the lowest first.
    pub blocks: Vec<WatchedBlock>,
    /// The last block that was looked at; none when `start` is above `max_height`.
    pub last: Option<BlockRef>,
    /// The highest of these blocks that could not be read, as it is pruned or damaged.
    pub unreadable: Option<BlockRef>,
    /// The block to go on with; none when the chain or `max_height` ends here.
    pub next: Option<BlockHash>,
}
