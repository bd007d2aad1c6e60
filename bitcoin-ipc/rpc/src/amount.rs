//! Numbers as Bitcoin Core prints and reads them.
//!
//! In: satoshi and other numbers. Out: JSON numbers with exactly eight decimals, or as `printf`'s
//! `%.16g` writes them; and back.

use bitcoin::Amount;
use serde_json::{Number, Value};

use crate::error::{Answer, Code, RpcError, invalid, wrong_type};

const SATOSHI_PER_BITCOIN: u64 = 100_000_000;
/// Significant digits of numbers with a fraction.
const DIGITS: i32 = 16;

fn number(text: String) -> Value {
    Value::Number(Number::from_string_unchecked(text))
}

/// An amount in bitcoin, from satoshi.
pub fn bitcoin(satoshi: i64) -> Value {
    let sign = if satoshi < 0 { "-" } else { "" };
    let size = satoshi.unsigned_abs();
    number(format!("{sign}{}.{:08}", size / SATOSHI_PER_BITCOIN, size % SATOSHI_PER_BITCOIN))
}

/// An amount in bitcoin. What has the highest bit is negative, as in Bitcoin Core.
pub fn amount(amount: Amount) -> Value {
    bitcoin(amount.to_sat().cast_signed())
}

/// An amount in bitcoin as a text with at least two decimals: Bitcoin Core's `FormatMoney`.
#[must_use]
pub fn money(amount: Amount) -> String {
    let all =
        format!("{}.{:08}", amount.to_sat() / SATOSHI_PER_BITCOIN, amount.to_sat() % SATOSHI_PER_BITCOIN);
    let least = all.len() - 6;
    let kept = all.trim_end_matches('0').len().max(least);
    all[..kept].to_owned()
}

/// A fee rate in satoshi for 1000 virtual bytes as a text, for one of them.
#[must_use]
pub fn rate_per_vbyte(sat_per_kvb: i64) -> String {
    format!("{}.{:03} sat/vB", sat_per_kvb / 1000, sat_per_kvb % 1000)
}

/// A number with 16 significant digits, as C++ streams write it: without zeros at the end, and with an
/// exponent where it is very small or large. What is no number is null.
pub fn float(value: f64) -> Value {
    if !value.is_finite() {
        return Value::Null;
    }
    if value == 0.0 {
        return 0.into();
    }
    let precision = usize::try_from(DIGITS - 1).expect("15 is positive");
    let scientific = format!("{value:.precision$e}");
    let (mantissa, exponent) = scientific.split_once('e').expect("this format has an exponent");
    let exponent: i32 = exponent.parse().expect("an exponent is a number");
    let short = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    number(if (-4..DIGITS).contains(&exponent) {
        let decimals = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        short(&format!("{value:.decimals$}"))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{}e{sign}{:02}", short(mantissa), exponent.abs())
    })
}

/// Reads a decimal number as a count of its smallest unit; `None` for one with more decimals, or too
/// large. Bitcoin Core's `ParseFixedPoint`.
pub fn fixed_point(text: &str, decimals: u32) -> Option<i64> {
    let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => {
            (mantissa, exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?)
        }
        None => (rest, 0_i64),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    // As in JSON: no empty part, and no zero in front of another digit.
    if !digits(whole) || !digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let all = format!("{whole}{fraction}");
    let all = all.trim_start_matches('0');
    if all.is_empty() {
        return Some(0);
    }
    let significant = all.trim_end_matches('0');
    let zeros = i64::try_from(all.len() - significant.len()).ok()?;
    let shift =
        i64::from(decimals) + exponent.clamp(-1000, 1000) - i64::try_from(fraction.len()).ok()? + zeros;
    let count: i64 = significant.parse().ok()?;
    let scale = 10_i64.checked_pow(u32::try_from(shift).ok()?)?;
    let count = count.checked_mul(scale)?;
    // Bitcoin Core takes no more than 18 digits.
    (count < 1_000_000_000_000_000_000).then_some(if negative { -count } else { count })
}

/// Reads an amount in bitcoin, a number or a text.
///
/// # Errors
///
/// -3, as Bitcoin Core's `AmountFromValue`.
pub fn parse_amount(value: &Value) -> Answer<Amount> {
    parse(value, 8).map(Amount::from_sat)
}

