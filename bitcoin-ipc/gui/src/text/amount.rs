//! Amounts of bitcoin.
//!
//! In: satoshi and a unit. Out: a text that says its unit; and what somebody typed, as satoshi. No fraction of
//! a satoshi is ever rounded, and what could be read in two ways is refused.

use super::words::mark;
use std::fmt;

/// All the satoshi that there can be.
pub(crate) const MAX_SAT: u64 = 21_000_000 * 100_000_000;

const SAT_PER_BTC: u64 = 100_000_000;

/// What amounts are shown in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Bitcoin, with all eight decimals.
    #[default]
    Btc,
    /// Satoshi.
    Sat,
}

impl Unit {
    /// All units, in the order of the choice.
    pub(crate) const ALL: [Unit; 2] = [Unit::Btc, Unit::Sat];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Unit::Btc => "BTC",
            Unit::Sat => "sat",
        }
    }
}

/// A text of somebody else with this in place of each amount in bitcoin: each number with eight decimals.
pub(crate) fn masked(text: &str, mask: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        // What ends a sentence is not of the number.
        let number = from[..end].trim_end_matches([',', '.']);
        let decimals = number.rsplit_once('.').map_or(0, |(_, decimals)| decimals.len());
        done.push_str(before);
        done.push_str(if decimals == 8 { mask } else { number });
        rest = &from[number.len()..];
    }
    done + rest
}

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AmountError {
    /// There is nothing.
    Empty,
    /// It is not a number.
    NotANumber,
    /// A comma that does not part groups of three.
    Comma,
    /// More decimals than a satoshi has.
    TooFine,
    /// More than there can be.
    TooMuch,
}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AmountError::Empty => mark!("Enter an amount."),
            AmountError::NotANumber => mark!("This is not an amount."),
            AmountError::Comma => {
                mark!("Write a point before decimals; a comma parts groups of three digits.")
            }
            AmountError::TooFine => mark!("Nothing is smaller than a satoshi, 0.00000001 BTC."),
            AmountError::TooMuch => mark!("There are at most 21 million bitcoin."),
        })
    }
}

/// The digits of an amount, without its unit.
pub(crate) fn digits(sat: u64, unit: Unit) -> String {
    match unit {
        Unit::Btc => format!("{}.{:08}", grouped(sat / SAT_PER_BTC), sat % SAT_PER_BTC),
        Unit::Sat => grouped(sat),
    }
}

/// An amount with its unit, and a minus if it is negative.
pub(crate) fn signed(sat: i64, unit: Unit) -> String {
    let sign = if sat < 0 { "-" } else { "" };
    format!("{sign}{} {}", digits(sat.unsigned_abs(), unit), unit.name())
}

/// An amount with its unit.
pub(crate) fn plain(sat: u64, unit: Unit) -> String {
    format!("{} {}", digits(sat, unit), unit.name())
}

/// A number with a comma between groups of three digits.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What somebody typed or pasted, in satoshi. A unit after the number counts instead of the chosen one.
///
/// # Errors
///
/// It is no amount; the text says why.
pub(crate) fn parse(text: &str, unit: Unit) -> Result<u64, AmountError> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| c.is_alphabetic()) {
        None => (text, unit),
        Some(start) => {
            let (number, name) = text.split_at(start);
            let unit = Unit::ALL.into_iter().find(|unit| unit.name().eq_ignore_ascii_case(name));
            let sats = name.eq_ignore_ascii_case("sats").then_some(Unit::Sat);
            (number.trim_end(), unit.or(sats).ok_or(AmountError::NotANumber)?)
        }
    };
    if number.is_empty() {
        return Err(AmountError::Empty);
    }
    let (whole, decimals) = number.split_once('.').unwrap_or((number, ""));
    let whole = ungrouped(whole)?;
    if !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(if decimals.contains(',') { AmountError::Comma } else { AmountError::NotANumber });
    }
    if whole.is_empty() && decimals.is_empty() {
        return Err(AmountError::NotANumber);
    }
    let places = match unit {
        Unit::Btc => 8,
        Unit::Sat => 0,
    };
    let kept = decimals.trim_end_matches('0');
    if kept.len() > places {
        return Err(AmountError::TooFine);
    }
    let text = format!("{whole}{kept:0<places$}");
    let text = text.trim_start_matches('0');
    // Twenty digits and more are above all there is.
    if text.len() > 16 {
        return Err(AmountError::TooMuch);
    }
    let sat = if text.is_empty() { 0 } else { text.parse().map_err(|_| AmountError::NotANumber)? };
    if sat > MAX_SAT { Err(AmountError::TooMuch) } else { Ok(sat) }
}

