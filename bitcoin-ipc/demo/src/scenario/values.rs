//! Values in the answers of RPC methods.
//!
//! In: JSON. Out: amounts, hashes and texts, or an error that shows what was there instead.

use bitcoin::{Amount, BlockHash, Denomination, SignedAmount, Txid};
use serde_json::Value;

use crate::{Failure, Result};

fn unexpected(what: &str, value: &Value) -> Failure {
    Failure::new(format!("the node answers {value} instead of {what}"))
}

/// A text.
///
/// # Errors
///
/// It is something else.
pub fn text(value: &Value) -> Result<&str> {
    value.as_str().ok_or_else(|| unexpected("a text", value))
}

/// An amount in bitcoin, without its sign: fees of wallets are negative.
///
/// # Errors
///
/// It is something else.
pub fn amount(value: &Value) -> Result<Amount> {
    let digits = value.as_number().map(ToString::to_string);
    let read = digits.and_then(|digits| SignedAmount::from_str_in(&digits, Denomination::Bitcoin).ok());
    read.map(SignedAmount::unsigned_abs).ok_or_else(|| unexpected("an amount", value))
}

/// An amount as a parameter, with all its digits.
#[must_use]
pub fn amount_value(amount: Amount) -> Value {
    amount.to_string_in(Denomination::Bitcoin).parse().map_or(Value::Null, Value::Number)
}

/// The hash of a block.
///
/// # Errors
///
/// It is something else.
pub fn hash(value: &Value) -> Result<BlockHash> {
    text(value)?.parse().map_err(|_| unexpected("the hash of a block", value))
}

/// The id of a transaction.
///
/// # Errors
///
/// It is something else.
pub fn txid(value: &Value) -> Result<Txid> {
    text(value)?.parse().map_err(|_| unexpected("the id of a transaction", value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (digits, satoshi) in
            [("-0.00000001", 1), ("20999999.97690000", 2_099_999_997_690_000), ("5", 500_000_000)]
        {
            let value: Value = serde_json::from_str(digits).expect("a number");
            assert_eq!(amount(&value), Ok(Amount::from_sat(satoshi)));
        }
        assert_eq!(amount_value(Amount::from_sat(1)).to_string(), "0.00000001");
        assert!(amount(&json!("5")).is_err() && amount(&json!(0.000_000_001)).is_err());
    }
}
