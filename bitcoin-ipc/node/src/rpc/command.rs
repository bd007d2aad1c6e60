//! Commands of the node, and what they run with.
//!
//! In: declarations, requests. Out: [`Command`]s, and the [`Call`] that a command reads its arguments
//! from and waits with; errors of the node's parts as answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bitcoin_common::json_rpc::{self, Params};
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
    pub(super) params: Params,
    /// How many of them were given.
    pub(super) given: usize,
    /// Whether anybody still waits for the answer.
    pub(super) wanted: &'a dyn Fn() -> bool,
}

impl std::ops::Deref for Call<'_> {
    type Target = Params;

    fn deref(&self) -> &Params {
        &self.params
    }
}

impl Call<'_> {
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
