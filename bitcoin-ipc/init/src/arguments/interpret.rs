//! What a name and a value mean.
//!
//! In: `name` or `noname`, and the text after `=` if there is one, from the command line or a
//! configuration file. Out: the option's own name and its value as JSON, the form in which
//! settings travel between processes.

use serde_json::Value;

use super::amount::{amount, invalid_amount};
use super::{Form, OptionInfo, Program};

/// Why a name and a value make no setting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No option has this name; the text suggests one or is empty.
    Unknown(String),
    /// The value does not fit.
    Value(String),
}

/// Whether a text means yes: nothing does, and any number but 0. Bitcoin Core takes other texts for
/// no; here they are refused before, where the option is a flag.
pub(crate) fn boolean(text: &str) -> bool {
    text.is_empty() || leading_number(text) != 0
}

fn leading_number(text: &str) -> i64 {
    let text = text.trim_start();
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.bytes().take_while(u8::is_ascii_digit);
    sign * digits.fold(0_i64, |sum, byte| sum.saturating_mul(10).saturating_add(i64::from(byte - b'0')))
}

/// The option and the value that are meant.
pub(crate) fn interpret(
    program: &Program,
    key: &str,
    value: Option<&str>,
) -> Result<(&'static str, Value), Refusal> {
    let (option, negated) = match (program.find(key), key.strip_prefix("no")) {
        (Some(option), _) => (option, false),
        (None, Some(name)) => match program.find(name) {
            Some(option) => (option, true),
            None => return Err(unknown(program, key, Some(name))),
        },
        (None, None) => return Err(unknown(program, key, None)),
    };
    let name = option.name;
    let value = if negated { negation(option, value)? } else { plain(option, value)? };
    Ok((name, value))
}

fn unknown(program: &Program, key: &str, negated: Option<&str>) -> Refusal {
    let nearest = program.nearest(key).map(str::to_owned);
    let nearest = nearest.or_else(|| Some(format!("no{}", program.nearest(negated?)?)));
    Refusal::Unknown(nearest.map(|name| format!("; did you mean -{name}?")).unwrap_or_default())
}

fn negation(option: &OptionInfo, value: Option<&str>) -> Result<Value, Refusal> {
    let name = option.name;
    if !option.negatable {
        return Err(Refusal::Value(format!("-no{name} has no meaning; leave it out")));
    }
    match value {
        None => Ok(Value::Bool(false)),
        Some(text) if is_number(text) || text.is_empty() => Ok(Value::Bool(!boolean(text))),
        Some(text) => Err(Refusal::Value(format!("-no{name} takes 0 or 1, and not `{text}`"))),
    }
}

fn plain(option: &OptionInfo, value: Option<&str>) -> Result<Value, Refusal> {
    let name = option.name;
    let text = value.unwrap_or_default();
    if option.needs_value && text.is_empty() {
        return Err(Refusal::Value(format!("-{name} needs a value, as in -{name}={}", shown(option))));
    }
    match option.form {
        Form::Flag if !text.is_empty() && !is_number(text) => {
            Err(Refusal::Value(format!("-{name} takes 0 or 1, and not `{text}`")))
        }
        Form::Int if text.parse::<i64>().is_err() => {
            Err(Refusal::Value(format!("-{name} takes a whole number, and not `{text}`")))
        }
        Form::Amount => match amount(text) {
            Some(_) => Ok(Value::String(text.to_owned())),
            None => Err(Refusal::Value(invalid_amount(name, text))),
        },
        Form::Flag | Form::Int | Form::Text | Form::Path => Ok(Value::String(text.to_owned())),
    }
}

fn shown(option: &OptionInfo) -> &'static str {
    if option.value.is_empty() { "<n>" } else { option.value }
}

fn is_number(text: &str) -> bool {
    text.parse::<i64>().is_ok()
}
