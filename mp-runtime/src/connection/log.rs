//! The IPC log: `tracing` events with the target `ipc`.
//!
//! In: calls and what became of them. Out: at debug one line per request and response, at trace
//! the decoded values, at info failed and cancelled calls. Secret fields never appear.

use std::fmt::{Display, Formatter};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tracing::{Level, debug, enabled, info, trace};

use super::payload::Payload;
use super::quota::{Hit, Quota};
use crate::error::{Error, ErrorKind};
use crate::event_loop::EventLoop;
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

/// The lines that one connection's calls cause, and what its loop's monitor hears of them.
pub(crate) struct Log {
    connection: u64,
    event_loop: EventLoop,
    /// How many lines the peer may cause.
    pub(crate) quota: Rc<Quota>,
}

/// A call, as the log and the monitor name it.
#[derive(Clone, Copy)]
pub(crate) struct LoggedCall {
    pub(crate) number: u64,
    /// The interface that declares the method.
    pub(crate) interface: &'static InterfaceNode,
    pub(crate) method: &'static MethodNode,
    pub(crate) started: Instant,
}

impl LoggedCall {
    pub(crate) fn new(number: u64, interface: &'static InterfaceNode, method: &'static MethodNode) -> Self {
        LoggedCall { number, interface, method, started: Instant::now() }
    }

    fn micros(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

/// `interface.method`.
impl Display for LoggedCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.interface.name, self.method.name)
    }
}

impl Log {
    pub(crate) fn new(connection: u64, event_loop: &EventLoop) -> Self {
        let quota = Rc::new(Quota::new(connection));
        Log { connection, event_loop: event_loop.clone(), quota }
    }

    /// Tells the loop's monitor, if there is one, that a call has ended.
    fn tell(&self, side: Side, call: &LoggedCall, error: Option<ErrorKind>) {
        if let Some(monitor) = self.event_loop.monitor() {
            let (interface, method) = (call.interface.name, call.method.name);
            let duration = call.started.elapsed();
            monitor.call_ended(&EndedCall { side, interface, method, duration, error });
        }
    }

    fn values(&self, direction: &str, call: &LoggedCall, node: &'static StructNode, payload: &Payload) {
        if enabled!(target: "ipc", Level::TRACE) {
            let text = payload.read(|structure, _| Ok(show::structure(node, structure)));
            let text = text.unwrap_or_else(|error| format!("({error})"));
            trace!(target: "ipc", connection = self.connection, "{direction} {call} {text}");
        }
    }

    pub(crate) fn request_sent(&self, call: &LoggedCall, params: &Payload) {
        if enabled!(target: "ipc", Level::DEBUG) {
            debug!(target: "ipc", connection = self.connection, call = call.number, bytes = params.words() * 8, "IPC client send {call}");
            self.values("send data:", call, &call.method.params, params);
        }
    }

    pub(crate) fn response_received(&self, call: &LoggedCall, results: &Payload) {
        self.tell(Side::Client, call, None);
        if enabled!(target: "ipc", Level::DEBUG) {
            debug!(target: "ipc", connection = self.connection, call = call.number, micros = call.micros(), bytes = results.words() * 8, "IPC client recv {call}");
            self.values("recv data:", call, &call.method.results, results);
        }
    }

    pub(crate) fn call_failed(&self, call: &LoggedCall, error: &Error) {
        self.tell(Side::Client, call, Some(error.kind()));
        info!(target: "ipc", connection = self.connection, call = call.number, micros = call.micros(), error = %brief(error), "IPC client exception {call}");
    }

    pub(crate) fn call_cancelled(&self, call: &LoggedCall) {
        info!(target: "ipc", connection = self.connection, call = call.number, "IPC client cancel {call}");
    }

    /// A cancelled call of which nobody will hear again.
    pub(crate) fn call_abandoned(&self, call: &LoggedCall) {
        self.tell(Side::Client, call, Some(ErrorKind::Cancelled));
    }

    pub(crate) fn request_received(&self, call: &LoggedCall, params: &Payload) {
        if enabled!(target: "ipc", Level::DEBUG) {
            debug!(target: "ipc", connection = self.connection, call = call.number, bytes = params.words() * 8, "IPC server recv request {call}");
            self.values("request data:", call, &call.method.params, params);
        }
    }

    pub(crate) fn results(&self, call: &LoggedCall, results: &Payload) {
        self.values("response data:", call, &call.method.results, results);
    }

    pub(crate) fn response_sent(&self, call: &LoggedCall, words: usize) {
        self.tell(Side::Server, call, None);
        debug!(target: "ipc", connection = self.connection, call = call.number, micros = call.micros(), bytes = words * 8, "IPC server send response {call}");
    }

    /// A call of something that is not there.
    pub(crate) fn request_refused(&self, interface: &str, error: &Error) {
        if let Some(missing) = self.quota.allows(Hit::NoMethod) {
            info!(target: "ipc", connection = self.connection, interface, missing, error = %brief(error), "IPC server refused request");
        }
    }

    pub(crate) fn request_failed(&self, call: &LoggedCall, error: &Error) {
        self.tell(Side::Server, call, Some(error.kind()));
        if let Some(missing) = self.quota.allows(Hit::Failure) {
            let level = if error.kind() == ErrorKind::Cancelled { "canceled" } else { "error" };
            info!(target: "ipc", connection = self.connection, call = call.number, micros = call.micros(), missing, error = %brief(error), "IPC server {level} request {call}");
        }
    }

    /// Says so when a request is dropped before it was answered.
    pub(crate) fn unanswered(&self, call: LoggedCall) -> Unanswered<'_> {
        Unanswered { log: self, call: Some(call) }
    }
}

/// A request that is being served.
pub(crate) struct Unanswered<'a> {
    log: &'a Log,
    call: Option<LoggedCall>,
}

impl Unanswered<'_> {
    pub(crate) fn done(&mut self) {
        self.call = None;
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(call) = &self.call {
            self.log.tell(Side::Server, call, Some(ErrorKind::Cancelled));
            if let Some(missing) = self.log.quota.allows(Hit::Cancel) {
                info!(target: "ipc", connection = self.log.connection, call = call.number, missing, "IPC server request canceled while executing {call}");
            }
        }
    }
}
