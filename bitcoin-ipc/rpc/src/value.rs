//! Reading arguments out of JSON.
//!
//! In: JSON values. Out: numbers, texts, hashes and bytes, or Bitcoin Core's words of complaint.

use std::str::FromStr;

use bitcoin::PublicKey;
use bitcoin::hashes::Hash;
use bitcoin::hex::FromHex;
use serde_json::{Map, Value};

use crate::error::{Answer, failed, invalid, unknown, wrong_type};

/// What Bitcoin Core calls the type of a value.
pub fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Object(_) => "object",
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
    }
}

/// Checks the types of an object's fields, which may be null or left out, and that it has no others:
/// Bitcoin Core's `RPCTypeCheckObj`. A type is written as by [`type_name`]; `any` fits all.
pub fn fields(object: &Map<String, Value>, types: &[(&str, &str)]) -> Answer<()> {
    for (name, expected) in types {
        let found = object.get(*name).map_or("null", type_name);
        if found != "null" && found != *expected && *expected != "any" {
            let text =
                format!("JSON value of type {found} for field {name} is not of expected type {expected}");
            return wrong_type(text);
        }
    }
    match object.keys().find(|key| !types.iter().any(|(name, _)| name == key)) {
        Some(key) => wrong_type(format!("Unexpected key {key}")),
        None => Ok(()),
    }
}

fn not_of_type<T>(value: &Value, expected: &str) -> Answer<T> {
    wrong_type(format!("JSON value of type {} is not of expected type {expected}", type_name(value)))
}

/// A text.
pub fn text(value: &Value) -> Answer<&str> {
    value.as_str().map_or_else(|| not_of_type(value, "string"), Ok)
}

/// A truth value.
pub fn flag(value: &Value) -> Answer<bool> {
    value.as_bool().map_or_else(|| not_of_type(value, "bool"), Ok)
}

/// A list.
pub fn list(value: &Value) -> Answer<&Vec<Value>> {
    value.as_array().map_or_else(|| not_of_type(value, "array"), Ok)
}

/// An object.
pub fn object(value: &Value) -> Answer<&Map<String, Value>> {
    value.as_object().map_or_else(|| not_of_type(value, "object"), Ok)
}

/// A whole number that fits.
pub fn int<T: FromStr>(value: &Value) -> Answer<T> {
    let Value::Number(number) = value else { return not_of_type(value, "number") };
    // The text, so that 1.0 and 1e3 are no whole numbers.
    number.to_string().parse().or_else(|_| failed("JSON integer out of range"))
}

/// A number with a fraction.
pub fn float(value: &Value) -> Answer<f64> {
    let Value::Number(number) = value else { return not_of_type(value, "number") };
    number.as_f64().map_or_else(|| failed("JSON double out of range"), Ok)
}

/// A hash as it is printed: 64 hex digits, the last byte first.
pub fn hash<H: Hash<Bytes = [u8; 32]>>(value: &Value, name: &str) -> Answer<H> {
    let hex = text(value)?;
    match <[u8; 32]>::from_hex(hex) {
        Ok(mut bytes) => {
            bytes.reverse();
            Ok(H::from_byte_array(bytes))
        }
        Err(_) if hex.len() != 64 => {
            invalid(format!("{name} must be of length 64 (not {}, for '{hex}')", hex.len()))
        }
        Err(_) => invalid(format!("{name} must be hexadecimal string (not '{hex}')")),
    }
}

/// Bytes as hex digits; there must be some.
pub fn bytes(value: &Value, name: &str) -> Answer<Vec<u8>> {
    let hex = value.as_str().unwrap_or_default();
    match Vec::from_hex(hex) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => invalid(format!("{name} must be hexadecimal string (not '{hex}')")),
    }
}

/// Reads a public key in hex digits.
///
/// # Errors
///
/// -5.
pub fn public_key(text: &str) -> Answer<PublicKey> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return unknown(format!("Pubkey \"{text}\" must be a hex string"));
    }
    if text.len() != 66 && text.len() != 130 {
        return unknown(format!("Pubkey \"{text}\" must have a length of either 33 or 65 bytes"));
    }
    match PublicKey::from_str(text) {
        Ok(key) => Ok(key),
        Err(_) => unknown(format!("Pubkey \"{text}\" must be cryptographically valid.")),
    }
}

/// Where an object has a field that is not null.
pub fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.get(name).filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use bitcoin::Txid;
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_are_exact_or_refused() {
        assert_eq!(int::<i32>(&json!(-5)), Ok(-5));
        for (value, code) in
            [(json!(1.5), -1), (json!(4_294_967_296_u64), -1), (json!("1"), -3), (json!(null), -3)]
        {
            assert_eq!(int::<u32>(&value).unwrap_err().code(), code, "{value}");
        }
    }

    #[test]
    fn hashes_say_what_is_wrong_with_them() {
        let hex = "00000000000000000000000000000000000000000000000000000000000000ff";
        assert_eq!(hash::<Txid>(&json!(hex), "txid").unwrap().to_string(), hex);
        let short = hash::<Txid>(&json!("ff"), "txid").unwrap_err();
        assert_eq!(short.message(), "txid must be of length 64 (not 2, for 'ff')");
        let odd = "z".repeat(64);
        let wrong = hash::<Txid>(&json!(odd), "txid").unwrap_err();
        assert_eq!(wrong.message(), format!("txid must be hexadecimal string (not '{odd}')"));
        assert_eq!(bytes(&json!("0"), "x").unwrap_err().code(), -8);
    }

    #[test]
    fn fields_of_objects_have_their_types() {
        let types = [("a", "number"), ("b", "any")];
        let check =
            |given: Value| fields(given.as_object().unwrap(), &types).map_err(|error| error.to_string());
        assert_eq!(check(json!({ "a": 1, "b": [] })), Ok(()));
        assert_eq!(check(json!({ "a": null })), Ok(()));
        let wrong = "JSON value of type string for field a is not of expected type number (-3)";
        assert_eq!(check(json!({ "a": "1" })), Err(wrong.into()));
        assert_eq!(check(json!({ "c": 1 })), Err("Unexpected key c (-3)".into()));
    }
}
