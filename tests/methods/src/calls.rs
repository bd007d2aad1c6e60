//! What came of calls.
//!
//! In: every call that a connection has served, and the errors that its callers saw. Out: which methods
//! have answered, which are not supported, and what else went wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};

use mp_runtime::monitor::{EndedCall, Monitor, Side};
use mp_runtime::{Error, Result};

/// A method: the interface and itself, by their names in the schema.
pub(crate) type Method = (&'static str, &'static str);

/// What came of calls.
#[derive(Default)]
pub struct Calls(Mutex<Seen>);

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) answered: BTreeSet<Method>,
    pub(crate) refused: BTreeMap<Method, String>,
    pub(crate) wrong: Vec<String>,
}

impl Monitor for Calls {
    fn call_ended(&self, call: &EndedCall) {
        if call.side == Side::Server && call.error.is_none() {
            self.seen().answered.insert((call.interface, call.method));
        }
    }
}

impl Calls {
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes an error; one that says "not supported" is the state of its method, any other is wrong.
    pub fn note<T>(&self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.failed(&error)).ok()
    }

    /// As [`Calls::note`], for a method that has words of its own for what it does not support.
    pub fn refusal<T, E: Display>(&self, method: Method, result: Result<Result<T, E>>) -> Option<T> {
        match self.note(result)? {
            Ok(value) => Some(value),
            Err(text) => {
                self.seen().refused.insert(method, text.to_string());
                None
            }
        }
    }

    fn failed(&self, error: &Error) {
        let mut seen = self.seen();
        match (error.interface(), error.method()) {
            (Some(interface), Some(method)) if error.text().contains("not supported") => {
                seen.refused.insert((interface, method), error.text().to_owned());
            }
            _ => seen.wrong.push(error.to_string()),
        }
    }
}
