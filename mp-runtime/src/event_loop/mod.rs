//! The event loop: on what a connection's messages are read and written.
//!
//! In: jobs from any thread. Out: the jobs run one by one, beside the local tasks that drive the connections, on one
//! thread at a time. The loop has a thread of its own ([`EventLoop::new`]) or lives inside the caller's tokio runtime
//! ([`EventLoop::with_driver`]).
//!
//! Cap'n Proto's objects belong to the loop. Everything that other threads hold is a key, and everything they want is a
//! job. While nobody works for a loop with a thread of its own, whoever wants something of it does the work himself
//! ([`EventLoop::step`]): that spares a change of threads, which takes longer than the work.

mod tasks;
mod turns;

use std::any::Any;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use futures::task::AtomicWaker;
use tokio::sync::oneshot;

use crate::cleanup::Cleanup;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::monitor::Monitor;
use crate::thread::{Eagerness, Wakes};
use tasks::Tasks;
use turns::{Turn, Turns};

type Job = Box<dyn FnOnce() + Send>;

/// So often a thread does what was requested while it worked, before the loop's own thread has to.
const ROUNDS: usize = 8;
/// So often a thread looks whether another one has ended its turn: some microseconds.
const SPINS: usize = 200;

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
        self.core.ends.store(true, Ordering::Release);
        self.core.request();
    }
}

/// What the loop's driver and its handles have in common.
struct Core {
    id: u64,
    /// Nothing before the driver has begun and after it has ended.
    turns: Turns<Option<Movable>>,
    jobs: Mutex<Jobs>,
    /// The loop's own thread, or task.
    driver: AtomicWaker,
    /// The last handle is gone.
    ends: AtomicBool,
    /// Where other threads make timers and watch sockets, if they may work for the loop at all.
    runtime: OnceLock<tokio::runtime::Handle>,
}

#[derive(Default)]
struct Jobs {
    queue: VecDeque<Job>,
    /// Nobody does any more.
    closed: bool,
}

/// What belongs to a loop, beside its jobs.
#[derive(Default)]
struct Here {
    tasks: Tasks,
    /// Where objects are dropped that are let go here.
    cleanup: Cleanup,
    /// What its users keep here.
    kept: RefCell<HashMap<u64, Rc<dyn Any>>>,
}

/// A loop's belongings on their way from thread to thread.
struct Movable(Rc<Here>);

#[allow(unsafe_code)]
// SAFETY: the reference counts and cells in here are reached in two ways. The first is this value, which lies behind
// the lock of `Turns`, so one thread at a time has it, and each after the one before. The second is `HERE`, where a
// thread finds it from taking the turn until before it ends it, and where `Driver` leaves it if the loop is pinned, in
// which case no other thread ever takes the turn. What leaves a turn, jobs and wakers among them, is `Send` by its type.
// Everything in here is a task or was kept by one: made of capnp-rpc's objects, which know no thread, and of values
// that are `Send`.
unsafe impl Send for Movable {}