/// Reads a fee rate in satoshi for a virtual byte, with up to three decimals, and gives it for 1000 of
/// them.
///
/// # Errors
///
/// As [`parse_amount`].
pub fn parse_fee_rate(value: &Value) -> Answer<u64> {
    parse(value, 3)
}

/// Reads a fee rate in bitcoin for 1000 virtual bytes, and gives it in satoshi.
///
/// # Errors
///
/// As [`parse_amount`]; -8 for one bitcoin and more.
pub fn parse_rate(value: &Value) -> Answer<u64> {
    let amount = parse_amount(value)?;
    if amount >= Amount::ONE_BTC {
        return invalid("Fee rates larger than or equal to 1BTC/kvB are not accepted");
    }
    Ok(amount.to_sat())
}

fn parse(value: &Value, decimals: u32) -> Answer<u64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return wrong_type("Amount is not a number or string"),
    };
    let error = |message| RpcError::new(Code::TypeError, message);
    let satoshi = fixed_point(&text, decimals).ok_or_else(|| error("Invalid amount"))?;
    let satoshi = u64::try_from(satoshi).ok().filter(|satoshi| *satoshi <= Amount::MAX_MONEY.to_sat());
    satoshi.ok_or_else(|| error("Amount out of range"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_have_eight_decimals() {
        for (satoshi, text) in [
            (0, "0.00000000"),
            (10_000_000, "0.10000000"),
            (-1, "-0.00000001"),
            (5_000_000_000, "50.00000000"),
            (i64::MIN, "-92233720368.54775808"),
        ] {
            assert_eq!(bitcoin(satoshi).to_string(), text);
        }
    }

    #[test]
    fn amounts_and_rates_in_texts_are_short() {
        let text = |satoshi| money(Amount::from_sat(satoshi));
        assert_eq!(
            [0, 1, 10_000_000, 100_000_000, 123_456_789, 120_000_000].map(text),
            ["0.00", "0.00000001", "0.10", "1.00", "1.23456789", "1.20"]
        );
        assert_eq!([0, 100, 1234].map(rate_per_vbyte), ["0.000 sat/vB", "0.100 sat/vB", "1.234 sat/vB"]);
    }

    #[test]
    fn floats_are_written_as_by_a_stream() {
        for (value, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (4.656542373906925e-10, "4.656542373906925e-10"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.1 + 0.2, "0.3"),
            (123_456.789, "123456.789"),
            (1e15, "1000000000000000"),
            (1e16, "1e+16"),
            (110_451_907_374_649.86, "110451907374649.9"),
            (-2.5, "-2.5"),
        ] {
            assert_eq!(float(value).to_string(), text);
        }
        assert_eq!(float(f64::NAN), Value::Null);
    }

    #[test]
    fn amounts_are_read_exactly() {
        let parse = |text: &str| fixed_point(text, 8);
        for (text, satoshi) in [
            ("0", 0),
            ("0.00000001", 1),
            ("1e-8", 1),
            ("0.1", 10_000_000),
            ("1.5e1", 1_500_000_000),
            ("-1", -100_000_000),
            ("20999999.97690000", 2_099_999_997_690_000),
            ("0.00000001000000", 1),
            ("0.1e+1", 100_000_000),
        ] {
            assert_eq!(parse(text), Some(satoshi), "{text}");
        }
        for text in
            ["", ".5", "5.", "01", "1e", "0.000000001", "1e-9", "+1", " 1", "1e1000", "99999999999", "0x1"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
        let error = |value: Value| parse_amount(&value).unwrap_err().message().to_owned();
        assert_eq!(error(json!(true)), "Amount is not a number or string");
        assert_eq!(error(json!("x")), "Invalid amount");
        assert_eq!(error(json!(-1)), "Amount out of range");
        assert_eq!(error(json!(21_000_001)), "Amount out of range");
        assert_eq!(parse_amount(&json!("0.5")).unwrap(), Amount::from_sat(50_000_000));
        assert_eq!(parse_rate(&json!(1)).unwrap_err().code(), -8);
        assert_eq!(parse_fee_rate(&json!("1.234")), Ok(1234));
        assert_eq!(parse_fee_rate(&json!("1.2345")).unwrap_err().message(), "Invalid amount");
    }
}
