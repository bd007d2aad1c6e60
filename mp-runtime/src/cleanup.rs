//! Dropping what may block, or call back into the runtime, away from an event loop.
//!
//! In: values whose destructors belong to the user. Out: they run one after the other, in order, on a thread that is
//! there while there are some. Each connection has a queue of its own, so that no peer holds up the objects of
//! another one.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crate::sync::{Mutex, MutexGuard, thread};

type Work = Box<dyn FnOnce() + Send>;

/// A queue of destructors.
#[derive(Clone)]
pub(crate) struct Cleanup(Arc<Mutex<Queue>>);

#[derive(Default)]
struct Queue {
    work: VecDeque<Work>,
    /// Whether there is a thread, which takes the next piece under the lock or is gone.
    runs: bool,
}

impl Default for Cleanup {
    fn default() -> Self {
        Cleanup(Arc::new(Mutex::new(Queue::default())))
    }
}

impl Cleanup {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` after everything given before it.
    pub(crate) fn run(&self, work: impl FnOnce() + Send + 'static) {
        self.add(Box::new(work));
    }

    /// Apart from what the work is, so that there is one of this for all interfaces.
    fn add(&self, work: Work) {
        let mut queue = self.lock();
        queue.work.push_back(work);
        if std::mem::replace(&mut queue.runs, true) {
            return;
        }
        drop(queue);
        let own = self.clone();
        let spawned = thread::Builder::new().name("ipc-cleanup".into()).spawn(move || own.work());
        if let Err(error) = spawned {
            tracing::warn!(target: "ipc", %error, "no cleanup thread; dropping objects where they were let go");
            self.work();
        }
    }

    /// Works until there is nothing left.
    fn work(&self) {
        loop {
            let mut queue = self.lock();
            let Some(work) = queue.work.pop_front() else {
                queue.runs = false;
                return;
            };
            drop(queue);
            // A destructor that panics must not keep the others from running.
            if catch_unwind(AssertUnwindSafe(work)).is_err() {
                tracing::warn!(target: "ipc", "an object panicked while it was dropped");
            }
        }
    }

    /// Waits until everything given before has run. Returns whether that was within `patience`.
    pub(crate) fn wait(&self, patience: Duration) -> bool {
        let (done, is_done) = sync_channel(1);
        self.run(move || {
            // Nobody may wait any more.
            let _ = done.send(());
        });
        is_done.recv_timeout(patience).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn work_runs_in_order_and_survives_a_panic() {
        let cleanup = Cleanup::default();
        let (sender, receiver) = channel();
        for number in 0..5 {
            let sender = sender.clone();
            cleanup.run(move || {
                sender.send(number).expect("the test still listens");
                assert_ne!(number, 2, "one of them panics");
            });
        }
        assert!(cleanup.wait(Duration::from_secs(60)));
        let order: Vec<i32> = receiver.try_iter().collect();
        assert_eq!(order, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn one_queue_does_not_wait_for_another_one() {
        let (hung, other) = (Cleanup::default(), Cleanup::default());
        let (release, released) = channel::<()>();
        hung.run(move || {
            let _ = released.recv();
        });
        assert!(other.wait(Duration::from_secs(60)));
        assert!(!hung.wait(Duration::from_millis(20)));
        drop(release);
        assert!(hung.wait(Duration::from_secs(60)));
    }
}
