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
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

pub use call::{Call, Reply};
pub(crate) use capability::{Capability, InUse, LocalObject, Object, RemoteCap};
pub(crate) use log::next_number;
pub(crate) use network::Stream;
pub(crate) use outgoing::{Outgoing, ReplyTo, cancel, suspect_thread};
pub(crate) use payload::Payload;
pub(crate) use quota::{Hit, Quota};
pub(crate) use threads::Caller;

use crate::cleanup::Cleanup;
use crate::error::{Error, ErrorKind, Result};
use crate::event_loop::EventLoop;
use crate::limits::Limits;
use budget::Budget;
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
    budget: Arc<Budget>,
    /// Where objects are dropped that the peer leaves behind.
    cleanup: Cleanup,
    /// Whether the peer has let somebody wait in vain for the end of one of its objects.
    keeps_waiting: AtomicBool,
    phase: Mutex<Phase>,
    changed: Condvar,
    waiters: Mutex<Vec<tokio::sync::oneshot::Sender<()>>>,
}

/// How far a connection's life has gone.
#[derive(Clone, Copy, PartialEq)]
enum Phase {
    /// Calls can be made.
    Open,
    /// None can be made any more, and what is on the loop is being let go.
    Closing,
    /// The stream is closed, and on the loop nothing is left.
    Gone,
}

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
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        Arc::new(Shared {
            budget: Budget::new(limits, link::evict(id, event_loop)),
            id,
            event_loop: event_loop.clone(),
            owned,
            cleanup: Cleanup::default(),
            keeps_waiting: AtomicBool::new(false),
            phase: Mutex::new(Phase::Open),
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

    /// Whether nobody is to wait for the end of the peer's objects any more.
    pub(crate) fn keeps_waiting(&self) -> bool {
        self.keeps_waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn set_keeps_waiting(&self, keeps: bool) {
        self.keeps_waiting.store(keeps, Ordering::Relaxed);
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// No call can be made any more.
    fn mark_closing(&self) {
        let mut phase = self.phase();
        if *phase == Phase::Open {
            *phase = Phase::Closing;
        }
    }

    /// Nothing is left of the connection.
    fn mark_gone(&self) {
        *self.phase() = Phase::Gone;
        self.changed.notify_all();
        let waiters = std::mem::take(&mut *self.waiters.lock().unwrap_or_else(PoisonError::into_inner));
        for waiter in waiters {
            let _ = waiter.send(());
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.phase() != Phase::Open
    }

    fn is_gone(&self) -> bool {
        *self.phase() == Phase::Gone
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
            shared.mark_gone();
        }
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
        let shared = Shared::new(event_loop, false, limits);
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

    /// Closes the connection once no call is under way in either direction and everything is written, or after
    /// `patience` in any case. A call that was cancelled is under way as long as its method runs. Returns whether
    /// all calls had ended.
    ///
    /// # Errors
    ///
    /// When called on an event-loop thread, where waiting would keep the calls from ending.
    pub fn shut_down(&self, patience: Duration) -> Result<bool> {
        if self.0.event_loop.is_driven_here() {
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
        let id = self.0.id;
        self.0.event_loop.run(move || {
            let _ = sender.send(State::find(id).is_none_or(|state: Rc<State>| state.is_idle()));
        });
        match receiver.recv_timeout(until.saturating_duration_since(Instant::now()).max(POLL)) {
            Ok(idle) => Some(idle),
            // The loop has ended, and with it all that was under way.
            Err(RecvTimeoutError::Disconnected) => Some(true),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    /// Waits until the objects that the peer held are dropped, and calls that it made and that run all the same
    /// have ended. Returns whether that was within `patience`.
    pub(crate) fn wait_for_drops(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        while self.0.budget.calls() > 0 && Instant::now() < until {
            std::thread::sleep(POLL);
        }
        let left = || until.saturating_duration_since(Instant::now());
        self.0.event_loop.wait_for_drops(left()) && self.0.cleanup.wait(left()) && self.0.budget.calls() == 0
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
        let (phase, lives) = (self.0.phase(), |phase: &mut Phase| *phase != Phase::Gone);
        let changed = &self.0.changed;
        let phase = match timeout {
            None => changed.wait_while(phase, lives).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                changed.wait_timeout_while(phase, timeout, lives).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        Ok(*phase == Phase::Gone)
    }

    /// Resolves when the connection is closed.
    pub async fn closed(&self) {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        {
            let mut waiters = self.0.waiters.lock().unwrap_or_else(PoisonError::into_inner);
            // Those who have given up, as in each turn of a `select!` loop.
            waiters.retain(|waiter| !waiter.is_closed());
            waiters.push(sender);
        }
        if !self.0.is_gone() {
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

/// How often those who wait for calls to end look for them.
const POLL: Duration = Duration::from_millis(2);

/// Closes connections, each once no call is under way on it, or after `patience` in any case. Returns whether all
/// calls had ended and all connections are gone.
pub(crate) fn shut_down_all(mut open: Vec<Connection>, patience: Duration) -> bool {
    let now = Instant::now();
    let until = now.checked_add(patience).unwrap_or_else(|| now + Duration::from_secs(1 << 30));
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
