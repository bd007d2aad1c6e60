//! Which call is being served where code runs.
//!
//! In: the connection and token of a call, when its method starts. Out: calls that the method makes
//! on the same connection know that they are nested in it, and which of the peer's threads waits for it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use capnp::private::capability::ClientHook;

use crate::thread::Wakes;

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
        Wakes::now();
        enter(frame, || future.poll(cx))
    }
}

/// The calls of one connection that are being served and whose peer waits for them, by token.
#[derive(Default)]
pub(crate) struct Scopes {
    waiting: RefCell<HashMap<u64, Waiting>>,
    entered: Cell<u64>,
}

/// How the peer waits for a call.
struct Waiting {
    /// On this thread of its own, which serves callbacks meanwhile.
    thread: Box<dyn ClientHook>,
    /// For this thread of ours.
    own: Box<dyn ClientHook>,
}

impl Scopes {
    /// Notes a call for as long as it is served.
    pub(crate) fn enter(&self, thread: Box<dyn ClientHook>, own: Box<dyn ClientHook>) -> Scope<'_> {
        let token = self.entered.get();
        self.entered.set(token + 1);
        self.waiting.borrow_mut().insert(token, Waiting { thread, own });
        Scope { scopes: self, token }
    }

    /// Whether the peer waits for the call of this token.
    pub(crate) fn contains(&self, token: u64) -> bool {
        self.waiting.borrow().contains_key(&token)
    }

    /// The peer's thread that waits for a call, and ours that it waits for.
    pub(crate) fn find(&self, token: u64) -> Option<(Box<dyn ClientHook>, Box<dyn ClientHook>)> {
        self.waiting.borrow().get(&token).map(|waiting| (waiting.thread.add_ref(), waiting.own.add_ref()))
    }

    pub(crate) fn clear(&self) {
        drop(self.waiting.take());
    }
}

/// A call that is noted.
pub(crate) struct Scope<'s> {
    scopes: &'s Scopes,
    pub(crate) token: u64,
}

impl Drop for Scope<'_> {
    fn drop(&mut self) {
        let waiting = self.scopes.waiting.borrow_mut().remove(&self.token);
        drop(waiting);
    }
}
