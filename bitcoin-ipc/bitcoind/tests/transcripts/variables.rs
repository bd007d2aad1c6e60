//! Values that a case keeps.
//!
//! In: names and values. Out: texts and parameters in which names are replaced by values.

use std::collections::HashMap;

use serde_json::Value;

/// What is kept, by name.
#[derive(Clone, Default)]
pub(crate) struct Variables(HashMap<String, Value>);

impl Variables {
    pub(crate) fn keep(&mut self, name: &str, value: Value) {
        self.0.insert(name.to_owned(), value);
    }

    /// Replaces names wherever they are.
    pub(crate) fn fill(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => self.text(text)?,
            Value::Array(list) => {
                Value::Array(list.iter().map(|value| self.fill(value)).collect::<Result<_, _>>()?)
            }
            Value::Object(object) => {
                let mut filled = serde_json::Map::new();
                for (name, value) in object {
                    let name = match self.text(name)? {
                        Value::String(name) => name,
                        other => other.to_string(),
                    };
                    filled.insert(name, self.fill(value)?);
                }
                Value::Object(filled)
            }
            other => other.clone(),
        })
    }

    /// What a text stands for: the value itself if it is one name, otherwise a text with values in it.
    pub(crate) fn text(&self, text: &str) -> Result<Value, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('$') {
            filled.push_str(&rest[..start]);
            let after = &rest[start + 1..];
            let (name, used) = match after.strip_prefix('{') {
                Some(inner) => {
                    let end = inner.find('}').ok_or_else(|| format!("{text}: no }}"))?;
                    (&inner[..end], end + 2)
                }
                None => {
                    let end =
                        after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                    (&after[..end], end)
                }
            };
            let value = self.value(name)?;
            if start == 0 && filled.is_empty() && used == after.len() {
                return Ok(value);
            }
            match value {
                Value::String(text) => filled.push_str(&text),
                other => filled.push_str(&other.to_string()),
            }
            rest = &after[used..];
        }
        filled.push_str(rest);
        Ok(filled.into())
    }

    fn value(&self, path: &str) -> Result<Value, String> {
        let (name, pointer) = path.find('/').map_or((path, ""), |place| path.split_at(place));
        let value = self.0.get(name).ok_or_else(|| format!("${name} is not kept"))?;
        value.pointer(pointer).cloned().ok_or_else(|| format!("${path} is not in {value}"))
    }
}
