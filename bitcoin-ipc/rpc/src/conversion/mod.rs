//! What the words of a command line mean to a method.
//!
//! In: a method and texts, as a user typed them. Out: its parameters, a list or named ones, read as
//! bitcoin-cli reads them: by a table of which arguments are texts, for most texts are JSON too.

mod table;

use bitcoin_ipc::types::Json;

use table::Form;
pub use table::Table;

use bitcoin_init::{Error, Result};

/// Which of two ways words are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Each word is the next argument.
    Positional,
    /// Words may be `name=value` (bitcoin-cli's `-named`).
    Named,
}

/// The parameters, and whether the table knew all of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// A list, or an object of the named ones, where those without a name are a list called `args`.
    pub json: Json,
    /// Whether there were none that the table does not know, so that they were taken for texts. A node knows
    /// more of a method that is newer than the table.
    pub known: bool,
}

impl Table {
    /// Reads the words behind the name of a method.
    ///
    /// # Errors
    ///
    /// For a word that has to be JSON and is not.
    pub fn read(&self, method: &str, words: &[String], style: Style) -> Result<Parameters> {
        let mut reader = Reader { table: self, method, known: true, list: Vec::new() };
        match style {
            Style::Positional => {
                for word in words {
                    reader.next(word)?;
                }
                Ok(Parameters { json: Json::Array(reader.list), known: reader.known })
            }
            Style::Named => reader.named(words),
        }
    }
}

struct Reader<'a> {
    table: &'a Table,
    method: &'a str,
    known: bool,
    /// What has no name.
    list: Vec<Json>,
}

impl Reader<'_> {
    /// The argument that comes next in the list.
    fn place(&mut self) -> Option<Form> {
        let entry = self.table.at(self.method, self.list.len());
        self.known &= entry.is_some();
        entry.and_then(|entry| entry.form)
    }

    fn name(&mut self, name: &str) -> Option<Form> {
        let entry = self.table.called(self.method, name);
        self.known &= entry.is_some();
        entry.and_then(|entry| entry.form)
    }

    fn next(&mut self, word: &str) -> Result<()> {
        let form = self.place();
        self.list.push(value(form, word)?);
        Ok(())
    }

    /// A word with a `=` has a name, unless none of the arguments that the table marks has this name and the
    /// next one in the list may be the whole word: JSON, or a text in which a `=` is nothing special.
    fn named(mut self, words: &[String]) -> Result<Parameters> {
        let mut named: Vec<(String, Json)> = Vec::new();
        for word in words {
            let Some((name, text)) = word.split_once('=') else {
                self.next(word)?;
                continue;
            };
            let form = self.name(name);
            if form.is_none() {
                match self.table.at(self.method, self.list.len()).and_then(|entry| entry.form) {
                    Some(Form::Json) => {
                        if let Ok(json) = word.parse() {
                            self.list.push(json);
                            continue;
                        }
                    }
                    Some(Form::AnyText) => {
                        self.list.push(Json::String(word.clone()));
                        continue;
                    }
                    Some(Form::JsonOrText) | None => {}
                }
            }
            let value = value(form, text)?;
            // The last one of a name counts.
            match named.iter_mut().find(|(known, _)| known == name) {
                Some((_, before)) => *before = value,
                None => named.push((name.to_owned(), value)),
            }
        }
        if !self.list.is_empty() {
            // One that the user called `args` stands beside it, and the node decides.
            named.push(("args".to_owned(), Json::Array(self.list)));
        }
        Ok(Parameters { json: Json::Object(named), known: self.known })
    }
}

