//! What of a block reaches the wallet.
//!
//! In: a whole block, or what the node's watch found in one. Out: a [`BlockPart`], the same for both.

use bdk_wallet::chain::BlockId;
use bitcoin::{Amount, Block, BlockHash, Transaction};
use bitcoin_ipc::interfaces::watch::WatchedBlock;

use crate::{Error, Result};

/// A block, with those of its transactions that may be the wallet's.
#[derive(Debug)]
pub(crate) struct BlockPart {
    pub(crate) id: BlockId,
    /// The block below.
    pub(crate) below: Option<BlockId>,
    /// In seconds since 1970.
    pub(crate) time: u32,
    /// The latest time of it and all blocks below, if a search found it: Bitcoin Core's `rescanning_old_block`.
    pub(crate) searched: Option<i64>,
    /// In the order of the block, each with its place.
    pub(crate) txs: Vec<(u32, Transaction)>,
}

impl BlockPart {
    pub(crate) fn new(
        hash: BlockHash,
        height: u32,
        below: Option<BlockHash>,
        time: u32,
        txs: Vec<(u32, Transaction)>,
    ) -> Self {
        let below = height.checked_sub(1).zip(below).map(|(height, hash)| BlockId { height, hash });
        let txs = txs.into_iter().filter(|(_, tx)| is_possible(tx)).collect();
        BlockPart { id: BlockId { height, hash }, below, time, searched: None, txs }
    }

    /// The same, of a block that a search found.
    pub(crate) fn searched(self, max_time: i64) -> Self {
        BlockPart { searched: Some(max_time), ..self }
    }

    /// All of a block.
    pub(crate) fn whole(block: Block, height: u32) -> Self {
        let (hash, header) = (block.block_hash(), block.header);
        Self::new(hash, height, Some(header.prev_blockhash), header.time, (0..).zip(block.txdata).collect())
    }
}

/// Whether a transaction pays no more than there is. No node takes another one; one that tells of it would have
/// the wallet count what it cannot.
pub(crate) fn is_possible(tx: &Transaction) -> bool {
    let mut amounts = tx.output.iter().map(|output| output.value);
    let sum = amounts.try_fold(Amount::ZERO, Amount::checked_add);
    sum.is_some_and(|sum| sum <= Amount::MAX_MONEY)
}

impl TryFrom<WatchedBlock> for BlockPart {
    type Error = Error;

    fn try_from(block: WatchedBlock) -> Result<Self> {
        let WatchedBlock { hash, prev_hash, height, time, transactions, .. } = block;
        let height =
            u32::try_from(height).map_err(|_| Error::Refused("the node gave a negative height".into()))?;
        let txs = transactions.into_iter().map(|found| (found.index, found.tx)).collect();
        Ok(Self::new(hash, height, prev_hash, time, txs))
    }
}
