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
use super::{Event, State, WalletHandle};
use crate::ledger::Place;
use crate::storage::{TxNote, coins, transactions};
use crate::{Error, Result};

/// What is noted about a transaction that is committed.
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
    place: Option<Place>,
    /// The notes about it and about what it replaces.
    notes: Vec<(Txid, Option<TxNote>)>,
    /// Coins that it spends and that were locked, and whether that was written.
    locked: Vec<(OutPoint, bool)>,
}

impl Before {
    /// Writes notes and locks as they were.
    fn restore(&self, db: &rusqlite::Transaction<'_>) -> Result<()> {
        for (txid, note) in &self.notes {
            match note {
                Some(note) => transactions::put(db, *txid, note)?,
                None => transactions::delete(db, *txid)?,
            }
        }
        let mut written = self.locked.iter().filter(|(_, written)| *written);
        written.try_for_each(|(coin, _)| coins::set_locked(db, *coin, true))
    }
}

impl WalletHandle {
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

    /// Whether a transaction can be given up: it is neither in a block nor in the mempool, and is not
    /// given up.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn can_be_abandoned(&self, txid: Txid) -> Result<bool> {
        Ok(self.state()?.can_be_abandoned(txid))
    }

    /// Gives a transaction up, and those that spend from it, so that its coins can be spent again. Gives
    /// false if it cannot be given up.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn abandon(&self, txid: Txid) -> Result<bool> {
        let now = self.now();
        let given_up = {
            let mut state = self.state()?;
            if !state.can_be_abandoned(txid) {
                return Ok(false);
            }
            let view = state.ledger.view();
            let mut all = state.ledger.descendants(txid);
            all.retain(|child| view.depth(*child) == 0 && !state.ledger.in_mempool(*child));
            all.push(txid);
            let mut notes = Vec::new();
            for txid in &all {
                state.ledger.give_up(*txid, now);
                let mut note = state.note(*txid, now);
                note.abandoned = true;
                notes.push((*txid, note));
            }
            state.save(|db| notes.iter().try_for_each(|(txid, note)| transactions::put(db, *txid, note)))?;
            state.notes.extend(notes);
            all
        };
        self.tell(given_up.into_iter().map(|txid| Event::Tx(txid, ChangeType::Updated)));
        Ok(true)
    }
}

impl Spending<'_> {
    /// Puts a transaction into the wallet and sends it: [`WalletHandle::commit_transaction`].
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
        let change = if before.place.is_some() { ChangeType::Updated } else { ChangeType::New };
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
                    let confirmed = matches!(state.ledger.view().place(txid), Place::Block { .. });
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

impl State {
    fn can_be_abandoned(&mut self, txid: Txid) -> bool {
        let abandoned = self.notes.get(&txid).is_some_and(|note| note.abandoned);
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
            let lost = matches!(view.place(coin.txid), Place::Conflicted { .. } | Place::Inactive);
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
        let place = self.ledger.tx(txid).map(|_| self.ledger.view().place(txid));
        let changed = replaces.into_iter().chain([txid]);
        let before = Before {
            place,
            notes: changed.map(|id| (id, self.notes.get(&id).cloned())).collect(),
            locked: self.locked_inputs(tx),
        };
        self.ledger.add_pending(tx, now);
        let mut notes = Vec::new();
        if let Some(old) = replaces {
            let mut note = self.note(old, now);
            note.value_map.insert("replaced_by_txid".into(), txid.to_string());
            notes.push((old, note));
        }
        let mut note = self.note(txid, now);
        (note.value_map, note.order_form, note.abandoned) = (value_map, order_form, false);
        notes.push((txid, note));
        let written = self.save(|db| {
            coins::free(db, &before.locked)?;
            notes.iter().try_for_each(|(txid, note)| transactions::put(db, *txid, note))
        });
        if let Err(error) = written {
            self.ledger.give_up(txid, now);
            return Err(error);
        }
        self.notes.extend(notes);
        self.free(&before.locked);
        Ok(before)
    }

    /// Takes back what was entered.
    fn take_back(&mut self, txid: Txid, before: Before, now: i64) -> Result<()> {
        if before.place.is_some_and(|place| place != Place::Pending) {
            self.ledger.give_up(txid, now);
        }
        match before.place {
            Some(_) => self.save(|db| before.restore(db))?,
            None => self.delete_tx(txid, |db| before.restore(db))?,
        }
        for (id, note) in before.notes {
            match note {
                Some(note) => self.notes.insert(id, note),
                None => self.notes.remove(&id),
            };
        }
        self.locked.extend(before.locked);
        Ok(())
    }
}
