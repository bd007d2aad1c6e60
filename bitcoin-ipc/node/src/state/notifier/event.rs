//! What happens to the chain and the mempool.
//!
//! In: an event, and an object that hears of it. Out: a call.

use std::sync::{Arc, Weak};

use bitcoin::{BlockHash, Transaction};
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::{BlockInfo, BlockLocator, ChainstateRole, MempoolRemovalReason};
use mp_runtime::{Error, Result};

/// What the chain state is for: ours is checked from the first block on.
const ROLE: ChainstateRole = ChainstateRole { validated: true, historical: false };

/// Something that happened.
#[derive(Clone)]
pub(crate) enum Event {
    Added(Arc<Transaction>),
    Removed(Arc<Transaction>, MempoolRemovalReason),
    Connected(BlockHash, Weak<BlockInfo>),
    Disconnected(BlockHash, Weak<BlockInfo>),
    Tip,
    Flushed(Arc<BlockLocator>),
}

impl Event {
    /// How many bytes wait with it that may be nobody else's.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Event::Added(tx) | Event::Removed(tx, _) => tx.total_size(),
            // Blocks are kept elsewhere, or read again.
            Event::Connected(..) | Event::Disconnected(..) | Event::Tip | Event::Flushed(_) => 0,
        }
    }
}

/// Reads a block that is no longer at hand.
pub(crate) type Read = Box<dyn Fn(BlockHash) -> Result<BlockInfo> + Send + Sync>;

/// What became of an event.
pub(super) enum Told {
    /// It was told, and this is the answer.
    Heard(Result<()>),
    /// The block is not there to be told.
    Unreadable(Error),
}

/// Tells of an event.
pub(super) fn tell(to: &dyn ChainNotifications, event: &Event, read: &Read) -> Told {
    let block = |hash: &BlockHash, info: &Weak<BlockInfo>, tell: &dyn Fn(&BlockInfo) -> Result<()>| {
        let info = info.upgrade().map_or_else(|| read(*hash).map(Arc::new), Ok);
        info.map_or_else(Told::Unreadable, |info| Told::Heard(tell(&info)))
    };
    Told::Heard(match event {
        Event::Added(tx) => to.transaction_added_to_mempool(tx),
        Event::Removed(tx, reason) => to.transaction_removed_from_mempool(tx, *reason),
        Event::Connected(hash, info) => return block(hash, info, &|info| to.block_connected(ROLE, info)),
        Event::Disconnected(hash, info) => return block(hash, info, &|info| to.block_disconnected(info)),
        Event::Tip => to.updated_block_tip(),
        Event::Flushed(locator) => to.chain_state_flushed(ROLE, locator),
    })
}
