//! Callbacks that others registered, perhaps in another process.
//!
//! In: functions that want to hear of something, and news. Out: each function is called with all news in their
//! order, on a thread of its own, so that one that hangs holds up neither whoever has the news nor any other
//! function. A [`Registration`] ends it when it is dropped.
//!
//! News may wait while a function is busy. What only tells that something changed waits once, and of how far
//! something is only the latest counts ([`News`]). Whoever lets too much wait is told no more: its function is
//! dropped, which its process notices.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::error::{ErrorKind, Result};
use crate::sync::thread::{self, ThreadId};
use crate::sync::{Condvar, Mutex, MutexGuard};

/// News that may wait for one function; with more it is given up.
const PATIENCE: usize = 10_000;

/// How news goes with others that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Each counts.
    Each,
    /// While news of this name waits, another one says nothing new.
    Once(String),
    /// News of this name that waits is forgotten for this one.
    Latest(String),
}

/// Functions that want to hear of one thing. Clones are the same functions.
pub struct Callbacks<F>(Arc<Slots<F>>);

struct Slots<F> {
    /// Whose they are, for the log.
    of: &'static str,
    slots: Mutex<Registered<F>>,
}

struct Registered<F> {
    next: u64,
    slots: BTreeMap<u64, Arc<Slot<F>>>,
}

/// One function, and what it has not heard yet.
struct Slot<F> {
    queue: Mutex<Queue<F>>,
    told: Condvar,
}

type Call<F> = Arc<dyn Fn(&F) -> Result<()> + Send + Sync>;

struct Queue<F> {
    /// `None` once it is told no more.
    function: Option<Arc<F>>,
    waiting: VecDeque<(News, Call<F>)>,
    /// The thread that calls it, if one does.
    thread: Option<ThreadId>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<F> Clone for Callbacks<F> {
    fn clone(&self) -> Self {
        Callbacks(self.0.clone())
    }
}

impl<F: Send + Sync + 'static> Callbacks<F> {
    /// Without any function. The log says whose they are.
    #[must_use]
    pub fn new(of: &'static str) -> Self {
        let slots = Mutex::new(Registered { next: 0, slots: BTreeMap::new() });
        Callbacks(Arc::new(Slots { of, slots }))
    }

    /// Adds a function, until its registration is dropped or ended.
    #[must_use = "the function is told nothing when its registration is dropped"]
    pub fn add(&self, function: F) -> Registration<F> {
        let queue = Queue { function: Some(Arc::new(function)), waiting: VecDeque::new(), thread: None };
        let slot = Arc::new(Slot { queue: Mutex::new(queue), told: Condvar::new() });
        let mut registered = lock(&self.0.slots);
        let id = registered.next;
        registered.next += 1;
        registered.slots.insert(id, slot);
        Registration { id, slots: Arc::downgrade(&self.0) }
    }

    /// Whether there is any function.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        !lock(&self.0.slots).slots.is_empty()
    }

    /// Has every function called, soon. Nothing needs to be unlocked for it.
    pub fn tell(&self, news: News, call: impl Fn(&F) -> Result<()> + Send + Sync + 'static) {
        let call: Call<F> = Arc::new(call);
        let slots: Vec<_> = lock(&self.0.slots).slots.iter().map(|(id, slot)| (*id, slot.clone())).collect();
        for (id, slot) in slots {
            if !slot.put(news.clone(), call.clone()) {
                tracing::error!(
                    target: "ipc",
                    of = self.0.of,
                    "a callback has not listened to {PATIENCE} calls: it is called no more"
                );
                self.0.remove(id);
                continue;
            }
            self.0.start(id, &slot);
        }
    }

    /// Waits until every function was called with everything so far, or so long. A function that waits for itself
    /// is not waited for.
    pub fn wait(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let slots: Vec<_> = lock(&self.0.slots).slots.values().cloned().collect();
        slots.iter().for_each(|slot| slot.wait(until));
    }
}

