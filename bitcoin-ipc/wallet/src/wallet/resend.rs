//! Giving the wallet's unconfirmed transactions to the node again.
//!
//! In: a wallet, now and then. Out: transactions in the mempool that it may have lost.

use bitcoin::Txid;
use bitcoin_ipc::ErrorKind;
use bitcoin_ipc::types::{ChangeType, TxBroadcast};

use super::{Event, Wallet, WalletState};
use crate::Result;
use crate::ledger::{TxState, View};

impl Wallet {
    /// Gives the node what is pending and not in its mempool, in the order in which it was made. A replacement
    /// that was written and not sent, so that the node has what it replaces, is among it.
    ///
    /// # Errors
    ///
    /// The node cannot be asked. That it refuses a transaction is no error.
    pub fn resubmit(&self, how: TxBroadcast) -> Result<()> {
        if !self.options.broadcast {
            return Ok(());
        }
        let pending = {
            let mut state = self.state()?;
            let view = state.ledger.view();
            let resend = how == TxBroadcast::MempoolAndBroadcastToAll;
            let mut pending = state.ordered_txs();
            pending.retain(|(txid, _)| {
                state.is_to_be_sent(&view, *txid) && (resend || !state.ledger.in_mempool(*txid))
            });
            pending
        };
        let chain = self.chain();
        for (txid, tx) in pending {
            // One that is being committed is sent by whoever does, who may have to take it back.
            let spending = self.spending()?;
            let to_be_sent = {
                let mut state = self.state()?;
                let view = state.ledger.view();
                state.is_to_be_sent(&view, txid)
            };
            if !to_be_sent {
                continue;
            }
            let max_fee = self.options.max_tx_fee;
            let sent = match chain.broadcast_transaction(&tx, max_fee, how) {
                // A node that tells its peers of all that it is given. It may have lost what it was given before, and
                // its peers as well.
                Err(error) if error.kind() == ErrorKind::Unimplemented => {
                    chain.broadcast_transaction(&tx, max_fee, TxBroadcast::MempoolAndBroadcastToAll)
                }
                sent => sent,
            };
            match sent? {
                Ok(()) => {
                    let news = {
                        let mut state = self.state()?;
                        if state.ledger.view().state(txid) == TxState::Abandoned {
                            state.ledger.add_pending(&tx, self.now());
                            state.save(|_| Ok(()))?;
                        }
                        state.ledger.set_in_mempool(txid, true)
                    };
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

impl WalletState {
    /// Whether a transaction waits for a block, or would if the node had it instead of what it replaces.
    fn is_to_be_sent(&self, view: &View, txid: Txid) -> bool {
        let noted = |txid: Txid, name: &str| -> Option<Txid> {
            self.metadata.get(&txid)?.value_map.get(name)?.parse().ok()
        };
        match view.state(txid) {
            TxState::InMempool | TxState::Inactive => true,
            TxState::Abandoned => noted(txid, "replaces_txid").is_some_and(|old| {
                let abandoned = self.metadata.get(&txid).is_some_and(|metadata| metadata.abandoned);
                let latest = noted(old, "replaced_by_txid") == Some(txid);
                !abandoned && latest && view.state(old).is_pending()
            }),
            TxState::Confirmed { .. } | TxState::BlockConflicted { .. } => false,
        }
    }
}
