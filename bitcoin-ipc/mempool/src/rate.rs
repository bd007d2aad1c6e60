//! A fee rate as policy counts it.
//!
//! In: satoshi for 1000 virtual bytes. Out: a [`Rate`], and the fee that it asks of a size.

use std::fmt;

use bitcoin_ipc::types::WireFeeRate;

/// A fee rate in whole satoshi for 1000 virtual bytes, the unit of Bitcoin Core's options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(u64);

impl Rate {
    /// No fee at all.
    pub const ZERO: Rate = Rate(0);

    /// The rate of so many satoshi for 1000 virtual bytes.
    #[must_use]
    pub const fn from_sat_per_kvb(satoshi: u64) -> Self {
        Rate(satoshi)
    }

    /// Satoshi for 1000 virtual bytes.
    #[must_use]
    pub const fn to_sat_per_kvb(self) -> u64 {
        self.0
    }

    /// The rate of a fee in satoshi for a size in virtual bytes, rounded down; none for a fee below
    /// zero or no size.
    #[must_use]
    pub fn of(fee: i64, vsize: u64) -> Self {
        let fee = u128::try_from(fee).unwrap_or(0);
        let rate = (fee * 1000).checked_div(vsize.into()).unwrap_or(0);
        Rate(u64::try_from(rate).unwrap_or(u64::MAX))
    }

    /// Whether a fee in satoshi for a size in virtual bytes is more than this rate, without rounding.
    #[must_use]
    pub fn is_below(self, fee: i64, vsize: u64) -> bool {
        i128::from(fee) * 1000 > i128::from(self.0) * i128::from(vsize)
    }

    /// The fee in satoshi for a size in virtual bytes, rounded up, as Bitcoin Core's
    /// `CFeeRate::GetFee` does it.
    #[must_use]
    pub fn fee(self, vsize: u64) -> i64 {
        let fee = (u128::from(self.0) * u128::from(vsize)).div_ceil(1000);
        i64::try_from(fee).unwrap_or(i64::MAX)
    }
}

impl From<Rate> for WireFeeRate {
    fn from(rate: Rate) -> Self {
        WireFeeRate::from_sat_per_kvb(i64::try_from(rate.0).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for Rate {
    /// Bitcoin per 1000 virtual bytes, as Bitcoin Core prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:08} BTC/kvB", self.0 / 100_000_000, self.0 % 100_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_are_rounded_up_and_rates_down() {
        let rate = Rate::from_sat_per_kvb(100);
        assert_eq!((rate.fee(0), rate.fee(1), rate.fee(10), rate.fee(11)), (0, 1, 1, 2));
        assert_eq!(Rate::of(2, 3), Rate::from_sat_per_kvb(666));
        assert!(Rate::of(2, 3).is_below(2, 3) && !rate.is_below(1, 10) && !rate.is_below(-1, 0));
        assert_eq!((Rate::of(-1, 3), Rate::of(1, 0)), (Rate::ZERO, Rate::ZERO));
        assert_eq!(Rate::of(i64::MAX, 1), Rate::from_sat_per_kvb(u64::MAX));
        assert_eq!(Rate::from_sat_per_kvb(u64::MAX).fee(u64::MAX), i64::MAX);
        assert_eq!(Rate::from_sat_per_kvb(1234).to_string(), "0.00001234 BTC/kvB");
    }
}
