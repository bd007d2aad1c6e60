//! How the steps of a script are done.
//!
//! In: a script, a case. Out: the case, told.

use bitcoin::{Amount, Denomination};
use serde_json::Value;

use super::case::{BANK, BANK_KEY, Case, Stopped};
use super::mistakes;
use super::script::{Line, Script};
use super::variables::Variables;

impl Script {
    /// Does all steps, until one has no answer that the rest needs.
    pub(crate) fn run(&self, case: &mut Case<'_>) -> Result<(), Stopped> {
        let mut variables = Variables::default();
        let (nobody, folder) = ("11".repeat(32), case.node.folder().display().to_string());
        for (name, value) in [("BANK", BANK), ("KEY", BANK_KEY), ("NOBODY", &nobody), ("DATADIR", &folder)] {
            variables.keep(name, value.into());
        }
        self.steps.iter().try_for_each(|line| line.run(case, &mut variables))
    }
}

impl Line {
    fn run(&self, case: &mut Case<'_>, variables: &mut Variables) -> Result<(), Stopped> {
        let done = self.done(case, variables);
        match &self.name {
            Some(name) => {
                let why = |Stopped(why)| Stopped(format!("{} {}: {why}", self.word, self.rest));
                variables.keep(name, done.map_err(why)?);
                Ok(())
            }
            // An answer that nobody needs may be an error; what the bank does may not.
            None if BANKS.contains(&self.word.as_str()) => done.map(drop),
            None => Ok(()),
        }
    }

    fn done(&self, case: &mut Case<'_>, variables: &Variables) -> Result<Value, Stopped> {
        let words = || -> Result<Vec<String>, Stopped> {
            let one = |word: &str| match variables.text(word).map_err(Stopped)? {
                Value::String(text) => Ok(text),
                other => Ok(other.to_string()),
            };
            self.rest.split_whitespace().map(one).collect()
        };
        let none = |()| Value::Null;
        match self.word.as_str() {
            "of" => match words()?.first() {
                Some(wallet) => case.of(wallet),
                None => case.of_node(),
            },
            "wallet" => {
                let [name, account] = &words()?[..] else { return wrong("a name and an account") };
                return case.wallet(name, number(account)?).map(none);
            }
            "mine" => return case.mine(number(&self.rest)?).map(none),
            "clock" => return case.clock(number(&self.rest)?).map(none),
            "restart" => return case.restart().map(none),
            #[cfg(unix)]
            "modes" => return case.modes().map(none),
            "mistakes" => return self.mistakes(case, variables).map(none),
            "pay" => return case.pay(&outputs(&words()?)?),
            "cheque" => return case.cheque(&outputs(&words()?)?),
            "coin" => return case.coin(),
            "block" => {
                let words = words()?;
                let [parent, mark, transactions @ ..] = &words[..] else {
                    return wrong("a parent and a mark");
                };
                return case.block_on(parent, number(mark)?, transactions);
            }
            "descriptors" => return case.descriptors(number(&self.rest)?),
            "checked" => return case.checked(&words()?.concat()).map(Value::from),
            "value" => return variables.fill(&parse(&self.rest)?).map_err(Stopped),
            method => {
                let params = variables.fill(&parse(&self.rest)?).map_err(Stopped)?;
                if !self.compared {
                    return case.quiet(method, params);
                }
                let answer = case.ask_as(method, &self.rest, params);
                return answer.map_err(|(code, text)| Stopped(format!("{text} ({code})")));
            }
        }
        Ok(Value::Null)
    }

    /// Asks with wrong parameters.
    fn mistakes(&self, case: &mut Case<'_>, variables: &Variables) -> Result<(), Stopped> {
        let (method, params) = self.rest.split_once(' ').unwrap_or((&self.rest, "[]"));
        let right = parse(params)?;
        for wrong in mistakes::of(right.as_array().map(Vec::as_slice).unwrap_or_default()) {
            let params = variables.fill(&wrong).map_err(Stopped)?;
            let _ = case.ask_as(method, &wrong.to_string(), params);
        }
        Ok(())
    }
}

/// What is no question, and has to work.
const BANKS: &[&str] = &["wallet", "mine", "clock", "restart", "modes", "mistakes", "pay", "block"];

fn wrong<T>(needed: &str) -> Result<T, Stopped> {
    Err(Stopped(format!("needs {needed}")))
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, Stopped> {
    word.parse().map_err(|_| Stopped(format!("{word} is no number")))
}

/// Addresses, each followed by an amount in bitcoin.
fn outputs(words: &[String]) -> Result<Vec<(&str, u64)>, Stopped> {
    let mut outputs = Vec::new();
    for pair in words.chunks(2) {
        let [address, amount] = pair else { return wrong("an amount after each address") };
        let amount = Amount::from_str_in(amount, Denomination::Bitcoin);
        let amount = amount.map_err(|error| Stopped(format!("{address}: {error}")))?;
        outputs.push((address.as_str(), amount.to_sat()));
    }
    Ok(outputs)
}

/// Parameters as they are written; nothing is none of them.
fn parse(text: &str) -> Result<Value, Stopped> {
    let text = if text.is_empty() { "[]" } else { text };
    serde_json::from_str(text).map_err(|error| Stopped(format!("{text}: {error}")))
}