impl<F: Send + Sync + 'static> Slots<F> {
    /// Starts the thread of a slot if something waits and there is none.
    fn start(self: &Arc<Self>, id: u64, slot: &Arc<Slot<F>>) {
        let mut queue = lock(&slot.queue);
        if queue.thread.is_some() || queue.waiting.is_empty() {
            return;
        }
        let (slots, ours) = (Arc::downgrade(self), slot.clone());
        let thread = thread::Builder::new().name("callback".into()).spawn(move || {
            if !ours.run()
                && let Some(slots) = slots.upgrade()
            {
                slots.remove(id);
            }
        });
        match thread {
            Ok(thread) => queue.thread = Some(thread.thread().id()),
            // It waits for the next time.
            Err(error) => {
                tracing::error!(target: "ipc", of = self.of, %error, "no thread for a callback");
            }
        }
    }
}

impl<F> Slots<F> {
    fn remove(&self, id: u64) {
        let slot = lock(&self.slots).slots.remove(&id);
        if let Some(slot) = slot {
            slot.end();
        }
    }
}

impl<F> Slot<F> {
    /// Gives false if too much waits.
    fn put(&self, news: News, call: Call<F>) -> bool {
        let mut queue = lock(&self.queue);
        if queue.function.is_none() {
            return true;
        }
        if news != News::Each
            && let Some(same) = queue.waiting.iter().position(|(waiting, _)| *waiting == news)
        {
            match news {
                News::Latest(_) => _ = queue.waiting.remove(same),
                _ => return true,
            }
        }
        if queue.waiting.len() >= PATIENCE {
            return false;
        }
        queue.waiting.push_back((news, call));
        true
    }

    /// Calls the function with what waits. Gives false if it is told no more.
    fn run(&self) -> bool {
        let this = thread::current().id();
        loop {
            let (function, call) = {
                let mut queue = lock(&self.queue);
                queue.thread = Some(this);
                match (queue.function.clone(), queue.waiting.pop_front()) {
                    (Some(function), Some((_, call))) => (function, call),
                    (function, _) => {
                        queue.thread = None;
                        self.told.notify_all();
                        return function.is_some();
                    }
                }
            };
            let called = catch_unwind(AssertUnwindSafe(|| call(&function)));
            // The last one to hold it may be this thread, and dropping it may be a call.
            drop(function);
            match called {
                Ok(Ok(())) => {}
                Ok(Err(error)) if error.kind() == ErrorKind::Disconnected => self.end(),
                Ok(Err(error)) => tracing::warn!(target: "ipc", %error, "a callback failed"),
                Err(_) => tracing::error!(target: "ipc", "a callback panicked"),
            }
        }
    }

    fn end(&self) {
        let mut queue = lock(&self.queue);
        let function = queue.function.take();
        let waiting = std::mem::take(&mut queue.waiting);
        drop(queue);
        self.told.notify_all();
        // Dropping them may be a call, for which nothing may be locked.
        drop((function, waiting));
    }

