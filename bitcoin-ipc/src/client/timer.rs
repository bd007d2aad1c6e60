//! Deadlines, for futures that run in any executor: the timer ticks on the event loop.
//!
//! In: a call and a limit. Out: its result, or an error of kind `Timeout`.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use mp_runtime::{Error, ErrorKind, EventLoop, Result};
use tokio::sync::{Notify, oneshot};

/// The deadlines of calls. Most calls are long over by then, so one task looks after all of them,
/// and a call costs no message to the event loop.
#[derive(Default)]
pub(super) struct Deadlines {
    pending: Mutex<Pending>,
    /// There is a deadline before the one that the task waits for.
    earlier: Notify,
}

#[derive(Default)]
struct Pending {
    /// Who waits, by deadline and number.
    waiting: BTreeMap<(Instant, u64), oneshot::Sender<()>>,
    next_number: u64,
    /// When the task will look again; `None` without one.
    looks_at: Option<Instant>,
}

/// A deadline that is forgotten when the call is over.
struct Deadline<'d> {
    deadlines: &'d Deadlines,
    key: (Instant, u64),
}

impl Drop for Deadline<'_> {
    fn drop(&mut self) {
        self.deadlines.lock().waiting.remove(&self.key);
    }
}

impl Deadlines {
    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Awaits `call`, at most for `limit`.
    pub(super) async fn within<T>(
        self: &Arc<Self>,
        event_loop: &EventLoop,
        limit: Option<Duration>,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let until = limit.and_then(|limit| Instant::now().checked_add(limit));
        let (Some(limit), Some(until)) = (limit, until) else { return call.await };
        let (deadline, passed) = self.set(event_loop, until);
        let result = match select(std::pin::pin!(call), passed).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => {
                Err(Error::new(ErrorKind::Timeout, format!("the node has not answered within {limit:?}")))
            }
        };
        drop(deadline);
        result
    }

    /// Resolves after `pause`.
    pub(super) async fn sleep(self: &Arc<Self>, event_loop: &EventLoop, pause: Duration) {
        let Some(until) = Instant::now().checked_add(pause) else { return std::future::pending().await };
        let (_deadline, passed) = self.set(event_loop, until);
        let _ = passed.await;
    }

    fn set(
        self: &Arc<Self>,
        event_loop: &EventLoop,
        until: Instant,
    ) -> (Deadline<'_>, oneshot::Receiver<()>) {
        let (sender, passed) = oneshot::channel();
        let mut pending = self.lock();
        let key = (until, pending.next_number);
        pending.next_number += 1;
        pending.waiting.insert(key, sender);
        let looks_at = pending.looks_at;
        if looks_at.is_none_or(|looks_at| until < looks_at) {
            pending.looks_at = Some(until);
        }
        drop(pending);
        match looks_at {
            None => event_loop.spawn_task(watch(self.clone())),
            Some(looks_at) if until < looks_at => self.earlier.notify_one(),
            Some(_) => {}
        }
        (Deadline { deadlines: self, key }, passed)
    }
}

/// Tells those whose deadline has passed, until there is none left.
async fn watch(deadlines: Arc<Deadlines>) {
    loop {
        let next = {
            let mut pending = deadlines.lock();
            let now = Instant::now();
            while let Some(entry) = pending.waiting.first_entry().filter(|entry| entry.key().0 <= now) {
                let _ = entry.remove().send(());
            }
            pending.looks_at = pending.waiting.first_key_value().map(|((until, _), _)| *until);
            match pending.looks_at {
                Some(until) => until,
                None => return,
            }
        };
        tokio::select! {
            () = tokio::time::sleep_until(next.into()) => {}
            () = deadlines.earlier.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_pass_in_their_order_whatever_order_they_were_set_in() {
        let event_loop = EventLoop::new("timer").expect("a loop");
        let deadlines = Arc::new(Deadlines::default());
        let wait = async |millis| {
            let started = Instant::now();
            deadlines.sleep(&event_loop, Duration::from_millis(millis)).await;
            (millis, started.elapsed())
        };
        futures::executor::block_on(async {
            // The task waits for the longest when the shorter ones come.
            let (long, middle, short) = futures::join!(wait(2000), wait(200), wait(20));
            for (millis, took) in [long, middle, short] {
                assert!(took >= Duration::from_millis(millis), "{took:?}");
            }
            assert!(short.1 < Duration::from_millis(1500), "{:?}", short.1);
        });
        assert!(deadlines.lock().waiting.is_empty());
    }

    #[test]
    fn a_deadline_after_a_later_one_that_is_no_more_passes_in_time() {
        let event_loop = EventLoop::new("timer").expect("a loop");
        let deadlines = Arc::new(Deadlines::default());
        futures::executor::block_on(async {
            let done = deadlines.within(&event_loop, Some(Duration::from_secs(3600)), async { Ok(()) });
            assert_eq!(done.await, Ok(()));
            let short = Some(Duration::from_millis(20));
            let late = deadlines.within(&event_loop, short, std::future::pending::<Result<()>>()).await;
            assert_eq!(late.expect_err("no answer").kind(), ErrorKind::Timeout);
        });
    }
}
