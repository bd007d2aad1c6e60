//! Connections: one peer, reached over one stream.
//!
//! In: a stream, and perhaps an object to serve. Out: keys for the peer's objects, and calls in
//! both directions. Cap'n Proto stays behind this module: other threads hold only `Send` values.

mod budget;
mod call;
mod calls;
mod capability;
mod gate;
mod incoming;
mod leader;
mod life;
mod link;
mod log;
mod network;
mod object;
mod objects;
mod outgoing;
mod pairs;
mod payload;
mod promise;
mod proxy_schema;
mod quota;
pub(crate) mod scope;
mod server;
mod serving_thread;
mod shared;
mod state;
mod thread_map;
mod threads;
mod workers;

use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

pub use call::Call;
pub(crate) use calls::{Outgoing, ReplyTo};
pub(crate) use capability::{Capability, InUse, RemoteCap};
pub(crate) use log::{calling, next_number};
pub(crate) use network::Stream;
pub(crate) use object::{LocalObject, Object};
pub(crate) use outgoing::{cancel, suspect_thread};
pub(crate) use payload::Payload;
pub(crate) use quota::{Hit, Quota};
pub(crate) use shared::Shared;
pub(crate) use threads::Caller;

use crate::error::{Error, ErrorKind, Result};
use crate::event_loop::EventLoop;
use crate::limits::Limits;
use shared::Order;
use state::{State, obey};

/// A connection, as any thread may hold it.
///
/// A connection that this process opened closes when the last handle on it and on the peer's
/// objects is dropped; one that it serves closes when the peer leaves.
#[derive(Clone)]
pub struct Connection(pub(crate) Arc<Shared>);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A connection that its loop has yet to open. If the loop has ended, it never will.
struct Opening(Weak<Shared>);

impl Opening {
    fn begins(mut self) -> Option<Arc<Shared>> {
        std::mem::take(&mut self.0).upgrade()
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.life.end();
        }
    }
}

impl Connection {
    /// Opens a connection over a stream and serves `root`, if there is one, as its first object.
    ///
    /// With `construct`, thread maps are exchanged through that method of the peer's first object.
    /// Returns the connection and the peer's first object.
    pub(crate) fn open(
        event_loop: &EventLoop,
        stream: Stream,
        root: Option<Arc<LocalObject>>,
        construct: Option<(u64, u16)>,
    ) -> (Connection, RemoteCap) {
        let shared = Shared::new(event_loop, true, event_loop.limits(), obey);
        let cap = RemoteCap::new(shared.clone());
        let (opening, link_cap) = (Opening(Arc::downgrade(&shared)), cap.key());
        // The key stays valid because this function returns the capability that holds it.
        event_loop.run(move || {
            if let Some(shared) = opening.begins() {
                link::open(&shared, stream, root, construct, link_cap);
            }
        });
        (Connection(shared), cap)
    }

    /// Serves a stream: `root` is the first object that its peer sees. `ended` runs on the event
    /// loop when the connection is gone.
    pub(crate) fn serve(
        event_loop: &EventLoop,
        stream: Stream,
        root: Arc<LocalObject>,
        limits: Limits,
        ended: impl FnOnce() + Send + 'static,
    ) -> Connection {
        let shared = Shared::new(event_loop, false, limits, obey);
        let (kept, opening) = (shared.clone(), Opening(Arc::downgrade(&shared)));
        event_loop.run(move || {
            opening.begins();
            link::serve(&kept, stream, root, ended);
        });
        Connection(shared)
    }

    /// The event loop on which the connection lives.
    #[must_use]
    pub fn event_loop(&self) -> &EventLoop {
        self.0.event_loop()
    }

    /// Whether the connection is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Closes the connection. Calls that are under way fail with a disconnected error; our objects
    /// that the peer held are dropped, in order, on the cleanup thread.
    pub fn close(&self) {
        self.0.order(Order::Close);
    }

    /// Closes the connection once no call is under way in either direction and everything is written, or after
    /// `patience` in any case. A call that was cancelled is under way as long as its method runs. Returns whether
    /// all calls had ended.
    ///
    /// # Errors
    ///
    /// When called on an event-loop thread, where waiting would keep the calls from ending.
    pub fn shut_down(&self, patience: Duration) -> Result<bool> {
        if self.0.event_loop().is_driven_here() {
            return Err(blocking_on_loop());
        }
        Ok(shut_down_all(vec![self.clone()], patience))
    }

