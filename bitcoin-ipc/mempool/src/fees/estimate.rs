//! From counts to an estimate.
//!
//! In: a target in blocks. Out: a rate and the reason for it.

use bitcoin_ipc::types::{EstimationResult, EstimatorBucket, FeeCalculation, FeeReason};

use super::{Estimator, Horizon, Rate};

/// The share of transactions that was confirmed in half the time, in time, in twice the time.
const HALF_SUCCESS: f64 = 0.6;
const SUCCESS: f64 = 0.85;
const DOUBLE_SUCCESS: f64 = 0.95;

/// After how many blocks a loaded file says nothing any more.
const OLDEST_HISTORY: u32 = 6 * 1008;

/// A rate, if there is one, and the counts behind it.
type Found = (Option<f64>, EstimationResult);

fn rate(satoshi: f64) -> Rate {
    Rate::from_sat_per_kvb(satoshi.round() as u64)
}

/// Whether the first is there and the second is not, or less.
fn above(new: Option<f64>, old: Option<f64>) -> bool {
    new.is_some_and(|new| old.is_none_or(|old| new > old))
}

impl Horizon {
    /// The transactions for a block that make a range of rates telling.
    fn sufficient(self) -> f64 {
        if self == Horizon::Short { 0.5 } else { 0.1 }
    }
}

impl Estimator {
    /// The most blocks that an estimate can be for: 1008.
    #[must_use]
    pub fn max_target(&self) -> u32 {
        self.max_target_of(Horizon::Long)
    }

    /// The most blocks that an estimate of a horizon can be for.
    #[must_use]
    pub fn max_target_of(&self, horizon: Horizon) -> u32 {
        self.horizon(horizon).max_target()
    }

    /// The blocks from the first to the last that counted, and those of the loaded file.
    pub(super) fn spans(&self) -> (u32, u32) {
        let now = if self.first_height == 0 { 0 } else { self.best_height - self.first_height };
        let (first, last) = self.past;
        let old = first == 0 || self.best_height.saturating_sub(last) > OLDEST_HISTORY;
        (now, if old { 0 } else { last.saturating_sub(first) })
    }

    fn max_usable_target(&self) -> u32 {
        let (now, past) = self.spans();
        self.max_target().min(now.max(past) / 2)
    }

    fn find(&self, horizon: Horizon, target: u32, success: f64) -> Found {
        self.horizon(horizon).estimate(target, horizon.sufficient(), success, self.best_height)
    }

    /// The rate at which a share of at least `success`, from 0 to 1, was confirmed within a target,
    /// over one horizon: Bitcoin Core's `estimaterawfee`.
    #[must_use]
    pub fn estimate_raw(
        &self,
        target: u32,
        success: f64,
        horizon: Horizon,
    ) -> (Option<Rate>, EstimationResult) {
        if !(1..=self.max_target_of(horizon)).contains(&target) || success.is_nan() || success > 1.0 {
            return (None, nothing());
        }
        let (found, result) = self.find(horizon, target, success);
        (found.map(rate), result)
    }

    /// By the shortest horizon that reaches a target; with `shorter`, less if shorter ones say that
    /// less is enough for their highest target.
    fn combined(&self, target: u32, success: f64, shorter: bool) -> Found {
        if !(1..=self.max_target()).contains(&target) {
            return (None, nothing());
        }
        let reaches = |horizon: &Horizon| target <= self.max_target_of(*horizon);
        let horizon = [Horizon::Short, Horizon::Medium].into_iter().find(reaches).unwrap_or(Horizon::Long);
        let mut found = self.find(horizon, target, success);
        for horizon in [Horizon::Medium, Horizon::Short] {
            if shorter && !reaches(&horizon) {
                let other = self.find(horizon, self.max_target_of(horizon), success);
                if other.0.is_some_and(|new| found.0.is_none_or(|old| new < old)) {
                    found = other;
                }
            }
        }
        found
    }

    /// The most that longer horizons say for twice a target.
    fn conservative(&self, double: u32) -> Found {
        let mut found = (None, nothing());
        if double <= self.max_target_of(Horizon::Short) {
            found = self.find(Horizon::Medium, double, DOUBLE_SUCCESS);
        }
        if double <= self.max_target_of(Horizon::Medium) {
            let long = self.find(Horizon::Long, double, DOUBLE_SUCCESS);
            if above(long.0, found.0) {
                found = long;
            }
        }
        found
    }

    /// The rate for a transaction that is to be in a block within a target, or within the next target
    /// that there is an estimate for. A conservative estimate heeds the longer past as well. Bitcoin
    /// Core's `estimateSmartFee`.
    #[must_use]
    pub fn estimate_smart_fee(&self, target: i32, conservative: bool) -> (Option<Rate>, FeeCalculation) {
        let mut calculation = FeeCalculation {
            est: nothing(),
            reason: FeeReason::None,
            desired_target: target,
            returned_target: target,
            best_height: self.best_height,
        };
        let target = u32::try_from(target).unwrap_or(0);
        if !(1..=self.max_target()).contains(&target) {
            return (None, calculation);
        }
        // Nothing can be said of the very next block.
        let target = target.max(2).min(self.max_usable_target());
        // At most 1008.
        calculation.returned_target = target as i32;
        if target <= 1 {
            return (None, calculation);
        }
        let (mut median, est) = self.combined(target / 2, HALF_SUCCESS, true);
        (calculation.est, calculation.reason) = (est, FeeReason::HalfEstimate);
        let mut heed = |found: Found, reason| {
            if above(found.0, median) {
                median = found.0;
                (calculation.est, calculation.reason) = (found.1, reason);
            }
            median.is_none()
        };
        heed(self.combined(target, SUCCESS, true), FeeReason::FullEstimate);
        let double = self.combined(2 * target, DOUBLE_SUCCESS, !conservative);
        let nothing_yet = heed(double, FeeReason::DoubleEstimate);
        if conservative || nothing_yet {
            heed(self.conservative(2 * target), FeeReason::Conservative);
        }
        (median.map(rate), calculation)
    }
}

/// The result where nothing was counted.
fn nothing() -> EstimationResult {
    let none = EstimatorBucket { start: -1.0, end: -1.0, ..EstimatorBucket::default() };
    EstimationResult { pass: none, fail: none, decay: 0.0, scale: 0 }
}
