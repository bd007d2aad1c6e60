//! The fields of an answer.
//!
//! In: JSON of the node. Out: numbers, hashes, amounts, transactions; or an error that names what is missing. A
//! node that lies or is of another release gets such an error, and nobody a panic.

use std::str::FromStr;

use bitcoin::consensus::encode::deserialize_hex;
use bitcoin::{Amount, SignedAmount, Transaction};
use bitcoin_ipc::{Error, Result};
use bitcoin_rpc::amount::fixed_point;
use serde_json::Value;

use crate::method::Method;

/// An object of an answer.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    method: &'static str,
    value: Value,
}

impl Fields {
    pub(crate) fn of(method: Method, value: Value) -> Result<Self> {
        let method = method.name();
        if value.is_object() {
            Ok(Fields { method, value })
        } else {
            Err(bad(method, "the answer", "an object"))
        }
    }

    fn bad(&self, name: &str, what: &str) -> Error {
        bad(self.method, name, what)
    }

    /// A field that is there and not null.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.value.get(name).filter(|value| !value.is_null())
    }

    fn needed(&self, name: &str) -> Result<&Value> {
        self.value(name).ok_or_else(|| self.bad(name, "there"))
    }

    /// A text that is written as `T` is, such as a hash.
    pub(crate) fn text<T: FromStr>(&self, name: &str) -> Result<T> {
        let text = self.needed(name)?.as_str().and_then(|text| text.parse().ok());
        text.ok_or_else(|| self.bad(name, "what it should be"))
    }

    pub(crate) fn text_if_there<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        self.value(name).map(|_| self.text(name)).transpose()
    }

    pub(crate) fn int<T: TryFrom<i64>>(&self, name: &str) -> Result<T> {
        let int = self.needed(name)?.as_i64().and_then(|int| T::try_from(int).ok());
        int.ok_or_else(|| self.bad(name, "a number in range"))
    }

    pub(crate) fn float(&self, name: &str) -> Result<f64> {
        self.needed(name)?.as_f64().ok_or_else(|| self.bad(name, "a number"))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        self.needed(name)?.as_bool().ok_or_else(|| self.bad(name, "true or false"))
    }

    /// An amount in bitcoin, which may be below zero.
    pub(crate) fn signed_amount(&self, name: &str) -> Result<SignedAmount> {
        let satoshi = match self.needed(name)? {
            Value::Number(number) => fixed_point(&number.to_string(), 8),
            _ => None,
        };
        satoshi.map(SignedAmount::from_sat).ok_or_else(|| self.bad(name, "an amount"))
    }

    /// An amount in bitcoin.
    pub(crate) fn amount(&self, name: &str) -> Result<Amount> {
        self.signed_amount(name)?.to_unsigned().map_err(|_| self.bad(name, "an amount"))
    }

    pub(crate) fn object(&self, name: &str) -> Result<Fields> {
        let value = self.needed(name)?;
        let object = value.is_object().then(|| Fields { method: self.method, value: value.clone() });
        object.ok_or_else(|| self.bad(name, "an object"))
    }

    pub(crate) fn list(&self, name: &str) -> Result<impl Iterator<Item = Fields> + use<'_>> {
        let list = self.needed(name)?.as_array().ok_or_else(|| self.bad(name, "a list"))?;
        Ok(list.iter().map(|value| Fields { method: self.method, value: value.clone() }))
    }

    /// A list of texts that are written as `T` is.
    pub(crate) fn texts<T: FromStr>(&self, name: &str) -> Result<Vec<T>> {
        let list = self.needed(name)?.as_array().ok_or_else(|| self.bad(name, "a list"))?;
        let text = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
        list.iter().map(|value| text(value).ok_or_else(|| self.bad(name, "what it should be"))).collect()
    }

    /// A transaction in hex digits.
    pub(crate) fn transaction(&self, name: &str) -> Result<Transaction> {
        self.needed(name)?
            .as_str()
            .and_then(|hex| deserialize_hex(hex).ok())
            .ok_or_else(|| self.bad(name, "a transaction"))
    }
}

fn bad(method: &str, name: &str, what: &str) -> Error {
    Error::bad_value(format!("the node's answer to {method} is not as expected: {name} is not {what}"))
}

/// What the node has serialized in hex digits.
pub(crate) fn decoded<T: bitcoin::consensus::Decodable>(method: Method, value: &Value) -> Result<T> {
    let decoded = value.as_str().and_then(|hex| deserialize_hex(hex).ok());
    decoded.ok_or_else(|| bad(method.name(), "the answer", "what it should be"))
}

/// A text of the answer that is written as `T` is.
pub(crate) fn parsed<T: FromStr>(method: Method, value: &Value) -> Result<T> {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| bad(method.name(), "the answer", "what it should be"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_exact_and_what_is_missing_is_named() {
        let value: Value =
            serde_json::from_str(r#"{ "a": 20999999.97690000, "b": 1e-8, "c": -0.1, "d": "1", "e": null }"#)
                .unwrap();
        let fields = Fields::of(Method::GetTxOut, value).unwrap();
        assert_eq!(fields.amount("a").unwrap().to_sat(), 2_099_999_997_690_000);
        assert_eq!(fields.amount("b").unwrap().to_sat(), 1);
        assert_eq!(fields.signed_amount("c").unwrap().to_sat(), -10_000_000);
        for name in ["c", "d", "e", "f"] {
            let error = fields.amount(name).unwrap_err();
            assert!(error.text().contains(&format!("gettxout is not as expected: {name}")), "{error}");
        }
        assert_eq!(fields.value("e"), None);
        assert!(Fields::of(Method::GetTxOut, json!([])).is_err());
    }
}
