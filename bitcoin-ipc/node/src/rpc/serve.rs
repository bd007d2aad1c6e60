//! A request on its way through the server.
//!
//! In: what a client sent. Out: the response. A command runs where it says: at once, on a thread of the
//! workers, or in the process that has added it. What waits holds no thread, and a client that leaves
//! leaves nothing behind but what is under way.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bitcoin_ipc::types::{Json, JsonRpcRequest, JsonRpcRequestMode, JsonRpcVersion};
use bitcoin_rpc::arguments::positional;
use bitcoin_rpc::envelope::{self, Envelope, ReplyTo, Request};
use serde_json::Value;

use super::command::{Call, Command, Run, Step, Then};
use super::error::{Answer, Code, RpcError};
use super::guests::Guest;
use super::registry::{Asked, Entry};
use super::{Params, Shared, lock};
use crate::state::State;
use bitcoin_rpc::pool::{Full, Wanted};

/// A request that is being run.
pub(super) struct Running {
    pub(super) method: String,
    pub(super) since: Instant,
}

/// Who asks.
#[derive(Clone, Copy)]
pub(super) struct Caller<'a> {
    pub(super) uri: &'a str,
    pub(super) user: &'a str,
}

/// The next who answers to a request.
enum Turn {
    Own { command: &'static Command, params: Vec<Json> },
    Added { guest: Arc<Guest>, request: JsonRpcRequest, last: bool },
}

/// Notes that a request is being run, until it is dropped.
struct RunningGuard {
    shared: Arc<Shared>,
    number: u64,
}

impl Drop for RunningGuard {
    fn drop(&mut self) {
        lock(&self.shared.running).remove(&self.number);
    }
}

fn unanswered() -> RpcError {
    RpcError::new(Code::InternalError, "The request could not be answered")
}

fn too_many(_: Full) -> RpcError {
    RpcError::new(Code::InternalError, "Work queue depth exceeded")
}

impl Shared {
    /// Answers what a client sent.
    pub(super) async fn serve(self: &Arc<Self>, sent: &Json, caller: Caller<'_>) -> Value {
        let envelope = Envelope::open(sent);
        let mut replies = Vec::new();
        for request in envelope.requests() {
            let (to, request) = envelope::parse(request);
            let wanted = request.is_err() || !to.is_notification();
            let answer = match request {
                Ok(request) => self.run(&to, request, caller).await,
                Err(error) => Err(error),
            };
            if wanted {
                replies.push(to.respond(answer));
            }
        }
        envelope.close(replies)
    }

    async fn run(self: &Arc<Self>, to: &ReplyTo, request: Request, caller: Caller<'_>) -> Answer {
        let mut response = Value::Null;
        for turn in self.turns(to, &request, caller)? {
            let _running = self.begin(&request.method);
            match turn? {
                Turn::Own { command, params } => return self.run_own(command, params).await,
                Turn::Added { guest, request, last } => {
                    let answer = self.guests.ask(&guest, request, response, last)?;
                    match answer.await.unwrap_or_else(|_| Err(unanswered()))? {
                        Asked::Handled(answer) => return Ok(answer),
                        Asked::Left(so_far) => response = so_far,
                    }
                }
            }
        }
        Err(self.registry.unanswered(&request.method))
    }

