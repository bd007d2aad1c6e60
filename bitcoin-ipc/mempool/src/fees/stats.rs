//! How long transactions of each fee rate waited, over one horizon.
//!
//! In: transactions that come, leave and are confirmed, block by block. Out: the lowest rates at
//! which enough of them were confirmed in time: Bitcoin Core's `TxConfirmStats`.

use bitcoin_ipc::types::{EstimationResult, EstimatorBucket};

use super::buckets;

/// Counts that fade with every block.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stats {
    /// What a count is worth after one more block.
    pub(super) decay: f64,
    /// Blocks of a period.
    pub(super) scale: u32,
    /// By bucket: all that were confirmed.
    pub(super) total: Vec<f64>,
    /// By bucket: the sum of their rates.
    pub(super) rates: Vec<f64>,
    /// By period, then bucket: those that were confirmed within so many periods.
    pub(super) confirmed: Vec<Vec<f64>>,
    /// By period, then bucket: those that left unconfirmed after so many periods.
    pub(super) failed: Vec<Vec<f64>>,
    /// By height, modulo the highest target, then bucket: those that wait.
    waiting: Vec<Vec<u32>>,
    /// By bucket: those that wait for longer than that.
    waiting_long: Vec<u32>,
}

impl Stats {
    pub(super) fn new(periods: usize, decay: f64, scale: u32) -> Self {
        let buckets = buckets::limits().len();
        Stats {
            decay,
            scale,
            total: vec![0.0; buckets],
            rates: vec![0.0; buckets],
            confirmed: vec![vec![0.0; buckets]; periods],
            failed: vec![vec![0.0; buckets]; periods],
            waiting: vec![vec![0; buckets]; periods * scale as usize],
            waiting_long: vec![0; buckets],
        }
    }

    /// The most blocks that an estimate can be for.
    pub(super) fn max_target(&self) -> u32 {
        // At most 42 · 24.
        self.waiting.len() as u32
    }

    fn slot(&self, height: u32) -> usize {
        height as usize % self.waiting.len()
    }

    /// Lets the past fade, and counts those that wait for longer than any target in one number.
    pub(super) fn next_block(&mut self, height: u32) {
        let slot = self.slot(height);
        for (long, waiting) in self.waiting_long.iter_mut().zip(&mut self.waiting[slot]) {
            *long += std::mem::take(waiting);
        }
        let counts = self.confirmed.iter_mut().chain(&mut self.failed).flatten();
        for count in counts.chain(&mut self.total).chain(&mut self.rates) {
            *count *= self.decay;
        }
    }

    pub(super) fn came(&mut self, height: u32, bucket: usize) {
        let slot = self.slot(height);
        self.waiting[slot][bucket] += 1;
    }

    /// A transaction that came at a height left when the chain ended at another one.
    pub(super) fn left(&mut self, came: u32, best: u32, bucket: usize, in_block: bool) {
        let blocks = best.saturating_sub(came);
        let slot = self.slot(came);
        let waiting = if blocks >= self.max_target() {
            &mut self.waiting_long[bucket]
        } else {
            &mut self.waiting[slot][bucket]
        };
        *waiting = waiting.saturating_sub(1);
        if !in_block {
            let periods = (blocks / self.scale) as usize;
            for failed in self.failed.iter_mut().take(periods) {
                failed[bucket] += 1.0;
            }
        }
    }

    /// A transaction was confirmed after this many blocks, at least one.
    pub(super) fn confirmed(&mut self, blocks: u32, bucket: usize, rate: f64) {
        let periods = blocks.div_ceil(self.scale) as usize;
        for confirmed in self.confirmed.iter_mut().skip(periods.saturating_sub(1)) {
            confirmed[bucket] += 1.0;
        }
        self.total[bucket] += 1.0;
        self.rates[bucket] += rate;
    }

    /// The counts of a bucket for a target.
    fn count(&self, bucket: usize, target: u32, height: u32) -> EstimatorBucket {
        let period = target.div_ceil(self.scale) as usize - 1;
        // Below the genesis block the numbers begin again at their end, as in Bitcoin Core: on a chain of less than
        // 1008 blocks the longest horizon counts some that came just now.
        let slots = (target..self.max_target()).map(|blocks| self.slot(height.wrapping_sub(blocks)));
        let waiting: u32 = slots.map(|slot| self.waiting[slot][bucket]).sum();
        EstimatorBucket {
            within_target: self.confirmed[period][bucket],
            total_confirmed: self.total[bucket],
            in_mempool: f64::from(waiting + self.waiting_long[bucket]),
            left_mempool: self.failed[period][bucket],
            ..EstimatorBucket::default()
        }
    }

    /// The rate in satoshi for 1000 virtual bytes at which a share of at least `success` was
    /// confirmed within a target, if enough transactions were seen. Buckets are taken together from
    /// above until each range has `sufficient` transactions for a block.
    ///
    /// The target is from 1 to [`Stats::max_target`].
    pub(super) fn estimate(
        &self,
        target: u32,
        sufficient: f64,
        success: f64,
        height: u32,
    ) -> (Option<f64>, EstimationResult) {
        let limits = buckets::limits();
        let none = EstimatorBucket { start: -1.0, end: -1.0, ..EstimatorBucket::default() };
        // From bucket `low` to bucket `high`, both included.
        let bounded = |counts: EstimatorBucket, low: usize, high: usize| EstimatorBucket {
            start: if low == 0 { 0.0 } else { limits[low - 1] },
            end: limits[high],
            ..counts
        };
        let (mut pass, mut fail) = (none, none);
        let mut best = None;
        let mut passing = true;
        let mut counts = EstimatorBucket::default();
        let mut range: Option<usize> = None;
        let mut seen = 0.0;
        for bucket in (0..limits.len()).rev() {
            let high = *range.get_or_insert(bucket);
            let here = self.count(bucket, target, height);
            counts.within_target += here.within_target;
            counts.total_confirmed += here.total_confirmed;
            counts.in_mempool += here.in_mempool;
            counts.left_mempool += here.left_mempool;
            seen += here.total_confirmed;
            if seen < sufficient / (1.0 - self.decay) {
                continue;
            }
            seen = 0.0;
            let all = counts.total_confirmed + counts.left_mempool + counts.in_mempool;
            if counts.within_target / all < success {
                if std::mem::replace(&mut passing, false) {
                    fail = bounded(counts, bucket, high);
                }
                continue;
            }
            fail = none;
            passing = true;
            pass = bounded(counts, bucket, high);
            best = Some(bucket..=high);
            counts = EstimatorBucket::default();
            range = None;
        }
        if let (true, Some(high)) = (passing, range) {
            fail = bounded(counts, 0, high);
        }
        let median = best.and_then(|range| self.median(range));
        (median, EstimationResult { pass, fail, decay: self.decay, scale: self.scale })
    }

    /// The mean rate of the bucket that has the median transaction of a range.
    fn median(&self, mut range: std::ops::RangeInclusive<usize>) -> Option<f64> {
        let sum: f64 = self.total[range.clone()].iter().sum();
        let mut half = sum / 2.0;
        let bucket = range.find(|bucket| {
            let found = self.total[*bucket] >= half;
            if !found {
                half -= self.total[*bucket];
            }
            found
        })?;
        (sum != 0.0).then(|| self.rates[bucket] / self.total[bucket])
    }
}
