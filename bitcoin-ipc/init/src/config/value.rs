//! One value, in the form that is asked for.
//!
//! In: a value of the configuration. Out: a text, or yes or no.

use serde_json::Value;

use crate::arguments::boolean;
/// A value as yes or no.
pub(super) fn as_bool(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        other => boolean(&as_text(other)),
    }
}

/// A value as text.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => u8::from(*value).to_string(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
