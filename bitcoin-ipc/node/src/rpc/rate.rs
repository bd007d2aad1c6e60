//! Fee rates as Bitcoin Core prints and reads them, in bitcoin for 1000 virtual bytes.
//!
//! In: rates, or numbers and texts. Out: JSON numbers with exactly eight decimals, or rates.

use serde_json::Value;

use super::amount;
use super::error::Answer;
use crate::fees::Rate;

pub(super) fn to_json(rate: Rate) -> Value {
    amount::bitcoin(i64::try_from(rate.to_sat_per_kvb()).unwrap_or(i64::MAX))
}

pub(super) fn parse(value: &Value) -> Answer<Rate> {
    amount::parse_rate(value).map(Rate::from_sat_per_kvb)
}
