//! Who is told of what happens to the chain and the mempool.
//!
//! In: events, in order. Out: calls of [`ChainNotifications`], in that order, on a thread for each
//! of them: one that is slow or stuck holds up nobody else.
//!
//! Nobody misses an event without noticing it. Whoever lets too much wait is told no more, and so is one for whom a
//! call panicked: its object is dropped, which its process sees as the end of the registration, and whoever waits
//! for what it was to hear gets an error.

mod event;
mod queue;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use bitcoin_ipc::interfaces::{ChainNotifications, Handler};
use bitcoin_ipc::types::BlockInfo;
use mp_runtime::{Result, ipc_interface};

pub(crate) use event::{Event, Read};
use queue::{End, Queue};

/// Blocks that are kept for those who have not heard of them yet; older ones are read from disk.
const RECENT: usize = 8;
/// How long one who waits for others waits without any of them hearing anything.
const STUCK: Duration = Duration::from_secs(60);
/// How long the end of the node waits for those who have not heard everything.
const PARTING: Duration = Duration::from_secs(10);
/// How often one who waits looks whether to give up.
const LOOK_UP: Duration = Duration::from_millis(250);
/// All who are told.
pub(crate) struct Notifier {
    queues: Mutex<Vec<Arc<Queue>>>,
    recent: Mutex<VecDeque<Arc<BlockInfo>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Notifier {
    pub(crate) fn new() -> Self {
        Notifier { queues: Mutex::default(), recent: Mutex::default() }
    }

    /// Tells everybody, soon.
    pub(crate) fn tell(&self, event: &Event) {
        lock(&self.queues).retain(|queue| queue.put(event.clone()));
    }

    /// Keeps a block at hand until its event is told, at least for a while.
    pub(crate) fn keep(&self, info: BlockInfo) -> Weak<BlockInfo> {
        let info = Arc::new(info);
        let weak = Arc::downgrade(&info);
        let mut recent = lock(&self.recent);
        recent.push_back(info);
        if recent.len() > RECENT {
            recent.pop_front();
        }
        weak
    }

    /// Tells `to` of everything from now on, until the registration is dropped.
    pub(crate) fn register(&self, to: Arc<dyn ChainNotifications>, read: Read) -> Result<Registration> {
        let queue = Arc::new(Queue::default());
        let ours = queue.clone();
        std::thread::Builder::new().name("notify".to_owned()).spawn(move || {
            ours.deliver(&*to, &read);
            // That it is gone tells its owner that it hears nothing more. The proxy of another process may take a
            // moment to say goodbye.
            drop(to);
        })?;
        lock(&self.queues).push(queue.clone());
        Ok(Registration { queue })
    }

    /// Waits until everybody was told of everything so far; false once `give_up` says so.
    pub(crate) fn wait_until_told(&self, give_up: &dyn Fn() -> bool) -> bool {
        let waiting = |queue: &Arc<Queue>| (queue.clone(), queue.put_so_far());
        let queues: Vec<_> = lock(&self.queues).iter().map(waiting).collect();
        queues.iter().all(|(queue, until)| {
            // Of one that is told no more there is nothing to wait for.
            while let Ok(false) = queue.wait(*until, Instant::now() + LOOK_UP) {
                if give_up() {
                    return false;
                }
            }
            true
        })
    }

    /// Lets everybody hear what they have not heard yet, and then no more. Whoever takes longer than
    /// [`PARTING`] is left behind.
    pub(crate) fn finish(&self) {
        let deadline = Instant::now() + PARTING;
        let queues = std::mem::take(&mut *lock(&self.queues));
        for queue in queues {
            let until = queue.put_so_far();
            if queue.wait(until, deadline) != Ok(true) {
                tracing::warn!(target: "node", "One who is told of the chain has not heard everything.");
            }
            queue.end(End::Wanted);
        }
    }
}

/// One who is told. Dropping it ends that.
pub struct Registration {
    queue: Arc<Queue>,
}

impl Registration {
    /// Waits until everything that has happened so far is told.
    ///
    /// # Errors
    ///
    /// It is told no more, though it did not want that, or hears nothing for a minute.
    pub fn drain(&self) -> Result<()> {
        self.queue.drain(STUCK)
    }

    /// Waits for this registration without keeping it.
    pub(crate) fn watcher(&self) -> Watcher {
        Watcher(Arc::downgrade(&self.queue))
    }
}

/// Waits for a registration without keeping it.
#[derive(Clone)]
pub(crate) struct Watcher(Weak<Queue>);

impl Watcher {
    /// Waits until everything so far is told.
    ///
    /// # Errors
    ///
    /// As [`Registration::drain`].
    pub(crate) fn drain(&self) -> Result<()> {
        self.0.upgrade().map_or(Ok(()), |queue| queue.drain(STUCK))
    }

    /// Whether there is somebody who wants to hear.
    pub(crate) fn is_there(&self) -> bool {
        self.0.upgrade().is_some_and(|queue| queue.is_wanted())
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.queue.end(End::Wanted);
    }
}

#[ipc_interface]
impl Handler for Registration {
    fn disconnect(&self) -> Result<()> {
        self.queue.end(End::Wanted);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
