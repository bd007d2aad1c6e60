//! What an event loop is driven by: its own thread, or a task of the caller's.
//!
//! In: it is polled. Out: the loop's work is done that nobody else does, until the last handle is gone.

use std::cell::RefCell;
use std::collections::HashSet;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::work::{Core, Movable, Present};
use crate::thread::Eagerness;

thread_local! {
    /// The loops whose drivers are on this thread, which they cannot leave, polled or not.
    static DRIVERS: RefCell<HashSet<u64>> = RefCell::new(HashSet::new());
}

/// Whether the driver of this loop is on this thread and stays there.
pub(super) fn is_here(id: u64) -> bool {
    DRIVERS.try_with(|drivers| drivers.borrow().contains(&id)).unwrap_or(false)
}

/// Drives an [`EventLoop`](super::EventLoop) inside the caller's tokio runtime.
#[must_use = "the event loop does nothing unless its driver is polled"]
pub struct Driver {
    core: Arc<Core>,
    /// Present from the first poll on, if the loop cannot leave this thread.
    pinned: Option<Option<Present>>,
    /// When it had nothing to do any more.
    idle: Instant,
    eagerness: Eagerness,
    /// It cannot leave its thread.
    stays: PhantomData<Rc<()>>,
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver")
    }
}

impl Driver {
    /// Drives a loop that may leave its thread, or one that is `pinned` to this one.
    pub(super) fn new(core: &Arc<Core>, is_pinned: bool) -> Self {
        let pinned = is_pinned.then_some(None);
        if is_pinned {
            DRIVERS.with(|drivers| drivers.borrow_mut().insert(core.id));
        }
        Driver {
            core: core.clone(),
            pinned,
            idle: Instant::now(),
            eagerness: Eagerness::default(),
            stays: PhantomData,
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Driver { core, pinned, idle, eagerness, .. } = self.get_mut();
        core.driver.register(cx.waker());
        if core.turns.is_open() {
            eagerness.note(idle.elapsed());
            let turn = core.turns.take();
            if let (Some(present @ None), Some(Movable(here))) = (&mut *pinned, &*turn.inside) {
                *present = Some(Present::new(core.id, here.clone()));
            }
            core.work(turn, || (), || ());
            *idle = Instant::now();
        }
        if core.has_ended() {
            return Poll::Ready(());
        }
        if pinned.is_none() && idle.elapsed() < eagerness.time() {
            // The runtime looks at its sockets.
            return std::pin::pin!(tokio::task::yield_now()).poll(cx);
        }
        Poll::Pending
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = DRIVERS.try_with(|drivers| drivers.borrow_mut().remove(&self.core.id));
        self.pinned = None;
        self.core.close();
    }
}
