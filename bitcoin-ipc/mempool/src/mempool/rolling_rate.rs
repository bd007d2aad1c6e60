//! The lowest fee rate that is taken.
//!
//! In: evictions, blocks, the time. Out: a rate that the first raise and the others lower: Bitcoin Core's
//! `rollingMinimumFeeRate`.

use crate::rate::Rate;

/// After how many seconds the lowest rate is half of what it was; a half or a fourth of that while
/// the mempool is not half or not a fourth full. Bitcoin Core's `ROLLING_FEE_HALFLIFE`.
const HALF_LIFE: f64 = 12.0 * 3600.0;

/// The lowest rate that is taken, which evictions raise and time lowers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RollingRate {
    /// Satoshi for 1000 virtual bytes.
    rate: f64,
    /// Since when, in seconds since 1970.
    since: u64,
    /// Whether a block came since the last eviction: only then the rate falls.
    block_since: bool,
}

impl RollingRate {
    pub(super) fn evicted(&mut self, rate: Rate) {
        let rate = rate.to_sat_per_kvb() as f64;
        if rate > self.rate {
            self.rate = rate;
            self.block_since = false;
        }
    }

    pub(crate) fn block(&mut self, now: u64) {
        self.since = now;
        self.block_since = true;
    }

    /// The rate at a time. It is brought up to that only every ten seconds.
    pub(super) fn at(mut self, now: u64, usage: usize, max_bytes: usize, incremental: Rate) -> Self {
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

    /// The rate that holds. While no block came, it stands as the eviction set it.
    pub(super) fn rate(self, incremental: Rate) -> Rate {
        let rate = Rate::from_sat_per_kvb(self.rate.round() as u64);
        if !self.block_since || self.rate == 0.0 { rate } else { rate.max(incremental) }
    }
}
