//! Commands of the node, and what they run with.
//!
//! In: declarations, requests. Out: [`Command`]s, and the [`Call`] that a command reads its arguments
//! from and waits with; errors of the node's parts as answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bitcoin::hashes::Hash;
use bitcoin_common::json_rpc;
pub(super) use bitcoin_common::json_rpc::{Arg, Kind, arg};
use serde_json::Value;

use super::error::{Answer, Code, RpcError};
use super::{Shared, value};
use crate::state::{Seen, State};
use crate::{chainstate, index};

/// How often a command that waits looks whether anybody still wants its answer.
const LOOK_UP: Duration = Duration::from_millis(250);

/// A command of the node.
pub(super) type Command = json_rpc::Command<fn(&Call<'_>) -> Answer>;

/// Declares a command without arguments.
pub(super) const fn command(
    category: &'static str,
    name: &'static str,
    about: &'static str,
    run: fn(&Call<'_>) -> Answer,
) -> Command {
    Command::new(category, name, about, run)
}

/// A command that is being run.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Shared,
    pub(super) state: &'a Arc<State>,
    /// As many as the command has arguments; null for those that were left out.
    pub(super) params: Vec<Value>,
    /// How many of them were given.
    pub(super) given: usize,
    /// Whether anybody still waits for the answer.
    pub(super) wanted: &'a dyn Fn() -> bool,
}

impl Call<'_> {
    /// An argument that was given.
    pub(super) fn get(&self, position: usize) -> Option<&Value> {
        self.params.get(position).filter(|value| !value.is_null())
    }

    /// An argument, null if it was left out.
    pub(super) fn value(&self, position: usize) -> &Value {
        self.params.get(position).unwrap_or(&Value::Null)
    }

    pub(super) fn text(&self, position: usize) -> Answer<&str> {
        value::text(self.value(position))
    }

    pub(super) fn text_or<'b>(&'b self, position: usize, default: &'b str) -> Answer<&'b str> {
        self.get(position).map_or(Ok(default), value::text)
    }

    pub(super) fn flag_or(&self, position: usize, default: bool) -> Answer<bool> {
        self.get(position).map_or(Ok(default), value::flag)
    }

    pub(super) fn int<T: std::str::FromStr>(&self, position: usize) -> Answer<T> {
        value::int(self.value(position))
    }

    pub(super) fn int_or<T: std::str::FromStr>(&self, position: usize, default: T) -> Answer<T> {
        self.get(position).map_or(Ok(default), value::int)
    }

    pub(super) fn list(&self, position: usize) -> Answer<&Vec<Value>> {
        value::list(self.value(position))
    }

    pub(super) fn hash<H: Hash<Bytes = [u8; 32]>>(&self, position: usize, name: &str) -> Answer<H> {
        value::hash(self.value(position), name)
    }

    /// How much to tell: a number, or a truth value for 0 and 1.
    pub(super) fn verbosity(&self, position: usize, default: i32) -> Answer<i32> {
        match self.value(position) {
            Value::Null => Ok(default),
            Value::Bool(verbose) => Ok(i32::from(*verbose)),
            number => value::int(number),
        }
    }

    /// A time to wait, in milliseconds; 0 and nothing are for ever.
    pub(super) fn deadline(&self, position: usize) -> Answer<Option<Instant>> {
        match self.int_or::<i64>(position, 0)? {
            0 => Ok(None),
            milliseconds => {
                let time = u64::try_from(milliseconds).map(Duration::from_millis);
                let time = time.map_err(|_| RpcError::new(Code::MiscError, "Negative timeout"))?;
                Ok(Instant::now().checked_add(time))
            }
        }
    }

    /// Whether the command should give up: nobody waits for it, or the server stops.
    pub(super) fn is_over(&self) -> bool {
        self.shared.stopping.load(Ordering::Relaxed) || !(self.wanted)()
    }

    /// Waits until `done`, the deadline, the end of the node, or until nobody wants the answer.
    pub(super) fn wait(&self, deadline: Option<Instant>, mut done: impl FnMut(&Seen) -> bool) -> Seen {
        loop {
            let slice = Instant::now() + LOOK_UP;
            let until = deadline.map_or(slice, |deadline| deadline.min(slice));
            let seen = self.state.wait(Some(until), &mut done);
            let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if seen.stopping || late || self.is_over() || done(&seen) {
                return seen;
            }
        }
    }
}

impl From<chainstate::Error> for RpcError {
    fn from(error: chainstate::Error) -> Self {
        RpcError::new(Code::InternalError, error.to_string())
    }
}

impl From<index::Error> for RpcError {
    fn from(error: index::Error) -> Self {
        RpcError::new(Code::DatabaseError, error.to_string())
    }
}
