//! Whether two answers are alike.
//!
//! In: an answer of Bitcoin Core's wallet, and one of ours. Out: where they are not the same. Everything
//! that both are free to choose may differ, but only in one way: where the one says X for an address, a hash,
//! a key or a block, the other has to say the same Y each time, and for nothing else. Amounts, counts, heights,
//! paths, codes and words are the same.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Fields that tell the time of a clock, which runs differently for both.
const TIMES: &[&str] = &[
    "time",
    "timereceived",
    "blocktime",
    "timestamp",
    "birthtime",
    "mediantime",
    "duration",
    "unlocked_until",
];
/// Sizes, which depend on signatures: these are a byte shorter or longer by chance.
const SIZES: &[&str] = &["size", "vsize", "weight", "ancestorsize"];
/// By how much they may differ.
const LONGER: u64 = 8;
/// Places of outputs, and lock times, which are left to chance.
const CHANCES: &[&str] = &["vout", "n", "changepos", "locktime"];
/// What is shorter than this is the same in both.
const SHORTEST: usize = 8;

/// How long hashes and keys are.
const LONGEST_ID: usize = 66;

/// What stands for what so far.
#[derive(Default)]
pub(crate) struct Alike {
    theirs: HashMap<String, String>,
    ours: HashMap<String, String>,
    /// The keys of `theirs` in their order, so that the last ones can be taken back.
    order: Vec<String>,
}

/// Where something is not alike, and what.
type Found = Result<(), String>;

impl Alike {
    /// Compares values; the error says where they are not alike. What was found to stand for something then is
    /// forgotten.
    pub(crate) fn values(&mut self, theirs: &Value, ours: &Value) -> Found {
        let known = self.order.len();
        let found = self.value("", theirs, ours);
        if found.is_err() {
            self.forget(known);
        }
        found
    }

    /// Compares words of errors.
    pub(crate) fn words(&mut self, theirs: &str, ours: &str) -> Found {
        let known = self.order.len();
        let same = self.text(theirs, ours);
        if !same {
            self.forget(known);
        }
        if same { Ok(()) } else { Err(format!("{theirs:?}, here {ours:?}")) }
    }

    fn forget(&mut self, known: usize) {
        for theirs in self.order.drain(known..) {
            if let Some(ours) = self.theirs.remove(&theirs) {
                self.ours.remove(&ours);
            }
        }
    }

    fn value(&mut self, path: &str, theirs: &Value, ours: &Value) -> Found {
        let differ = || Err(format!("{path}: {}, here {}", short(theirs), short(ours)));
        match (theirs, ours) {
            (Value::Object(theirs), Value::Object(ours)) => self.object(path, theirs, ours),
            (Value::Array(theirs), Value::Array(ours)) => self.list(path, theirs, ours),
            (Value::String(one), Value::String(other)) if self.text(one, other) => Ok(()),
            (Value::Number(one), Value::Number(other)) if same_number(path, one, other) => Ok(()),
            _ if theirs == ours => Ok(()),
            _ => differ(),
        }
    }

    fn object(&mut self, path: &str, theirs: &Map<String, Value>, ours: &Map<String, Value>) -> Found {
        let names = |object: &Map<String, Value>| object.keys().cloned().collect::<Vec<_>>();
        if theirs.len() != ours.len() {
            return Err(format!("{path}: the fields {:?}, here {:?}", names(theirs), names(ours)));
        }
        for ((name, one), (our_name, other)) in theirs.iter().zip(ours) {
            if !self.text(name, our_name) {
                return Err(format!("{path}: the fields {:?}, here {:?}", names(theirs), names(ours)));
            }
            self.value(&format!("{path}.{name}"), one, other)?;
        }
        Ok(())
    }

    /// Lists are alike in some order: where both choose the order of outputs or go through a table of hashes,
    /// it is left to chance. Transactions in the order of their coming are, though, in both.
    fn list(&mut self, path: &str, theirs: &[Value], ours: &[Value]) -> Found {
        if theirs.len() != ours.len() {
            let lists = (Value::from(theirs.to_vec()), Value::from(ours.to_vec()));
            return Err(format!(
                "{path}: {} entries, here {}: {}, here {}",
                theirs.len(),
                ours.len(),
                short(&lists.0),
                short(&lists.1)
            ));
        }
        let mut left: Vec<usize> = (0..ours.len()).collect();
        for (place, one) in theirs.iter().enumerate() {
            // The one in the same place first, as that is what it is most of the time.
            left.sort_by_key(|other| other.abs_diff(place));
            let mut first_difference = None;
            let found = left.iter().position(|other| {
                let known = self.order.len();
                match self.value(&format!("{path}[{place}]"), one, &ours[*other]) {
                    Ok(()) => true,
                    Err(difference) => {
                        self.forget(known);
                        first_difference.get_or_insert(difference);
                        false
                    }
                }
            });
            match found {
                Some(found) => _ = left.remove(found),
                None => return Err(first_difference.unwrap_or_default()),
            }
        }
        if path.is_empty() && theirs.iter().all(|entry| entry.get("timereceived").is_some()) {
            let txids = |list: &[Value]| -> Vec<String> {
                let mut txids: Vec<String> = list.iter().map(|entry| entry["txid"].to_string()).collect();
                txids.dedup();
                txids
            };
            let order: Vec<String> = txids(theirs)
                .into_iter()
                .map(|txid| {
                    self.theirs.get(txid.trim_matches('"')).map_or(txid.clone(), |ours| format!("\"{ours}\""))
                })
                .collect();
            if order != txids(ours) {
                return Err("the transactions come in another order".into());
            }
        }
        Ok(())
    }

