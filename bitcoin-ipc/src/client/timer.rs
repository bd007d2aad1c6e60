//! Time, for futures that run in any executor: the timers tick on the event loop.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::future::{Either, select};
use mp_runtime::{Error, ErrorKind, EventLoop, Result};
use tokio::sync::oneshot;

/// Resolves after `duration`.
pub(super) async fn sleep(event_loop: &EventLoop, duration: Duration) {
    let (sender, receiver) = oneshot::channel();
    event_loop.spawn_task(async move {
        let mut sender: oneshot::Sender<()> = sender;
        // Nobody waits any more when the receiver is gone.
        tokio::select! {
            () = tokio::time::sleep(duration) => {}
            () = sender.closed() => {}
        }
    });
    let _ = receiver.await;
}

/// The deadlines of calls. Most calls are long over by then, so one task looks after all of them,
/// and a call costs no message to the event loop.
#[derive(Default)]
pub(super) struct Deadlines(Mutex<Pending>);

#[derive(Default)]
struct Pending {
    /// Who waits, by deadline and number.
    waiting: BTreeMap<(Instant, u64), oneshot::Sender<()>>,
    next_number: u64,
    /// Whether the task is there.
    watched: bool,
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        let (sender, passed) = oneshot::channel();
        let (deadline, unwatched) = {
            let mut pending = self.lock();
            let key = (until, pending.next_number);
            pending.next_number += 1;
            pending.waiting.insert(key, sender);
            (Deadline { deadlines: self, key }, !std::mem::replace(&mut pending.watched, true))
        };
        if unwatched {
            event_loop.spawn_task(watch(self.clone()));
        }
        let result = match select(std::pin::pin!(call), passed).await {
            Either::Left((result, _)) => result,
            Either::Right(_) => {
                Err(Error::new(ErrorKind::Timeout, format!("the node has not answered within {limit:?}")))
            }
        };
        drop(deadline);
        result
    }
}

/// Tells those whose deadline has passed, until there is none left. All deadlines of a client are as
/// far away as each other when they are set, so no new one comes before those that are there.
async fn watch(deadlines: Arc<Deadlines>) {
    loop {
        let next = {
            let mut pending = deadlines.lock();
            let now = Instant::now();
            while let Some(entry) = pending.waiting.first_entry().filter(|entry| entry.key().0 <= now) {
                let _ = entry.remove().send(());
            }
            match pending.waiting.first_key_value() {
                Some(((until, _), _)) => *until,
                None => {
                    pending.watched = false;
                    return;
                }
            }
        };
        tokio::time::sleep_until(next.into()).await;
    }
}
