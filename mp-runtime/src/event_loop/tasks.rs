//! The tasks of an event loop, on whichever thread has its turn.
//!
//! In: tasks. Out: those that were woken go on, until all wait; one that panics is gone, and no other.

use std::cell::RefCell;
use std::future::Future;
use std::task::{Context, Poll};

use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;

use super::guard;

/// The tasks.
#[derive(Default)]
pub(super) struct Tasks {
    all: RefCell<FuturesUnordered<LocalBoxFuture<'static, ()>>>,
    /// Those that came while others went on.
    new: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
}

impl Tasks {
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.new.borrow_mut().push(Box::pin(task));
    }

    /// Lets those go on that can. Whoever has to go on later wakes `cx`.
    pub(super) fn go_on(&self, cx: &mut Context<'_>) {
        let mut all = self.all.borrow_mut();
        loop {
            let new = self.new.take();
            all.extend(new);
            let polled = guard(|| all.poll_next_unpin(cx));
            let waits = matches!(polled, Some(Poll::Pending | Poll::Ready(None)));
            if waits && self.new.borrow().is_empty() {
                return;
            }
        }
    }
}
