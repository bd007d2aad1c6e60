//! The language of the cases.
//!
//! In: a text. Out: its cases, each a list of steps.
//!
//! `chapter` and words about it come first: `blocks=n` that the bank makes, `chance` if anything is left to it, and options of
//! the node. `== name` begins a case; `#` begins a comment. A step is one of these lines:
//!
//! | line | what it does |
//! |---|---|
//! | `method [params]` | asks; the answer is compared. Parameters may stand alone on lines that follow, one question each |
//! | `name = method [params]` | the same; the answer is kept, and the case ends without it |
//! | `name := method [params]` | the same, but the answer is not compared |
//! | `of wallet`, `of` | has that wallet asked from now on, or the node |
//! | `wallet name account` | makes a wallet with the keys of an account, and has it asked |
//! | `mine n`, `clock seconds` | the bank makes blocks; the clock is set, from the start of the chapter |
//! | `name := pay address amount …` | the bank pays; `cheque` makes the transaction and does not send it |
//! | `name := coin` | the bank's next coin, as an input |
//! | `name := block parent mark transaction …` | gives the node a block on another one |
//! | `name := descriptors account` | what a wallet imports to have the keys of an account |
//! | `name := checked descriptor` | a descriptor with its checksum |
//! | `name := json` | a value |
//! | `restart` | ends the node in order, and starts it again |
//! | `modes` | notes what others than their owner may do with the node's files |
//! | `mistakes method [params]` | asks with too few and too many parameters, and with wrong ones |
//!
//! `$name` stands for what was kept, and `${name/field/0}` for a part of it; `BANK`, `KEY`, `NOBODY` and `DATADIR` are
//! there from the start.

/// A case: its name and its steps.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) name: String,
    pub(crate) steps: Vec<Line>,
}

/// A step as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    /// Under what name the answer is kept.
    pub(crate) name: Option<String>,
    /// Whether the answer is compared.
    pub(crate) compared: bool,
    /// What is done: a method or one of the words above.
    pub(crate) word: String,
    /// With what.
    pub(crate) rest: String,
}

/// Reads the words of a chapter, and its cases.
///
/// # Errors
///
/// A line that is none of the above.
pub(crate) fn read(text: &str) -> Result<(String, Vec<Script>), String> {
    let (mut words, mut scripts) = (String::new(), Vec::<Script>::new());
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix("== ") {
            scripts.push(Script { name: name.trim().to_owned(), steps: Vec::new() });
            continue;
        }
        if let Some(rest) = line.strip_prefix("chapter") {
            rest.clone_into(&mut words);
            continue;
        }
        let wrong = |what: &str| format!("line {}: {what}", number + 1);
        let steps = &mut scripts.last_mut().ok_or_else(|| wrong("no case has begun"))?.steps;
        if line.starts_with(' ') {
            let last = steps.last_mut().ok_or_else(|| wrong("parameters of nothing"))?;
            if last.rest.is_empty() {
                line.trim().clone_into(&mut last.rest);
            } else {
                let more = Line { rest: line.trim().to_owned(), ..last.clone() };
                steps.push(more);
            }
            continue;
        }
        steps.push(step(line).ok_or_else(|| wrong("no step"))?);
    }
    Ok((words, scripts))
}

fn step(line: &str) -> Option<Line> {
    let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
    let named = ["=", ":="].into_iter().find_map(|sign| {
        let rest = rest.strip_prefix(sign)?.strip_prefix(' ')?;
        Some((sign, rest))
    });
    let (name, compared, line) = match named {
        Some((sign, rest)) => (Some(first.to_owned()), sign == "=", rest),
        None => (None, true, line),
    };
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    // A value has no word before it.
    let value = word.starts_with(['[', '{', '"']) || word.parse::<f64>().is_ok();
    let (word, rest) = if value { ("value", line) } else { (word, rest) };
    (!word.is_empty()).then(|| Line { name, compared, word: word.to_owned(), rest: rest.trim().to_owned() })
}
