//! Commands of the node, and what they run with.
//!
//! In: declarations, requests. Out: [`Command`]s, and the [`Call`] that a command reads its arguments
//! from; what one waits for; errors of the node's parts as answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bitcoin_rpc::Params;
pub(super) use bitcoin_rpc::{Arg, Kind, arg};
use serde_json::Value;

use super::error::{Answer, Code, RpcError};
use super::{Shared, value};
use crate::state::{Seen, State};
use crate::{chainstate, index};

/// How often a command that waits looks whether anybody still wants its answer.
const LOOK_UP: Duration = Duration::from_millis(250);

/// What runs a command, and where.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// It works, on a thread of the workers.
    Work(fn(&Call<'_>) -> Answer),
    /// It waits for the node in between, which takes no thread.
    Wait(fn(&Call<'_>) -> Answer<Step>),
    /// It needs no node: it works, also while the node starts.
    Server(fn(&Shared, &Params) -> Answer),
    /// It needs no node and takes no time, so that it gets through whatever the workers do; the answer is
    /// held back for so long.
    Express(fn(&Shared, &Params) -> Answer<(Value, Duration)>),
}

/// A command of the node.
pub(super) type Command = bitcoin_rpc::Command<Run>;

/// Declares a command without arguments.
pub(super) const fn command(
    category: &'static str,
    name: &'static str,
    about: &'static str,
    run: fn(&Call<'_>) -> Answer,
) -> Command {
    Command::new(category, name, about, Run::Work(run))
}

/// How far a command has come that waits.
pub(super) enum Step {
    Done(Value),
    Wait(Wait),
}

/// What a command waits for, or until when, and how it goes on then.
pub(super) struct Wait {
    pub(super) deadline: Option<Instant>,
    pub(super) until: Box<dyn Fn(&Seen) -> bool + Send + Sync>,
    pub(super) then: Then,
}

/// What a command does once it has waited.
pub(super) type More = Box<dyn FnOnce(&Call<'_>, Seen) -> Answer<Step> + Send + Sync>;

/// How a command goes on.
pub(super) enum Then {
    /// With an answer that takes no time.
    Answer(fn(Seen) -> Value),
    /// With more work.
    Work(More),
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
    /// Whether `-deprecatedrpc` asks for what is deprecated under this name.
    pub(super) fn deprecated(&self, name: &str) -> bool {
        self.shared.options.deprecated.iter().any(|wanted| wanted == name)
    }

    /// The node's warnings; the latest alone, as a text, with `-deprecatedrpc=warnings`.
    pub(super) fn warnings(&self) -> Value {
        let mut warnings = self.state.warnings();
        if self.deprecated("warnings") {
            return warnings.pop().unwrap_or_default().into();
        }
        warnings.into()
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

    /// Runs what waits to its end, on this thread.
    pub(super) fn finish(&self, mut step: Step) -> Answer {
        loop {
            match step {
                Step::Done(answer) => return Ok(answer),
                Step::Wait(Wait { deadline, until, then }) => {
                    let seen = self.wait(deadline, until);
                    step = match then {
                        Then::Answer(answer) => return Ok(answer(seen)),
                        Then::Work(work) => work(self, seen)?,
                    };
                }
            }
        }
    }

    /// Waits until `done`, the deadline, the end of the node, or until nobody wants the answer.
    fn wait(&self, deadline: Option<Instant>, done: impl Fn(&Seen) -> bool) -> Seen {
        loop {
            let slice = Instant::now() + LOOK_UP;
            let until = deadline.map_or(slice, |deadline| deadline.min(slice));
            let seen = self.state.wait(Some(until), &done);
            let late = deadline.is_some_and(|deadline| Instant::now() >= deadline);
            if seen.stopping || late || self.is_over() || done(&seen) {
                return seen;
            }
        }
    }
}

impl Wait {
    /// Waits as a task: until it is there, the deadline, or the end of the node.
    pub(super) async fn over(&self, state: &State) -> Seen {
        let mut changes = state.changes();
        loop {
            let seen = *changes.borrow_and_update();
            if seen.stopping || (self.until)(&seen) {
                return seen;
            }
            let time_is_up = async {
                match self.deadline {
                    Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                _ = changes.changed() => {}
                () = time_is_up => return *changes.borrow(),
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
