//! Which call is being served where code runs.
//!
//! In: the connection and token of a call, when its method starts. Out: calls that the method makes
//! on the same connection know that they are nested in it.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A connection's id and the token of the call being served on it.
pub(crate) type Frame = (u64, u64);

thread_local! {
    static FRAMES: RefCell<Vec<Frame>> = const { RefCell::new(Vec::new()) };
}

/// The innermost call that is being served here for this connection.
pub(crate) fn current(connection: u64) -> Option<u64> {
    FRAMES
        .try_with(|frames| {
            frames.borrow().iter().rev().find(|frame| frame.0 == connection).map(|frame| frame.1)
        })
        .ok()
        .flatten()
}

struct Entered(bool);

impl Drop for Entered {
    fn drop(&mut self) {
        if self.0 {
            let _ = FRAMES.try_with(|frames| frames.borrow_mut().pop());
        }
    }
}

/// Runs `body` as part of the call.
pub(crate) fn enter<T>(frame: Option<Frame>, body: impl FnOnce() -> T) -> T {
    let entered = match frame {
        Some(frame) => FRAMES.try_with(|frames| frames.borrow_mut().push(frame)).is_ok(),
        None => false,
    };
    let _entered = Entered(entered);
    body()
}

/// A future that is part of a call whenever it is polled.
pub(crate) struct Scoped<F> {
    frame: Option<Frame>,
    future: Pin<Box<F>>,
}

impl<F: Future> Scoped<F> {
    pub(crate) fn new(frame: Option<Frame>, future: F) -> Self {
        Scoped { frame, future: Box::pin(future) }
    }
}

impl<F: Future> Future for Scoped<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let frame = self.frame;
        let future = self.future.as_mut();
        enter(frame, || future.poll(cx))
    }
}