    async fn run_own(self: &Arc<Self>, command: &'static Command, params: Vec<Json>) -> Answer {
        let given = params.len();
        match command.run {
            Run::Express(run) => {
                let (answer, pause) = run(self, &Params(command.check(params)?))?;
                if !pause.is_zero() {
                    tokio::time::sleep(pause).await;
                }
                Ok(answer)
            }
            Run::Server(run) => {
                let shared = self.clone();
                let work = move |_: Wanted<'_>| run(&shared, &Params(command.check(params)?));
                let answer = self.workers.run(work).map_err(too_many)?;
                answer.await.unwrap_or_else(|_| Err(unanswered()))
            }
            Run::Work(run) => {
                let (shared, state) = (self.clone(), self.ready()?.clone());
                let work = move |wanted: Wanted<'_>| {
                    let params = Params(command.check(params)?);
                    run(&Call { shared: &shared, state: &state, params, given, wanted })
                };
                let answer = self.workers.run(work).map_err(too_many)?;
                answer.await.unwrap_or_else(|_| Err(unanswered()))
            }
            Run::Wait(run) => {
                let (shared, state) = (self.clone(), self.ready()?.clone());
                let first = move |wanted: Wanted<'_>| {
                    let params = Params(command.check(params)?);
                    let call = Call { shared: &shared, state: &state, params, given, wanted };
                    let step = run(&call)?;
                    Ok((step, call.params))
                };
                let begun = self.workers.run(first).map_err(too_many)?;
                let (mut step, mut params) = begun.await.unwrap_or_else(|_| Err(unanswered()))?;
                loop {
                    let wait = match step {
                        Step::Done(answer) => return Ok(answer),
                        Step::Wait(wait) => wait,
                    };
                    let state = self.ready()?.clone();
                    let seen = wait.over(&state).await;
                    let more = match wait.then {
                        Then::Answer(answer) => return Ok(answer(seen)),
                        Then::Work(more) => more,
                    };
                    let shared = self.clone();
                    let work = move |wanted: Wanted<'_>| {
                        let call = Call { shared: &shared, state: &state, params, given, wanted };
                        let step = more(&call, seen)?;
                        Ok((step, call.params))
                    };
                    // It has been let in before.
                    let done = self.workers.go_on(work).map_err(too_many)?;
                    (step, params) = done.await.unwrap_or_else(|_| Err(unanswered()))?;
                }
            }
        }
    }

    /// Runs one command on this thread, for callers within the process.
    pub(super) fn run_here(self: &Arc<Self>, request: &Request, caller: Caller<'_>) -> Answer {
        let to = ReplyTo { id: None, version: JsonRpcVersion::V2 };
        let mut response = Value::Null;
        for turn in self.turns(&to, request, caller)? {
            let _running = self.begin(&request.method);
            match turn? {
                Turn::Own { command, params } => {
                    let given = params.len();
                    let params = Params(command.check(params)?);
                    let wanted: Wanted<'_> = &|| true;
                    let call = |state, params| Call { shared: self, state, params, given, wanted };
                    return match command.run {
                        Run::Express(run) => run(self, &params).map(|(answer, _)| answer),
                        Run::Server(run) => run(self, &params),
                        Run::Work(run) => run(&call(self.ready()?, params)),
                        Run::Wait(run) => {
                            let call = call(self.ready()?, params);
                            call.finish(run(&call)?)
                        }
                    };
                }
                Turn::Added { guest, request, last } => {
                    let answer = self.guests.ask(&guest, request, response, last)?;
                    match answer.blocking_recv().unwrap_or_else(|_| Err(unanswered()))? {
                        Asked::Handled(answer) => return Ok(answer),
                        Asked::Left(so_far) => response = so_far,
                    }
                }
            }
        }
        Err(self.registry.unanswered(&request.method))
    }

    /// The node, once it has started.
    fn ready(&self) -> Answer<&Arc<State>> {
        self.state.get().ok_or_else(|| RpcError::new(Code::InWarmup, lock(&self.warmup).clone()))
    }

    /// Those who are asked, in their order.
    fn turns<'a>(
        &'a self,
        to: &'a ReplyTo,
        request: &'a Request,
        caller: Caller<'a>,
    ) -> Answer<impl Iterator<Item = Answer<Turn>> + use<'a>> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(RpcError::new(Code::ClientNotConnected, "Shutting down"));
        }
        let entries = self.registry.entries(&request.method);
        let early = |entry: &Entry| matches!(entry, Entry::Own(command) if matches!(command.run, Run::Express(_) | Run::Server(_)));
        if !entries.first().is_some_and(early) {
            self.ready()?;
        }
        tracing::debug!(target: "rpc", "method={} user={}", request.method, caller.user);
        let count = entries.len();
        let turn = move |(position, entry): (usize, Entry)| {
            let params = match &request.params {
                Json::Object(named) => positional(named, &entry.argument_names())?,
                Json::Array(params) => params.clone(),
                _ => Vec::new(),
            };
            Ok(match entry {
                Entry::Own(command) => Turn::Own { command, params },
                Entry::Added(guest) => {
                    let request = JsonRpcRequest {
                        id: to.id.clone().unwrap_or_default(),
                        method: request.method.clone(),
                        params: Json::Array(params),
                        mode: JsonRpcRequestMode::Execute,
                        uri: caller.uri.to_owned(),
                        auth_user: caller.user.to_owned(),
                        peer_addr: String::new(),
                        version: to.version,
                    };
                    Turn::Added { guest, request, last: position + 1 == count }
                }
            })
        };
        Ok(entries.into_iter().enumerate().map(turn))
    }

    /// Notes that a request is being run, until the guard is dropped.
    fn begin(self: &Arc<Self>, method: &str) -> RunningGuard {
        let mut running = lock(&self.running);
        let number = running.last_key_value().map_or(0, |(last, _)| last + 1);
        running.insert(number, Running { method: method.to_owned(), since: Instant::now() });
        RunningGuard { shared: self.clone(), number }
    }
}

/// How long a process may be silent before those who wait for it are told so.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
