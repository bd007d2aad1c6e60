//! Mistakes in the user's code, for the terminal.
//!
//! In: errors with places in a text. Out: each with its line of the text and an underline, on
//! stderr.

use proc_macro2::Span;

use crate::terminal::{self, FRAME};

/// What the parser says, without a place, when a text does not even fall into words.
const NOT_TOKENS: &str = "cannot parse string into token stream";

/// Reports every mistake in the file `name` with the content `text`.
pub(crate) fn report(name: &str, text: &str, errors: &[syn::Error]) {
    for error in errors.iter().flat_map(|error| error.clone().into_iter()) {
        let message = match error.to_string() {
            message if message == NOT_TOKENS => {
                "this is not Rust: a bracket, quote or comment is not closed".into()
            }
            message => message,
        };
        anstream::eprintln!("{}", render(name, text, &message, error.span()));
    }
}

/// One mistake, with colours.
fn render(name: &str, text: &str, message: &str, span: Span) -> String {
    let error = terminal::ERROR;
    let mut rendered = format!("{error}error{error:#}: {message}\n");
    // A mistake in what is not there has no place.
    if span.byte_range().is_empty() {
        rendered.push_str(&format!(" {FRAME}-->{FRAME:#} {name}\n"));
        return rendered;
    }
    let (start, end) = (span.start(), span.end());
    let line = text.lines().nth(start.line - 1).unwrap_or_default();
    let width = start.line.to_string().len();
    let length = line.chars().count();
    let until = if end.line == start.line { end.column } else { length };
    // Tabs stay tabs, so that the underline stands under the code however wide they are.
    let indent: String =
        line.chars().take(start.column).map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
    let underline = "^".repeat(until.saturating_sub(start.column).max(1));
    let (number, column) = (start.line, start.column + 1);
    rendered.push_str(&format!("{:width$}{FRAME}-->{FRAME:#} {name}:{number}:{column}\n", ""));
    rendered.push_str(&format!("{:width$} {FRAME}|{FRAME:#}\n", ""));
    rendered.push_str(&format!("{FRAME}{number} |{FRAME:#} {line}\n"));
    rendered.push_str(&format!("{:width$} {FRAME}|{FRAME:#} {indent}{error}{underline}{error:#}\n", ""));
    rendered
}

#[cfg(test)]
mod tests {
    use super::render;

    fn plain(text: &str) -> String {
        let error = match syn::parse_file(text) {
            Ok(file) => syn::Error::new_spanned(&file.items[0], "wrong"),
            Err(error) => error,
        };
        anstream::adapter::strip_str(&render("a.rs", text, &error.to_string(), error.span())).to_string()
    }

    #[test]
    fn the_underline_covers_the_place() {
        let expected = "error: wrong\n --> a.rs:1:1\n  |\n1 | struct A;\n  | ^^^^^^^^^\n";
        assert_eq!(plain("struct A;"), expected);
    }

    #[test]
    fn a_place_of_several_lines_is_underlined_on_the_first() {
        let expected = "error: wrong\n --> a.rs:2:2\n  |\n2 | \tfn a() {\n  | \t^^^^^^^^\n";
        assert_eq!(plain("\n\tfn a() {\n}"), expected);
    }

    #[test]
    fn letters_count_and_not_bytes() {
        let text = "/* äöü */ struct A;";
        assert!(plain(text).ends_with("  |           ^^^^^^^^^\n"), "{}", plain(text));
    }
}
