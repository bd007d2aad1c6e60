//! Which arguments of which methods are texts.
//!
//! In: the table of this program, and what a node says of its methods. Out: look-ups by place and name.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

const CORE: &str = include_str!("table.txt");

static OF_CORE: LazyLock<Table> = LazyLock::new(|| Table::parse(CORE));

/// How bitcoin-cli reads an argument that it has in its own table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// JSON.
    Json,
    /// JSON if it is some, a text otherwise.
    JsonOrText,
    /// A text in which a `=` is nothing special.
    AnyText,
}

/// One name of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    place: usize,
    name: String,
    /// `None` for a text that is not in bitcoin-cli's own table.
    pub(super) form: Option<Form>,
}

/// The arguments of methods, and how command lines give them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table(HashMap<String, Vec<Entry>>);

impl Table {
    /// The methods of Bitcoin Core v32.
    #[must_use]
    pub fn of_core() -> &'static Table {
        &OF_CORE
    }

    /// This table with what a node says beyond it, in its answer to `help dump_all_command_conversions`: of
    /// each argument the method, the place, the name, and whether it is a text.
    #[must_use]
    pub fn with(&self, answer: &Value) -> Table {
        let mut table = self.clone();
        for row in answer.as_array().into_iter().flatten() {
            let (Some(method), Some(place), Some(name), Some(text)) =
                (row[0].as_str(), row[1].as_u64(), row[2].as_str(), row[3].as_bool())
            else {
                continue;
            };
            let Ok(place) = usize::try_from(place) else { continue };
            if self.at(method, place).is_none() && self.called(method, name).is_none() {
                let form = (!text).then_some(Form::Json);
                let entry = Entry { place, name: name.to_owned(), form };
                table.0.entry(method.to_owned()).or_default().push(entry);
            }
        }
        table
    }

    /// The argument at a place, by its first name.
    pub(super) fn at(&self, method: &str, place: usize) -> Option<&Entry> {
        self.0.get(method)?.iter().find(|entry| entry.place == place)
    }

    /// The argument of a name.
    pub(super) fn called(&self, method: &str, name: &str) -> Option<&Entry> {
        self.0.get(method)?.iter().find(|entry| entry.name == name)
    }

    /// Reads a table in the form that stands above it in its file.
    fn parse(text: &str) -> Table {
        let mut table = Table::default();
        let mut method = String::new();
        let (mut place, mut shared) = (0, false);
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            if !line.starts_with(' ') {
                method = words.next().unwrap_or_default().to_owned();
                (place, shared) = (0, false);
            }
            for word in words {
                let more = word.ends_with('|');
                for name in word.split('|').filter(|name| !name.is_empty()) {
                    if shared {
                        place -= 1;
                    }
                    table.0.entry(method.clone()).or_default().push(Entry::parse(place, name));
                    place += 1;
                    shared = true;
                }
                shared = more;
            }
        }
        table
    }

    /// Whether an argument is a text, if the table knows it.
    #[must_use]
    pub fn is_text(&self, method: &str, name: &str) -> Option<bool> {
        self.called(method, name).map(Entry::is_text)
    }

    /// All arguments, as a node lists them: method, place, name, and whether it is a text.
    #[must_use]
    pub fn rows(&self) -> Vec<(String, usize, String, bool)> {
        let row = |method: &str, entry: &Entry| {
            (method.to_owned(), entry.place, entry.name.clone(), entry.is_text())
        };
        let rows = self.0.iter().flat_map(|(method, all)| all.iter().map(move |entry| row(method, entry)));
        let mut rows: Vec<_> = rows.collect();
        rows.sort();
        rows
    }
}

impl Entry {
    fn is_text(&self) -> bool {
        matches!(self.form, None | Some(Form::AnyText))
    }

    fn parse(place: usize, word: &str) -> Entry {
        let marks = [(':', Form::Json), ('?', Form::JsonOrText), ('=', Form::AnyText)];
        let marked = marks.into_iter().find_map(|(mark, form)| Some((word.strip_suffix(mark)?, Some(form))));
        let (name, form) = marked.unwrap_or((word, None));
        Entry { place, name: name.to_owned(), form }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_share_places_and_lines_go_on() {
        let table = Table::parse("# a comment\nm a b:|c|\n  d= e?\nn x\n");
        let rows = table.rows();
        let shown: Vec<_> =
            rows.iter().map(|(method, place, name, text)| (&**method, *place, &**name, *text)).collect();
        assert_eq!(
            shown,
            [
                ("m", 0, "a", true),
                ("m", 1, "b", false),
                ("m", 1, "c", true),
                ("m", 1, "d", true),
                ("m", 2, "e", false),
                ("n", 0, "x", true),
            ]
        );
        assert_eq!(table.at("m", 1).and_then(|entry| entry.form), Some(Form::Json));
        assert_eq!(table.called("m", "d").and_then(|entry| entry.form), Some(Form::AnyText));
    }

    #[test]
    fn the_table_has_every_method_with_arguments() {
        let rows = Table::of_core().rows();
        assert_eq!(rows.len(), 452);
        assert!(rows.contains(&("walletcreatefundedpsbt".to_owned(), 6, "psbt_version".to_owned(), false)));
        // No place is left out.
        for (method, place, ..) in &rows {
            assert!((0..*place).all(|before| Table::of_core().at(method, before).is_some()), "{method}");
        }
    }
}