    fn wait(&self, until: Instant) {
        let this = thread::current().id();
        let mut queue = lock(&self.queue);
        while queue.thread.is_some_and(|thread| thread != this) && queue.function.is_some() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            queue = self.told.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A function's registration, which ends when this is dropped.
pub struct Registration<F> {
    id: u64,
    slots: Weak<Slots<F>>,
}

impl<F> Registration<F> {
    /// Ends it: the function is told nothing more, not even what waits.
    pub fn end(&self) {
        if let Some(slots) = self.slots.upgrade() {
            slots.remove(self.id);
        }
    }
}

impl<F> Drop for Registration<F> {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use crate::error::Error;

    use super::*;

    type Number = Box<dyn Fn(u32) -> Result<()> + Send + Sync>;

    const LONG: Duration = Duration::from_secs(60);

    fn into(sender: Sender<u32>) -> Number {
        Box::new(move |number| {
            let _ = sender.send(number);
            Ok(())
        })
    }

    /// A function that is stuck until something is sent, and what it hears.
    fn stuck() -> (Number, Sender<()>, Receiver<u32>) {
        let ((free, held), (sender, heard)) = (channel(), channel());
        let held = Mutex::new(held);
        let function: Number = Box::new(move |number| {
            let _ = held.lock().unwrap().recv();
            let _ = sender.send(number);
            Ok(())
        });
        (function, free, heard)
    }

    #[test]
    fn all_hear_in_order_until_they_stop() {
        let callbacks = Callbacks::<Number>::new("test");
        let ((first, one), (second, other)) = (channel(), channel());
        let handler = callbacks.add(into(first));
        let _other = callbacks.add(into(second));
        for number in 0..1000 {
            callbacks.tell(News::Each, move |call| call(number));
        }
        callbacks.wait(LONG);
        assert!(one.try_iter().eq(0..1000) && other.try_iter().eq(0..1000));
        handler.end();
        callbacks.tell(News::Each, |call| call(7));
        callbacks.wait(LONG);
        assert_eq!((one.try_iter().count(), other.try_iter().count()), (0, 1));
    }

    #[test]
    fn one_that_hangs_holds_up_nobody() {
        let callbacks = Callbacks::<Number>::new("test");
        let (function, free, heard) = stuck();
        let _hangs = callbacks.add(function);
        let (sender, other) = channel();
        let _other = callbacks.add(into(sender));
        callbacks.tell(News::Each, |call| call(1));
        callbacks.tell(News::Each, |call| call(2));
        assert_eq!((other.recv_timeout(LONG), other.recv_timeout(LONG)), (Ok(1), Ok(2)));
        assert!(heard.try_recv().is_err());
        callbacks.wait(Duration::from_millis(1));
        for _ in 0..2 {
            free.send(()).unwrap();
        }
        callbacks.wait(LONG);
        assert!(heard.try_iter().eq([1, 2]));
    }

    #[test]
    fn what_says_nothing_new_does_not_wait_twice() {
        let callbacks = Callbacks::<Number>::new("test");
        let (function, free, heard) = stuck();
        let _hangs = callbacks.add(function);
        callbacks.tell(News::Each, |call| call(0));
        for number in 1..=100 {
            callbacks.tell(News::Once("once".into()), move |call| call(number));
            callbacks.tell(News::Latest("latest".into()), move |call| call(1000 + number));
            callbacks.tell(News::Latest("other".into()), move |call| call(2000 + number));
        }
        drop(free);
        callbacks.wait(LONG);
        let heard: Vec<u32> = heard.try_iter().collect();
        // The first of these may be under way already.
        assert!(heard.starts_with(&[0]) && heard.ends_with(&[1100, 2100]) && heard.len() <= 5, "{heard:?}");
        assert!(heard.contains(&1));
    }

    #[test]
    fn one_that_never_listens_is_given_up_and_notices_it() {
        let callbacks = Callbacks::<Number>::new("test");
        let (function, free, heard) = stuck();
        let handler = callbacks.add(function);
        for number in 0..u32::try_from(PATIENCE).unwrap() + 2 {
            callbacks.tell(News::Each, move |call| call(number));
        }
        assert!(!callbacks.is_connected());
        drop(free);
        // Its function is dropped, and with it the other end of this.
        let heard: Vec<u32> = std::iter::from_fn(|| heard.recv_timeout(LONG).ok()).collect();
        assert!(heard.len() <= 1, "{heard:?}");
        drop(handler);
    }

    #[test]
    fn one_that_panics_or_fails_goes_on_and_one_that_is_gone_does_not() {
        let callbacks = Callbacks::<Number>::new("test");
        let (sender, heard) = channel();
        let _handler = callbacks.add(Box::new(move |number| match number {
            1 => panic!("for a test"),
            2 => Err(Error::failed("for a test")),
            4 => Err(Error::disconnected("for a test")),
            number => {
                let _ = sender.send(number);
                Ok(())
            }
        }));
        for number in 0..6 {
            callbacks.tell(News::Each, move |call| call(number));
        }
        assert!(std::iter::from_fn(|| heard.recv_timeout(LONG).ok()).eq([0, 3]));
        callbacks.wait(LONG);
        let until = Instant::now() + LONG;
        while callbacks.is_connected() {
            assert!(Instant::now() < until);
            std::thread::yield_now();
        }
    }

    #[test]
    fn one_may_register_and_tell_and_wait_itself() {
        let callbacks = Callbacks::<Number>::new("test");
        let (sender, heard) = channel();
        let (again, next) = (callbacks.clone(), sender.clone());
        let _handler = callbacks.add(Box::new(move |number| {
            if number < 3 {
                again.tell(News::Each, move |call| call(number + 1));
                again.wait(LONG);
            }
            let _ = next.send(number);
            Ok(())
        }));
        callbacks.tell(News::Each, |call| call(0));
        let heard: Vec<u32> = (0..4).map(|_| heard.recv_timeout(LONG).unwrap()).collect();
        assert_eq!(heard, [0, 1, 2, 3]);
    }
}
