//! The IPC log: `tracing` events with the target `ipc`.
//!
//! In: calls and what became of them. Out: at debug one line per request and response, at trace
//! the decoded values, at info failed and cancelled calls. Secret fields never appear. Each call has a span, with the
//! target `mp_runtime::calls` and the interface and the method as its fields.

use std::fmt::{Display, Formatter};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tracing::span::Entered;
use tracing::{Level, Span, debug, debug_span, enabled, info, trace};

use super::payload::Payload;
use super::quota::{Hit, Quota};
use crate::error::{Error, ErrorKind};
use crate::event_loop::EventLoop;
use crate::monitor::{EndedCall, Monitor, Side, StartedCall};
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

    /// Tells the loop's monitor, if there is one, that a call begins.
    pub(crate) fn begin(&self, side: Side, call: &LoggedCall) -> InFlight {
        let monitor = self.event_loop.monitor();
        if let Some(monitor) = &monitor {
            let (interface, method) = (call.interface.name, call.method.name);
            monitor.call_started(&StartedCall { side, interface, method });
        }
        InFlight { monitor, side, call: *call }
    }

    /// The span of a call that is served. What the thread does otherwise has nothing to do with it.
    pub(crate) fn serving(&self, call: &LoggedCall) -> CallSpan {
        let (interface, method) = (call.interface.name, call.method.name);
        CallSpan::of(
            debug_span!(target: "mp_runtime::calls", parent: None, "ipc.serve", interface, method, connection = self.connection, call = call.number),
        )
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
        if enabled!(target: "ipc", Level::DEBUG) {
            debug!(target: "ipc", connection = self.connection, call = call.number, micros = call.micros(), bytes = results.words() * 8, "IPC client recv {call}");
            self.values("recv data:", call, &call.method.results, results);
        }
    }

    pub(crate) fn call_failed(&self, call: &LoggedCall, error: &Error) {
        info!(target: "ipc", connection = self.connection, call = call.number, micros = call.micros(), error = %brief(error), "IPC client exception {call}");
    }

    pub(crate) fn call_cancelled(&self, call: &LoggedCall) {
        info!(target: "ipc", connection = self.connection, call = call.number, "IPC client cancel {call}");
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
        debug!(target: "ipc", connection = self.connection, call = call.number, micros = call.micros(), bytes = words * 8, "IPC server send response {call}");
    }

    /// A call of something that is not there.
    pub(crate) fn request_refused(&self, interface: &str, error: &Error) {
        if let Some(missing) = self.quota.allows(Hit::NoMethod) {
            info!(target: "ipc", connection = self.connection, interface, missing, error = %brief(error), "IPC server refused request");
        }
    }

    pub(crate) fn request_failed(&self, call: &LoggedCall, error: &Error) {
        if let Some(missing) = self.quota.allows(Hit::Failure) {
            let level = if error.kind() == ErrorKind::Cancelled { "canceled" } else { "error" };
            info!(target: "ipc", connection = self.connection, call = call.number, micros = call.micros(), missing, error = %brief(error), "IPC server {level} request {call}");
        }
    }

    /// Says so when a request is dropped before it was answered.
    pub(crate) fn unanswered(&self, call: LoggedCall) -> Unanswered<'_> {
        Unanswered { log: self, call: Some(self.begin(Side::Server, &call)) }
    }
}

/// The span of a call that is made, within that of whoever makes it.
pub(crate) fn calling(connection: u64, number: u64, interface: &str, method: &str) -> CallSpan {
    CallSpan::of(
        debug_span!(target: "mp_runtime::calls", "ipc.call", interface, method, connection, call = number),
    )
}

/// The span of a call; nothing, which takes no room, where nobody listens.
#[derive(Clone, Debug)]
pub(crate) struct CallSpan(Option<Box<Span>>);

impl CallSpan {
    fn of(span: Span) -> Self {
        CallSpan((!span.is_disabled()).then(|| Box::new(span)))
    }

    /// Has what this thread does now be part of the call.
    pub(crate) fn enter(&self) -> Option<Entered<'_>> {
        self.0.as_deref().map(Span::enter)
    }
}

/// A call that has begun. Dropped as it is, its monitor hears that the connection is gone.
pub(crate) struct InFlight {
    monitor: Option<Arc<dyn Monitor>>,
    side: Side,
    call: LoggedCall,
}

impl InFlight {
    /// Tells the monitor that the call has ended.
    pub(crate) fn end(mut self, error: Option<ErrorKind>) {
        self.tell(error);
    }

    fn tell(&mut self, error: Option<ErrorKind>) {
        if let Some(monitor) = self.monitor.take() {
            let (side, call) = (self.side, &self.call);
            let (interface, method, duration) =
                (call.interface.name, call.method.name, call.started.elapsed());
            monitor.call_ended(&EndedCall { side, interface, method, duration, error });
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.tell(Some(ErrorKind::Disconnected));
    }
}

/// A request that is being served.
pub(crate) struct Unanswered<'a> {
    log: &'a Log,
    call: Option<InFlight>,
}

impl Unanswered<'_> {
    /// There is an answer, or an error in its place.
    pub(crate) fn done(&mut self, error: Option<ErrorKind>) {
        if let Some(call) = self.call.take() {
            call.end(error);
        }
    }
}

impl Drop for Unanswered<'_> {
    fn drop(&mut self) {
        if let Some(in_flight) = self.call.take() {
            let call = in_flight.call;
            in_flight.end(Some(ErrorKind::Cancelled));
            if let Some(missing) = self.log.quota.allows(Hit::Cancel) {
                info!(target: "ipc", connection = self.log.connection, call = call.number, missing, "IPC server request canceled while executing {call}");
            }
        }
    }
}
