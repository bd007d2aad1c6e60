//! What the node tells.
//!
//! In: calls of the node, which tells all or watches the wallet's scripts. Out: a [`Notice`] each, in the
//! order in which they came.

use std::sync::Weak;

use bdk_wallet::chain::BlockId;
use bitcoin::{BlockHash, Transaction};
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::interfaces::watch::{WatchedBlock, WatchedNotifications};
use bitcoin_ipc::types::{BlockInfo, ChainstateRole, MempoolRemovalReason};

use super::scan::height;
use super::{Follower, WalletHandle};
use crate::ledger::BlockPart;

/// Something that happened at the node.
#[derive(Debug)]
pub(super) enum Notice {
    /// A transaction came into the mempool.
    Added(Transaction),
    /// A transaction left the mempool.
    Removed(Transaction, MempoolRemovalReason),
    /// The chain grew.
    Connected(NewBlock),
    /// The chain lost its highest block.
    Disconnected(BlockId),
}

/// A block that was connected.
#[derive(Debug)]
pub(super) enum NewBlock {
    /// With its transactions.
    Part(BlockPart),
    /// Without them.
    Unread { id: BlockId, below: Option<BlockHash> },
}

impl NewBlock {
    pub(super) fn id(&self) -> BlockId {
        match self {
            NewBlock::Part(part) => part.id,
            NewBlock::Unread { id, .. } => *id,
        }
    }

    /// The block below.
    pub(super) fn below(&self) -> Option<BlockHash> {
        match self {
            NewBlock::Part(part) => part.below.map(|below| below.hash),
            NewBlock::Unread { below, .. } => *below,
        }
    }
}

/// Hears the node for a wallet, as long as there is one.
pub(super) struct NotificationsReceiver {
    pub(super) wallet: Weak<Follower>,
    pub(super) registration: u64,
}

impl NotificationsReceiver {
    fn hear(&self, notice: Notice) -> Result<()> {
        if let Some(wallet) = self.wallet.upgrade() {
            WalletHandle(wallet).hear(self.registration, notice);
        }
        Ok(())
    }
}

impl ChainNotifications for NotificationsReceiver {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        self.hear(Notice::Added(tx.clone()))
    }

    fn transaction_removed_from_mempool(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        self.hear(Notice::Removed(tx.clone(), reason))
    }

    fn block_connected(&self, role: ChainstateRole, block: &BlockInfo) -> Result<()> {
        // Blocks below a snapshot are old news, which a search finds.
        if role.historical {
            return Ok(());
        }
        let id = BlockId { height: height(block.height)?, hash: block.hash };
        let new = match &block.data {
            Some(data) => NewBlock::Part(BlockPart::whole(data.clone(), id.height)),
            None => NewBlock::Unread { id, below: block.prev_hash },
        };
        self.hear(Notice::Connected(new))
    }

    fn block_disconnected(&self, block: &BlockInfo) -> Result<()> {
        self.hear(Notice::Disconnected(BlockId { height: height(block.height)?, hash: block.hash }))
    }
}

impl WatchedNotifications for NotificationsReceiver {
    fn transaction_added(&self, tx: &Transaction) -> Result<()> {
        self.hear(Notice::Added(tx.clone()))
    }

    fn transaction_removed(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        self.hear(Notice::Removed(tx.clone(), reason))
    }

    fn block_connected(&self, block: &WatchedBlock) -> Result<()> {
        self.hear(Notice::Connected(NewBlock::Part(block.clone().try_into()?)))
    }

    fn block_disconnected(&self, block: &WatchedBlock) -> Result<()> {
        self.hear(Notice::Disconnected(BlockId { height: height(block.height)?, hash: block.hash }))
    }
}

/// Hears the whole mempool once; what it hears does not wait.
pub(super) struct MempoolReceiver(pub(super) WalletHandle);

impl ChainNotifications for MempoolReceiver {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        Ok(self.0.apply(Notice::Added(tx.clone()))?)
    }
}

impl WatchedNotifications for MempoolReceiver {
    fn transaction_added(&self, tx: &Transaction) -> Result<()> {
        Ok(self.0.apply(Notice::Added(tx.clone()))?)
    }
}
