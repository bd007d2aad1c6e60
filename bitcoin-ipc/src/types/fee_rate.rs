//! A fee rate.
//!
//! In: the bytes of Bitcoin Core's `CFeeRate`. Out: a [`WireFeeRate`], and back, and what other units
//! it stands for.

use bitcoin::{FeeRate, SignedAmount};
use mp_runtime::{Error, Result};

use super::cursor::Reader;

/// A fee for a size: Bitcoin Core's `CFeeRate` since 2025-07-07.
///
/// Its bytes are the fee in satoshi, eight bytes, and the size in virtual bytes, four bytes, both
/// signed and little-endian. Two rates are equal here when fee and size are; Bitcoin Core compares
/// the quotients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct WireFeeRate {
    /// The fee that is paid for `size`, in satoshi.
    pub fee: SignedAmount,
    /// The size, in virtual bytes; Bitcoin Core has 0 only with a fee of 0, for no rate, and never
    /// less.
    pub size: i32,
}

impl WireFeeRate {
    /// The rate of `satoshi` for 1000 virtual bytes.
    #[must_use]
    pub fn from_sat_per_kvb(satoshi: i64) -> Self {
        WireFeeRate { fee: SignedAmount::from_sat(satoshi), size: 1000 }
    }

    /// The rate in satoshi for 1000 virtual bytes, rounded down, as Bitcoin Core's
    /// `CFeeRate::GetFeePerK` does it; nothing when the size is not positive or 64 bits do not hold
    /// the result.
    #[must_use]
    pub fn sat_per_kvb(&self) -> Option<i64> {
        if self.size <= 0 {
            return None;
        }
        // The size is positive, so the Euclidean quotient is the floor.
        (i128::from(self.fee.to_sat()) * 1000).div_euclid(self.size.into()).try_into().ok()
    }

    /// The rate's twelve bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.fee.to_sat().to_le_bytes()[..], &self.size.to_le_bytes()].concat()
    }

    /// Reads a rate's twelve bytes.
    ///
    /// # Errors
    ///
    /// There are not twelve bytes. Eight are the form of before 2025-07, and the error says so.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        if bytes.len() == 8 {
            return Err(Error::bad_value(
                "fee rate: 8 bytes are the form of a Bitcoin Core from before 2025-07; 12 expected",
            ));
        }
        let mut reader = Reader::new("fee rate", bytes);
        let fee = SignedAmount::from_sat(i64::from_le_bytes(reader.array()?));
        let size = i32::from_le_bytes(reader.array()?);
        reader.finish()?;
        Ok(WireFeeRate { fee, size })
    }
}

impl TryFrom<WireFeeRate> for FeeRate {
    type Error = Error;

    /// Converts to whole satoshi for 1000 weight units, which are 250 virtual bytes.
    ///
    /// # Errors
    ///
    /// The rate is negative, is not whole in that unit, or has no positive size.
    fn try_from(rate: WireFeeRate) -> Result<FeeRate> {
        let satoshi = i128::from(rate.fee.to_sat()) * 250;
        let size = i128::from(rate.size);
        let exact = size > 0 && satoshi % size == 0;
        exact.then(|| satoshi / size).and_then(|whole| u64::try_from(whole).ok()).map_or_else(
            || {
                let (fee, size) = (rate.fee.to_sat(), rate.size);
                Err(Error::bad_value(format!(
                    "fee rate: {fee} sat for {size} vB is no whole number of sat for 1000 weight units"
                )))
            },
            |whole| Ok(FeeRate::from_sat_per_kwu(whole)),
        )
    }
}

impl From<FeeRate> for WireFeeRate {
    /// Converts to a rate for 1000 virtual bytes. It is exact up to i64::MAX satoshi for these, which
    /// is more than there are, and that for every rate above.
    fn from(rate: FeeRate) -> Self {
        let satoshi = rate.to_sat_per_kwu().saturating_mul(4);
        WireFeeRate::from_sat_per_kvb(i64::try_from(satoshi).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursor::assert_exact_length;
    use super::*;
    use proptest::prelude::*;

    fn rate(fee: i64, size: i32) -> WireFeeRate {
        WireFeeRate { fee: SignedAmount::from_sat(fee), size }
    }

    #[test]
    fn exact_bytes() {
        let bytes = rate(-2, 1000).to_bytes();
        assert_eq!(bytes, [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xe8, 0x03, 0x00, 0x00]);
        assert_eq!(WireFeeRate::from_bytes(&bytes).unwrap(), rate(-2, 1000));
        assert_exact_length(&bytes, WireFeeRate::from_bytes);
        let error = WireFeeRate::from_bytes(&bytes[..8]).unwrap_err();
        assert!(error.text().contains("before 2025-07"), "{error}");
    }

    #[test]
    fn rates_are_rounded_down() {
        assert_eq!(rate(1, 3).sat_per_kvb(), Some(333));
        assert_eq!(rate(-1, 3).sat_per_kvb(), Some(-334));
        assert_eq!(WireFeeRate::from_sat_per_kvb(1234).sat_per_kvb(), Some(1234));
        assert_eq!(rate(0, 0).sat_per_kvb(), None);
        assert_eq!(rate(1, -1).sat_per_kvb(), None);
        assert_eq!(rate(i64::MAX, 1).sat_per_kvb(), None);
        assert_eq!(rate(i64::MIN, 999).sat_per_kvb(), None);
    }

    #[test]
    fn only_whole_rates_convert() {
        assert_eq!(FeeRate::try_from(rate(1, 1)).unwrap(), FeeRate::from_sat_per_kwu(250));
        assert_eq!(FeeRate::try_from(rate(0, 7)).unwrap(), FeeRate::ZERO);
        for wrong in [rate(1, 1000), rate(-4, 1000), rate(0, 0), rate(1, -1), rate(i64::MAX, 1)] {
            FeeRate::try_from(wrong).unwrap_err();
        }
        assert_eq!(WireFeeRate::from(FeeRate::from_sat_per_kwu(250)), rate(1000, 1000));
        assert_eq!(WireFeeRate::from(FeeRate::MAX), rate(i64::MAX, 1000));
    }

    proptest! {
        #[test]
        fn round_trip(fee: i64, size: i32) {
            prop_assert_eq!(WireFeeRate::from_bytes(&rate(fee, size).to_bytes()).unwrap(), rate(fee, size));
        }

        #[test]
        fn conversion_round_trip(per_kwu in 0..i64::MAX as u64 / 4) {
            let rate = FeeRate::from_sat_per_kwu(per_kwu);
            prop_assert_eq!(FeeRate::try_from(WireFeeRate::from(rate)).unwrap(), rate);
        }
    }
}
