//! The writing half of a connection, which gathers the messages of one turn of the event loop.
//!
//! In: messages one by one, each with a wish to flush. Out: one write for all of them, at the end
//! of the turn.
//!
//! capnp-rpc flushes after every message, although one turn often has several for the peer: the
//! end of one call and the start of the next, or the calls of many tasks. So flushing here only
//! notes the wish, and the connection's task calls [`Outbox::poll_drain`] after each turn.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::AsyncWrite;

/// Above this many bytes the socket is tried before more are taken.
const HIGH_WATER: usize = 64 * 1024;

/// A stream's writing half and the bytes that wait for it.
pub(crate) struct Outbox<W>(Rc<RefCell<Inner<W>>>);

struct Inner<W> {
    stream: W,
    waiting: Vec<u8>,
    /// How many of the waiting bytes are written already.
    written: usize,
    /// How many bytes the stream took since somebody asked.
    taken: usize,
    /// Set when the peer takes nothing any more; then everything is thrown away, so that what it
    /// has said before is still read.
    closed: bool,
    /// Why the peer takes nothing, until somebody asks.
    failure: Option<io::Error>,
    /// Who waits for room. The stream remembers only the last one that asked it, which is the
    /// connection's task.
    blocked: Option<Waker>,
}

impl<W> Clone for Outbox<W> {
    fn clone(&self) -> Self {
        Outbox(self.0.clone())
    }
}

impl<W: AsyncWrite + Unpin> Outbox<W> {
    pub(crate) fn new(stream: W) -> Self {
        Outbox(Rc::new(RefCell::new(Inner {
            stream,
            waiting: Vec::new(),
            written: 0,
            taken: 0,
            closed: false,
            failure: None,
            blocked: None,
        })))
    }

    /// Writes what waits, as far as the stream takes it.
    pub(crate) fn poll_drain(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.0.borrow_mut().poll_drain(cx)
    }

    /// How many bytes the stream took since this was asked last.
    pub(crate) fn taken(&self) -> usize {
        std::mem::take(&mut self.0.borrow_mut().taken)
    }

    /// Why the peer takes nothing any more; said once.
    pub(crate) fn failure(&self) -> Option<io::Error> {
        self.0.borrow_mut().failure.take()
    }
}

impl<W: AsyncWrite + Unpin> Inner<W> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.written < self.waiting.len() && !self.closed {
            let rest = &self.waiting[self.written..];
            let outcome = ready!(Pin::new(&mut self.stream).poll_write(cx, rest));
            self.written += self.note(outcome, rest.len());
        }
        self.waiting.clear();
        self.waiting.shrink_to(HIGH_WATER);
        self.written = 0;
        if let Some(blocked) = self.blocked.take() {
            blocked.wake();
        }
        Poll::Ready(())
    }

    /// How many of `length` bytes are done with after a write.
    fn note(&mut self, outcome: io::Result<usize>, length: usize) -> usize {
        match outcome {
            Ok(count) if count > 0 => {
                self.taken += count;
                count
            }
            failed => {
                self.closed = true;
                self.failure = Some(failed.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into()));
                length
            }
        }
    }

    /// As [`poll_drain`](Self::poll_drain), for the one who wants to write more.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let drained = self.poll_drain(cx);
        if drained.is_pending() {
            self.blocked = Some(cx.waker().clone());
        }
        drained
    }
}

impl<W: AsyncWrite + Unpin> futures::io::AsyncWrite for Outbox<W> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let inner = &mut *self.0.borrow_mut();
        if inner.waiting.len() - inner.written + bytes.len() > HIGH_WATER {
            ready!(inner.poll_room(cx));
            // A large message goes straight from its own memory.
            if bytes.len() >= HIGH_WATER && !inner.closed {
                let outcome = ready!(Pin::new(&mut inner.stream).poll_write(cx, bytes));
                return Poll::Ready(Ok(inner.note(outcome, bytes.len())));
            }
        }
        if !inner.closed {
            inner.waiting.extend_from_slice(bytes);
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let inner = &mut *self.0.borrow_mut();
        ready!(inner.poll_room(cx));
        if inner.closed { Poll::Ready(Ok(())) } else { Pin::new(&mut inner.stream).poll_shutdown(cx) }
    }
}
