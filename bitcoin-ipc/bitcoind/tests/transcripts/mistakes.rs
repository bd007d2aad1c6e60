//! Parameters that are wrong.
//!
//! In: parameters that are right. Out: too few, too many, and others in the place of each.

use serde_json::{Value, json};

/// What is tried instead of right parameters.
pub(crate) fn of(right: &[Value]) -> Vec<Value> {
    let mut tried = Vec::new();
    if !right.is_empty() {
        tried.push(Vec::new());
    }
    let mut more = right.to_vec();
    more.resize(right.len() + 12, Value::Null);
    tried.push(more);
    for (position, value) in right.iter().enumerate() {
        for wrong in instead(value) {
            let mut params = right.to_vec();
            params[position] = wrong;
            tried.push(params);
        }
    }
    tried.into_iter().map(Value::from).collect()
}

/// What is tried instead of a value: other types, and values of its type that no command takes.
fn instead(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) if is_hex(text) => vec![json!(1), json!("zz"), json!(&text[1..]), json!("")],
        Value::String(_) => vec![json!(1), json!([]), json!(""), json!("ÿ*")],
        Value::Number(_) => vec![json!("1"), json!(-1), json!(0.5), json!(99_999_999_999_u64), huge()],
        Value::Bool(_) => vec![json!(0), json!("true")],
        Value::Array(_) => vec![json!("x"), json!({}), json!([1]), json!(["x"]), json!([{}]), json!([[]])],
        Value::Object(_) => vec![json!("x"), json!([]), json!({ "nonsense": 1 })],
        Value::Null => vec![],
    }
}

/// A number that fits into nothing.
fn huge() -> Value {
    "1000000000000000000000000000000".parse().unwrap_or_default()
}

fn is_hex(text: &str) -> bool {
    text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