fn value(form: Option<Form>, word: &str) -> Result<Json> {
    let text = || Json::String(word.to_owned());
    match form {
        None | Some(Form::AnyText) => Ok(text()),
        Some(Form::JsonOrText) => Ok(word.parse().unwrap_or_else(|_| text())),
        Some(Form::Json) => word.parse().map_err(|_| Error::new(format!("Error parsing JSON: {word}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str], style: Style) -> Result<String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let (method, words) = words.split_first().expect("a method");
        Table::of_core().read(method, words, style).map(|read| read.json.to_string())
    }

    #[test]
    fn words_are_texts_or_json_by_their_place() {
        for (words, params) in [
            (&["getblockcount"][..], "[]"),
            (&["createwallet", "2024", "true"], r#"["2024",true]"#),
            (&["decodescript", "51"], r#"["51"]"#),
            (&["walletpassphrase", "123456", "60"], r#"["123456",60]"#),
            (&["encryptwallet", "null"], r#"["null"]"#),
            (&["getnewaddress", "1e3"], r#"["1e3"]"#),
            (&["setlabel", "bcrt1", "[x]"], r#"["bcrt1","[x]"]"#),
            (&["setlabel", "bcrt1", "true"], r#"["bcrt1","true"]"#),
            (&["getblockstats", "00ff", r#"["height"]"#], r#"["00ff",["height"]]"#),
            (&["getblockstats", "1000"], "[1000]"),
            (&["getblockhash", " 5 "], "[5]"),
            (&["sendtoaddress", "a", "0.10000000", "a=b"], r#"["a",0.10000000,"a=b"]"#),
            (&["createrawtransaction", "[]", r#"{"a":1,"a":2}"#], r#"[[],{"a":1,"a":2}]"#),
            (&["getblockcount", "1"], r#"["1"]"#),
            (&["nonsense", "1", "null"], r#"["1","null"]"#),
            (&["walletpassphrase", "a=b", "60", "7"], r#"["a=b",60,"7"]"#),
        ] {
            assert_eq!(read(words, Style::Positional).as_deref(), Ok(params), "{words:?}");
        }
        for (words, wrong) in [(["getblockhash", "abc"], "abc"), (["getblockhash", ""], "")] {
            let error = read(&words, Style::Positional).expect_err("no JSON");
            assert_eq!(error.text(), format!("Error parsing JSON: {wrong}"));
        }
    }

    #[test]
    fn words_have_names_where_the_method_has_such() {
        for (words, params) in [
            (&["getblockcount"][..], "{}"),
            (&["getblockhash", "height=4", "height=5"], r#"{"height":5}"#),
            (&["createwallet", "wallet_name=2024"], r#"{"wallet_name":"2024"}"#),
            (&["createwallet", "my=wallet", "blank=true"], r#"{"blank":true,"args":["my=wallet"]}"#),
            (&["decodepsbt", "cHNidP8BAAoCAAAAAAAAAAAAAA=="], r#"{"args":["cHNidP8BAAoCAAAAAAAAAAAAAA=="]}"#),
            (&["combinepsbt", r#"["cHNi==","cHNi="]"#], r#"{"args":[["cHNi==","cHNi="]]}"#),
            (&["getnewaddress", "a=b"], r#"{"args":["a=b"]}"#),
            (&["getnewaddress", "label=a=b"], r#"{"label":"a=b"}"#),
            (&["verifymessage", "addr", "SIG=", "x=y"], r#"{"args":["addr","SIG=","x=y"]}"#),
            (&["setlabel", "addr", "address=foo"], r#"{"args":["addr","address=foo"]}"#),
            (&["walletprocesspsbt", "cHNi=", "sign=false"], r#"{"sign":false,"args":["cHNi="]}"#),
            (&["walletpassphrase", "a=b", "timeout=60"], r#"{"timeout":60,"args":["a=b"]}"#),
            (&["getblock", "blokhash=00"], r#"{"blokhash":"00"}"#),
            (&["getblock", "00", "verbose=1"], r#"{"verbose":1,"args":["00"]}"#),
            (&["send", r#"{"a=b":1}"#, "fee_rate=2"], r#"{"fee_rate":2,"args":[{"a=b":1}]}"#),
            (&["send", "args=[1]", "{}"], r#"{"args":"[1]","args":[{}]}"#),
            (&["getblockstats", "a=b"], r#"{"a":"b"}"#),
            (&["nonsense", "a=1", "2"], r#"{"a":"1","args":["2"]}"#),
        ] {
            assert_eq!(read(words, Style::Named).as_deref(), Ok(params), "{words:?}");
        }
        let error = read(&["getblockhash", "height=x"], Style::Named).expect_err("no JSON");
        assert_eq!(error.text(), "Error parsing JSON: x");
        assert!(
            read(&["createpsbt", "[]", "a=b"], Style::Named).is_ok(),
            "the node says that there is no `a`"
        );
    }

    #[test]
    fn what_the_table_does_not_know_is_told() {
        let known = |words: &[&str], style| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            Table::of_core().read(&words[0], &words[1..], style).expect("parameters").known
        };
        for (words, is_known) in [
            (&["getblockcount"][..], true),
            (&["getblock", "00", "verbosity=1"], true),
            (&["getblock", "00", "1", "2"], false),
            (&["getblock", "00", "new=2"], false),
            (&["newmethod", "1"], false),
        ] {
            assert_eq!(known(words, Style::Named), is_known, "{words:?}");
        }
        assert!(!known(&["newmethod", "1"], Style::Positional));
    }

    #[test]
    fn a_node_knows_more() {
        let answer: serde_json::Value = serde_json::from_str(
            r#"[["newmethod",0,"label",true],["newmethod",1,"options",false],["newmethod",1,"count",false],
                ["getblock",0,"blockhash",false],["getblock",2,"new",false],["odd"],7]"#,
        )
        .expect("JSON");
        let table = Table::of_core().with(&answer);
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (method, line, params) in [
            ("newmethod", "7 8", r#"{"args":["7",8]}"#),
            ("newmethod", "label=7 count=8", r#"{"label":"7","count":8}"#),
            ("getblock", "00 1 [2]", r#"{"args":["00",1,[2]]}"#),
        ] {
            let read = table.read(method, &words(line), Style::Named).expect("parameters");
            assert_eq!((read.json.to_string().as_str(), read.known), (params, true), "{line}");
        }
    }
}
