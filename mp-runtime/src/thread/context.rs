//! What the runtime knows of one operating-system thread (libmultiprocess's `ThreadContext` and
//! `Waiter`).
//!
//! In: jobs posted by event loops. Out: they run on this thread, in order, while it waits.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::watch::{Doorbell, Eagerness, Heard, PATIENCE, Watch};
use crate::sync::{Condvar, Mutex, MutexGuard};

pub(crate) type ThreadJob = Box<dyn FnOnce() + Send>;

/// One thread that makes or serves blocking calls.
pub(crate) struct ThreadContext {
    /// Unique among all threads the process ever had.
    pub(crate) key: u64,
    name: OnceLock<String>,
    queue: Mutex<Queue>,
    wake: Condvar,
    eagerness: Eagerness,
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<ThreadJob>,
    closed: bool,
    sleeps: Sleeps,
    /// How often there was something new for the thread.
    news: u64,
    /// What the thread looks after while it has nothing to do.
    watch: Option<Arc<dyn Watch>>,
    /// What wakes it then.
    doorbell: Option<Arc<Doorbell>>,
    /// How connections that hold something for this thread are told when it ends.
    at_exit: HashMap<u64, ThreadJob>,
}

/// How a thread is woken.
#[derive(Clone, Copy, Default, PartialEq)]
enum Sleeps {
    #[default]
    No,
    Here,
    OnSocket,
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
            eagerness: Eagerness::default(),
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
    pub(crate) fn post(self: &Arc<Self>, job: ThreadJob) -> Result<(), ThreadJob> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(job);
        }
        queue.jobs.push_back(job);
        self.wake(queue);
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
    pub(crate) fn close(self: &Arc<Self>) {
        let mut queue = self.lock();
        queue.closed = true;
        let unrun = std::mem::take(&mut queue.jobs);
        self.wake(queue);
        drop(unrun);
    }

    /// Says that there is something new. Whoever sleeps looks under the lock before, so this cannot fall between the
    /// look and the sleep.
    fn wake(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue>) {
        queue.news += 1;
        let sleeps = queue.sleeps;
        drop(queue);
        if sleeps != Sleeps::No
            && let Some(thread) = Wakes::put_off(self)
        {
            thread.wake_now();
        }
    }

    fn wake_now(&self) {
        let queue = self.lock();
        let (sleeps, doorbell) = (queue.sleeps, queue.doorbell.clone());
        drop(queue);
        match (sleeps, doorbell) {
            (Sleeps::No, _) => {}
            (Sleeps::OnSocket, Some(doorbell)) => doorbell.ring(),
            (Sleeps::OnSocket, None) | (Sleeps::Here, _) => self.wake.notify_all(),
        }
    }

    /// How often there was something new for the thread.
    pub(crate) fn news(&self) -> u64 {
        self.lock().news
    }

    /// Has the thread, which is this one and looks after nothing, look after a socket while it has nothing to do. Returns
    /// whether it can.
    pub(crate) fn look_after(&self, watch: Arc<dyn Watch>) -> bool {
        let mut queue = self.lock();
        if queue.doorbell.is_none() {
            queue.doorbell = Doorbell::new().map(Arc::new);
        }
        let can = queue.doorbell.is_some();
        queue.watch = Some(watch).filter(|_| can);
        can
    }

    /// Sleeps until there is something new, or for so long.
    fn sleep<'q>(
        &'q self,
        mut queue: MutexGuard<'q, Queue>,
        time: Option<Duration>,
    ) -> MutexGuard<'q, Queue> {
        let (Some(watch), Some(doorbell)) = (queue.watch.clone(), queue.doorbell.clone()) else {
            queue.sleeps = Sleeps::Here;
            queue = match time {
                None => self.wake.wait(queue).unwrap_or_else(PoisonError::into_inner),
                Some(time) => self.wake.wait_timeout(queue, time).unwrap_or_else(PoisonError::into_inner).0,
            };
            queue.sleeps = Sleeps::No;
            return queue;
        };
        queue.sleeps = Sleeps::OnSocket;
        drop(queue);
        let time = time.map_or(PATIENCE, |time| time.min(PATIENCE));
        let heard = doorbell.sleep(watch.socket(), time, &self.eagerness);
        queue = self.lock();
        queue.sleeps = Sleeps::No;
        match heard {
            Heard::Socket => {
                drop(queue);
                if !watch.is_readable(&|| self.news()) {
                    let watch = self.lock().watch.take();
                    drop(watch);
                }
            }
            Heard::Nothing => {
                let doorbell = queue.doorbell.take();
                self.leave(queue);
                drop(doorbell);
            }
            Heard::Else => return queue,
        }
        self.lock()
    }

    /// Lets go of the queue to do something else than to wait.
    fn leave(&self, mut queue: MutexGuard<'_, Queue>) {
        let watch = queue.watch.take();
        drop(queue);
        if let Some(watch) = watch {
            watch.ends();
        }
    }

    /// Runs jobs until the queue is closed: the life of a worker thread.
    pub(crate) fn run(&self) {
        let mut queue = self.lock();
        loop {
            if let Some(job) = queue.jobs.pop_front() {
                self.leave(queue);
                job();
                queue = self.lock();
            } else if queue.closed {
                return self.leave(queue);
            } else {
                queue = self.sleep(queue, None);
            }
        }
    }

    /// Runs jobs until `slot` is filled, or until the deadline passes (`None`).
    fn wait<T>(&self, slot: &ReplySlot<T>, deadline: Option<Instant>) -> Option<T> {
        let mut queue = self.lock();
        loop {
            if let Some(value) = slot.take() {
                self.leave(queue);
                return Some(value);
            }
            if let Some(job) = queue.jobs.pop_front() {
                self.leave(queue);
                job();
                queue = self.lock();
                continue;
            }
            let left = deadline.map(|deadline| deadline.checked_duration_since(Instant::now()));
            if left == Some(None) {
                self.leave(queue);
                return None;
            }
            queue = self.sleep(queue, left.flatten());
        }
    }
}

