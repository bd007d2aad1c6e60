//! Who is told of what happens to the chain and the mempool.
//!
//! In: events, in order. Out: calls of [`ChainNotifications`], in that order, on a thread for each
//! of them: one that is slow or stuck holds up nobody else.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use bitcoin::{BlockHash, Transaction};
use bitcoin_ipc::interfaces::{ChainNotifications, Handler};
use bitcoin_ipc::types::{BlockInfo, BlockLocator, ChainstateRole, MempoolRemovalReason};
use mp_runtime::{Error, ErrorKind, Result, ipc_interface};

/// Blocks that are kept for those who have not heard of them yet; older ones are read from disk.
const RECENT: usize = 8;
/// Events that may wait for one who does not listen; with more it is given up.
const PATIENCE: usize = 100_000;
/// How long the end of the node waits for those who have not heard everything.
const PARTING: Duration = Duration::from_secs(10);
/// How often one who waits looks whether to give up.
const LOOK_UP: Duration = Duration::from_millis(250);
/// What the chain state is for: ours is checked from the first block on.
const ROLE: ChainstateRole = ChainstateRole { validated: true, historical: false };

/// Something that happened.
#[derive(Clone)]
pub(crate) enum Event {
    Added(Arc<Transaction>),
    Removed(Arc<Transaction>, MempoolRemovalReason),
    Connected(BlockHash, Weak<BlockInfo>),
    Disconnected(BlockHash, Weak<BlockInfo>),
    Tip,
    Flushed(Arc<BlockLocator>),
}

/// Reads a block that is no longer at hand.
pub(crate) type Read = Box<dyn Fn(BlockHash) -> Result<BlockInfo> + Send + Sync>;

/// All who are told.
pub(crate) struct Notifier {
    queues: Mutex<Vec<Arc<Queue>>>,
    recent: Mutex<VecDeque<Arc<BlockInfo>>>,
}

/// What one of them has not heard yet.
struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// How many events were put in and have been told, since the beginning.
    put: u64,
    told: u64,
    ended: bool,
    thread: Option<ThreadId>,
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
        let queue = Arc::new(Queue { state: Mutex::default(), changed: Condvar::new() });
        let ours = queue.clone();
        std::thread::Builder::new().name("notify".to_owned()).spawn(move || {
            ours.deliver(&*to, &read);
            // The proxy of another process may take a moment to say goodbye.
            drop(to);
        })?;
        lock(&self.queues).push(queue.clone());
        Ok(Registration { queue })
    }

    /// Waits until everybody was told of everything so far; false once `give_up` says so.
    pub(crate) fn wait_until_told(&self, give_up: &dyn Fn() -> bool) -> bool {
        let waiting = |queue: &Arc<Queue>| (queue.clone(), lock(&queue.state).put);
        let queues: Vec<_> = lock(&self.queues).iter().map(waiting).collect();
        queues.iter().all(|(queue, until)| {
            while !queue.wait(*until, Some(Instant::now() + LOOK_UP)) {
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
            if !queue.drain(Some(deadline)) {
                tracing::warn!(target: "node", "One who is told of the chain has not heard everything.");
            }
            queue.end();
        }
    }
}

impl Queue {
    /// Whether the event will be told.
    fn put(&self, event: Event) -> bool {
        let mut state = lock(&self.state);
        if state.events.len() >= PATIENCE && !state.ended {
            tracing::error!(
                target: "node",
                "One who is told of the chain has not listened to {PATIENCE} events: it is told no more."
            );
            state.ended = true;
        }
        if !state.ended {
            state.events.push_back(event);
            state.put += 1;
        }
        self.changed.notify_all();
        !state.ended
    }

    fn end(&self) {
        let mut state = lock(&self.state);
        state.ended = true;
        state.events.clear();
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Event> {
        let mut state = lock(&self.state);
        state.thread = Some(std::thread::current().id());
        loop {
            if state.ended {
                return None;
            }
            if let Some(event) = state.events.pop_front() {
                return Some(event);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn deliver(&self, to: &dyn ChainNotifications, read: &Read) {
        while let Some(event) = self.next() {
            match tell(to, &event, read) {
                Err(error) if error.kind() == ErrorKind::Disconnected => self.end(),
                Err(error) => tracing::warn!(target: "node", "A notification was not taken: {error}"),
                Ok(()) => {}
            }
            lock(&self.state).told += 1;
            self.changed.notify_all();
        }
    }

    /// Waits until everything so far is told; false if the deadline came first.
    fn drain(&self, deadline: Option<Instant>) -> bool {
        let until = lock(&self.state).put;
        self.wait(until, deadline)
    }

    /// Waits until so many events are told; false if the deadline came first.
    fn wait(&self, until: u64, deadline: Option<Instant>) -> bool {
        let mut state = lock(&self.state);
        if state.thread == Some(std::thread::current().id()) {
            return true; // asked from within a notification, which would wait for itself
        }
        while state.told < until && !state.ended {
            state = match deadline {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return false;
                    }
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        true
    }
}

fn tell(to: &dyn ChainNotifications, event: &Event, read: &Read) -> Result<()> {
    let block = |hash: &BlockHash, info: &Weak<BlockInfo>| match info.upgrade() {
        Some(info) => Ok::<_, Error>(info),
        None => Ok(Arc::new(read(*hash)?)),
    };
    match event {
        Event::Added(tx) => to.transaction_added_to_mempool(tx),
        Event::Removed(tx, reason) => to.transaction_removed_from_mempool(tx, *reason),
        Event::Connected(hash, info) => to.block_connected(ROLE, &*block(hash, info)?),
        Event::Disconnected(hash, info) => to.block_disconnected(&*block(hash, info)?),
        Event::Tip => to.updated_block_tip(),
        Event::Flushed(locator) => to.chain_state_flushed(ROLE, locator),
    }
}

/// One who is told. Dropping it ends that.
pub struct Registration {
    queue: Arc<Queue>,
}

impl Registration {
    /// Waits until everything that has happened so far is told.
    pub fn drain(&self) {
        self.queue.drain(None);
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
    pub(crate) fn drain(&self) {
        if let Some(queue) = self.0.upgrade() {
            queue.drain(None);
        }
    }

    /// Whether the registration is still there.
    pub(crate) fn is_there(&self) -> bool {
        self.0.upgrade().is_some_and(|queue| !lock(&queue.state).ended)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.queue.end();
    }
}

#[ipc_interface]
impl Handler for Registration {
    fn disconnect(&self) -> Result<()> {
        self.queue.end();
        Ok(())
    }
}
