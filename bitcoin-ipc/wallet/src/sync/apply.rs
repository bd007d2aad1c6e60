//! What a notification changes.
//!
//! In: a [`Notice`]. Out: calls of the wallet, which reads what it was not told.

use bitcoin::Block;
use bitcoin_ipc::types::FoundBlockRequest;

use super::WalletHandle;
use super::notices::{NewBlock, Notice};
use crate::ledger::BlockPart;
use crate::{Error, Result};

impl WalletHandle {
    pub(super) fn apply(&self, notice: Notice) -> Result<()> {
        match notice {
            Notice::Added(tx) => {
                self.added_to_mempool(&tx)?;
                self.watch_new_scripts();
                Ok(())
            }
            Notice::Removed(tx, reason) => self.removed_from_mempool(&tx, reason, self.watch().is_some()),
            Notice::Connected(block) => self.connected(block),
            Notice::Disconnected(block) if self.has_block(block)? => self.disconnect_from(block.height),
            Notice::Disconnected(_) => Ok(()),
        }
    }

    fn connected(&self, block: NewBlock) -> Result<()> {
        if self.has_block(block.id())? {
            return Ok(());
        }
        if block.below() != Some(self.tip()?.1) {
            // Something was missed, for instance while the node was lost.
            return self.scan_to_tip();
        }
        let part = match block {
            NewBlock::Part(part) => part,
            NewBlock::Unread { id, .. } => BlockPart::whole(self.fetch(id.hash)?, id.height),
        };
        self.connect(part)?;
        self.watch_new_scripts();
        Ok(())
    }

    fn fetch(&self, hash: bitcoin::BlockHash) -> Result<Block> {
        let wanted = FoundBlockRequest { want_data: true, ..FoundBlockRequest::default() };
        let found = self.chain().find_block(hash, &wanted)?;
        found.and_then(|found| found.data).ok_or_else(|| {
            Error::Refused(format!("the node does not have block {hash} (any more); was it pruned?"))
        })
    }
}