thread_local! {
    /// The loops whose turn this thread has, or that are pinned to it.
    static HERE: RefCell<Vec<(u64, Rc<Here>)>> = const { RefCell::new(Vec::new()) };
    /// The loops whose drivers are on this thread, which they cannot leave, polled or not.
    static DRIVERS: RefCell<HashSet<u64>> = RefCell::new(HashSet::new());
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
                    // It is set once, here.
                    let _ = core.runtime.set(runtime.handle().clone());
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
        DRIVERS.with(|drivers| drivers.borrow_mut().insert(core.id));
        let driver = Driver::new(&core, true);
        (event_loop, driver)
    }

    fn named(name: &str) -> EventLoop {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let core = Arc::new(Core {
            id,
            turns: Turns::new(Some(Movable(Rc::default()))),
            jobs: Mutex::default(),
            driver: AtomicWaker::new(),
            ends: AtomicBool::new(false),
            runtime: OnceLock::new(),
        });
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
        is_loop_thread() || DRIVERS.try_with(|drivers| drivers.borrow().contains(&self.0.id)).unwrap_or(false)
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

/// The loop of this id, if this thread works for it.
fn here(id: u64) -> Option<Rc<Here>> {
    let find = |here: &RefCell<Vec<(u64, Rc<Here>)>>| {
        here.borrow().iter().find(|(known, _)| *known == id).map(|(_, here)| here.clone())
    };
    HERE.try_with(find).ok().flatten()
}

/// What is kept under a number on a loop that this thread works for.
pub(crate) fn kept(number: u64) -> Option<Rc<dyn Any>> {
    let find = |here: &RefCell<Vec<(u64, Rc<Here>)>>| {
        here.borrow().iter().find_map(|(_, here)| here.kept.borrow().get(&number).cloned())
    };
    HERE.try_with(find).ok().flatten()
}

/// Keeps it no longer.
pub(crate) fn forget(number: u64) {
    let take = |here: &RefCell<Vec<(u64, Rc<Here>)>>| {
        here.borrow().iter().find_map(|(_, here)| here.kept.borrow_mut().remove(&number))
    };
    drop(HERE.try_with(take));
}

/// Drops a user's value: at once, or on an event loop's thread, which must not run a user's destructor, soon on
/// another one.
pub(crate) fn drop_off_loop(value: impl Send + 'static) {
    let cleanup = HERE.try_with(|here| here.borrow().first().map(|(_, here)| here.cleanup.clone()));
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

/// What a thread has while it works for a loop.
struct Present(u64);

impl Present {
    fn new(id: u64, here: Rc<Here>) -> Self {
        HERE.with(|known| known.borrow_mut().push((id, here)));
        Present(id)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let take = |known: &RefCell<Vec<(u64, Rc<Here>)>>| {
            let mut known = known.borrow_mut();
            known.iter().rposition(|(id, _)| *id == self.0).map(|place| known.remove(place))
        };
        drop(HERE.try_with(take));
    }
}

impl Wake for Core {
    fn wake(self: Arc<Self>) {
        self.request();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.request();
    }
}

impl Core {
    fn jobs(&self) -> std::sync::MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job, unless the loop has ended.
    fn push(&self, job: Job) -> bool {
        let mut jobs = self.jobs();
        let open = !jobs.closed;
        if open {
            jobs.queue.push_back(job);
            return true;
        }
        drop(jobs);
        drop(job);
        false
    }

    /// Says that there is something to do.
    fn request(&self) {
        if self.turns.request() {
            self.driver.wake();
        }
    }

    /// Whether this thread may work for the loop in place of the loop's own.
    fn may_step(&self) -> bool {
        self.runtime.get().is_some() && !is_loop_thread()
    }

    /// Takes the turn unless somebody else has it for longer than it takes to wake a thread: whoever has woken this one
    /// is about to end it.
    fn try_take(&self) -> Option<Turn<'_, Option<Movable>>> {
        (0..SPINS).find_map(|_| {
            let turn = self.turns.try_take();
            if turn.is_none() {
                std::hint::spin_loop();
            }
            turn
        })
    }

    /// Works for the loop until nothing is left to do, or for so long as is fair to whoever has other things to do.
    fn work(self: &Arc<Self>, turn: Turn<'_, Option<Movable>>, first: impl FnOnce(), last: impl FnOnce()) {
        let wakes = Wakes::begin();
        if let Some(Movable(here)) = &*turn.inside {
            let _context = self.runtime.get().map(tokio::runtime::Handle::enter);
            let _present = Present::new(self.id, here.clone());
            guard(first);
            self.rounds(&turn, here);
            guard(last);
            self.rounds(&turn, here);
        }
        if turn.end() {
            self.driver.wake();
        }
        drop(wakes);
    }

    /// Does what is to be done, and what comes of it.
    fn rounds(self: &Arc<Self>, turn: &Turn<'_, Option<Movable>>, here: &Here) {
        for _ in 0..ROUNDS {
            if !turn.is_requested() {
                return;
            }
            let jobs = std::mem::take(&mut self.jobs().queue);
            for job in jobs {
                guard(job);
            }
            let waker = Waker::from(self.clone());
            // Whatever task of the caller's this may be part of: it has not to pay for what others do.
            let mut going = std::pin::pin!(tokio::task::unconstrained(poll_fn(|cx| {
                here.tasks.go_on(cx);
                Poll::Ready(())
            })));
            let _ = going.as_mut().poll(&mut Context::from_waker(&waker));
        }
    }

    /// Lets everything go that belongs to the loop. Nobody works for it any more.
    fn close(&self) {
        let mut turn = self.turns.take();
        let here = turn.inside.take();
        // Nobody has to be found any more.
        let _ = turn.end();
        let jobs = {
            let mut jobs = self.jobs();
            jobs.closed = true;
            std::mem::take(&mut jobs.queue)
        };
        drop(here);
        drop(jobs);
    }
}

/// Drives an [`EventLoop`] inside the caller's tokio runtime.
#[must_use = "the event loop does nothing unless its driver is polled"]
pub struct Driver {
    core: Arc<Core>,
    /// Present from the first poll on, if the loop cannot leave this thread.
    pinned: Option<Option<Present>>,
    /// When it had nothing to do any more.
    idle: Instant,
    eagerness: Eagerness,
    /// It cannot leave its thread.
    stays: PhantomData<Rc<()>>,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}

impl Driver {
    fn new(core: &Arc<Core>, is_pinned: bool) -> Self {
        let pinned = is_pinned.then_some(None);
        Driver {
            core: core.clone(),
            pinned,
            idle: Instant::now(),
            eagerness: Eagerness::default(),
            stays: PhantomData,
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Driver { core, pinned, idle, eagerness, .. } = self.get_mut();
        core.driver.register(cx.waker());
        if core.turns.is_open() {
            eagerness.note(idle.elapsed());
            let turn = core.turns.take();
            if let (Some(present @ None), Some(Movable(here))) = (&mut *pinned, &*turn.inside) {
                *present = Some(Present::new(core.id, here.clone()));
            }
            core.work(turn, || (), || ());
            *idle = Instant::now();
        }
        if core.ends.load(Ordering::Acquire) && core.jobs().queue.is_empty() && !core.turns.is_open() {
            return Poll::Ready(());
        }
        if pinned.is_none() && idle.elapsed() < eagerness.time() {
            // The runtime looks at its sockets.
            return std::pin::pin!(tokio::task::yield_now()).poll(cx);
        }
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = DRIVERS.try_with(|drivers| drivers.borrow_mut().remove(&self.core.id));
        self.pinned = None;
        self.core.close();
    }
}
