//! Ranges of descriptors, as commands have them.
//!
//! In: a number, or two in a list. Out: the first and the last number; errors in Bitcoin Core's words.

use serde_json::Value;

use crate::error::invalid;
use crate::{Answer, value};

/// How many numbers a range may have.
pub const MAX_RANGE: i64 = 1_000_000;

/// A range: its end, or both ends.
///
/// # Errors
///
/// It has another form, its ends are in the wrong order or too high, or it is too long.
pub fn range(given: &Value) -> Answer<(u32, u32)> {
    let ends = match given {
        Value::Number(_) => (0, value::int::<i64>(given)?),
        Value::Array(ends) => match ends.as_slice() {
            [low @ Value::Number(_), high @ Value::Number(_)] => (value::int(low)?, value::int(high)?),
            _ => return invalid("Range must be specified as end or as [begin,end]"),
        },
        _ => return invalid("Range must be specified as end or as [begin,end]"),
    };
    match ends {
        (low, high) if low > high && given.is_array() => {
            invalid("Range specified as [begin,end] must not have begin after end")
        }
        (low, _) if low < 0 => invalid("Range should be greater or equal than 0"),
        (_, high) if high >> 31 != 0 => invalid("End of range is too high"),
        (low, high) if high - low >= MAX_RANGE => invalid("Range is too large"),
        (low, high) => match (u32::try_from(low), u32::try_from(high)) {
            (Ok(low), Ok(high)) => Ok((low, high)),
            _ => invalid("End of range is too high"),
        },
    }
}
