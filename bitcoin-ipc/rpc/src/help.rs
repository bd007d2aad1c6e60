//! Help texts.
//!
//! In: commands. Out: one line or a page on each, in the form of Bitcoin Core.

use crate::command::{Arg, Command, Kind};

/// The command and its arguments in one line.
#[must_use]
pub fn usage<R>(command: &Command<R>) -> String {
    let mut line = command.name.to_owned();
    let mut optional = false;
    for arg in command.args.iter().take_while(|arg| !arg.hidden) {
        line.push_str(match (optional, arg.optional) {
            (false, true) => " ( ",
            (true, false) => " ) ",
            _ => " ",
        });
        optional = arg.optional;
        line.push_str(&short(arg));
    }
    if optional {
        line.push_str(" )");
    }
    line
}

fn short(arg: &Arg) -> String {
    match arg.kind {
        _ if !arg.shape.is_empty() => arg.shape.to_owned(),
        Kind::Text | Kind::Hex => format!("\"{}\"", arg.name()),
        _ => arg.name().to_owned(),
    }
}

/// All there is to say about a command.
#[must_use]
pub fn text<R>(command: &Command<R>) -> String {
    let mut page = format!("{}\n\n{}\n", usage(command), command.about);
    let args: Vec<&Arg> = command.args.iter().take_while(|arg| !arg.hidden).collect();
    if args.is_empty() {
        return page;
    }
    page.push_str("\nArguments:\n");
    let width = args.iter().map(|arg| arg.name().len()).max().unwrap_or(0);
    for (position, arg) in args.iter().enumerate() {
        let kind = match arg.kind {
            Kind::Text => "string",
            Kind::Hex => "string, hex",
            Kind::Number => "numeric",
            Kind::Bool => "boolean",
            Kind::Amount => "numeric or string",
            Kind::Range => "numeric or array",
            Kind::List => "json array",
            Kind::Object => "json object",
            Kind::Any => "string, numeric or boolean",
        };
        let need = match (arg.optional, arg.default) {
            (false, _) => "required".to_owned(),
            (true, None) => "optional".to_owned(),
            (true, Some(default)) => format!("optional, default={default}"),
        };
        let (number, name, about) = (position + 1, arg.name(), arg.about);
        page.push_str(&format!("{number}. {name:width$}    ({kind}, {need}) {about}\n"));
    }
    page
}

/// The first letter in upper case.
#[must_use]
pub fn capitalize(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::arg;

    #[test]
    fn a_page_says_what_a_command_takes() {
        const ARGS: &[Arg] = &[
            arg("txid", Kind::Hex, "Which one."),
            arg("n|count", Kind::Number, "How many.").default("1"),
            arg("rate", Kind::Amount, "What it pays."),
            arg("secret", Kind::Number, "Not told.").hidden(),
        ];
        let test = Command::new("test", "test", "Tests.", ()).args(ARGS);
        assert_eq!(usage(&test), "test \"txid\" ( n ) rate");
        let page = "test \"txid\" ( n ) rate\n\nTests.\n\nArguments:\n\
                    1. txid    (string, hex, required) Which one.\n\
                    2. n       (numeric, optional, default=1) How many.\n\
                    3. rate    (numeric or string, required) What it pays.\n";
        assert_eq!(text(&test), page);
        assert_eq!(usage(&Command::new("test", "x", "", ())), "x");
        assert_eq!(capitalize("wallet"), "Wallet");
    }
}
