//! Amounts of bitcoin as options have them.
//!
//! In: a text such as `0.00001`. Out: the amount, without a float on the way.

use bitcoin::Amount;

/// The amount, unless the text is not one, has more than eight decimals or is above 21 million
/// bitcoin: Bitcoin Core's `ParseMoney`.
pub(crate) fn amount(text: &str) -> Option<Amount> {
    let text = text.trim();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if text.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 8 {
        return None;
    }
    let amount = Amount::from_sat(format!("{whole}{decimals:0<8}").parse().ok()?);
    (amount <= Amount::MAX_MONEY).then_some(amount)
}

/// What Bitcoin Core says of another text.
pub(crate) fn invalid_amount(name: &str, text: &str) -> String {
    format!("Invalid amount for -{name}=<amount>: '{text}'")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn amounts_are_those_of_bitcoin_core() {
        for (text, satoshi) in [
            ("12345.6789", 1_234_567_890_000),
            ("10000000.00", 1_000_000_000_000_000),
            ("1", 100_000_000),
            (" 1 ", 100_000_000),
            ("5.", 500_000_000),
            (".5", 50_000_000),
            (".", 0),
            ("0.00000001", 1),
            ("20999999.99999999", 2_099_999_999_999_999),
            ("21000000", 2_100_000_000_000_000),
        ] {
            assert_eq!(amount(text), Some(Amount::from_sat(satoshi)), "{text}");
        }
        for text in [
            "",
            " ",
            "-1",
            "+1",
            "1 2",
            "1.2.3",
            "1e3",
            "0x10",
            "0.000000001",
            "0.100000000",
            "21000000.00000001",
            "92233720368.54775808",
            "1\0",
            "1 BTC",
            "\u{661}",
        ] {
            assert_eq!(amount(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_the_same(satoshi in 0..=2_100_000_000_000_000_u64) {
            let text = format!("{}.{:08}", satoshi / 100_000_000, satoshi % 100_000_000);
            prop_assert_eq!(amount(&text), Some(Amount::from_sat(satoshi)));
        }

        #[test]
        fn any_text_is_read(text in "\\PC{0,20}|[-+0-9. e]{0,40}") {
            let _ = amount(&text);
        }
    }
}
