//! What belongs to an event loop, and the work on it, on whichever thread has its turn.
//!
//! In: jobs, and tasks that were woken. Out: they run until nothing is left to do; whatever comes later wakes the loop's
//! driver, unless whoever wants it does it himself.

use std::any::Any;
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use futures::task::AtomicWaker;

use super::guard;
use super::tasks::Tasks;
use super::turns::{Turn, Turns};
use crate::cleanup::Cleanup;
use crate::thread::Wakes;

pub(super) type Job = Box<dyn FnOnce() + Send>;

/// So often a thread does what was requested while it worked, before the loop's own thread has to.
const ROUNDS: usize = 8;
/// So often a thread looks whether another one has ended its turn: some microseconds.
const SPINS: usize = 200;

/// What the loop's driver and its handles have in common.
pub(super) struct Core {
    pub(super) id: u64,
    /// Nothing after the driver has ended.
    pub(super) turns: Turns<Option<Movable>>,
    jobs: Mutex<Jobs>,
    /// The loop's own thread, or task.
    pub(super) driver: AtomicWaker,
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
pub(super) struct Here {
    pub(super) tasks: Tasks,
    /// Where objects are dropped that are let go here.
    pub(super) cleanup: Cleanup,
    /// What its users keep here.
    pub(super) kept: RefCell<HashMap<u64, Rc<dyn Any>>>,
}

/// A loop's belongings on their way from thread to thread.
pub(super) struct Movable(pub(super) Rc<Here>);

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
}

/// The loop of this id, if this thread works for it.
pub(super) fn here(id: u64) -> Option<Rc<Here>> {
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

/// Whether this thread drives an event loop, so that it must never block.
pub(crate) fn is_loop_thread() -> bool {
    HERE.try_with(|here| !here.borrow().is_empty()).unwrap_or(false)
}

/// What a thread has while it works for a loop.
pub(super) struct Present(u64);

impl Present {
    pub(super) fn new(id: u64, here: Rc<Here>) -> Self {
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
    pub(super) fn new(id: u64) -> Arc<Self> {
        Arc::new(Core {
            id,
            turns: Turns::new(Some(Movable(Rc::default()))),
            jobs: Mutex::default(),
            driver: AtomicWaker::new(),
            ends: AtomicBool::new(false),
            runtime: OnceLock::new(),
        })
    }

    /// Lets other threads than the loop's own work for it, with timers and sockets of this runtime.
    pub(super) fn may_leave(&self, runtime: &tokio::runtime::Handle) {
        // It is said once.
        let _ = self.runtime.set(runtime.clone());
    }

    /// Says that the last handle is gone.
    pub(super) fn ends(&self) {
        self.ends.store(true, Ordering::Release);
        self.request();
    }

    /// Whether nobody can want anything any more, and nothing is left to do.
    pub(super) fn has_ended(&self) -> bool {
        self.ends.load(Ordering::Acquire) && self.jobs().queue.is_empty() && !self.turns.is_open()
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job, unless the loop has ended.
    pub(super) fn push(&self, job: Job) -> bool {
        let mut jobs = self.jobs();
        if jobs.closed {
            // A job that is dropped may want something of the loop.
            drop(jobs);
            return false;
        }
        jobs.queue.push_back(job);
        true
    }

    /// Says that there is something to do.
    pub(super) fn request(&self) {
        if self.turns.request() {
            self.driver.wake();
        }
    }

    /// Whether this thread may work for the loop in place of the loop's own.
    pub(super) fn may_step(&self) -> bool {
        self.runtime.get().is_some() && !is_loop_thread()
    }

    /// Takes the turn unless somebody else has it for longer than it takes to wake a thread: whoever has woken this one
    /// is about to end it.
    pub(super) fn try_take(&self) -> Option<Turn<'_, Option<Movable>>> {
        (0..SPINS).find_map(|_| {
            let turn = self.turns.try_take();
            if turn.is_none() {
                std::hint::spin_loop();
            }
            turn
        })
    }

    /// Works for the loop until nothing is left to do, or for so long as is fair to whoever has other things to do.
    pub(super) fn work(
        self: &Arc<Self>,
        turn: Turn<'_, Option<Movable>>,
        first: impl FnOnce(),
        last: impl FnOnce(),
    ) {
        let wakes = Wakes::begin();
        if let Some(Movable(here)) = &*turn.inside {
            let _context = self.runtime.get().map(tokio::runtime::Handle::enter);
            let _present = Present::new(self.id, here.clone());
            // Whatever happens, the turn ends: others wait for it.
            guard(|| {
                first();
                self.rounds(&turn, here);
            });
            guard(|| {
                last();
                self.rounds(&turn, here);
            });
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
    pub(super) fn close(&self) {
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
