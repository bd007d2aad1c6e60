//! One configuration file.
//!
//! In: the text of a `bitcoin.conf`. Out: its assignments in their order, each with its section and
//! line.

use crate::error::{Error, Result};

/// One line `name=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    /// The network's section, or nothing for the default one.
    pub(super) section: String,
    /// The name, which may begin with `no`.
    pub(super) name: String,
    /// The value without the spaces around it.
    pub(super) value: String,
    /// The line, counted from 1.
    pub(super) line: usize,
}

/// Reads the text of the file that errors call `file`.
pub(super) fn parse(file: &str, text: &str) -> Result<Vec<Assignment>> {
    let mut section = String::new();
    let mut assignments = Vec::new();
    for (index, whole) in text.lines().enumerate() {
        let line = index + 1;
        let fail = |text: String| Err(Error::new(format!("{file}:{line}: {text}")));
        let (code, comment) = match whole.split_once('#') {
            Some((code, _)) => (code, true),
            None => (whole, false),
        };
        let code = code.trim_matches([' ', '\t', '\r', '\n']);
        if code.is_empty() {
            continue;
        }
        if let Some(name) = code.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
            continue;
        }
        if code.starts_with('-') {
            return fail(format!("`{code}`: leave out the dash, options have none in this file"));
        }
        let Some((key, value)) = code.split_once('=') else {
            let hint =
                if code.starts_with("no") { format!("; to negate, write {code}=1") } else { String::new() };
            return fail(format!("`{code}` is not of the form name=value{hint}"));
        };
        let key = key.trim_matches([' ', '\t']);
        let value = value.trim_matches([' ', '\t']).to_owned();
        if comment && key.contains("rpcpassword") {
            return fail("a # in rpcpassword may begin a comment or belong to it; use none".to_owned());
        }
        let (section, name) = match key.split_once('.') {
            Some((own, name)) if section.is_empty() => (own.to_owned(), name.to_owned()),
            _ => (section.clone(), key.to_owned()),
        };
        assignments.push(Assignment { section, name, value, line });
    }
    Ok(assignments)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(text: &str) -> Vec<(String, String, String, usize)> {
        let read = parse("bitcoin.conf", text).expect("a good file");
        read.into_iter().map(|one| (one.section, one.name, one.value, one.line)).collect()
    }

    #[test]
    fn sections_comments_and_prefixes() {
        let text = "# comment\n server = 1 # yes\r\nregtest.rpcport=5\n\n[test]\nnolisten=1\nurl=a=b\n";
        let expected = [
            ("", "server", "1", 2),
            ("regtest", "rpcport", "5", 3),
            ("test", "nolisten", "1", 6),
            ("test", "url", "a=b", 7),
        ];
        let expected = expected.map(|(a, b, c, line)| (a.to_owned(), b.to_owned(), c.to_owned(), line));
        assert_eq!(plain(text), expected);
    }

    #[test]
    fn mistakes_name_file_and_line() {
        for (text, error) in [
            ("\n-server=1", "a.conf:2: `-server=1`: leave out the dash, options have none in this file"),
            ("server", "a.conf:1: `server` is not of the form name=value"),
            ("noserver", "a.conf:1: `noserver` is not of the form name=value; to negate, write noserver=1"),
            ("rpcpassword=a#b", "a.conf:1: a # in rpcpassword may begin a comment or belong to it; use none"),
        ] {
            assert_eq!(parse("a.conf", text).expect_err("a mistake").text(), error);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "([\\[\\]a-z.=#\\- \n]|\\PC){0,60}") {
            let _ = parse("a.conf", &text);
        }

        #[test]
        fn what_is_written_reads_the_same(
            lines in prop::collection::vec(("(regtest|test|main)?", "[a-z]{1,8}", "[a-zA-Z0-9=:/]([ .a-z0-9]{0,6}[a-z0-9])?"), 0..8)
        ) {
            let mut text = String::new();
            for (section, name, value) in &lines {
                let dot = if section.is_empty() { "" } else { "." };
                text += &format!("  {section}{dot}{name}\t= {value}  # comment\n");
            }
            let read = plain(&text);
            let read: Vec<_> = read.into_iter().map(|(section, name, value, _)| (section, name, value)).collect();
            prop_assert_eq!(read, lines);
        }
    }
}
