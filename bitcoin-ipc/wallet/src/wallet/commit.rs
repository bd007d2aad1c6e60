//! Committing: a transaction goes into the wallet and to the node, or neither.
//!
//! In: a signed transaction. Out: a wallet that counts it, and a node that has it; or the node's reason, and a
//! wallet as it was.
//!
//! It is written first and sent then: if everything ends between the two, it is sent at the next start,
//! and nobody was told that it failed. The other way round a wallet could forget what it has paid.

use std::collections::BTreeMap;

use bdk_wallet::rusqlite;
use bitcoin::{Amount, OutPoint, Transaction, Txid};
use bitcoin_ipc::types::{ChangeType, TxBroadcast};

use super::build::sum;
use super::spending::Spending;
use super::{Event, Wallet, WalletState};
use crate::ledger::TxState;
use crate::storage::{TxMetadata, coins, transactions};
use crate::{Error, Result};

/// What is to be noted about a transaction that is committed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    pub(crate) value_map: BTreeMap<String, String>,
    pub(crate) order_form: Vec<(String, String)>,
    /// The transaction that it replaces.
    pub(crate) replaces: Option<Txid>,
}

/// What a commit changed, so that it can be taken back.
struct Before {
    /// Where the transaction was, if the wallet had it.
    state: Option<TxState>,
    /// The metadata of it and of what it replaces.
    metadata: Vec<(Txid, Option<TxMetadata>)>,
    /// Coins that it spends and that were locked, and whether that was written.
    locked: Vec<(OutPoint, bool)>,
}

impl Before {
    /// Writes metadata and locks as they were.
    fn restore(&self, db: &rusqlite::Transaction<'_>) -> Result<()> {
        for (txid, metadata) in &self.metadata {
            match metadata {
                Some(metadata) => transactions::put(db, *txid, metadata)?,
                None => transactions::delete(db, *txid)?,
            }
        }
        let mut written = self.locked.iter().filter(|(_, written)| *written);
        written.try_for_each(|(coin, _)| coins::set_locked(db, *coin, true))
    }
}

impl Wallet {
    /// Puts a transaction into the wallet and sends it, with texts and with notes in their order.
    ///
    /// A node that is not there now gets it later, and so does one that must not be sent anything
    /// (`-walletbroadcast=0`) when that has changed.
    ///
    /// # Errors
    ///
    /// A coin that it spends was spent otherwise meanwhile; the node refuses it, after which the wallet is
    /// as before; or it could not be written.
    pub fn commit_transaction(
        &self,
        tx: &Transaction,
        value_map: BTreeMap<String, String>,
        order_form: Vec<(String, String)>,
    ) -> Result<()> {
        self.spending()?.commit(tx, Texts { value_map, order_form, replaces: None })
    }

    /// Whether a transaction can be abandoned: it is neither in a block nor in the mempool, and is not
    /// abandoned.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn can_be_abandoned(&self, txid: Txid) -> Result<bool> {
        Ok(self.state()?.can_be_abandoned(txid))
    }

    /// Abandons a transaction, and those that spend from it, so that its coins can be spent again. Gives
    /// false if it cannot be abandoned.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn abandon(&self, txid: Txid) -> Result<bool> {
        let now = self.now();
        let abandoned = {
            let mut state = self.state()?;
            if !state.can_be_abandoned(txid) {
                return Ok(false);
            }
            let view = state.ledger.view();
            let mut all = state.ledger.descendants(txid);
            all.retain(|child| view.depth(*child) == 0 && !state.ledger.in_mempool(*child));
            all.push(txid);
            let mut changed = Vec::new();
            for txid in &all {
                state.ledger.abandon(*txid, now);
                let mut metadata = state.metadata_of(*txid, now);
                metadata.abandoned = true;
                changed.push((*txid, metadata));
            }
            state.save(|db| {
                changed.iter().try_for_each(|(txid, metadata)| transactions::put(db, *txid, metadata))
            })?;
            state.metadata.extend(changed);
            all
        };
        self.tell(abandoned.into_iter().map(|txid| Event::Tx(txid, ChangeType::Updated)));
        Ok(true)
    }
}

