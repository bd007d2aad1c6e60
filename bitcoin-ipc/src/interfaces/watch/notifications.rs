//! WatchedNotifications: what a wallet hears that said what it looks for.

use bitcoin::{BlockHash, Transaction};
use mp_runtime::{IpcStruct, Result, ipc_interface};

use crate::files::WATCH;
use crate::types::{Bitcoin, BlockLocator, MempoolRemovalReason};

/// What a wallet hears of the chain, as far as it concerns the scripts that it watches. A
/// transaction concerns them when an output pays one or an input spends from one. Blocks that are
/// validated below a snapshot are not told. Methods that a wallet does not need do nothing.
#[ipc_interface(file = WATCH, types = Bitcoin)]
pub trait WatchedNotifications: Send + Sync {
    /// A transaction that concerns the scripts came into the mempool.
    fn transaction_added(&self, tx: &Transaction) -> Result<()> {
        let _ = tx;
        Ok(())
    }

    /// A transaction that was told as added left the mempool, other than for a block.
    fn transaction_removed(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        let _ = (tx, reason);
        Ok(())
    }

    /// The chain grew by a block. Every block is told, also without a transaction.
    fn block_connected(&self, block: &WatchedBlock) -> Result<()> {
        let _ = block;
        Ok(())
    }

    /// The chain lost its highest block, to another branch. The transactions are those that concern
    /// the scripts watched now.
    fn block_disconnected(&self, block: &WatchedBlock) -> Result<()> {
        let _ = block;
        Ok(())
    }

    /// The chain has another highest block.
    fn updated_block_tip(&self) -> Result<()> {
        Ok(())
    }

    /// The chain up to here is safely on disk.
    fn chain_state_flushed(&self, locator: &BlockLocator) -> Result<()> {
        let _ = locator;
        Ok(())
    }
}

/// A block with the transactions of it that concern watched scripts.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = WATCH, types = Bitcoin)]
pub struct WatchedBlock {
    /// Its hash.
    pub hash: BlockHash,
    /// The hash of the block below; none for the first.
    pub prev_hash: Option<BlockHash>,
    /// How many blocks are below it.
    pub height: i32,
    /// Its time, in seconds since 1970.
    pub time: u32,
    /// The latest time of it and all blocks below, in seconds since 1970.
    pub max_time: u32,
    /// The transactions, as they follow each other in the block.
    pub transactions: Vec<WatchedTransaction>,
}

/// A transaction of a block.
#[derive(Clone, Debug, PartialEq, Eq, IpcStruct)]
#[ipc(file = WATCH, types = Bitcoin)]
pub struct WatchedTransaction {
    /// How many transactions of the block come before it; 0 is the coinbase.
    pub index: u32,
    /// The transaction.
    pub tx: Transaction,
}