/// Puts off the waking of a thread for as long as this value exists: one that is woken by this thread's work would only
/// wait for the end of it. Of several, only the first is put off.
pub(crate) struct Wakes;

#[derive(Default)]
enum PutOff {
    /// Nobody is, now.
    #[default]
    Nobody,
    /// Somebody will be.
    Next,
    This(Arc<ThreadContext>),
}

thread_local! {
    static PUT_OFF: RefCell<PutOff> = const { RefCell::new(PutOff::Nobody) };
}

impl Wakes {
    pub(crate) fn begin() -> Self {
        let _ = PUT_OFF.try_with(|put_off| *put_off.borrow_mut() = PutOff::Next);
        Wakes
    }

    /// Wakes whoever was put off: what comes next may take its time.
    pub(crate) fn now() {
        let put_off = PUT_OFF.try_with(|put_off| {
            let mut put_off = put_off.borrow_mut();
            if matches!(*put_off, PutOff::This(_)) {
                std::mem::replace(&mut *put_off, PutOff::Next)
            } else {
                PutOff::Nobody
            }
        });
        if let Ok(PutOff::This(thread)) = put_off {
            thread.wake_now();
        }
    }

    /// Gives back whoever is to be woken now.
    fn put_off(thread: &Arc<ThreadContext>) -> Option<Arc<ThreadContext>> {
        let thread = thread.clone();
        let found = PUT_OFF.try_with(|put_off| {
            let mut put_off = put_off.borrow_mut();
            match &*put_off {
                PutOff::Next => *put_off = PutOff::This(thread.clone()),
                PutOff::This(other) if Arc::ptr_eq(other, &thread) => {}
                _ => return false,
            }
            true
        });
        (found != Ok(true)).then_some(thread)
    }
}

impl Drop for Wakes {
    fn drop(&mut self) {
        Wakes::now();
        let _ = PUT_OFF.try_with(|put_off| *put_off.borrow_mut() = PutOff::Nobody);
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
        self.thread.wake(self.thread.lock());
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
