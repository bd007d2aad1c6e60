//! The event loop: the one thread on which a connection's messages are read and written.
//!
//! In: jobs from any thread. Out: the jobs run one by one on the loop's thread, beside the local
//! tasks that drive the connections. The loop has a thread of its own ([`EventLoop::new`]) or
//! lives inside the caller's tokio runtime ([`EventLoop::with_driver`]).
//!
//! Cap'n Proto's objects belong to the thread of their loop. Everything that other threads hold is
//! a key, and everything they want is a job.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::LocalSet;

use crate::cleanup::Cleanup;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::monitor::Monitor;

type Job = Box<dyn FnOnce() + Send>;

/// A handle on an event loop. The loop runs until the last handle is gone and the last connection
/// on it is closed.
#[derive(Clone)]
pub struct EventLoop(Arc<Shared>);

struct Shared {
    id: u64,
    name: String,
    jobs: mpsc::UnboundedSender<Job>,
    monitor: RwLock<Option<Arc<dyn Monitor>>>,
    limits: RwLock<Limits>,
}

thread_local! {
    /// The loops that live on this thread.
    static HERE: RefCell<HashMap<u64, Rc<Here>>> = RefCell::new(HashMap::new());
    /// The loops whose drivers are on this thread, which they cannot leave, polled or not.
    static DRIVERS: RefCell<HashSet<u64>> = RefCell::new(HashSet::new());
}

/// A loop on its own thread.
struct Here {
    tasks: LocalSet,
    /// Where objects are dropped that are let go here.
    cleanup: Cleanup,
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
        let (event_loop, driver) = EventLoop::parts(name);
        let (started, result) = std::sync::mpsc::sync_channel(1);
        std::thread::Builder::new().name("capnp-loop".into()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            match runtime {
                Ok(runtime) => {
                    let _ = started.send(Ok(()));
                    runtime.block_on(driver.enter());
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
        let (event_loop, seed) = EventLoop::parts(name);
        let id = seed.id;
        DRIVERS.with(|drivers| drivers.borrow_mut().insert(id));
        (event_loop, Driver { run: Box::pin(seed.enter()), id })
    }

    fn parts(name: &str) -> (EventLoop, Seed) {
        let (jobs, queue) = mpsc::unbounded_channel();
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let shared =
            Shared { id, name: name.to_owned(), jobs, monitor: RwLock::default(), limits: RwLock::default() };
        (EventLoop(Arc::new(shared)), Seed { id, queue })
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

    /// Runs a job on the loop's thread: at once when this is that thread, soon otherwise. Jobs of
    /// one thread run in order. A job for a loop that has ended is dropped.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        if self.is_here() {
            guard(job);
        } else {
            // Fails only when the driver is gone, and everything it would serve with it.
            let _ = self.0.jobs.send(Box::new(job));
        }
    }

    /// Whether this thread drives the loop, or will once it polls the loop's [`Driver`], or drives another
    /// loop: then it must not wait for a call, which would never end.
    #[must_use]
    pub fn is_driven_here(&self) -> bool {
        is_loop_thread() || DRIVERS.try_with(|drivers| drivers.borrow().contains(&self.0.id)).unwrap_or(false)
    }

    /// Whether this is the loop's thread.
    pub(crate) fn is_here(&self) -> bool {
        HERE.try_with(|here| here.borrow().contains_key(&self.0.id)).unwrap_or(false)
    }

    /// Spawns a task on the loop. Called on the loop's thread only.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        let here = HERE.with(|here| here.borrow().get(&self.0.id).cloned());
        if let Some(here) = here {
            here.tasks.spawn_local(task);
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
            let here = HERE.with(|here| here.borrow().get(&event_loop.0.id).cloned());
            let Some(here) = here else { return };
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

/// Drops a user's value: at once, or on an event loop's thread, which must not run a user's destructor, soon on
/// another one.
pub(crate) fn drop_off_loop(value: impl Send + 'static) {
    let cleanup = HERE.try_with(|here| here.borrow().values().next().map(|here| here.cleanup.clone()));
    match cleanup.ok().flatten() {
        Some(cleanup) => cleanup.run(move || drop(value)),
        None => drop(value),
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

/// Whether this thread drives an event loop, so that it must never block.
pub(crate) fn is_loop_thread() -> bool {
    HERE.try_with(|here| !here.borrow().is_empty()).unwrap_or(false)
}

/// Drives an [`EventLoop`] inside the caller's tokio runtime.
#[must_use = "the event loop does nothing unless its driver is polled"]
pub struct Driver {
    run: Pin<Box<dyn Future<Output = ()>>>,
    id: u64,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = DRIVERS.try_with(|drivers| drivers.borrow_mut().remove(&self.id));
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.run.as_mut().poll(cx)
    }
}

/// An event loop before it is bound to a thread.
struct Seed {
    id: u64,
    queue: mpsc::UnboundedReceiver<Job>,
}

/// Takes the loop off the thread's list when its driver ends or is dropped.
struct Present(u64);

impl Drop for Present {
    fn drop(&mut self) {
        let _ = HERE.try_with(|here| here.borrow_mut().remove(&self.0));
    }
}

impl Seed {
    async fn enter(mut self) {
        let here = Rc::new(Here { tasks: LocalSet::new(), cleanup: Cleanup::default() });
        HERE.with(|known| known.borrow_mut().insert(self.id, here.clone()));
        let present = Present(self.id);
        here.tasks
            .run_until(async {
                while let Some(job) = self.queue.recv().await {
                    guard(job);
                }
            })
            .await;
        drop(present);
    }
}
