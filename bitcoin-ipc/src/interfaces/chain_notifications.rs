//! ChainNotifications: what a wallet hears of the chain.

use bitcoin::Transaction;
use mp_runtime::{Result, ipc_interface};

use crate::files::CHAIN;
use crate::types::{Bitcoin, BlockInfo, BlockLocator, ChainstateRole, MempoolRemovalReason};

/// What a wallet hears of the chain. Methods that it does not need do nothing.
#[ipc_interface(file = CHAIN, types = Bitcoin, cxx = "interfaces::Chain::Notifications")]
pub trait ChainNotifications: Send + Sync {
    /// A transaction came into the mempool.
    fn transaction_added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        let _ = tx;
        Ok(())
    }

    /// A transaction left the mempool, other than for a block.
    fn transaction_removed_from_mempool(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        let _ = (tx, reason);
        Ok(())
    }

    /// The chain grew by a block.
    fn block_connected(&self, role: ChainstateRole, block: &BlockInfo) -> Result<()> {
        let _ = (role, block);
        Ok(())
    }

    /// The chain lost its highest block, to another branch.
    fn block_disconnected(&self, block: &BlockInfo) -> Result<()> {
        let _ = block;
        Ok(())
    }

    /// The chain has another highest block.
    fn updated_block_tip(&self) -> Result<()> {
        Ok(())
    }

    /// The chain up to here is safely on disk.
    fn chain_state_flushed(&self, role: ChainstateRole, locator: &BlockLocator) -> Result<()> {
        let _ = (role, locator);
        Ok(())
    }
}