    /// Whether texts are the same but for what stands for something.
    fn text(&mut self, theirs: &str, ours: &str) -> bool {
        if is_blob(theirs) && is_blob(ours) {
            // Long ones have signatures, of which there may be several for one thing.
            return theirs.len().max(ours.len()) > 2 * LONGEST_ID || self.stands_for(theirs, ours);
        }
        let (theirs, ours) = (tokens(theirs), tokens(ours));
        theirs.len() == ours.len()
            && theirs.iter().zip(&ours).all(|(one, other)| match (one.free, other.free) {
                (true, true) => self.stands_for(one.text, other.text),
                _ => one.text == other.text,
            })
    }

    fn stands_for(&mut self, theirs: &str, ours: &str) -> bool {
        match (self.theirs.get(theirs), self.ours.get(ours)) {
            (None, None) => {
                self.theirs.insert(theirs.to_owned(), ours.to_owned());
                self.ours.insert(ours.to_owned(), theirs.to_owned());
                self.order.push(theirs.to_owned());
                true
            }
            (known, _) => known.is_some_and(|known| known == ours),
        }
    }
}

/// Whether numbers are the same, or of a kind that need not be. How many digits there are counts.
fn same_number(path: &str, theirs: &serde_json::Number, ours: &serde_json::Number) -> bool {
    let field = path.rsplit('.').next().unwrap_or_default();
    let field = field.split('[').next().unwrap_or_default();
    let near = |one: Option<u64>, other: Option<u64>| {
        one.zip(other).is_some_and(|(one, other)| one.abs_diff(other) <= LONGER)
    };
    if SIZES.contains(&field) && near(theirs.as_u64(), ours.as_u64()) {
        return true;
    }
    theirs.to_string() == ours.to_string() || TIMES.contains(&field) || CHANCES.contains(&field)
}

/// Whether a text is one long value without words, such as a transaction or a PSBT.
fn is_blob(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    text.len() >= 60 && text.bytes().all(plain)
}

#[derive(Debug, PartialEq)]
struct Token<'a> {
    text: &'a str,
    /// Whether it may differ: an address, a hash, a key, a fingerprint, a checksum.
    free: bool,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let length = match first.is_ascii_alphanumeric() {
            true => rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        let digits = token.chars().any(|c| c.is_ascii_digit());
        let letters = token.chars().any(|c| c.is_ascii_alphabetic());
        let hex = token.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'));
        let checksum = before == '#' && token.len() == 8;
        let fingerprint = before == '[' && hex && token.len() == 8;
        let alone = hex && token.len() == 8 && text.len() == 8;
        let long = token.len() >= SHORTEST && digits && (letters || token.len() >= 2 * SHORTEST);
        tokens
            .push(Token { text: token, free: checksum || fingerprint || alone || long || token.len() >= 30 });
        before = first;
        rest = after;
    }
    tokens
}

fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.len() > 300 { format!("{}…", text.chars().take(300).collect::<String>()) } else { text }
}

/// What the comparison tells apart, and what not.
pub(crate) fn itself() -> Result<(), String> {
    use serde_json::json;
    let id = |digit: &str| digit.repeat(64);
    let check = |pairs: &[(Value, Value)]| {
        let mut alike = Alike::default();
        pairs.iter().try_for_each(|(theirs, ours)| alike.values(theirs, ours))
    };
    let one = |theirs: &str, ours: &str| {
        let read = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| error.to_string());
        check(&[(read(theirs)?, read(ours)?)])
    };
    let alike = [
        one(r#"{"amount":1.50000000}"#, r#"{"amount":1.50000000}"#),
        one(r#"{"time":5,"vout":0}"#, r#"{"time":6,"vout":1}"#),
        check(&[(json!([id("1"), id("2")]), json!([id("4"), id("3")])), (json!(id("2")), json!(id("3")))]),
        check(&[(
            json!("wpkh([01234567/84h/1h/0h]tpubD6NzVbkrYhZ4Xg/0/*)#abcdefgh"),
            json!("wpkh([89abcdef/84h/1h/0h]tpubD6NzVbkrYhZ4Yy/0/*)#hgfedcba"),
        )]),
        check(&[(json!({ "bcrt1q0123456789": 1 }), json!({ "bcrt1q9876543210": 1 }))]),
    ];
    let different = [
        one(r#"{"amount":1.50000000}"#, r#"{"amount":1.50000001}"#),
        one(r#"{"amount":1.50000000}"#, r#"{"amount":1.5}"#),
        one(r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#),
        one(r#"{"a":1}"#, r#"{"a":1,"b":2}"#),
        one(r#"{"a":null}"#, r#"{"a":false}"#),
        one("[1,2]", "[1,3]"),
        one("[1,1]", "[1]"),
        one(r#""path m/84h/1h/0h/0/5""#, r#""path m/84h/1h/0h/0/6""#),
        check(&[(json!("Insufficient"), json!("Insufficiant"))]),
        check(&[(json!([id("1"), id("1")]), json!([id("3"), id("4")]))]),
        check(&[(json!([id("1"), id("2")]), json!([id("3"), id("3")]))]),
        check(&[(json!(id("1")), json!(id("2"))), (json!(id("1")), json!(id("3")))]),
        check(&[(
            json!([{ "txid": id("1"), "timereceived": 1, "a": 1 }, { "txid": id("2"), "timereceived": 1, "a": 2 }]),
            json!([{ "txid": id("4"), "timereceived": 1, "a": 2 }, { "txid": id("3"), "timereceived": 1, "a": 1 }]),
        )]),
    ];
    for (number, found) in alike.iter().enumerate() {
        found.as_ref().map_err(|difference| format!("alike {number}: {difference}"))?;
    }
    match different.iter().position(Result::is_ok) {
        Some(number) => Err(format!("different {number} was not seen")),
        None => Ok(()),
    }
}
