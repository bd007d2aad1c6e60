//! What the chain and the mempool change.
//!
//! In: blocks and transactions, from whoever follows the chain. Out: a changed and saved wallet, and events.

use std::collections::{BTreeSet, HashSet};

use bdk_wallet::chain::BlockId;
use bitcoin::{Block, BlockHash, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::types::{ChangeType, MempoolRemovalReason};

use super::{Event, Wallet, WalletState};
use crate::Result;
use crate::ledger::{BlockPart, TxState, is_possible};
use crate::storage::{self, Owed, TxMetadata, coins, transactions};

#[cfg(test)]
mod tests;

/// Where a search begins that brings the wallet to the tip.
pub(crate) struct Known {
    /// Hashes of known blocks from the highest down.
    pub(crate) locator: Vec<BlockHash>,
    pub(crate) genesis: BlockHash,
    /// The time of the first key.
    pub(crate) birth: Option<i64>,
}

impl Wallet {
    /// Takes in a transaction that the mempool has.
    pub(crate) fn added_to_mempool(&self, tx: &Transaction) -> Result<()> {
        let now = self.now();
        let (event, rivals) = {
            let mut state = self.state()?;
            let event = state.see_in_mempool(tx, now)?;
            let of_others = !state.ledger.is_relevant(tx);
            (event, if of_others { state.ledger.note_rival(tx) } else { Vec::new() })
        };
        self.tell(event);
        self.tell_updated(rivals);
        Ok(())
    }

    /// Takes in that the mempool does not have a transaction any more. A node that watches the wallet's scripts may
    /// not tell what took its place.
    pub(crate) fn removed_from_mempool(
        &self,
        tx: &Transaction,
        reason: MempoolRemovalReason,
        watching: bool,
    ) -> Result<()> {
        let (txid, now) = (tx.compute_txid(), self.now());
        let changed = {
            let mut state = self.state()?;
            let mut changed = state.ledger.forget_rival(txid);
            if state.ledger.set_in_mempool(txid, false) {
                // What others made and replaced will not come back; what the wallet made may.
                let mut spent = tx.input.iter().map(|input| input.previous_output);
                let own = spent.any(|coin| state.ledger.own_txout(coin).is_some());
                let lost = match reason {
                    MempoolRemovalReason::Replaced => true,
                    // A watch that began later does not tell what took its place, as that pays and spends nothing
                    // of the wallet.
                    MempoolRemovalReason::Conflict => watching,
                    _ => false,
                };
                if lost && !own {
                    state.ledger.abandon(txid, now);
                }
                state.save(|_| Ok(()))?;
                changed.push(txid);
            }
            changed
        };
        self.tell_updated(changed);
        Ok(())
    }

    /// Takes in a block that is the next one or known to be in the chain. Gives whether it has anything new.
    pub(crate) fn connect(&self, block: BlockPart) -> Result<bool> {
        let events = self.state()?.connect(block, self.now())?;
        let found = !events.is_empty();
        self.tell(events);
        Ok(found)
    }

    /// Takes in a block without anything of the wallet's.
    pub(crate) fn connect_empty(&self, id: BlockId, time: i64) -> Result<()> {
        self.state()?.connect_empty(id, time)
    }

    /// Takes out the blocks from a height on.
    pub(crate) fn disconnect_from(&self, height: u32) -> Result<()> {
        let events = self.state()?.disconnect_from(height)?;
        self.tell(events);
        Ok(())
    }

    fn tell_updated(&self, txids: Vec<Txid>) {
        self.tell(txids.into_iter().map(|txid| Event::Tx(txid, ChangeType::Updated)));
    }

    /// Whether a block may have anything of the wallet's.
    pub(crate) fn may_concern(&self, block: &Block) -> Result<bool> {
        let state = self.state()?;
        Ok(block.txdata.iter().any(|tx| state.ledger.may_concern(tx)))
    }

    pub(crate) fn has_block(&self, block: BlockId) -> Result<bool> {
        Ok(self.state()?.ledger.has_block(block))
    }

    pub(crate) fn hash_at(&self, height: u32) -> Result<Option<BlockHash>> {
        Ok(self.state()?.ledger.hash_at(height))
    }

    /// Where a search begins that brings the wallet to the tip.
    pub(crate) fn known(&self) -> Result<Known> {
        let state = self.state()?;
        Ok(Known {
            locator: state.ledger.locator(),
            genesis: state.ledger.genesis(),
            birth: state.descriptors.iter().map(|descriptor| descriptor.birth).min(),
        })
    }

    /// Notes whether such a search was aborted.
    pub(crate) fn set_behind(&self, behind: bool) -> Result<()> {
        self.state()?.behind = behind;
        Ok(())
    }

    /// All scripts, as filters take them.
    pub(crate) fn filter_set(&self) -> Result<HashSet<Vec<u8>>> {
        Ok(self.state()?.ledger.scripts().all().map(|script| script.to_bytes()).collect())
    }

    pub(crate) fn script_count(&self) -> Result<usize> {
        Ok(self.state()?.ledger.scripts().count())
    }

    /// All scripts but so many first ones, how many there are, and the lowest block that may have something for
    /// those that were derived since the last time.
    pub(crate) fn take_new_scripts(&self, known: usize) -> Result<(Vec<ScriptBuf>, usize, Option<u32>)> {
        let mut state = self.state()?;
        let all = state.ledger.scripts();
        let (scripts, count) = (all.all().skip(known).cloned().collect(), all.count());
        Ok((scripts, count, state.ledger.take_derived()))
    }

    /// Notes that new scripts may have something in blocks from a height on.
    pub(crate) fn derive_from(&self, height: u32) -> Result<()> {
        self.state()?.ledger.derive_from(height);
        Ok(())
    }

    pub(crate) fn forget_mempool(&self) -> Result<()> {
        self.state()?.ledger.forget_mempool();
        Ok(())
    }

    /// What of the chain is still to be searched.
    pub(crate) fn owed(&self) -> Result<Owed> {
        Ok(self.state()?.owed)
    }

    /// Changes that, and gives what it is then.
    pub(crate) fn owe(&self, change: impl FnOnce(Owed) -> Owed) -> Result<Owed> {
        let mut state = self.state()?;
        let owed = change(state.owed);
        state.owe(owed)?;
        Ok(owed)
    }

    /// Notes that the blocks were searched for scripts that they had derived, unless there are new ones.
    pub(crate) fn settled(&self) -> Result<()> {
        let mut state = self.state()?;
        if state.ledger.derived_from().is_none() {
            let owed = Owed { derived: None, ..state.owed };
            state.owe(owed)?;
        }
        Ok(())
    }
}

impl WalletState {
    /// Takes in a transaction that the mempool has. Gives events if it is the wallet's and news.
    fn see_in_mempool(&mut self, tx: &Transaction, now: i64) -> Result<Vec<Event>> {
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
    pub(super) fn metadata_of(&self, txid: Txid, time: i64) -> TxMetadata {
        let new = || {
            let order_pos =
                self.metadata.values().map(|metadata| metadata.order_pos + 1).max().unwrap_or_default();
            TxMetadata { order_pos, time_received: time, ..TxMetadata::default() }
        };
        self.metadata.get(&txid).cloned().unwrap_or_else(new)
    }

    /// When a transaction came about that is first seen in a block which just came: not before the one that the wallet
    /// heard of last, and otherwise when the block was made, unless that is later than now. `more` follow those that
    /// are noted. Bitcoin Core's `ComputeTimeSmart`.
    fn time_smart(&self, block_time: i64, now: i64, more: &[(Txid, TxMetadata)]) -> i64 {
        // A clock may be wrong by so much.
        let tolerated = now.saturating_add(300);
        let heard = self.metadata.values().chain(more.iter().map(|(_, metadata)| metadata));
        let heard = heard.filter(|metadata| metadata.time() <= tolerated);
        let last = heard.max_by_key(|metadata| metadata.order_pos).map_or(0, TxMetadata::time);
        last.max(block_time.min(now.max(last)))
    }

    /// Takes in a block that is the next one or known to be in the chain.
    pub(super) fn connect(&mut self, block: BlockPart, now: i64) -> Result<Vec<Event>> {
        let was_tip = self.ledger.tip();
        let (time, searched) = (i64::from(block.time), block.searched);
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
                let smart = searched.unwrap_or_else(|| self.time_smart(time, now, &changed));
                TxMetadata {
                    order_pos: order_pos - 1,
                    time_received: now,
                    time_smart: Some(smart),
                    ..TxMetadata::default()
                }
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
    fn connect_empty(&mut self, id: BlockId, time: i64) -> Result<()> {
        self.ledger.connect_empty(id)?;
        self.save(|db| storage::set_tip_time(db, time))?;
        self.tip_time = time;
        Ok(())
    }

    /// Takes out the blocks from a height on.
    fn disconnect_from(&mut self, height: u32) -> Result<Vec<Event>> {
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
