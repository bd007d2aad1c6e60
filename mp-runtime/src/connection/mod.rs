//! Connections: one peer, reached over one stream.
//!
//! In: a stream, and perhaps an object to serve. Out: keys for the peer's objects, and calls in
//! both directions. Cap'n Proto stays behind this module: other threads hold only `Send` values.

mod budget;
mod call;
mod capability;
mod incoming;
mod link;
mod log;
mod network;
mod outgoing;
mod pairs;
mod payload;
mod proxy_schema;
mod quota;
pub(crate) mod scope;
mod server;
mod state;
mod threads;

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use call::{Call, Reply};
pub(crate) use capability::{Capability, LocalObject, Object, RemoteCap};
pub(crate) use log::next_number;
pub(crate) use network::Stream;
pub(crate) use outgoing::{InUse, Outgoing, ReplyTo, cancel};
pub(crate) use payload::Payload;
pub(crate) use threads::Caller;

use crate::error::{Error, ErrorKind, Result};
use crate::event_loop::EventLoop;
use crate::limits::Limits;
use state::State;

/// A connection, as any thread may hold it.
///
/// A connection that this process opened closes when the last handle on it and on the peer's
/// objects is dropped; one that it serves closes when the peer leaves.
#[derive(Clone)]
pub struct Connection(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    id: u64,
    event_loop: EventLoop,
    /// Whether the last handle closes the connection.
    owned: bool,
    limits: Limits,
    closed: Mutex<Option<Closed>>,
    changed: Condvar,
    waiters: Mutex<Vec<tokio::sync::oneshot::Sender<()>>>,
}

#[derive(Clone, Copy)]
struct Closed;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({})", self.0.id)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({})", self.id)
    }
}

impl Shared {
    fn new(event_loop: &EventLoop, owned: bool, limits: Limits) -> Arc<Self> {
        Arc::new(Shared {
            limits,
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            event_loop: event_loop.clone(),
            owned,
            closed: Mutex::new(None),
            changed: Condvar::new(),
            waiters: Mutex::default(),
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    pub(crate) fn release(&self, key: u64) {
        let id = self.id;
        self.event_loop.run(move || {
            if let Some(state) = State::find(id) {
                state.release(key);
            }
        });
    }

    fn mark_closed(&self) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Closed);
        self.changed.notify_all();
        let waiters = std::mem::take(&mut *self.waiters.lock().unwrap_or_else(PoisonError::into_inner));
        for waiter in waiters {
            let _ = waiter.send(());
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.owned && !self.is_closed() {
            let id = self.id;
            self.event_loop.run(move || link::close(id));
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
        let shared = Shared::new(event_loop, true, event_loop.limits());
        let cap = RemoteCap::new(shared.clone());
        let (link_shared, link_cap) = (Arc::downgrade(&shared), cap.key());
        // The key stays valid because this function returns the capability that holds it.
        event_loop.run(move || {
            if let Some(shared) = link_shared.upgrade() {
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
        let shared = Shared::new(event_loop, false, limits);
        let kept = shared.clone();
        event_loop.run(move || link::serve(&kept, stream, root, ended));
        Connection(shared)
    }

    /// The event loop on which the connection lives.
    #[must_use]
    pub fn event_loop(&self) -> &EventLoop {
        &self.0.event_loop
    }

    /// Whether the connection is closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    /// Closes the connection. Calls that are under way fail with a disconnected error; our objects
    /// that the peer held are dropped, in order, on the cleanup thread.
    pub fn close(&self) {
        let id = self.0.id;
        self.0.event_loop.run(move || link::close(id));
    }

    /// Closes the connection once no call is under way, or after `patience` in any case. Returns
    /// whether all calls had ended.
    ///
    /// # Errors
    ///
    /// When called on an event-loop thread, where waiting would keep the calls from ending.
    pub fn shut_down(&self, patience: Duration) -> Result<bool> {
        if self.0.event_loop.is_driven_here() {
            return Err(blocking_on_loop());
        }
        let until = Instant::now() + patience;
        let idle = loop {
            let (sender, receiver) = std::sync::mpsc::sync_channel(1);
            let id = self.0.id;
            self.0.event_loop.run(move || {
                let idle = State::find(id).is_none_or(|state: Rc<State>| {
                    state.cancels.borrow().is_empty() && state.scopes.borrow().is_empty()
                });
                let _ = sender.send(idle);
            });
            let idle = receiver.recv().unwrap_or(true);
            if idle || Instant::now() >= until {
                break idle;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        self.close();
        self.wait_closed(Some(Duration::from_secs(1)))?;
        Ok(idle)
    }

    /// Waits until the connection is closed, at most for `timeout`. Returns whether it is.
    ///
    /// # Errors
    ///
    /// When called on an event-loop thread, which must not block.
    pub fn wait_closed(&self, timeout: Option<Duration>) -> Result<bool> {
        if self.0.event_loop.is_driven_here() {
            return Err(blocking_on_loop());
        }
        let closed = self.0.closed.lock().unwrap_or_else(PoisonError::into_inner);
        let closed = match timeout {
            None => self
                .0
                .changed
                .wait_while(closed, |closed| closed.is_none())
                .unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                self.0
                    .changed
                    .wait_timeout_while(closed, timeout, |closed| closed.is_none())
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
        };
        Ok(closed.is_some())
    }

    /// Resolves when the connection is closed.
    pub async fn closed(&self) {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.0.waiters.lock().unwrap_or_else(PoisonError::into_inner).push(sender);
        if !self.is_closed() {
            let _ = receiver.await;
        }
    }

    /// Asks the peer for a pool of `count` threads. From then on calls that name no thread run
    /// there. Possible once per connection, with a peer of libmultiprocess 11 or later.
    ///
    /// # Errors
    ///
    /// What the peer answers, among others when it has a pool already.
    pub async fn make_pool(&self, count: u32) -> Result<()> {
        let id = self.0.id;
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.0.event_loop.run(move || link::make_pool(id, count, sender));
        receiver.await.unwrap_or_else(|_| Err(outgoing::called_after_disconnect()))
    }
}

/// The error for a blocking call where blocking would stop the event loop.
pub(crate) fn blocking_on_loop() -> Error {
    Error::new(
        ErrorKind::Misuse,
        "a blocking call on an event-loop thread would wait for itself; make it from another thread, \
         declare the method `async`, or give the served method a context (no `no_context`)",
    )
}