/// The digits before the point, without what parts groups of three.
fn ungrouped(text: &str) -> Result<String, AmountError> {
    let separator = |c: char| matches!(c, ',' | ' ' | '_' | '\'' | '\u{a0}' | '\u{2009}' | '\u{202f}');
    let mut groups = text.split(separator);
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(first) || !rest.iter().all(|group| digits(group)) {
        return Err(AmountError::NotANumber);
    }
    let whole =
        rest.is_empty() || ((1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3));
    if whole { Ok(first.to_owned() + &rest.concat()) } else { Err(AmountError::Comma) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a53_amounts_in_the_words_of_others_are_hidden() {
        for (text, hidden) in [
            ("pays 0.00000110 BTC; it takes 1,234.00000161.", "pays • BTC; it takes •."),
            ("{\"trusted\": 3.00000000, \"height\": 200}", "{\"trusted\": •, \"height\": 200}"),
            ("-0.50000000", "-•"),
            ("1.464 sat/vB, version 31.0.0, 127.0.0.1", "1.464 sat/vB, version 31.0.0, 127.0.0.1"),
            ("", ""),
            ("ä 5", "ä 5"),
        ] {
            assert_eq!(masked(text, "•"), hidden, "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_with_all_digits() {
        assert_eq!(plain(0, Unit::Btc), "0.00000000 BTC");
        assert_eq!(plain(123_456_789_012, Unit::Btc), "1,234.56789012 BTC");
        assert_eq!(signed(-50_000_000, Unit::Btc), "-0.50000000 BTC");
        assert_eq!(signed(i64::MIN, Unit::Sat), "-9,223,372,036,854,775,808 sat");
        assert_eq!(plain(1_000, Unit::Sat), "1,000 sat");
    }

    #[test]
    fn a60_what_is_typed_is_read_exactly_or_refused() {
        let good = [
            ("1", Unit::Btc, 100_000_000),
            ("0.5", Unit::Btc, 50_000_000),
            (".5", Unit::Btc, 50_000_000),
            ("1,234.5", Unit::Btc, 123_450_000_000),
            ("1 234", Unit::Sat, 1_234),
            ("0.00000001", Unit::Btc, 1),
            ("0.000000010", Unit::Btc, 1),
            ("0.5 BTC", Unit::Sat, 50_000_000),
            ("1000 sats", Unit::Btc, 1_000),
            ("21000000", Unit::Btc, MAX_SAT),
            ("0", Unit::Btc, 0),
        ];
        for (text, unit, sat) in good {
            assert_eq!(parse(text, unit), Ok(sat), "{text}");
        }
        let bad = [
            ("", Unit::Btc, AmountError::Empty),
            ("BTC", Unit::Btc, AmountError::Empty),
            (".", Unit::Btc, AmountError::NotANumber),
            ("-1", Unit::Btc, AmountError::NotANumber),
            ("+1", Unit::Btc, AmountError::NotANumber),
            ("1e3", Unit::Btc, AmountError::NotANumber),
            ("1.2.3", Unit::Btc, AmountError::NotANumber),
            ("1 EUR", Unit::Btc, AmountError::NotANumber),
            ("0,5", Unit::Btc, AmountError::Comma),
            ("1.234,5", Unit::Btc, AmountError::Comma),
            ("12,34", Unit::Sat, AmountError::Comma),
            ("0.000000001", Unit::Btc, AmountError::TooFine),
            ("0.5", Unit::Sat, AmountError::TooFine),
            ("21000000.00000001", Unit::Btc, AmountError::TooMuch),
            ("99999999999999999999999999", Unit::Sat, AmountError::TooMuch),
        ];
        for (text, unit, error) in bad {
            assert_eq!(parse(text, unit), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a60_what_is_shown_is_read_back(sat in 0..=MAX_SAT) {
            for unit in Unit::ALL {
                prop_assert_eq!(parse(&digits(sat, unit), unit), Ok(sat));
                for typed in Unit::ALL {
                    prop_assert_eq!(parse(&plain(sat, unit), typed), Ok(sat));
                }
            }
        }

        #[test]
        fn a60_nothing_that_is_typed_panics(text in ".{0,30}") {
            for unit in Unit::ALL {
                let _ = parse(&text, unit);
            }
        }
    }
}
