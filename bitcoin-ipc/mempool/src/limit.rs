//! How full a mempool may be, for how long, and what a place in it costs then.
//!
//! In: the time. Out: what expired or was evicted, and the lowest fee rate that is taken.

use bitcoin_ipc::types::MempoolRemovalReason;

use super::{Change, Mempool, Rate, Removed};

/// After how many seconds the lowest rate is half of what it was; a half or a fourth of that while
/// the mempool is not half or not a fourth full. Bitcoin Core's `ROLLING_FEE_HALFLIFE`.
const HALF_LIFE: f64 = 12.0 * 3600.0;

/// The lowest rate that is taken, which evictions raise and time lowers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct RollingRate {
    /// Satoshi for 1000 virtual bytes.
    rate: f64,
    /// Since when, in seconds since 1970.
    since: u64,
    /// Whether a block came since the last eviction: only then the rate falls.
    block_since: bool,
}

impl RollingRate {
    fn evicted(&mut self, rate: Rate) {
        let rate = rate.to_sat_per_kvb() as f64;
        if rate > self.rate {
            self.rate = rate;
            self.block_since = false;
        }
    }

    pub(super) fn block(&mut self, now: u64) {
        self.since = now;
        self.block_since = true;
    }

    /// The rate at a time. It is brought up to that only every ten seconds.
    fn at(mut self, now: u64, usage: usize, max_bytes: usize, incremental: Rate) -> Self {
        if !self.block_since || self.rate == 0.0 || now <= self.since.saturating_add(10) {
            return self;
        }
        let share = match usage {
            usage if usage < max_bytes / 4 => 4.0,
            usage if usage < max_bytes / 2 => 2.0,
            _ => 1.0,
        };
        self.rate /= ((now - self.since) as f64 / (HALF_LIFE / share)).exp2();
        self.since = now;
        if self.rate < incremental.to_sat_per_kvb() as f64 / 2.0 {
            self.rate = 0.0;
        }
        self
    }
}

impl Mempool {
    /// An estimate of the memory in use, in bytes.
    #[must_use]
    pub fn usage(&self) -> usize {
        self.pool.usage + self.deltas.len() * 96
    }

    fn rolled(&self, now: u64) -> RollingRate {
        self.rolling.at(now, self.usage(), self.options.max_bytes, self.options.incremental_relay_rate)
    }

    /// The lowest fee rate that is taken at a time in seconds since 1970: zero unless transactions had
    /// to be evicted. Bitcoin Core's `GetMinFee`; [`MempoolOptions::min_relay_rate`] holds as well.
    ///
    /// [`MempoolOptions::min_relay_rate`]: super::MempoolOptions::min_relay_rate
    #[must_use]
    pub fn min_rate(&self, now: u64) -> Rate {
        let rolling = self.rolled(now);
        let rate = Rate::from_sat_per_kvb(rolling.rate.round() as u64);
        // While no block came, the rate stands as the eviction set it.
        if !rolling.block_since || rolling.rate == 0.0 {
            return rate;
        }
        rate.max(self.options.incremental_relay_rate)
    }

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
    pub(super) fn limit(&mut self, now: u64) -> Vec<Change> {
        let mut removed = self.expire(now);
        removed.extend(self.trim(now));
        removed.into_iter().map(Change::Removed).collect()
    }
}
