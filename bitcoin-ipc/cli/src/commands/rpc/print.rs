//! Results as bitcoin-cli prints them.
//!
//! In: a value. Out: a text bare, and anything else as JSON in lines, in the form of Bitcoin Core's
//! `UniValue`.

use serde_json::Value;

/// The text of a result; `None` where bitcoin-cli prints nothing.
pub(super) fn result(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        value => {
            let mut out = String::new();
            write(&mut out, value, 1);
            Some(out)
        }
    }
}

fn write(out: &mut String, value: &Value, level: usize) {
    match value {
        Value::Array(values) => {
            let lines = values.iter().map(|value| (None, value));
            block(out, ['[', ']'], lines, values.len(), level);
        }
        Value::Object(fields) => {
            let lines = fields.iter().map(|(name, value)| (Some(name), value));
            block(out, ['{', '}'], lines, fields.len(), level);
        }
        Value::String(text) => quote(out, text),
        // Numbers stay as the node wrote them.
        value => out.push_str(&value.to_string()),
    }
}

fn block<'v>(
    out: &mut String,
    [open, close]: [char; 2],
    lines: impl Iterator<Item = (Option<&'v String>, &'v Value)>,
    count: usize,
    level: usize,
) {
    out.push(open);
    out.push('\n');
    for (number, (name, value)) in lines.enumerate() {
        indent(out, level);
        if let Some(name) = name {
            quote(out, name);
            out.push_str(": ");
        }
        write(out, value, level + 1);
        if number + 1 < count {
            out.push(',');
        }
        out.push('\n');
    }
    indent(out, level - 1);
    out.push(close);
}

fn indent(out: &mut String, level: usize) {
    out.extend(std::iter::repeat_n("  ", level));
}

/// As JSON does, and one more.
fn quote(out: &mut String, text: &str) {
    out.push_str(&Value::from(text).to_string().replace('\u{7f}', "\\u007f"));
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_printed_as_univalue_writes_them() {
        for (value, shown) in [
            (json!(null), None),
            (json!(""), None),
            (json!("a\nb\""), Some("a\nb\"")),
            (json!(true), Some("true")),
            (json!([]), Some("[\n]")),
            (json!({}), Some("{\n}")),
            (json!([[], { "a": {} }]), Some("[\n  [\n  ],\n  {\n    \"a\": {\n    }\n  }\n]")),
            (json!(["\u{7f}\u{1}\n/é"]), Some("[\n  \"\\u007f\\u0001\\n/é\"\n]")),
        ] {
            assert_eq!(result(&value).as_deref(), shown, "{value}");
        }
        let amount: Value = serde_json::from_str("[0.10000000,1e-8,12345678901234567890123]").expect("JSON");
        let shown = "[\n  0.10000000,\n  1e-8,\n  12345678901234567890123\n]";
        assert_eq!(result(&amount).as_deref(), Some(shown));
    }
}
