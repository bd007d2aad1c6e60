//! JSON as its sender wrote it.
//!
//! In: text. Out: [`Json`], whose objects keep all their fields. `serde_json::Value` keeps the last of two
//! fields of one name, so that nobody who reads it can tell that there were two.

use std::fmt::{Display, Formatter, Write as _};
use std::str::FromStr;

use serde_json::{Deserializer, Map, Number, Value};

use crate::error::{Error, Result};

/// How deep lists and objects may lie in each other: Bitcoin Core's `MAX_JSON_DEPTH`.
const DEEPEST: usize = 512;

/// A JSON value whose objects keep the order of their fields, and fields of one name beside each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Json {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Json>),
    /// Names and values, in their order. A name may come more than once.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The first field of this name, if it is an object that has one. The first one counts wherever only
    /// one can, as in Bitcoin Core's `UniValue`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        match self {
            Json::Object(fields) => fields.iter().find(|(found, _)| found == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Whether it is an object with a name that comes more than once. What is in it is not looked at.
    #[must_use]
    pub fn repeats_a_name(&self) -> bool {
        let Json::Object(fields) = self else { return false };
        let mut names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }
}

impl From<Json> for Value {
    /// Keeps the first of several fields of one name.
    fn from(json: Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Bool(value),
            Json::Number(value) => Value::Number(value),
            Json::String(value) => Value::String(value),
            Json::Array(values) => values.into_iter().map(Value::from).collect(),
            Json::Object(fields) => {
                let mut object = Map::new();
                for (name, value) in fields {
                    object.entry(name).or_insert_with(|| value.into());
                }
                Value::Object(object)
            }
        }
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Json {
        match value {
            Value::Null => Json::Null,
            Value::Bool(value) => Json::Bool(value),
            Value::Number(value) => Json::Number(value),
            Value::String(value) => Json::String(value),
            Value::Array(values) => Json::Array(values.into_iter().map(Json::from).collect()),
            Value::Object(object) => {
                Json::Object(object.into_iter().map(|(name, value)| (name, value.into())).collect())
            }
        }
    }
}

impl Display for Json {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let text = |f: &mut Formatter<'_>, text: &str| {
            serde_json::to_string(text).map_err(|_| std::fmt::Error).and_then(|text| f.write_str(&text))
        };
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => value.fmt(f),
            Json::Number(value) => value.fmt(f),
            Json::String(value) => text(f, value),
            Json::Array(values) => {
                f.write_char('[')?;
                for (number, value) in values.iter().enumerate() {
                    if number > 0 {
                        f.write_char(',')?;
                    }
                    value.fmt(f)?;
                }
                f.write_char(']')
            }
            Json::Object(fields) => {
                f.write_char('{')?;
                for (number, (name, value)) in fields.iter().enumerate() {
                    if number > 0 {
                        f.write_char(',')?;
                    }
                    text(f, name)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

impl FromStr for Json {
    type Err = Error;

    /// # Errors
    ///
    /// The text is not JSON, or lists and objects lie in each other more than 512 deep.
    fn from_str(text: &str) -> Result<Json> {
        let mut reader = Reader { text, at: 0 };
        let json = reader.value(0)?;
        match reader.peek() {
            None => Ok(json),
            Some(_) => Err(reader.wrong("there is more after its end")),
        }
    }
}

/// Reads values one after the other. Texts, numbers and words are left to `serde_json`.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, why: impl Display) -> Error {
        Error::bad_value(format!("the text is not JSON: {why}, at byte {}", self.at))
    }

    /// The next byte that is not a space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
        self.at += spaces;
        rest.get(spaces).copied()
    }

    /// Whether the next byte is this one, which is passed then.
    fn skip(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn value(&mut self, depth: usize) -> Result<Json> {
        match self.peek() {
            Some(b'{' | b'[') if depth == DEEPEST => Err(self.wrong("it is too deep")),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            _ => self.scalar().map(Json::from),
        }
    }

    fn scalar(&mut self) -> Result<Value> {
        let mut values = Deserializer::from_str(&self.text[self.at..]).into_iter::<Value>();
        let value = values.next().ok_or_else(|| self.wrong("it ends too early"))?;
        let value = value.map_err(|error| self.wrong(error))?;
        self.at += values.byte_offset();
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Result<Json> {
        self.at += 1;
        let mut values = Vec::new();
        if self.skip(b']') {
            return Ok(Json::Array(values));
        }
        loop {
            values.push(self.value(depth + 1)?);
            if self.skip(b']') {
                return Ok(Json::Array(values));
            }
            if !self.skip(b',') {
                return Err(self.wrong("expected `,` or `]`"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json> {
        self.at += 1;
        let mut fields = Vec::new();
        if self.skip(b'}') {
            return Ok(Json::Object(fields));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.wrong("expected the name of a field"));
            }
            let Value::String(name) = self.scalar()? else {
                return Err(self.wrong("expected the name of a field"));
            };
            if !self.skip(b':') {
                return Err(self.wrong("expected `:`"));
            }
            fields.push((name, self.value(depth + 1)?));
            if self.skip(b'}') {
                return Ok(Json::Object(fields));
            }
            if !self.skip(b',') {
                return Err(self.wrong("expected `,` or `}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Json> {
        text.parse()
    }

    #[test]
    fn all_fields_stay_in_their_order() {
        let text = r#"{"b":1,"a":{"x":null},"b":[true,"\u00e4\n"],"":-0.10}"#;
        let json = read(text).unwrap();
        let Json::Object(fields) = &json else { panic!("{json}") };
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b", ""]);
        assert!(json.repeats_a_name() && !fields[1].1.repeats_a_name());
        assert_eq!(json.get("b"), Some(&Json::from(json!(1))));
        assert_eq!(read(&json.to_string()).unwrap(), json);
    }

    #[test]
    fn where_one_field_counts_it_is_the_first() {
        let value = Value::from(read(r#"[{"a":1,"a":2},{"a":{"b":3,"b":4}}]"#).unwrap());
        assert_eq!(value, json!([{ "a": 1 }, { "a": { "b": 3 } }]));
    }

    #[test]
    fn it_reads_what_serde_reads() {
        for text in [
            "null",
            " true ",
            "false",
            "0",
            "-12",
            "1e3",
            "\"\\u00e9\\\\\"",
            "\"{\"",
            "[]",
            "{ }",
            "[ 1 , [ ] , { \"a\" : [ 2 ] } ]\n",
            "{\"a\":1}",
            "",
            " ",
            "nul",
            "nulll",
            "01",
            "1.",
            "+1",
            "NaN",
            "\"",
            "\"\u{1}\"",
            "'a'",
            "[",
            "]",
            "[1",
            "[1,",
            "[1,]",
            "[,1]",
            "[1 2]",
            "[1}",
            "{",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "{1:1}",
            "{\"a\":1]",
            "1 2",
            "\"a\"\"b\"",
            "1\"a\"",
            "true[]",
            "{}{}",
            "[1\"a\"]",
        ] {
            let ours = read(text).ok().map(Value::from);
            assert_eq!(ours, serde_json::from_str(text).ok(), "{text}");
        }
    }

    #[test]
    fn it_does_not_go_too_deep() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(DEEPEST)).is_ok());
        assert!(read(&nested(DEEPEST + 1)).unwrap_err().to_string().contains("too deep"));
        assert!(read(&"[{\"a\":".repeat(1_000_000)).is_err());
    }
}
