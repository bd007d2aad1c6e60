//! Fee rates in classes, each five hundredths wide.
//!
//! In: a rate in satoshi for 1000 virtual bytes. Out: its bucket.

use std::sync::LazyLock;

const LOWEST: f64 = 100.0;
const HIGHEST: f64 = 1e7;
const SPACING: f64 = 1.05;
/// Stands for no limit: Bitcoin Core's `INF_FEERATE`.
const INFINITE: f64 = 1e99;

static LIMITS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let limits = std::iter::successors(Some(LOWEST), |limit| Some(limit * SPACING));
    limits.take_while(|limit| *limit <= HIGHEST).chain([INFINITE]).collect()
});

/// The highest rates of all buckets; a bucket has what is above the one before.
pub(super) fn limits() -> &'static [f64] {
    &LIMITS
}

/// The bucket of a rate.
pub(super) fn index(rate: f64) -> usize {
    LIMITS.partition_point(|limit| *limit < rate).min(LIMITS.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rate_has_the_bucket_whose_limit_it_does_not_pass() {
        assert_eq!(
            (index(0.0), index(100.0), index(100.1), index(105.0), index(1e100)),
            (0, 0, 1, 1, limits().len() - 1)
        );
        for (place, limit) in limits().iter().enumerate() {
            assert_eq!(index(*limit), place);
        }
        // 100 · 1.05^n for n from 0 to 235, and the rest.
        assert_eq!(limits().len(), 237);
    }
}
