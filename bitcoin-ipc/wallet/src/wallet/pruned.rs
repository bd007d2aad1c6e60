//! Single transactions, for wallets whose node does not have old blocks any more.
//!
//! In: a transaction of a block, or the id of one. Out: a wallet that knows it, or knows it no more.

use bdk_wallet::rusqlite::Transaction;
use bitcoin::{BlockHash, Txid};
use bitcoin_ipc::types::ChangeType;

use super::{Event, Wallet, WalletState};
use crate::ledger::{BlockPart, LedgerChanges};
use crate::storage::transactions;
use crate::{Error, Result};

impl Wallet {
    /// Takes in transactions of a block that is known to be in the chain below a tip. Gives false if the
    /// wallet has another tip now, so that it may not be.
    pub(crate) fn take_block_part(&self, part: BlockPart, tip: BlockHash) -> Result<bool> {
        let now = self.now();
        let events = {
            let mut state = self.state()?;
            if state.ledger.tip().hash != tip {
                return Ok(false);
            }
            state.connect(part, now)?
        };
        self.tell(events);
        self.derived();
        Ok(true)
    }

    /// Forgets a transaction, as if the wallet had never heard of it. What it paid is gone from the balance, and
    /// what it spent is there again, unless another transaction spends it too.
    ///
    /// # Errors
    ///
    /// The wallet has no such transaction, or it could not be written.
    pub fn forget_transaction(&self, txid: Txid) -> Result<()> {
        self.state()?.forget(txid)?;
        self.tell([Event::Tx(txid, ChangeType::Deleted)]);
        Ok(())
    }
}

impl WalletState {
    fn forget(&mut self, txid: Txid) -> Result<()> {
        if self.ledger.tx(txid).is_none() {
            return Err(Error::Refused(format!("Transaction {txid} does not belong to this wallet")));
        }
        self.delete_tx(txid, |_| Ok(()))
    }

    /// Takes a transaction out of the wallet, and writes more in the same go.
    pub(super) fn delete_tx(
        &mut self,
        txid: Txid,
        more: impl FnOnce(&Transaction<'_>) -> Result<()>,
    ) -> Result<()> {
        let kept = self.save(|tx| {
            transactions::delete(tx, txid)?;
            LedgerChanges::delete(tx, txid)?;
            more(tx)?;
            LedgerChanges::get(tx)
        })?;
        self.metadata.remove(&txid);
        // BDK's graph only grows, so there is a new one without it.
        self.ledger.reload(kept)?;
        self.ledger.set_in_mempool(txid, false);
        Ok(())
    }
}