    /// Whether no call is under way, and everything is written; `None` when the loop does not say so by `until`.
    fn is_idle(&self, until: Instant) -> Option<bool> {
        if self.0.budget.calls() > 0 {
            return Some(false);
        }
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let id = self.0.id();
        self.0.event_loop().run(move || {
            let _ = sender.send(State::find(id).is_none_or(|state| state.is_idle()));
        });
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now()).max(POLL)) {
            Ok(idle) => Some(idle),
            // The loop has ended, and with it all that was under way.
            Err(RecvTimeoutError::Disconnected) => Some(true),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    /// After the connection was closed: waits until the objects that the peer held are dropped, and calls that it made
    /// and that run all the same have ended. Returns whether that was within `patience`. For a process that ends in
    /// order: what its objects still write when they are dropped is written then.
    ///
    /// # Errors
    ///
    /// When called on an event-loop thread, which must not block.
    pub fn wait_for_drops(&self, patience: Duration) -> Result<bool> {
        if self.0.event_loop().is_driven_here() {
            return Err(blocking_on_loop());
        }
        let now = Instant::now();
        let until = now.checked_add(patience).unwrap_or_else(|| now + FOR_EVER);
        while self.0.budget.calls() > 0 && Instant::now() < until {
            std::thread::sleep(POLL);
        }
        let left = || until.saturating_duration_since(Instant::now());
        Ok(self.0.event_loop().wait_for_drops(left())
            && self.0.cleanup.wait(left())
            && self.0.budget.calls() == 0)
    }

    /// Waits until the connection is closed, at most for `timeout`. Returns whether it is.
    ///
    /// # Errors
    ///
    /// When called on an event-loop thread, which must not block.
    pub fn wait_closed(&self, timeout: Option<Duration>) -> Result<bool> {
        if self.0.event_loop().is_driven_here() {
            return Err(blocking_on_loop());
        }
        Ok(self.0.life.wait(timeout))
    }

    /// Resolves when the connection is closed.
    pub async fn closed(&self) {
        self.0.life.ended().await;
    }

    /// Asks the peer for a pool of `count` threads. From then on calls that name no thread run
    /// there. Possible once per connection, with a peer of libmultiprocess 11 or later.
    ///
    /// # Errors
    ///
    /// What the peer answers, among others when it has a pool already.
    pub async fn make_pool(&self, count: u32) -> Result<()> {
        let id = self.0.id();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.0.event_loop().run(move || thread_map::ask_for_pool(id, count, sender));
        receiver.await.unwrap_or_else(|_| Err(calls::called_after_disconnect()))
    }
}

/// How often those who wait for calls to end look for them.
const POLL: Duration = Duration::from_millis(2);
/// A patience that has no end, which no clock runs over.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);

/// Closes connections, each once no call is under way on it, or after `patience` in any case. Returns whether all
/// calls had ended and all connections are gone.
pub(crate) fn shut_down_all(mut open: Vec<Connection>, patience: Duration) -> bool {
    let now = Instant::now();
    let until = now.checked_add(patience).unwrap_or_else(|| now + FOR_EVER);
    let mut closing = Vec::new();
    let ended = loop {
        open.retain(|connection| {
            let waits = connection.is_idle(until) != Some(true);
            if !waits {
                connection.close();
                closing.push(connection.clone());
            }
            waits
        });
        if open.is_empty() {
            break true;
        }
        if Instant::now() >= until {
            break false;
        }
        std::thread::sleep(POLL);
    };
    open.iter().for_each(Connection::close);
    closing.extend(open);
    // The last bytes have their time, twice over, and a loop that is busy some more.
    let mut gone = true;
    for connection in closing {
        let patience = connection.0.budget.limits().closing_time() * 2 + Duration::from_secs(1);
        gone &= connection.wait_closed(Some(patience)).unwrap_or(false);
    }
    ended && gone
}

/// The error for a blocking call where blocking would stop the event loop.
pub(crate) fn blocking_on_loop() -> Error {
    Error::new(
        ErrorKind::Misuse,
        "a blocking call on an event-loop thread would wait for itself; make it from another thread, \
         declare the method `async`, or give the served method a context (no `no_context`)",
    )
}
