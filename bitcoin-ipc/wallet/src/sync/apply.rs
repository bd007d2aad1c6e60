//! What a notification changes.
//!
//! In: a [`Notice`]. Out: a changed and saved ledger, and events.

use std::collections::{BTreeSet, HashSet};

use bdk_wallet::chain::BlockId;
use bitcoin::{Block, Transaction, Txid};
use bitcoin_ipc::types::{ChangeType, FoundBlockRequest, MempoolRemovalReason};

use super::WalletHandle;
use super::notices::{NewBlock, Notice};
use crate::ledger::{BlockPart, TxState, is_possible};
use crate::storage::{self, TxMetadata, coins, transactions};
use crate::wallet::{Event, WalletState};
use crate::{Error, Result};

impl WalletHandle {
    pub(super) fn apply(&self, notice: Notice) -> Result<()> {
        match notice {
            Notice::Added(tx) => self.added(&tx),
            Notice::Removed(tx, reason) => self.removed(&tx, reason),
            Notice::Connected(block) => self.connected(block),
            Notice::Disconnected(block) => self.disconnected(block),
        }
    }

    fn added(&self, tx: &Transaction) -> Result<()> {
        let now = self.now();
        let (event, rivals) = {
            let mut state = self.state()?;
            let event = state.see_in_mempool(tx, now)?;
            let of_others = !state.ledger.is_relevant(tx);
            (event, if of_others { state.ledger.note_rival(tx) } else { Vec::new() })
        };
        self.tell(event);
        self.tell(rivals.into_iter().map(|txid| Event::Tx(txid, ChangeType::Updated)));
        self.watch_new_scripts();
        Ok(())
    }

    fn removed(&self, tx: &Transaction, reason: MempoolRemovalReason) -> Result<()> {
        let txid = tx.compute_txid();
        let now = self.now();
        let rivals = self.state()?.ledger.forget_rival(txid);
        self.tell(rivals.into_iter().map(|txid| Event::Tx(txid, ChangeType::Updated)));
        {
            let mut state = self.state()?;
            if !state.ledger.set_in_mempool(txid, false) {
                return Ok(());
            }
            // What others made and replaced will not come back; what the wallet made may.
            let own = tx.input.iter().any(|input| state.ledger.own_txout(input.previous_output).is_some());
            let lost = match reason {
                MempoolRemovalReason::Replaced => true,
                // A watch that began later does not tell what took its place, as that pays and spends nothing of
                // the wallet.
                MempoolRemovalReason::Conflict => self.watch().is_some(),
                _ => false,
            };
            if lost && !own {
                state.ledger.abandon(txid, now);
            }
            state.save(|_| Ok(()))?;
        }
        self.tell([Event::Tx(txid, ChangeType::Updated)]);
        Ok(())
    }

    fn connected(&self, block: NewBlock) -> Result<()> {
        let fits = {
            let state = self.state()?;
            if state.ledger.has_block(block.id()) {
                return Ok(());
            }
            block.below() == Some(state.ledger.tip().hash)
        };
        if !fits {
            // Something was missed, for instance while the node was lost.
            return self.scan_to_tip();
        }
        let part = match block {
            NewBlock::Part(part) => part,
            NewBlock::Unread { id, .. } => BlockPart::whole(self.fetch(id.hash)?, id.height),
        };
        let now = self.now();
        let events = self.state()?.connect(part, now)?;
        self.tell(events);
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

    fn disconnected(&self, block: BlockId) -> Result<()> {
        let events = {
            let mut state = self.state()?;
            if !state.ledger.has_block(block) {
                return Ok(());
            }
            state.disconnect_from(block.height)?
        };
        self.tell(events);
        Ok(())
    }
}

impl WalletState {
    /// Takes in a transaction that the mempool has. Gives events if it is the wallet's and news.
    pub(crate) fn see_in_mempool(&mut self, tx: &Transaction, now: i64) -> Result<Vec<Event>> {
        let txid = tx.compute_txid();
        if !self.ledger.is_relevant(tx) || !is_possible(tx) {
            return Ok(Vec::new());
        }
        let before = self.ledger.view().state(txid);
        if matches!(before, TxState::Confirmed { .. }) {
            return Ok(Vec::new());
        }
        let news = self.ledger.set_in_mempool(txid, true);
        let known = self.metadata.contains_key(&txid);
        if !before.is_pending() || !known {
            self.ledger.add_pending(tx, now);
        }
        let mut metadata = self.metadata_of(txid, now);
        metadata.abandoned = false;
        let spent = self.locked_inputs(tx);
        self.save(|db| {
            coins::free(db, &spent)?;
            transactions::put(db, txid, &metadata)
        })?;
        self.metadata.insert(txid, metadata);
        self.free(&spent);
        let change = if known { ChangeType::Updated } else { ChangeType::New };
        let mut events = std::mem::take(&mut self.book_news);
        events.extend((news || !known).then_some(Event::Tx(txid, change)));
        Ok(events)
    }

