//! How full a mempool may be, and for how long.
//!
//! In: the time. Out: what expired or was evicted, and a lowest rate above that.

use bitcoin_ipc::types::MempoolRemovalReason;

use super::Mempool;
use crate::entry::{Change, Removed};
use crate::rate::Rate;

impl Mempool {
    /// Removes transactions that have waited for too long, with all that spend from them.
    pub fn expire(&mut self, now: u64) -> Vec<Removed> {
        let Some(before) = now.checked_sub(self.options.expiry.as_secs()) else { return Vec::new() };
        let old = self.pool.entries().filter(|entry| entry.time < before).map(|entry| entry.txid);
        let old = self.pool.with_descendants(old.collect::<Vec<_>>());
        self.take_out(&old, MempoolRemovalReason::Expiry)
    }

    /// Evicts what would be mined last until the rest fits, and raises the lowest rate above it.
    pub fn trim(&mut self, now: u64) -> Vec<Removed> {
        self.rolling = self.rolled(now);
        let mut removed = Vec::new();
        while self.usage() > self.options.max_bytes {
            let Some(worst) = self.pool.worst_chunk().cloned() else { break };
            let rate = Rate::of(worst.size.fee, worst.size.vsize()).to_sat_per_kvb();
            let step = self.options.incremental_relay_rate.to_sat_per_kvb();
            self.rolling.evicted(Rate::from_sat_per_kvb(rate.saturating_add(step)));
            removed.extend(self.take_out(&worst.txids, MempoolRemovalReason::SizeLimit));
        }
        if !removed.is_empty() {
            let (count, rate) = (removed.len(), self.min_rate(now));
            tracing::debug!(target: "mempool", "Evicted {count} transactions; the lowest rate is {rate}.");
        }
        removed
    }

    /// Both of the above.
    pub(crate) fn limit(&mut self, now: u64) -> Vec<Change> {
        let mut removed = self.expire(now);
        removed.extend(self.trim(now));
        removed.into_iter().map(Change::Removed).collect()
    }
}
