//! The words of a schema text.
//!
//! In: the text. Out: its words and marks, each with its line, without comments.

use super::Error;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Mark(char),
    Arrow,
}

pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, Error> {
    let mut tokens = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let (token, length) = if first == '#' {
                break;
            } else if first.is_whitespace() {
                rest = &rest[first.len_utf8()..];
                continue;
            } else if first == '"' {
                let mut escaped = false;
                let end = rest[1..].find(|letter| {
                    let ends = letter == '"' && !escaped;
                    escaped = letter == '\\' && !escaped;
                    ends
                });
                let end = end.ok_or((number, "a text does not end".to_owned()))?;
                (Token::Text(rest[1..=end].to_owned()), end + 2)
            } else if rest.starts_with("->") {
                (Token::Arrow, 2)
            } else {
                let belongs = |letter: char| letter.is_alphanumeric() || letter == '_';
                // A number may have a point, a sign and an exponent; a name of several parts has points too.
                let length = rest.find(|letter| !belongs(letter) && letter != '.').unwrap_or(rest.len());
                match length {
                    0 => (Token::Mark(first), first.len_utf8()),
                    length => (Token::Word(rest[..length].to_owned()), length),
                }
            };
            tokens.push((number, token));
            rest = &rest[length..];
        }
    }
    Ok(tokens)
}