    /// The metadata of a transaction, or of one that is new.
    pub(crate) fn metadata_of(&self, txid: Txid, time: i64) -> TxMetadata {
        let new = || {
            let order_pos =
                self.metadata.values().map(|metadata| metadata.order_pos + 1).max().unwrap_or_default();
            TxMetadata { order_pos, time, ..TxMetadata::default() }
        };
        self.metadata.get(&txid).cloned().unwrap_or_else(new)
    }

    /// Takes in a block that is the next one or known to be in the chain.
    pub(crate) fn connect(&mut self, block: BlockPart, now: i64) -> Result<Vec<Event>> {
        let was_tip = self.ledger.tip();
        let time = i64::from(block.time);
        // What a search finds again is no news.
        let old = block.txs.iter().map(|(_, tx)| tx.compute_txid());
        let old: HashSet<Txid> = old.filter(|txid| self.ledger.is_in(*txid, block.id)).collect();
        let relevant = self.ledger.connect(block)?;
        let tip_time = if self.ledger.tip() == was_tip { self.tip_time } else { time };
        let mut events = Vec::new();
        let mut changed = Vec::new();
        let mut spent = Vec::new();
        let mut order_pos = match relevant.is_empty() {
            true => 0,
            false => self.metadata.values().map(|metadata| metadata.order_pos + 1).max().unwrap_or_default(),
        };
        for (index, txid) in relevant.into_iter().filter(|(_, txid)| !old.contains(txid)) {
            let Some(tx) = self.ledger.tx(txid) else { continue };
            spent.extend(self.locked_inputs(&tx));
            let known = self.metadata.get(&txid).cloned();
            let change = if known.is_some() { ChangeType::Updated } else { ChangeType::New };
            let mut metadata = known.unwrap_or_else(|| {
                order_pos += 1;
                // A transaction of an old block was not seen now.
                TxMetadata { order_pos: order_pos - 1, time: time.min(now), ..TxMetadata::default() }
            });
            metadata.abandoned = false;
            metadata.block_index = index.into();
            changed.push((txid, metadata));
            events.push(Event::Tx(txid, change));
        }
        // What pays scripts that were just derived may be in this block and in later ones, of which the node told
        // without them.
        let owed = self.ledger.derived_from().map_or(self.owed, |height| self.owed.and_derived(height));
        let more = owed != self.owed;
        self.save(|db| {
            coins::free(db, &spent)?;
            for (txid, metadata) in &changed {
                transactions::put(db, *txid, metadata)?;
            }
            if more {
                owed.put(db)?;
            }
            storage::set_tip_time(db, tip_time)
        })?;
        self.owed = owed;
        self.metadata.extend(changed);
        self.free(&spent);
        self.tip_time = tip_time;
        events.append(&mut self.book_news);
        Ok(events)
    }

    /// Takes in a block without anything of the wallet's.
    pub(crate) fn connect_empty(&mut self, id: BlockId, time: i64) -> Result<()> {
        self.ledger.connect_empty(id)?;
        self.save(|db| storage::set_tip_time(db, time))?;
        self.tip_time = time;
        Ok(())
    }

    /// Takes out the blocks from a height on.
    pub(crate) fn disconnect_from(&mut self, height: u32) -> Result<Vec<Event>> {
        let gone: BTreeSet<Txid> = self.ledger.disconnect_from(height)?;
        // A coinbase of a lost block cannot come into another one, and nobody may send it.
        let lost = gone.iter().filter(|txid| self.ledger.tx(**txid).is_some_and(|tx| tx.is_coinbase()));
        let lost = lost.filter_map(|txid| {
            Some((*txid, TxMetadata { abandoned: true, ..self.metadata.get(txid)?.clone() }))
        });
        let lost: Vec<_> = lost.collect();
        self.save(|db| lost.iter().try_for_each(|(txid, metadata)| transactions::put(db, *txid, metadata)))?;
        self.metadata.extend(lost);
        let own = gone.into_iter().filter(|txid| self.ledger.tx(*txid).is_some());
        Ok(own.map(|txid| Event::Tx(txid, ChangeType::Updated)).collect())
    }
}
