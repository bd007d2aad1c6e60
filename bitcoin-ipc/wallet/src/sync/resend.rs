//! Giving the wallet's unconfirmed transactions to the node again.
//!
//! In: a wallet, now and then. Out: transactions in the mempool that it may have lost.

use bitcoin_ipc::types::{ChangeType, TxBroadcast};

use crate::Result;
use crate::ledger::Place;
use crate::wallet::{Event, WalletHandle};

impl WalletHandle {
    /// Gives the node what is pending and not in its mempool, in the order in which it was made.
    ///
    /// # Errors
    ///
    /// The node cannot be asked. That it refuses a transaction is no error.
    pub fn resubmit(&self, how: TxBroadcast) -> Result<()> {
        if !self.0.options.broadcast {
            return Ok(());
        }
        let pending = {
            let mut state = self.state()?;
            let view = state.ledger.view();
            let resend = how == TxBroadcast::MempoolAndBroadcastToAll;
            let mut pending: Vec<_> = state
                .ledger
                .txs()
                .filter(|(txid, _)| view.place(*txid) == Place::Pending)
                .filter(|(txid, _)| resend || !state.ledger.in_mempool(*txid))
                .map(|(txid, tx)| (state.notes.get(&txid).map_or(i64::MAX, |note| note.place), txid, tx))
                .collect();
            pending.sort_by_key(|(place, txid, _)| (*place, *txid));
            pending
        };
        let chain = self.chain();
        for (_, txid, tx) in pending {
            // One that is being committed is sent by whoever does, who may have to take it back.
            let spending = self.spending()?;
            if self.state()?.ledger.view().place(txid) != Place::Pending {
                continue;
            }
            match chain.broadcast_transaction(&tx, self.0.options.max_tx_fee, how)? {
                Ok(()) => {
                    let news = self.state()?.ledger.set_in_mempool(txid, true);
                    drop(spending);
                    self.tell(news.then_some(Event::Tx(txid, ChangeType::Updated)));
                }
                Err(reason) => {
                    tracing::debug!(target: "wallet", wallet = self.name(), %txid, %reason, "not resubmitted");
                }
            }
        }
        Ok(())
    }
}
