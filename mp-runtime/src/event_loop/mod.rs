//! The event loop: on what a connection's messages are read and written.
//!
//! In: jobs from any thread. Out: the jobs run one by one, beside the local tasks that drive the connections, on one
//! thread at a time. The loop has a thread of its own ([`EventLoop::new`]) or lives inside the caller's tokio runtime
//! ([`EventLoop::with_driver`]).
//!
//! Cap'n Proto's objects belong to the loop. Everything that other threads hold is a key, and everything they want is a
//! job. While nobody works for a loop with a thread of its own, whoever wants something of it does the work himself
//! ([`EventLoop::step`]): that spares a change of threads, which takes longer than the work.

mod driver;
mod tasks;
mod turns;
mod work;

use std::any::Any;
use std::future::Future;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

pub use driver::Driver;
pub(crate) use work::{drop_off_loop, forget, is_loop_thread, kept};

use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::monitor::Monitor;
use work::{Core, here};

/// A handle on an event loop. The loop runs until the last handle is gone and the last connection
/// on it is closed.
#[derive(Clone)]
pub struct EventLoop(Arc<Shared>);

struct Shared {
    id: u64,
    name: String,
    core: Arc<Core>,
    monitor: RwLock<Option<Arc<dyn Monitor>>>,
    limits: RwLock<Limits>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.core.ends();
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

/// A reference to an event loop that does not keep it running.
#[derive(Clone)]
pub(crate) struct WeakEventLoop(Weak<Shared>);

impl WeakEventLoop {
    /// The loop, if it runs.
    pub(crate) fn upgrade(&self) -> Option<EventLoop> {
        self.0.upgrade().map(EventLoop)
    }
}

impl std::fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EventLoop({})", self.0.name)
    }
}

