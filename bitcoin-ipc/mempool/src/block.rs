//! What a block, or a change of the chain, does to the mempool.
//!
//! In: blocks that came or left, in order. Out: the transactions that left for it, and those that
//! came back.

use std::collections::HashSet;

use bitcoin::{Block, OutPoint, Transaction, Txid};
use bitcoin_ipc::types::MempoolRemovalReason;

use crate::entry::{Change, Removed};
use crate::mempool::Mempool;
use crate::options::AcceptOptions;
use crate::policy::check;
use crate::reject::RejectKind;
use crate::view::{View, ViewError};

impl Mempool {
    /// A block came on top of the chain, at a time in seconds since 1970: its transactions leave, and
    /// all that conflict with them.
    pub fn block_connected(&mut self, block: &Block, now: u64) -> Vec<Removed> {
        let mut removed = Vec::new();
        let mut txids = HashSet::new();
        for tx in &block.txdata {
            let txid = tx.compute_txid();
            txids.insert(txid);
            if self.get(&txid).is_some() {
                removed.extend(self.take_out(&[txid], MempoolRemovalReason::Block));
            }
            let spenders = tx.input.iter().filter_map(|input| self.pool.spender(&input.previous_output));
            let conflicts = self.pool.with_descendants(spenders.collect::<Vec<_>>());
            for conflict in &conflicts {
                self.deltas.remove(conflict);
            }
            removed.extend(self.take_out(&conflicts, MempoolRemovalReason::Conflict));
            self.deltas.remove(&txid);
        }
        self.disconnected.confirmed(&txids);
        self.rolling.block(now);
        removed
    }

    /// The chain's last block was taken off. Its transactions come back with
    /// [`Mempool::after_reorg`]; what is given back here left because there were too many of these.
    pub fn block_disconnected(&mut self, block: &Block) -> Vec<Removed> {
        let mut removed = Vec::new();
        for tx in self.disconnected.push(block) {
            removed.extend(self.remove_with_descendants(&tx, MempoolRemovalReason::Reorg));
        }
        removed
    }

    /// The chain has come to rest after blocks were disconnected: their transactions come back if
    /// they are still valid and not in the new blocks, and transactions that are no longer final, or
    /// spend a coinbase that is too young now, leave.
    ///
    /// # Errors
    ///
    /// The chain cannot be read. What changed until then is not told, and the mempool may hold
    /// transactions that are not valid: it has to be made anew, or this called again.
    pub fn after_reorg(&mut self, view: &dyn View, now: u64) -> Result<Vec<Change>, ViewError> {
        let mut changes = Vec::new();
        let options = AcceptOptions { now, bypass_limits: true, ..AcceptOptions::default() };
        while let Some((txid, tx)) = self.disconnected.first() {
            match self.accept(view, tx.clone(), options) {
                Ok(accepted) => changes.extend(accepted.changes),
                Err(rejected) if rejected.kind == RejectKind::Unread => return Err(Box::new(rejected)),
                // Somebody sent it again in the meantime.
                Err(_) if self.get(&txid).is_some() => {}
                Err(_) => {
                    let removed = self.remove_with_descendants(&tx, MempoolRemovalReason::Reorg);
                    changes.extend(removed.into_iter().map(Change::Removed));
                }
            }
            let cut = self.cut_cluster(txid);
            changes.extend(cut.into_iter().map(Change::Removed));
            self.disconnected.pop();
        }
        let mut stale = Vec::new();
        for entry in self.pool.entries() {
            if !self.still_valid(view, &entry.tx)? {
                stale.push(entry.txid);
            }
        }
        let stale = self.pool.with_descendants(stale);
        let removed = self.take_out(&stale, MempoolRemovalReason::Reorg);
        changes.extend(removed.into_iter().map(Change::Removed));
        changes.extend(self.limit(now));
        Ok(changes)
    }

    /// Removes a transaction, and all that spend from it even if it is not here.
    fn remove_with_descendants(&mut self, tx: &Transaction, reason: MempoolRemovalReason) -> Vec<Removed> {
        let txid = tx.compute_txid();
        let mut starts: Vec<_> = self.pool.children(txid, tx).into_iter().collect();
        if self.get(&txid).is_some() {
            starts.insert(0, txid);
        }
        let gone = self.pool.with_descendants(starts);
        self.take_out(&gone, reason)
    }

    /// Cuts off what is mined last of a cluster that grew too large when a transaction came back from
    /// a block. What is left holds all ancestors of its own.
    fn cut_cluster(&mut self, txid: Txid) -> Vec<Removed> {
        let members = self.pool.cluster_members([txid]);
        let (mut count, mut weight) = (0, 0);
        let fits = |txid: &&Txid| {
            count += 1;
            weight += self.pool.get(txid).map_or(0, |entry| entry.adjusted_weight);
            count <= self.options.cluster_count && weight <= self.options.cluster_vsize.saturating_mul(4)
        };
        let kept = members.iter().take_while(fits).count();
        self.take_out(&members[kept..], MempoolRemovalReason::SizeLimit)
    }

    /// Whether a transaction may be in the next block, as far as locks and coinbases go, and whether
    /// its coins are there.
    fn still_valid(&self, view: &dyn View, tx: &Transaction) -> Result<bool, ViewError> {
        let next = view.height() + 1;
        if !check::is_final(tx, next, view.median_time_past()?) {
            return Ok(false);
        }
        let coin = |outpoint: OutPoint| self.coin(view, &outpoint);
        let coins = tx.input.iter().map(|input| coin(input.previous_output));
        let Some(coins) = coins.collect::<Result<Option<Vec<_>>, _>>()? else { return Ok(false) };
        let mature = coins.iter().all(|coin| check::is_mature(coin, next));
        Ok(mature && check::relative_locks_open(tx, &coins, view)?)
    }
}
