//! The console.
//!
//! In: lines that a user types, answers. Out: what is shown, and the lines to come back to; of those with secrets
//! the name of the method alone.

use std::collections::VecDeque;

/// Methods whose arguments are nobody's business.
const SECRET: [&str; 10] = [
    "walletpassphrase",
    "walletpassphrasechange",
    "encryptwallet",
    "createwallet",
    "createwalletdescriptor",
    "migratewallet",
    "addhdkey",
    "importdescriptors",
    "signmessagewithprivkey",
    "signrawtransactionwithkey",
];

/// The method of a line whose arguments are secret, if it has one anywhere.
pub(crate) fn secret_method(line: &str) -> Option<&'static str> {
    let words = line.split(|c: char| !c.is_ascii_alphanumeric());
    let mut words = words.map(str::to_ascii_lowercase);
    words.find_map(|word| SECRET.into_iter().find(|name| *name == word))
}

/// How an answer ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// It is waited for.
    Waiting,
    /// It came.
    Answer(String),
    /// The call failed.
    Error(String),
    /// Nobody waits for it any more.
    Cancelled,
}

/// A line and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Exchange {
    /// Its number.
    pub(crate) id: u64,
    /// What was typed; of secrets the method alone.
    pub(crate) line: String,
    /// What came of it.
    pub(crate) reply: Reply,
}

/// How many lines and answers are kept.
const KEPT: usize = 100;
/// How many lines one can come back to, as in Bitcoin Core.
const RECALLED: usize = 50;
/// The most characters of an answer that are shown.
const LONGEST: usize = 200_000;

/// The console.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Console {
    /// The latest lines, the last one last.
    pub(crate) exchanges: VecDeque<Exchange>,
    /// Lines to come back to, the last one last.
    pub(crate) history: VecDeque<String>,
    /// The names of all methods.
    pub(crate) methods: Vec<String>,
    told: u64,
}

impl Console {
    /// Takes a line that is being run, and gives its number.
    pub(crate) fn begin(&mut self, line: &str) -> u64 {
        self.told += 1;
        let shown = secret_method(line).map_or_else(|| line.trim().to_owned(), str::to_owned);
        let told = if secret_method(line).is_some() { format!("{shown} …") } else { shown.clone() };
        if self.exchanges.len() == KEPT {
            self.exchanges.pop_front();
        }
        self.exchanges.push_back(Exchange { id: self.told, line: told, reply: Reply::Waiting });
        if self.history.back() != Some(&shown) {
            if self.history.len() == RECALLED {
                self.history.pop_front();
            }
            self.history.push_back(shown);
        }
        self.told
    }

    /// Takes an answer. One that nobody waits for any more is dropped.
    pub(crate) fn end(&mut self, id: u64, answer: Result<String, String>) {
        let waiting = self.exchanges.iter_mut().find(|exchange| exchange.id == id);
        if let Some(exchange) = waiting.filter(|exchange| exchange.reply == Reply::Waiting) {
            exchange.reply = match answer {
                Ok(text) => Reply::Answer(cut(text)),
                Err(text) => Reply::Error(cut(text)),
            };
        }
    }

    /// Does not wait for an answer any more.
    pub(crate) fn cancel(&mut self, id: u64) {
        if let Some(exchange) = self.exchanges.iter_mut().find(|exchange| exchange.id == id) {
            exchange.reply = Reply::Cancelled;
        }
    }

    /// Forgets everything but the methods.
    pub(crate) fn clear(&mut self) {
        *self = Console { methods: std::mem::take(&mut self.methods), told: self.told, ..Console::default() };
    }

    /// Methods whose names begin so.
    pub(crate) fn completions<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.methods
            .iter()
            .map(String::as_str)
            .filter(move |name| !start.is_empty() && name.starts_with(start))
    }
}

/// An answer, cut where it is too long to be shown.
fn cut(mut text: String) -> String {
    if let Some((place, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(place);
        text.push_str("\n… (cut)");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a57_of_secrets_the_method_alone_is_kept() {
        let mut console = Console { methods: vec!["walletpassphrase".to_owned()], ..Console::default() };
        for line in [
            "walletpassphrase \"Zq7!canary\" 60",
            "  WalletPassphrase(Zq7!canary,60)",
            "getblockhash(walletpassphrase(\"Zq7!canary\", 1))",
            "createwallet w false false Zq7!canary",
        ] {
            console.begin(line);
        }
        let kept = format!("{console:?}");
        assert!(!kept.contains("canary"), "{kept}");
        assert_eq!(console.history, ["walletpassphrase", "createwallet"]);
        let id = console.begin("getblockcount");
        console.end(id, Ok("7".to_owned()));
        assert!(format!("{console:?}").contains("getblockcount"));
        console.clear();
        assert!(console.exchanges.is_empty() && console.history.is_empty());
        assert_eq!(console.completions("wall").collect::<Vec<_>>(), ["walletpassphrase"]);
    }

    #[test]
    fn an_answer_that_nobody_waits_for_is_dropped() {
        let mut console = Console::default();
        let id = console.begin("waitfornewblock 0");
        console.cancel(id);
        console.end(id, Ok("late".to_owned()));
        assert_eq!(console.exchanges[0].reply, Reply::Cancelled);
    }
}
