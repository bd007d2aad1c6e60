//! Asking a node.
//!
//! In: a [`Method`] and its parameters. Out: an answer, a refusal of the node, or why it could not be asked. What
//! was asked is counted.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bitcoin::BlockHash;
use bitcoin_ipc::types::Json;
use bitcoin_ipc::{Error, Result};
use bitcoin_rpc::{Answer, RpcError};
use serde_json::Value;

use crate::answer::Fields;
use crate::method::Method;
use crate::transport::{Call, Transport};

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How long the answer to a call of a user may take: that of `bitcoin-cli`.
const PATIENCE: Duration = Duration::from_secs(900);
/// Code of a refusal: there is no such method, or not for this user.
pub(crate) const NOT_FOUND: i64 = -32601;
/// How many calls go in one request.
const TOGETHER: usize = 100;

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The node has refused.
    Refused(Method, RpcError),
    /// It could not be asked.
    Call(Error),
}

impl Failure {
    /// The code of a refusal.
    pub(crate) fn code(&self) -> Option<i64> {
        match self {
            Failure::Refused(_, error) => Some(error.code()),
            Failure::Call(_) => None,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(method, error) => write!(f, "the node refused {}: {error}", method.name()),
            Failure::Call(error) => error.fmt(f),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Call(error) => error,
            // It is ending, or starting.
            Failure::Refused(_, error) if [-9, -28].contains(&error.code()) => {
                Error::disconnected(format!("the node does not answer now: {}", error.message()))
            }
            // -32601 of a method of the list, or 403 of a whitelist.
            refused @ Failure::Refused(..) => Error::failed(refused.to_string()),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Call(error)
    }
}

/// What came of a call.
pub(crate) type Asked<T = Value> = std::result::Result<T, Failure>;

/// Leaves `None` where the node does not know what was asked for: code -5, and -8 for a height.
pub(crate) fn if_known<T>(asked: Asked<T>) -> Asked<Option<T>> {
    match asked {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) if matches!(failure.code(), Some(-5 | -8)) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A node that is asked.
pub(crate) struct Ask {
    transport: Box<dyn Transport>,
    asked: Mutex<BTreeMap<Method, u64>>,
}

impl Ask {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Ask { transport, asked: Mutex::default() }
    }

    /// How often each method was asked.
    pub(crate) fn asked(&self) -> BTreeMap<Method, u64> {
        lock(&self.asked).clone()
    }

    fn note(&self, method: Method, times: usize) {
        *lock(&self.asked).entry(method).or_default() += times as u64;
    }

    pub(crate) fn ask(&self, method: Method, params: Value) -> Asked {
        let answers = self.ask_all(method, vec![params])?;
        answers.into_iter().next().unwrap_or_else(|| Err(Error::bad_value("no answer").into()))
    }

    /// The same method with each of these parameters.
    pub(crate) fn ask_all(&self, method: Method, params: Vec<Value>) -> Result<Vec<Asked>> {
        let mut all = Vec::with_capacity(params.len());
        let mut params = params.into_iter().peekable();
        while params.peek().is_some() {
            let call = |params: Value| Call { method: method.name().to_owned(), params: params.into() };
            let calls: Vec<Call> = params.by_ref().take(TOGETHER).map(call).collect();
            self.note(method, calls.len());
            let answers = self.transport.calls("/", calls, method.limit())?;
            all.extend(
                answers.into_iter().map(|answer| answer.map_err(|error| Failure::Refused(method, error))),
            );
        }
        Ok(all)
    }

    /// The fields of the answer, which is an object.
    pub(crate) fn fields(&self, method: Method, params: Value) -> Asked<Fields> {
        Ok(Fields::of(method, self.ask(method, params)?)?)
    }

    pub(crate) fn wait_tip(&self, known: BlockHash, limit: Duration) -> Result<BlockHash> {
        self.note(Method::WaitForNewBlock, 1);
        self.transport.wait_tip(known, limit)
    }

    /// Passes on a call of a user.
    pub(crate) fn pass_on(&self, uri: &str, method: String, params: Json) -> Answer {
        let answers = self.transport.calls(uri, vec![Call { method, params }], PATIENCE)?;
        answers.into_iter().next().unwrap_or_else(|| Err(Error::bad_value("no answer").into()))
    }

    /// Whether the node lets us wait, and answers something else meanwhile.
    pub(crate) fn answers_beside_a_wait(&self) -> Result<bool> {
        self.note(Method::WaitForNewBlock, 1);
        self.transport.answers_beside_a_wait()
    }

    pub(crate) fn close(&self) {
        self.transport.close();
    }
}
