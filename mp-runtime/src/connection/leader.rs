//! A thread that reads for its connection while it has nothing else to do.
//!
//! In: a thread that waits for the peer: for the answer to its call, or for the next call. Out: it hears of the peer's
//! next message by itself, and handles it. Otherwise the loop's own thread would hear of it, and wake this one.
//!
//! Only a thread that was the last one to wait here too does so. Where many threads call at once, each would take the
//! stream from the one before, for one message, and the loop's own thread handles many messages at a time.

use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use super::network::Wire;
use super::shared::Waiters;
use super::state::State;
use crate::event_loop::{EventLoop, WeakEventLoop};
use crate::thread::{ThreadContext, Watch};

/// The stream of a connection, as the thread has it that reads.
struct Leader {
    /// Weak: the thread may wait longer than anything lives that it has served.
    event_loop: WeakEventLoop,
    connection: u64,
    socket: Arc<UnixStream>,
    /// Under which the stream was given to the thread.
    number: u64,
    /// What was new for the thread by then. When there is more, it has something else to do.
    news: u64,
}

impl Watch for Leader {
    fn socket(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    fn is_readable(&self, news: &dyn Fn() -> u64) -> bool {
        let mut leads = false;
        let goes_on = |wire: &Wire| {
            leads = news() == self.news && wire.is_read_by(self.number);
            if !leads {
                wire.take_back(self.number);
            }
        };
        if let Some(event_loop) = self.event_loop.upgrade() {
            let first = || with_wire(self.connection, |wire| wire.is_readable(self.number));
            event_loop.enter(first, || with_wire(self.connection, goes_on));
        }
        leads
    }

    fn ends(&self) {
        if let Some(event_loop) = self.event_loop.upgrade() {
            let (connection, number) = (self.connection, self.number);
            event_loop.step(move || with_wire(connection, |wire| wire.take_back(number)), || ());
        }
    }
}

fn with_wire(connection: u64, work: impl FnOnce(&Wire)) {
    if let Some(state) = State::find(connection)
        && let Ok(wire) = state.wire()
    {
        work(wire);
    }
}

/// Has this thread, which works for the loop now, read for a connection until it hears of something else than what was
/// `news` to it before.
fn lead(event_loop: &EventLoop, connection: u64, thread: &ThreadContext, news: u64) {
    let Some(state) = State::find(connection).filter(|_| thread.news() == news) else { return };
    let Ok(wire) = state.wire() else { return };
    let Some((socket, number)) = wire.give() else { return };
    let event_loop = event_loop.downgrade();
    if !thread.look_after(Arc::new(Leader { event_loop, connection, socket, number, news })) {
        wire.take_back(number);
    }
}

/// Does something for a connection and its loop. This thread waits afterwards: for an answer of the peer, or its next
/// call. If it is the only one to do so, it does all of it itself.
pub(crate) fn step(
    event_loop: &EventLoop,
    connection: u64,
    waiters: &Waiters,
    job: impl FnOnce() + Send + 'static,
) {
    match ThreadContext::current().filter(|thread| waiters.is_alone(thread.key)) {
        Some(thread) => {
            let news = thread.news();
            event_loop.step(job, || lead(event_loop, connection, &thread, news));
        }
        None => event_loop.run(job),
    }
}
