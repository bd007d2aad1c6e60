//! A connection, as other threads hold it.
//!
//! In: what they want of it. Out: orders that are obeyed on the loop's thread, where all the rest of it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::budget::Budget;
use super::life::Life;
use crate::cleanup::Cleanup;
use crate::event_loop::EventLoop;
use crate::limits::Limits;

/// What of a connection is `Send`.
pub(crate) struct Shared {
    id: u64,
    event_loop: EventLoop,
    /// Whether the last handle closes the connection.
    owned: bool,
    obey: Obey,
    pub(crate) life: Arc<Life>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) waiters: Arc<Waiters>,
    /// Where objects are dropped that the peer leaves behind.
    pub(crate) cleanup: Cleanup,
    /// Whether the peer has let somebody wait in vain for the end of one of its objects.
    keeps_waiting: AtomicBool,
}

/// Who waits for the peer, for the answer to a call or for its next call.
#[derive(Default)]
pub(crate) struct Waiters {
    /// The thread that was the last one to begin to wait, by its key.
    last: AtomicU64,
}

impl Waiters {
    /// Notes that a thread begins to wait. Returns whether it was the last one to do so before.
    pub(crate) fn is_alone(&self, thread: u64) -> bool {
        let last = self.last.swap(thread, Ordering::Relaxed);
        last == 0 || last == thread
    }
}

/// What any thread may want of a connection.
pub(crate) enum Order {
    /// Let the object of the peer go that has this key.
    Release(u64),
    /// Close the connection.
    Close,
    /// End it, because others need the memory that it holds.
    Evict,
}

/// Obeys on the loop's thread, for the connection of an id.
type Obey = fn(u64, Order);

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

impl Shared {
    pub(crate) fn new(event_loop: &EventLoop, owned: bool, limits: Limits, obey: Obey) -> Arc<Self> {
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        let weak = event_loop.downgrade();
        let evict = move || {
            if let Some(event_loop) = weak.upgrade() {
                event_loop.run(move || obey(id, Order::Evict));
            }
        };
        Arc::new(Shared {
            id,
            event_loop: event_loop.clone(),
            owned,
            obey,
            life: Arc::new(Life::new()),
            waiters: Arc::default(),
            budget: Budget::new(limits, evict),
            cleanup: Cleanup::default(),
            keeps_waiting: AtomicBool::new(false),
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn event_loop(&self) -> &EventLoop {
        &self.event_loop
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.life.is_closed()
    }

    /// Has the loop obey, soon.
    pub(crate) fn order(&self, order: Order) {
        let (id, obey) = (self.id, self.obey);
        self.event_loop.run(move || obey(id, order));
    }

    /// Whether nobody is to wait for the end of the peer's objects any more.
    pub(crate) fn keeps_waiting(&self) -> bool {
        self.keeps_waiting.load(Ordering::Relaxed)
    }

    pub(crate) fn set_keeps_waiting(&self, keeps: bool) {
        self.keeps_waiting.store(keeps, Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Connection({})", self.id)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.owned && !self.is_closed() {
            self.order(Order::Close);
        }
    }
}