impl EventLoop {
    /// Starts an event loop on a thread of its own. `name` is the program's name, which the names
    /// of threads at the peer carry.
    ///
    /// # Errors
    ///
    /// When the thread or its poller cannot be made.
    pub fn new(name: &str) -> Result<EventLoop> {
        let event_loop = EventLoop::named(name);
        let core = event_loop.0.core.clone();
        let (started, result) = std::sync::mpsc::sync_channel(1);
        std::thread::Builder::new().name("capnp-loop".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => {
                    core.may_leave(runtime.handle());
                    let driver = Driver::new(&core, false);
                    let _ = started.send(Ok(()));
                    runtime.block_on(tokio::task::unconstrained(driver));
                }
                Err(error) => {
                    let _ = started.send(Err(error));
                }
            }
        })?;
        result.recv().map_err(|_| Error::new(ErrorKind::Io, "the event loop did not start"))??;
        Ok(event_loop)
    }

    /// Makes an event loop that runs where its driver is awaited: on the thread of a tokio runtime
    /// (with I/O and time enabled), beside the caller's own tasks.
    ///
    /// The driver must be polled for anything to happen, for example by
    /// `LocalSet::spawn_local(driver)`, and it ends when the last handle and connection are gone.
    pub fn with_driver(name: &str) -> (EventLoop, Driver) {
        let event_loop = EventLoop::named(name);
        let core = event_loop.0.core.clone();
        let driver = Driver::new(&core, true);
        (event_loop, driver)
    }

    fn named(name: &str) -> EventLoop {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let core = Core::new(id);
        EventLoop(Arc::new(Shared {
            id,
            name: name.to_owned(),
            core,
            monitor: RwLock::default(),
            limits: RwLock::default(),
        }))
    }

    /// The program's name that the loop was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Has `monitor` hear of every call of the loop's connections, in place of any other.
    pub fn set_monitor(&self, monitor: Arc<dyn Monitor>) {
        *self.0.monitor.write().unwrap_or_else(PoisonError::into_inner) = Some(monitor);
    }

    pub(crate) fn monitor(&self) -> Option<Arc<dyn Monitor>> {
        self.0.monitor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Sets the limits of all connections that are made from now on.
    pub fn set_limits(&self, limits: Limits) {
        *self.0.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    /// The limits of connections that are made now.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.0.limits.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Runs a task on the loop, where tokio's timers and sockets work. It must not block.
    pub fn spawn_task(&self, task: impl Future<Output = ()> + Send + 'static) {
        let event_loop = self.clone();
        self.run(move || event_loop.spawn(task));
    }

    /// Resolves after `duration`, by the loop's timer, so in any executor.
    pub async fn sleep(&self, duration: Duration) {
        let (sender, receiver) = oneshot::channel::<()>();
        self.spawn_task(async move {
            let mut sender = sender;
            // Nobody waits any more when the receiver is gone.
            tokio::select! {
                () = tokio::time::sleep(duration) => {}
                () = sender.closed() => {}
            }
        });
        let _ = receiver.await;
    }

    /// Runs a job on the loop: at once when this thread works for it, soon otherwise. Jobs of one thread run in order.
    /// A job for a loop that has ended is dropped.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        if self.is_here() {
            guard(job);
        } else if self.0.core.push(Box::new(job)) {
            self.0.core.request();
        }
    }

    /// Runs a job on the loop: on this thread, with everything else that is to be done there, if the loop may leave
    /// its own and nobody else works for it; otherwise as [`run`](Self::run) does. In the first case `last` runs when
    /// all is done and this thread still works for the loop.
    pub(crate) fn step(&self, job: impl FnOnce() + Send + 'static, last: impl FnOnce()) {
        let core = &self.0.core;
        if self.is_here() {
            guard(job);
        } else if core.push(Box::new(job)) {
            let to_be_found = core.turns.request();
            match core.may_step().then(|| core.try_take()).flatten() {
                Some(turn) => core.work(turn, || (), last),
                None if to_be_found => core.driver.wake(),
                None => {}
            }
        }
    }

    /// Works for the loop on this thread, which has done so by [`step`](Self::step), as soon as nobody else does: `first`
    /// begins, and `last` runs when all is done.
    pub(crate) fn enter(&self, first: impl FnOnce(), last: impl FnOnce()) {
        let core = &self.0.core;
        if core.may_step() {
            core.work(core.turns.take(), first, last);
        }
    }

    /// Whether this thread drives the loop, or will once it polls the loop's [`Driver`], or drives another
    /// loop: then it must not wait for a call, which would never end.
    #[must_use]
    pub fn is_driven_here(&self) -> bool {
        is_loop_thread() || driver::is_here(self.0.id)
    }

    /// Whether this is the loop's thread.
    pub(crate) fn is_here(&self) -> bool {
        here(self.0.id).is_some()
    }

    /// Spawns a task on the loop. Called where the loop's work is done only.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        if let Some(here) = here(self.0.id) {
            here.tasks.spawn(task);
            self.0.core.request();
        }
    }

    /// Keeps something on the loop under a number. Called where the loop's work is done only.
    pub(crate) fn keep(&self, number: u64, value: Rc<dyn Any>) {
        if let Some(here) = here(self.0.id) {
            let before = here.kept.borrow_mut().insert(number, value);
            drop(before);
        }
    }

    /// The loop, to know it without keeping it running.
    pub(crate) fn downgrade(&self) -> WeakEventLoop {
        WeakEventLoop(Arc::downgrade(&self.0))
    }

    /// Waits until the objects that were let go on the loop before are dropped. Returns whether that was within
    /// `patience`.
    pub(crate) fn wait_for_drops(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        let event_loop = self.clone();
        self.run(move || {
            let Some(here) = here(event_loop.0.id) else { return };
            // After the tasks that are ready now: they may hold some.
            event_loop.spawn(async move {
                let _ = sender.send(here.cleanup.clone());
            });
        });
        match receiver.recv_timeout(patience) {
            Ok(cleanup) => cleanup.wait(until.saturating_duration_since(Instant::now())),
            // The loop has ended, and everything on it.
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => true,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => false,
        }
    }
}

/// Runs something that must not end the loop's thread if it panics; then there is no result.
pub(crate) fn guard<T>(run: impl FnOnce() -> T) -> Option<T> {
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
    if result.is_err() {
        tracing::error!(target: "ipc", "IPC event loop caught a panic; a connection may be gone");
    }
    result.ok()
}
