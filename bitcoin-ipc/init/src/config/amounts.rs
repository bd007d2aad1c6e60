//! Settings that are amounts.
//!
//! In: settings. Out: amounts and fee rates, exact to the satoshi.

use bitcoin::Amount;
use bitcoin_ipc::types::WireFeeRate;
use serde_json::Value;

use super::Settings;
use super::value::as_text;
use crate::arguments::{amount, invalid_amount};
use crate::error::{Error, Result};

impl Settings {
    /// An amount of bitcoin, which the setting has as a decimal number; a negated setting is 0.
    ///
    /// # Errors
    ///
    /// When the value is no amount, in Bitcoin Core's words.
    pub fn amount(&self, name: &str, default: Amount) -> Result<Amount> {
        Ok(self.given_amount(name)?.unwrap_or(default))
    }

    /// A fee rate, which the setting has in bitcoin for 1000 virtual bytes; a negated setting is 0.
    ///
    /// # Errors
    ///
    /// As [`amount`](Self::amount).
    pub fn fee_rate(&self, name: &str, default: WireFeeRate) -> Result<WireFeeRate> {
        let given = self.given_amount(name)?;
        Ok(given.map_or(default, |amount| {
            // There are fewer satoshi than an i64 can count.
            WireFeeRate::from_sat_per_kvb(i64::try_from(amount.to_sat()).unwrap_or(i64::MAX))
        }))
    }

    fn given_amount(&self, name: &str) -> Result<Option<Amount>> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let text = match &value {
            // Only `settings.json` has numbers, which JSON prints as 1e-5. An f64 gives back all decimals
            // of an amount, because there are fewer than 2^53 satoshi.
            Value::Number(number) => number.as_f64().map(|number| number.to_string()),
            _ => None,
        };
        let text = text.unwrap_or_else(|| as_text(&value));
        amount(&text).map(Some).ok_or_else(|| Error::new(invalid_amount(name, &text)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::arguments::{Arguments, Program};

    fn settings(value: Value) -> Settings {
        let mut arguments = Arguments::default();
        for name in ["conf", "settings"] {
            arguments.options.insert(name.to_owned(), vec![false.into()]);
        }
        let mut settings = Settings::load(&Program::new("x", "1", "X."), arguments).expect("good settings");
        settings.force("fee", value);
        settings
    }

    #[test]
    fn amounts_and_rates() {
        for (value, satoshi) in [
            (json!("0.00001"), 1000),
            (json!(0.00001), 1000),
            (json!(20_999_999.999_999_99), 2_099_999_999_999_999),
            (json!(2), 200_000_000),
            (json!(false), 0),
        ] {
            let settings = settings(value.clone());
            assert_eq!(settings.amount("fee", Amount::ONE_SAT), Ok(Amount::from_sat(satoshi)), "{value}");
            let rate = settings.fee_rate("fee", WireFeeRate::default()).expect("a rate");
            assert_eq!(rate.sat_per_kvb(), i64::try_from(satoshi).ok());
        }
        let settings = settings(json!("0.000000001"));
        assert_eq!(settings.amount("other", Amount::ONE_SAT), Ok(Amount::ONE_SAT));
        let default = WireFeeRate::from_sat_per_kvb(100);
        assert_eq!(settings.fee_rate("other", default), Ok(default));
        let error = settings.fee_rate("fee", default).expect_err("too many decimals");
        assert_eq!(error.text(), "Invalid amount for -fee=<amount>: '0.000000001'");
    }
}
