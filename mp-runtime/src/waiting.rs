//! Whether a thread may wait.
//!
//! In: a future, on some thread. Out: its result; or an error where waiting would stop what the future
//! waits for, or all that an executor has to do.

use std::task::{Context, Poll, Waker};

use futures::executor;
use tokio::runtime::Handle;
use tokio::task::coop::poll_proceed;

use crate::error::{Error, ErrorKind, Result};
use crate::event_loop::EventLoop;

/// Tokio gives each turn of a task so many steps at most.
const MOST_STEPS: usize = 1024;

/// Waits for a future on this thread, where it may wait.
///
/// `event_loop` is the one that the future needs: where this thread drives it, or is about to, the future would never
/// be ready.
///
/// # Errors
///
/// What the future gives; or an error of kind [`Misuse`](ErrorKind::Misuse) on a thread that drives an event loop or runs
/// the tasks of an executor, which is said before the future is polled.
pub fn block_on<T, E: From<Error>>(
    event_loop: &EventLoop,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    may_block(Some(event_loop))?;
    executor::block_on(future)
}

/// Refuses to wait on a thread that has other things to do; `event_loop` is what would be waited for, where it is known.
///
/// # Errors
///
/// As [`block_on`].
pub fn may_block(event_loop: Option<&EventLoop>) -> Result<()> {
    let misuse = |text: &str| Err(Error::new(ErrorKind::Misuse, text));
    if event_loop.is_some_and(EventLoop::is_driven_here) {
        return misuse(
            "this thread drives the event loop and cannot wait for it; make the blocking call from another thread, \
             or await the asynchronous one",
        );
    }
    if executor::enter().is_err() || inside_tokio() {
        return misuse(
            "this thread runs an executor's tasks and must not wait; await the asynchronous call, or make the \
             blocking one from a thread of its own (such as tokio's spawn_blocking)",
        );
    }
    Ok(())
}

/// Whether this is inside a task of tokio, which would be held up with all others of its thread. There is no
/// question for that, but only such a turn has an end of its steps; they are given back.
fn inside_tokio() -> bool {
    if Handle::try_current().is_err() {
        return false;
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut steps = Vec::new();
    let inside = loop {
        match poll_proceed(&mut context) {
            Poll::Pending => break true,
            Poll::Ready(_) if steps.len() == MOST_STEPS => break false,
            Poll::Ready(step) => steps.push(step),
        }
    };
    // Each gives back what there was before it, so the first one has to be the last.
    while steps.pop().is_some() {}
    inside
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_that_may_wait_are_told_from_tasks() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        assert!(!inside_tokio());
        {
            let _guard = runtime.enter();
            assert!(!inside_tokio(), "a thread that only knows of a runtime");
        }
        runtime.block_on(async {
            assert!(inside_tokio());
            // Nothing was taken for good.
            assert!(tokio::task::coop::has_budget_remaining());
            assert!(inside_tokio());
            assert!(tokio::spawn(async { inside_tokio() }).await.expect("an end"));
            assert!(!tokio::task::spawn_blocking(inside_tokio).await.expect("an end"));
        });
        assert!(!inside_tokio());
    }
}
