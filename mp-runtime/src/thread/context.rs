//! What the runtime knows of one operating-system thread (libmultiprocess's `ThreadContext` and
//! `Waiter`).
//!
//! In: jobs posted by event loops. Out: they run on this thread, in order, while it waits.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Instant;

use crate::sync::{Condvar, Mutex, MutexGuard};

pub(crate) type ThreadJob = Box<dyn FnOnce() + Send>;

/// One thread that makes or serves blocking calls.
pub(crate) struct ThreadContext {
    /// Unique among all threads the process ever had.
    pub(crate) key: u64,
    name: OnceLock<String>,
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<ThreadJob>,
    closed: bool,
    /// How connections that hold something for this thread are told when it ends.
    at_exit: HashMap<u64, ThreadJob>,
}

static NEXT_KEY: AtomicU64 = AtomicU64::new(1);

thread_local! {
    static CURRENT: Owner = Owner(ThreadContext::new());
}

/// Closes the thread's queue when the thread ends.
struct Owner(Arc<ThreadContext>);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.close();
        // Not before: a worker that is asked to end may be in the middle of a call.
        let at_exit = std::mem::take(&mut self.0.lock().at_exit);
        at_exit.into_values().for_each(|job| job());
    }
}

impl ThreadContext {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(ThreadContext {
            key: NEXT_KEY.fetch_add(1, Ordering::Relaxed),
            name: OnceLock::new(),
            queue: Mutex::new(Queue::default()),
            wake: Condvar::new(),
        })
    }

    /// The context of the calling thread, or `None` while the thread is being torn down.
    pub(crate) fn current() -> Option<Arc<ThreadContext>> {
        CURRENT.try_with(|owner| owner.0.clone()).ok()
    }

    /// The thread's name in the C++ form, `program-pid/thread-tid`. Called on the thread itself
    /// the first time.
    pub(crate) fn name(&self, program: &str) -> &str {
        self.name.get_or_init(|| long_name(program))
    }

    /// Gives the thread a name of its own before anything asks for one.
    pub(crate) fn set_name(&self, name: String) {
        let _ = self.name.set(name);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job; gives it back when the thread has ended.
    pub(crate) fn post(&self, job: ThreadJob) -> Result<(), ThreadJob> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(job);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.wake.notify_all();
        Ok(())
    }

    /// Has `job` run when the thread ends, once per connection.
    pub(crate) fn at_exit(&self, connection: u64, job: ThreadJob) {
        self.lock().at_exit.entry(connection).or_insert(job);
    }

    /// Forgets a connection that is closed.
    pub(crate) fn forget(&self, connection: u64) {
        let job = self.lock().at_exit.remove(&connection);
        drop(job);
    }

    /// Ends the queue: a worker returns from [`run`](Self::run), jobs that never ran are dropped.
    pub(crate) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        let unrun = std::mem::take(&mut queue.jobs);
        drop(queue);
        self.wake.notify_all();
        drop(unrun);
    }

    /// Runs jobs until the queue is closed: the life of a worker thread.
    pub(crate) fn run(&self) {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                drop(queue);
                job();
                queue = self.lock();
            } else if queue.closed {
                return;
            } else {
                queue = self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Runs jobs until `slot` is filled, or until the deadline passes (`None`).
    fn wait<T>(&self, slot: &ReplySlot<T>, deadline: Option<Instant>) -> Option<T> {
        let mut queue = self.lock();
        loop {
            if let Some(value) = slot.take() {
                return Some(value);
            }
            if let Some(job) = queue.jobs.pop_front() {
                drop(queue);
                job();
                queue = self.lock();
                continue;
            }
            queue = match deadline {
                None => self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.checked_duration_since(Instant::now())?;
                    self.wake.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// Where the result of a blocking call arrives.
pub(crate) struct ReplySlot<T> {
    value: Mutex<Option<T>>,
    thread: Arc<ThreadContext>,
}

impl<T> ReplySlot<T> {
    pub(crate) fn new(thread: Arc<ThreadContext>) -> Arc<Self> {
        Arc::new(ReplySlot { value: Mutex::new(None), thread })
    }

    /// Fills the slot and wakes the thread that waits.
    pub(crate) fn fill(&self, value: T) {
        *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        // The waiting thread checks the slot under the queue's lock, so taking it here makes sure
        // that the wake-up cannot fall between its check and its sleep.
        drop(self.thread.lock());
        self.thread.wake.notify_all();
    }

    fn take(&self) -> Option<T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Waits on the thread that made the slot, which serves callbacks meanwhile. `None` when the
    /// deadline passed first.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Option<T> {
        self.thread.wait(self, deadline)
    }
}

/// `program-pid/thread-tid`, as libmultiprocess's `ThreadName` writes it.
pub(crate) fn long_name(program: &str) -> String {
    let pid = std::process::id();
    let tid = rustix::thread::gettid().as_raw_nonzero();
    match std::thread::current().name() {
        // The kernel keeps 15 bytes of a name, and C++ reads it from there.
        Some(name) => {
            let short: String = name.chars().take(15).collect();
            format!("{program}-{pid}/{short}-{tid}")
        }
        None => format!("{program}-{pid}/{tid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::long_name;

    #[test]
    fn names_have_the_form_that_cxx_gives_them() {
        let named = std::thread::Builder::new().name("a-name-that-is-too-long".into());
        let thread = named.spawn(|| (long_name("bitcoin-node"), rustix::thread::gettid().as_raw_nonzero()));
        let (name, tid) = thread.expect("a thread").join().expect("a name");
        assert_eq!(name, format!("bitcoin-node-{}/a-name-that-is--{tid}", std::process::id()));
    }
}