impl Spending<'_> {
    /// Puts a transaction into the wallet and sends it: [`Wallet::commit_transaction`].
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) fn commit(self, tx: &Transaction, texts: Texts) -> Result<()> {
        let txid = tx.compute_txid();
        let old = texts.replaces;
        let before = self.state()?.enter(tx, texts, self.now())?;
        let refused = self.send(tx);
        if let Some(reason) = refused {
            self.state()?.take_back(txid, before, self.now())?;
            return Err(Error::Rejected(reason));
        }
        let wallet = self.end();
        let change = if before.state.is_some() { ChangeType::Updated } else { ChangeType::New };
        let replaced = old.map(|old| Event::Tx(old, ChangeType::Updated));
        wallet.tell([Event::Tx(txid, change)].into_iter().chain(replaced));
        Ok(())
    }

    /// Sends a transaction that is in the wallet, and gives the node's reason if it will not have it.
    fn send(&self, tx: &Transaction) -> Option<String> {
        let options = self.options();
        if !options.broadcast {
            return None;
        }
        let (txid, name) = (tx.compute_txid(), self.name());
        let how = TxBroadcast::MempoolAndBroadcastToAll;
        match self.chain().broadcast_transaction(tx, options.max_tx_fee, how) {
            // That the wallet was unloaded meanwhile is no failure of the payment.
            Ok(Ok(())) => {
                if let Ok(mut state) = self.state() {
                    state.ledger.set_in_mempool(txid, true);
                }
                None
            }
            Ok(Err(reason)) => {
                // It may have come to the node, and even into a block, by another way.
                let there = self.state().is_ok_and(|mut state| {
                    let confirmed = matches!(state.ledger.view().state(txid), TxState::Confirmed { .. });
                    confirmed || state.ledger.in_mempool(txid)
                });
                tracing::warn!(target: "wallet", wallet = name, %txid, reason, "the node refused a transaction");
                (!there).then_some(reason)
            }
            // Nobody knows whether it arrived; it is sent again when there is a node.
            Err(error) => {
                tracing::warn!(target: "wallet", wallet = name, %txid, %error, "a transaction was not sent yet");
                None
            }
        }
    }
}

impl WalletState {
    fn can_be_abandoned(&mut self, txid: Txid) -> bool {
        let abandoned = self.metadata.get(&txid).is_some_and(|metadata| metadata.abandoned);
        let known = self.ledger.tx(txid).is_some();
        known && !abandoned && self.ledger.view().depth(txid) == 0 && !self.ledger.in_mempool(txid)
    }

    /// An error if a transaction spends what it cannot: more than there is, coins that another one has spent,
    /// other than the one that it replaces, or coins of a transaction that does not count any more.
    fn ensure_spends_free_coins(&mut self, tx: &Transaction, replaces: Option<Txid>) -> Result<()> {
        let (txid, view) = (tx.compute_txid(), self.ledger.view());
        let paid = sum(tx.output.iter().map(|output| output.value))?;
        let own = tx.input.iter().map(|input| self.ledger.own_txout(input.previous_output));
        let spent: Option<Vec<Amount>> = own.map(|output| output.map(|output| output.value)).collect();
        if spent.is_some_and(|spent| sum(spent).is_ok_and(|spent| spent < paid)) {
            return Err(Error::Refused("The transaction pays more than it spends".into()));
        }
        for coin in tx.input.iter().map(|input| input.previous_output) {
            let spender = view.spender(coin).filter(|by| *by != txid && Some(*by) != replaces);
            if let Some(by) = spender {
                let text = format!("The coin {coin} was spent by transaction {by} meanwhile; pay again");
                return Err(Error::Refused(text));
            }
            let lost = matches!(view.state(coin.txid), TxState::BlockConflicted { .. } | TxState::Abandoned);
            if lost && self.ledger.own_txout(coin).is_some() {
                let text = format!("The coin {coin} is of a transaction that does not count any more");
                return Err(Error::Refused(text));
            }
        }
        Ok(())
    }

    /// Writes a transaction that is about to be sent.
    fn enter(&mut self, tx: &Transaction, texts: Texts, now: i64) -> Result<Before> {
        let Texts { value_map, order_form, replaces } = texts;
        self.ensure_spends_free_coins(tx, replaces)?;
        let txid = tx.compute_txid();
        let state = self.ledger.tx(txid).map(|_| self.ledger.view().state(txid));
        let both = replaces.into_iter().chain([txid]);
        let before = Before {
            state,
            metadata: both.map(|id| (id, self.metadata.get(&id).cloned())).collect(),
            locked: self.locked_inputs(tx),
        };
        self.ledger.add_pending(tx, now);
        let mut changed = Vec::new();
        if let Some(old) = replaces {
            let mut metadata = self.metadata_of(old, now);
            metadata.value_map.insert("replaced_by_txid".into(), txid.to_string());
            changed.push((old, metadata));
        }
        let mut metadata = self.metadata_of(txid, now);
        (metadata.value_map, metadata.order_form, metadata.abandoned) = (value_map, order_form, false);
        changed.push((txid, metadata));
        let written = self.save(|db| {
            coins::free(db, &before.locked)?;
            changed.iter().try_for_each(|(txid, metadata)| transactions::put(db, *txid, metadata))
        });
        if let Err(error) = written {
            self.ledger.abandon(txid, now);
            return Err(error);
        }
        self.metadata.extend(changed);
        self.free(&before.locked);
        Ok(before)
    }

    /// Takes back what was entered.
    fn take_back(&mut self, txid: Txid, before: Before, now: i64) -> Result<()> {
        if before.state.is_some_and(|state| !state.is_pending()) {
            self.ledger.abandon(txid, now);
        }
        match before.state {
            Some(_) => self.save(|db| before.restore(db))?,
            None => self.delete_tx(txid, |db| before.restore(db))?,
        }
        for (id, metadata) in before.metadata {
            match metadata {
                Some(metadata) => self.metadata.insert(id, metadata),
                None => self.metadata.remove(&id),
            };
        }
        self.locked.extend(before.locked);
        Ok(())
    }
}
