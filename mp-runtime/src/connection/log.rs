//! The IPC log: `tracing` events with the target `ipc`.
//!
//! In: calls and what became of them. Out: at debug one line per request and response, at trace
//! the decoded values, at info failed and cancelled calls. Secret fields never appear.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tracing::{Level, debug, enabled, info, trace};

use super::payload::Payload;
use super::quota::Hit;
use super::state::State;
use crate::error::{Error, ErrorKind};
use crate::monitor::{EndedCall, Side};
use crate::wire::node::{InterfaceNode, MethodNode, StructNode};
use crate::wire::show;

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// The next call number of this process.
pub(crate) fn next_number() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// The beginning of a text that a peer may have made long.
fn brief(error: &Error) -> String {
    const LONGEST: usize = 300;
    let text = error.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn micros(started: Instant) -> u64 {
    u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Tells the loop's monitor, if there is one.
fn tell(
    state: &State,
    side: Side,
    names: (&'static str, &'static str),
    started: Instant,
    error: Option<ErrorKind>,
) {
    if let Some(monitor) = state.event_loop.monitor() {
        let (interface, method) = names;
        monitor.call_ended(&EndedCall { side, interface, method, duration: started.elapsed(), error });
    }
}

fn values(
    direction: &'static str,
    state: &State,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    node: &'static StructNode,
    payload: &Payload,
) {
    if enabled!(target: "ipc", Level::TRACE) {
        let text = payload.read(|structure, _| Ok(show::structure(node, structure)));
        let text = text.unwrap_or_else(|error| format!("({error})"));
        trace!(target: "ipc", connection = state.id, "{direction} {}.{} {text}", interface.name, method.name);
    }
}

pub(crate) fn request_sent(
    state: &State,
    number: u64,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    params: &Payload,
) {
    if enabled!(target: "ipc", Level::DEBUG) {
        debug!(target: "ipc", connection = state.id, call = number, bytes = params.words() * 8, "IPC client send {}.{}", interface.name, method.name);
        values("send data:", state, interface, method, &method.params, params);
    }
}

pub(crate) fn response_received(
    state: &State,
    number: u64,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    started: Instant,
    results: &Payload,
) {
    tell(state, Side::Client, (interface.name, method.name), started, None);
    if enabled!(target: "ipc", Level::DEBUG) {
        debug!(target: "ipc", connection = state.id, call = number, micros = micros(started), bytes = results.words() * 8, "IPC client recv {}.{}", interface.name, method.name);
        values("recv data:", state, interface, method, &method.results, results);
    }
}

pub(crate) fn call_failed(
    state: &State,
    number: u64,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    started: Instant,
    error: &Error,
) {
    tell(state, Side::Client, (interface.name, method.name), started, Some(error.kind()));
    info!(target: "ipc", connection = state.id, call = number, micros = micros(started), error = %brief(error), "IPC client exception {}.{}", interface.name, method.name);
}

pub(crate) fn call_cancelled(
    state: &State,
    number: u64,
    interface: &InterfaceNode,
    method: &'static MethodNode,
) {
    info!(target: "ipc", connection = state.id, call = number, "IPC client cancel {}.{}", interface.name, method.name);
}

/// A cancelled call of which nobody will hear again.
pub(crate) fn call_abandoned(
    state: &State,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    started: Instant,
) {
    tell(state, Side::Client, (interface.name, method.name), started, Some(ErrorKind::Cancelled));
}

pub(crate) fn request_received(
    state: &State,
    number: u64,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    params: &Payload,
) {
    if enabled!(target: "ipc", Level::DEBUG) {
        debug!(target: "ipc", connection = state.id, call = number, bytes = params.words() * 8, "IPC server recv request {}.{}", interface.name, method.name);
        values("request data:", state, interface, method, &method.params, params);
    }
}

pub(crate) fn results(
    state: &State,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    results: &Payload,
) {
    values("response data:", state, interface, method, &method.results, results);
}

pub(crate) fn response_sent(
    state: &State,
    number: u64,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    started: Instant,
    words: usize,
) {
    tell(state, Side::Server, (interface.name, method.name), started, None);
    debug!(target: "ipc", connection = state.id, call = number, micros = micros(started), bytes = words * 8, "IPC server send response {}.{}", interface.name, method.name);
}

/// A call of something that is not there.
pub(crate) fn request_refused(state: &State, interface: &str, error: &Error) {
    if let Some(missing) = state.quota.allows(Hit::NoMethod) {
        info!(target: "ipc", connection = state.id, interface, missing, error = %brief(error), "IPC server refused request");
    }
}

pub(crate) fn request_failed(
    state: &State,
    number: u64,
    interface: &InterfaceNode,
    method: &'static MethodNode,
    started: Instant,
    error: &Error,
) {
    tell(state, Side::Server, (interface.name, method.name), started, Some(error.kind()));
    if let Some(missing) = state.quota.allows(Hit::Failure) {
        let level = if error.kind() == ErrorKind::Cancelled { "canceled" } else { "error" };
        info!(target: "ipc", connection = state.id, call = number, micros = micros(started), missing, error = %brief(error), "IPC server {level} request {}.{}", interface.name, method.name);
    }
}

/// Says so when a request is dropped before it was answered.
pub(crate) struct Pending<'a> {
    state: &'a State,
    number: u64,
    names: Option<(&'static str, &'static str)>,
    started: Instant,
}

impl<'a> Pending<'a> {
    pub(crate) fn new(
        state: &'a State,
        number: u64,
        interface: &InterfaceNode,
        method: &'static MethodNode,
        started: Instant,
    ) -> Self {
        Pending { state, number, names: Some((interface.name, method.name)), started }
    }

    pub(crate) fn done(&mut self) {
        self.names = None;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some((interface, method)) = self.names {
            tell(self.state, Side::Server, (interface, method), self.started, Some(ErrorKind::Cancelled));
            if let Some(missing) = self.state.quota.allows(Hit::Cancel) {
                info!(target: "ipc", connection = self.state.id, call = self.number, missing, "IPC server request canceled while executing {interface}.{method}");
            }
        }
    }
}
