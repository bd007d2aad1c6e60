//! Estimates of fee rates, from how long transactions waited.
//!
//! In: transactions that came to the mempool and left it, and blocks. Out: the fee rate that took a
//! transaction into a block within a number of blocks before: Bitcoin Core's
//! `CBlockPolicyEstimator`, with its numbers.

mod buckets;
mod estimate;
mod file;
mod stats;

use std::collections::HashMap;

use bitcoin::Txid;

use crate::entry::{Entry, Removed};

pub use crate::rate::Rate;
pub use file::LoadError;
use stats::Stats;

/// A number of blocks over which the past fades.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Horizon {
    /// Half in 18 blocks; targets up to 12.
    Short,
    /// Half in 144 blocks; targets up to 48.
    Medium,
    /// Half in 1008 blocks; targets up to 1008.
    Long,
}

/// A transaction that waits and is followed.
#[derive(Clone, Copy, Debug)]
struct Tracked {
    height: u32,
    bucket: usize,
    /// Satoshi for 1000 virtual bytes.
    rate: f64,
}

/// Learns from transactions and blocks what a place in a block costs.
#[derive(Clone, Debug)]
pub struct Estimator {
    short: Stats,
    medium: Stats,
    long: Stats,
    /// The highest block so far.
    best_height: u32,
    /// The first block with a followed transaction, since the start; 0 for none.
    first_height: u32,
    /// The blocks that the loaded file had seen; zeros for none.
    past: (u32, u32),
    tracked: HashMap<Txid, Tracked>,
}

impl Default for Estimator {
    fn default() -> Self {
        Estimator {
            short: Stats::new(12, 0.962, 1),
            medium: Stats::new(24, 0.9952, 2),
            long: Stats::new(42, 0.99931, 24),
            best_height: 0,
            first_height: 0,
            past: (0, 0),
            tracked: HashMap::new(),
        }
    }
}

impl Estimator {
    /// An estimator that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Estimator::default()
    }

    fn stats(&mut self) -> [&mut Stats; 3] {
        [&mut self.short, &mut self.medium, &mut self.long]
    }

    fn horizon(&self, horizon: Horizon) -> &Stats {
        match horizon {
            Horizon::Short => &self.short,
            Horizon::Medium => &self.medium,
            Horizon::Long => &self.long,
        }
    }

    /// A transaction came to the mempool while the chain ended at a height.
    ///
    /// Only those count whose own fee brings them into a block: not those that spend from others in
    /// the mempool, came back from a block, or came at another height than the last block told. The
    /// caller leaves out all while the chain is far behind.
    pub fn transaction_added(&mut self, entry: &Entry, height: u32) {
        if !entry.has_parents && entry.sequence != 0 {
            self.follow(entry.txid, Rate::of(entry.fee.to_sat() as i64, entry.vsize), height);
        }
    }

    fn follow(&mut self, txid: Txid, rate: Rate, height: u32) {
        if height != self.best_height || self.tracked.contains_key(&txid) {
            return;
        }
        let rate = rate.to_sat_per_kvb() as f64;
        let bucket = buckets::index(rate);
        for stats in self.stats() {
            stats.came(height, bucket);
        }
        self.tracked.insert(txid, Tracked { height, bucket, rate });
    }

    fn forget(&mut self, txid: &Txid, in_block: bool) -> Option<Tracked> {
        let tracked = self.tracked.remove(txid)?;
        let best = self.best_height;
        for stats in self.stats() {
            stats.left(tracked.height, best, tracked.bucket, in_block);
        }
        Some(tracked)
    }

    /// A transaction left the mempool, but not for a block.
    pub fn transaction_removed(&mut self, txid: &Txid) {
        self.forget(txid, false);
    }

    /// A block came, and took these out of the mempool. A block that is not higher than all before, as
    /// in a reorganisation, teaches nothing.
    pub fn block_connected(&mut self, height: u32, confirmed: &[Removed]) {
        self.confirm(height, confirmed.iter().map(|gone| &gone.entry.txid));
    }

    fn confirm<'a>(&mut self, height: u32, txids: impl IntoIterator<Item = &'a Txid>) {
        if height <= self.best_height {
            return;
        }
        self.best_height = height;
        for stats in self.stats() {
            stats.next_block(height);
        }
        let mut counted = false;
        for txid in txids {
            let Some(tracked) = self.forget(txid, true) else { continue };
            // They were followed at heights below this one.
            let waited = height - tracked.height;
            for stats in self.stats() {
                stats.confirmed(waited, tracked.bucket, tracked.rate);
            }
            counted = true;
        }
        if counted && self.first_height == 0 {
            self.first_height = height;
        }
    }

    /// Gives up all transactions that still wait, as at the end of the process: they failed.
    pub fn flush(&mut self) {
        for txid in self.tracked.keys().copied().collect::<Vec<_>>() {
            self.transaction_removed(&txid);
        }
    }
}

#[cfg(test)]
mod tests;
