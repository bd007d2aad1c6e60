//! What the node tells.
//!
//! In: calls of the node. Out: a [`Notice`] each, in the order in which they came.

use std::sync::Weak;

use bitcoin::Transaction;
use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::types::{BlockInfo, ChainstateRole, MempoolRemovalReason};

use crate::wallet::{Shared, WalletHandle};

/// Something that happened at the node.
#[derive(Debug)]
pub(super) enum Notice {
    /// A transaction came into the mempool.
    Added(Transaction),
    /// A transaction left the mempool.
    Removed(Transaction, MempoolRemovalReason),
    /// The chain grew.
    Connected(BlockInfo),
    /// The chain lost its highest block.
    Disconnected(BlockInfo),
}

/// Hears the node for a wallet, as long as there is one.
pub(super) struct Ear {
    pub(super) wallet: Weak<Shared>,
    pub(super) registration: u64,
}

impl Ear {
    fn hear(&self, notice: Notice) -> Result<()> {
        if let Some(wallet) = self.wallet.upgrade() {
            WalletHandle(wallet).hear(self.registration, notice);
        }
        Ok(())
    }
}

impl ChainNotifications for Ear {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        self.hear(Notice::Added(tx.clone()))
    }

    fn transaction_removed_from_mempool(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        self.hear(Notice::Removed(tx.clone(), reason))
    }

    fn block_connected(&self, role: ChainstateRole, block: &BlockInfo) -> Result<()> {
        // Blocks below a snapshot are old news, which a search finds.
        if role.historical { Ok(()) } else { self.hear(Notice::Connected(block.clone())) }
    }

    fn block_disconnected(&self, block: &BlockInfo) -> Result<()> {
        self.hear(Notice::Disconnected(block.clone()))
    }
}

/// Hears the whole mempool once; what it hears does not wait.
pub(super) struct MempoolEar(pub(super) WalletHandle);

impl ChainNotifications for MempoolEar {
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        Ok(self.0.apply(Notice::Added(tx.clone()))?)
    }
}
