//! Threads for what takes its time, so that event loops need not wait for it.
//!
//! In: pieces of work. Out: their results, in whatever order they are ready. There are never more than so
//! many threads, and none without work for long. What nobody waits for any more is not begun.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a thread without work waits for more.
const IDLE: Duration = Duration::from_secs(10);

/// A pool of threads. They end when it is dropped, each after what it does.
pub struct Pool(Arc<Shared>);

struct Shared {
    name: &'static str,
    /// The most threads.
    most: usize,
    /// The most pieces of work that may wait for one.
    room: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Box<dyn Task>>,
    threads: usize,
    idle: usize,
    /// How many threads there have been.
    number: usize,
    ending: bool,
}

/// Why a piece of work was not taken: too many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// Tells a piece of work whether anybody still waits for its result.
pub type Wanted<'a> = &'a dyn Fn() -> bool;

trait Task: Send {
    fn wanted(&self) -> bool;
    fn run(self: Box<Self>);
}

struct Work<T, F> {
    work: F,
    reply: oneshot::Sender<T>,
}

impl<T: Send, F: FnOnce(Wanted<'_>) -> T + Send> Task for Work<T, F> {
    fn wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(self: Box<Self>) {
        let Work { work, reply } = *self;
        let wanted = || !reply.is_closed();
        // What the work holds is dropped before its result is told.
        match catch_unwind(AssertUnwindSafe(|| work(&wanted))) {
            // Nobody may be left to take it.
            Ok(result) => drop(reply.send(result)),
            // The dropped sender tells whoever waits.
            Err(_) => tracing::error!(target: "rpc", "A call was given up after a panic."),
        }
    }
}

/// Work whose result goes its own way.
struct Alone<F, W> {
    work: F,
    wanted: W,
}

impl<F: FnOnce() + Send, W: Fn() -> bool + Send> Task for Alone<F, W> {
    fn wanted(&self) -> bool {
        (self.wanted)()
    }

    fn run(self: Box<Self>) {
        if catch_unwind(AssertUnwindSafe(self.work)).is_err() {
            tracing::error!(target: "rpc", "A call was given up after a panic.");
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pool {
    /// At most so many threads, with room for so much work that waits for one.
    pub fn new(name: &'static str, most: usize, room: usize) -> Self {
        let (state, changed) = (Mutex::default(), Condvar::new());
        Pool(Arc::new(Shared { name, most: most.max(1), room, state, changed }))
    }

    /// Has a thread do something. Dropping the receiver says that nobody wants the result; it fails where
    /// the work panicked, or was not begun before the pool ended.
    ///
    /// # Errors
    ///
    /// Too much waits already.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(Wanted<'_>) -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, Full> {
        let (reply, receiver) = oneshot::channel();
        self.take(Box::new(Work { work, reply }), self.0.room).map(|()| receiver)
    }

    /// Has a thread do something whose result goes its own way, unless nobody wants it by then.
    ///
    /// # Errors
    ///
    /// Too much waits already.
    pub fn run_alone(
        &self,
        wanted: impl Fn() -> bool + Send + 'static,
        work: impl FnOnce() + Send + 'static,
    ) -> Result<(), Full> {
        self.take(Box::new(Alone { work, wanted }), self.0.room)
    }

    /// As [`Pool::run`], for what was let in before and goes on.
    pub fn go_on<T: Send + 'static>(
        &self,
        work: impl FnOnce(Wanted<'_>) -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, Full> {
        let (reply, receiver) = oneshot::channel();
        self.take(Box::new(Work { work, reply }), usize::MAX).map(|()| receiver)
    }

    fn take(&self, task: Box<dyn Task>, room: usize) -> Result<(), Full> {
        let mut state = self.0.lock();
        // A thread that is idle takes one of those that wait, also before it has woken.
        let ready = |state: &State| state.idle + (self.0.most - state.threads);
        if state.waiting.len() >= room.saturating_add(ready(&state)) {
            state.waiting.retain(|task| task.wanted());
            if state.waiting.len() >= room.saturating_add(ready(&state)) {
                return Err(Full);
            }
        }
        state.waiting.push_back(task);
        if state.idle < state.waiting.len() && state.threads < self.0.most {
            let number = state.number;
            let shared = self.0.clone();
            let name = format!("{}-{number}", self.0.name);
            match std::thread::Builder::new().name(name).spawn(move || shared.work()) {
                Ok(_) => (state.threads, state.number) = (state.threads + 1, number + 1),
                // Those that there are do it later.
                Err(error) if state.threads > 0 => {
                    tracing::warn!(target: "rpc", "The system has no thread to give: {error}");
                }
                Err(error) => {
                    tracing::error!(target: "rpc", "The system has no thread to give: {error}");
                    state.waiting.pop_back();
                    return Err(Full);
                }
            }
        }
        drop(state);
        self.0.changed.notify_one();
        Ok(())
    }
}

impl Shared {
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some(task) = state.waiting.pop_front() {
                drop(state);
                if task.wanted() {
                    task.run();
                }
                state = self.lock();
                continue;
            }
            if state.ending {
                break;
            }
            state.idle += 1;
            let (woken, time) =
                self.changed.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if time.timed_out() && state.waiting.is_empty() {
                break;
            }
        }
        state.threads -= 1;
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ending = true;
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        // What the work holds may be anything.
        drop(waiting);
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_full_pool_refuses_and_others_go_on() {
        let (go, gate) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        let pool = Pool::new("test", 1, 1);
        let first = pool.run(move |_| {
            started.send(()).unwrap();
            gate.recv().unwrap();
            1
        });
        running.recv().unwrap();
        let second = pool.run(|_| 2).unwrap();
        assert_eq!(pool.run(|_| 3).unwrap_err(), Full);
        let more = pool.go_on(|_| 4).unwrap();
        // Whoever leaves makes room at once.
        drop(second);
        drop(more);
        let third = pool.run(|_| 5).unwrap();
        go.send(()).unwrap();
        assert_eq!((first.unwrap().blocking_recv(), third.blocking_recv()), (Ok(1), Ok(5)));
    }

    #[test]
    fn work_sees_that_nobody_wants_it_and_panics_end_alone() {
        let pool = Pool::new("test", 1, 4);
        let (given_up, heard) = mpsc::channel();
        let left = pool.run(move |wanted: Wanted<'_>| {
            given_up.send(()).unwrap();
            while wanted() {
                std::thread::yield_now();
            }
            given_up.send(()).unwrap();
        });
        heard.recv().unwrap();
        drop(left);
        heard.recv().unwrap();
        let bad = pool.run(|_| assert!(std::hint::black_box(false), "a mistake")).unwrap();
        assert!(bad.blocking_recv().is_err());
        assert_eq!(pool.run(|_| 5).unwrap().blocking_recv(), Ok(5));
    }

    #[test]
    fn there_are_never_more_threads_than_allowed() {
        let pool = Pool::new("test", 3, usize::MAX);
        let all: Vec<_> = (0..200)
            .map(|_| {
                pool.run(|_| {
                    std::thread::yield_now();
                    std::thread::current().id()
                })
            })
            .collect();
        let ids: HashSet<_> = all.into_iter().map(|one| one.unwrap().blocking_recv().unwrap()).collect();
        assert!(ids.len() <= 3, "{}", ids.len());
    }
}
