//! Lines of the console.
//!
//! In: a line. Out: calls, one in another, and what they come to. Bitcoin Core's window takes the same lines.

use crate::text::words::{mark, say};
use serde_json::Value;

/// Runs a method with arguments.
type RunMethod<'a> = dyn Fn(&str, Vec<Value>) -> Result<Value, String> + 'a;

/// A method, its arguments, and which part of its answer counts.
#[derive(Debug, PartialEq)]
pub(super) struct Call {
    method: String,
    arguments: Vec<Argument>,
    keys: Vec<String>,
}

#[derive(Debug, PartialEq)]
enum Argument {
    /// A text that was written so, in quotes or not.
    Text { text: String, quoted: bool },
    /// What another call comes to.
    Call(Call),
}

/// The deepest nesting of calls.
const DEEPEST: usize = 20;

/// Reads a line.
pub(super) fn line(text: &str) -> Result<Call, String> {
    let mut reader = Reader { rest: text.trim() };
    let call = reader.call(0)?;
    if reader.rest.trim().is_empty() {
        Ok(call)
    } else {
        Err(say!("What is \"{rest}\" for?", rest = reader.rest.trim()))
    }
}

impl Call {
    /// Runs it, after the calls in its arguments.
    pub(super) fn run(&self, run: &RunMethod<'_>) -> Result<Value, String> {
        let arguments = self.arguments.iter().map(|argument| match argument {
            Argument::Call(call) => call.run(run),
            // What is JSON is that, all else is a text.
            Argument::Text { text, quoted: false } => {
                Ok(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.clone())))
            }
            Argument::Text { text, quoted: true } => Ok(Value::String(text.clone())),
        });
        let arguments = arguments.collect::<Result<_, _>>()?;
        let mut answer = run(&self.method, arguments)?;
        for key in &self.keys {
            let part = match &answer {
                Value::Array(list) => key.parse::<usize>().ok().and_then(|index| list.get(index)),
                Value::Object(fields) => fields.get(key),
                _ => None,
            };
            answer = part
                .cloned()
                .ok_or_else(|| say!("The answer of {method} has no [{key}].", method = self.method, key))?;
        }
        Ok(answer)
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) {
        self.rest = self.rest.trim_start_matches(skipped);
    }

    fn call(&mut self, depth: usize) -> Result<Call, String> {
        if depth > DEEPEST {
            return Err(mark!("The calls are nested too deep.").to_owned());
        }
        let method = self.word();
        if method.is_empty() {
            return Err(mark!("Enter the name of a method; help lists them.").to_owned());
        }
        let mut call = Call { method, arguments: Vec::new(), keys: Vec::new() };
        if self.peek() == Some('(') {
            self.next();
            loop {
                self.skip(|c| c.is_whitespace() || c == ',');
                match self.peek() {
                    Some(')') => {
                        self.next();
                        break;
                    }
                    None => return Err(mark!("A bracket is not closed.").to_owned()),
                    Some(_) => call.arguments.push(self.argument(depth)?),
                }
            }
        } else if depth == 0 {
            loop {
                self.skip(char::is_whitespace);
                match self.peek() {
                    None => break,
                    Some(_) => call.arguments.push(self.argument(depth)?),
                }
            }
        }
        while self.peek() == Some('[') {
            let end = self.rest.find(']').ok_or(mark!("A square bracket is not closed."))?;
            call.keys.push(self.rest[1..end].trim().trim_matches(['"', '\'']).to_owned());
            self.rest = &self.rest[end + 1..];
        }
        Ok(call)
    }

    /// The name of a method.
    fn word(&mut self) -> String {
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    fn argument(&mut self, depth: usize) -> Result<Argument, String> {
        match self.peek() {
            Some('"' | '\'') => return self.quoted(),
            Some('[' | '{') => return self.json(),
            _ => {}
        }
        // A name and a bracket are a call.
        let name = self.rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(self.rest.len());
        if name > 0 && self.rest[name..].starts_with('(') {
            return self.call(depth + 1).map(Argument::Call);
        }
        let end =
            self.rest.find(|c: char| c.is_whitespace() || matches!(c, ',' | ')')).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Argument::Text { text: text.to_owned(), quoted: false })
    }

    fn quoted(&mut self) -> Result<Argument, String> {
        let quote = self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(mark!("A quotation mark is missing.").to_owned()),
                end if end == quote => return Ok(Argument::Text { text, quoted: quote == Some('"') }),
                // As in Bitcoin Core, only double quotes know escapes, of themselves and of backslashes.
                Some('\\') if quote == Some('"') && matches!(self.peek(), Some('"' | '\\')) => {
                    text.extend(self.next());
                }
                Some(character) => text.push(character),
            }
        }
    }

    /// A list or an object, up to where it ends.
    fn json(&mut self) -> Result<Argument, String> {
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Value>();
        let value = values.next().ok_or("A value is missing.")?;
        value.map_err(|error| say!("This is not JSON: {error}.", error))?;
        let (text, rest) = self.rest.split_at(values.byte_offset());
        self.rest = rest;
        Ok(Argument::Text { text: text.to_owned(), quoted: false })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn run(text: &str) -> Result<Value, String> {
        line(text)?.run(&|method, params| match method {
            "echo" => Ok(Value::Array(params)),
            "getblockcount" => Ok(json!(7)),
            "info" => Ok(json!({"a": [1, {"b": "c"}]})),
            other => Err(format!("no {other}")),
        })
    }

    #[test]
    fn a26_lines_are_calls() {
        let good = [
            ("getblockcount", json!(7)),
            ("getblockcount()", json!(7)),
            ("echo 1 true text null", json!([1, true, "text", null])),
            ("echo(1,  true ,text)", json!([1, true, "text"])),
            ("echo \"1\" 'a b' \"\\\"q\\\"\"", json!(["1", "a b", "\"q\""])),
            ("echo(getblockcount())", json!([7])),
            ("echo getblockcount() x", json!([7, "x"])),
            ("echo(echo(getblockcount(), 2), [1, {\"x\": 2}])", json!([[7, 2], [1, {"x": 2}]])),
            ("info()[a][1][b]", json!("c")),
            ("echo(info()[a][0])", json!([1])),
            ("echo '[1,2]'", json!([[1, 2]])),
        ];
        for (text, answer) in good {
            assert_eq!(run(text), Ok(answer), "{text}");
        }
        let bad = [
            ("", "Enter the name"),
            ("echo(1", "not closed"),
            ("echo \"1", "quotation mark"),
            ("info()[z]", "has no [z]"),
            ("info()[a", "square bracket"),
            ("echo [1", "not JSON"),
            ("getblockcount() 5", "What is"),
            ("info[a]", "not JSON"),
            ("nonesuch", "no nonesuch"),
        ];
        for (text, error) in bad {
            let told = run(text).expect_err(text);
            assert!(told.contains(error), "{text}: {told}");
        }
        let deep = "echo(".repeat(1_000);
        assert!(run(&deep).is_err());
    }
}
