//! What is read of a peer, and when.
//!
//! In: a stream. Out: whole messages, no more in one turn than is fair to other peers, and none while reading waits.

use std::cell::RefCell;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use super::super::budget::Budget;
use super::frame::{Frame, FrameReader};
use super::transport::Transport;
use crate::limits::Limits;

/// The most bytes that are read at once into memory that all connections of a thread share.
const CHUNK: usize = 64 << 10;
/// So many bytes, or messages, of one peer are handled before others have their turn.
const TURN_BYTES: usize = 1 << 20;
const TURN_MESSAGES: usize = 128;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; CHUNK]);
}

/// What reading waits for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Waits {
    No,
    ForPeer,
    ForOthers,
}

/// The messages of a peer.
pub(super) struct Inbox {
    reader: FrameReader,
    /// What may be handled in this turn.
    turn_bytes: usize,
    turn_messages: usize,
    at_end: bool,
    /// Whether reading waits for the peer to read, or for other peers to leave room.
    pub(super) waits: Waits,
    /// When the peer has to have said something.
    greeting: Option<Instant>,
    heard: Instant,
}

impl Inbox {
    /// A peer that is served has to say something soon.
    pub(super) fn new(budget: Arc<Budget>, served: bool) -> Self {
        let now = Instant::now();
        Inbox {
            turn_bytes: TURN_BYTES,
            turn_messages: TURN_MESSAGES,
            at_end: false,
            waits: Waits::No,
            greeting: served.then(|| now.checked_add(budget.limits().handshake_time())).flatten(),
            heard: now,
            reader: FrameReader::new(budget),
        }
    }

    /// Starts a turn.
    pub(super) fn begin_turn(&mut self) {
        (self.turn_bytes, self.turn_messages) = (TURN_BYTES, TURN_MESSAGES);
    }

    /// The next message of the peer.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        transport: &mut Transport,
        paused: bool,
    ) -> Poll<capnp::Result<Option<Frame>>> {
        loop {
            if self.turn_messages == 0 || self.turn_bytes == 0 {
                // Others first; this one's turn comes again.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(frame) = self.reader.next() {
                self.turn_messages -= 1;
                self.greeting = None;
                return Poll::Ready(Ok(Some(frame)));
            }
            if self.at_end {
                return Poll::Ready(match self.reader.is_between_messages() {
                    true => Ok(None),
                    false => {
                        Err(capnp::Error::disconnected("the stream ends in the middle of a message".into()))
                    }
                });
            }
            let waits = match (paused, self.reader.may_grow()) {
                (true, _) => Waits::ForPeer,
                (false, false) => Waits::ForOthers,
                (false, true) => Waits::No,
            };
            if self.waits == Waits::ForPeer && waits != Waits::ForPeer {
                self.reader.resume();
            }
            self.waits = waits;
            if waits != Waits::No {
                return Poll::Pending;
            }
            let count = ready!(self.poll_read(cx, transport))?;
            self.at_end = count == 0;
            self.turn_bytes = self.turn_bytes.saturating_sub(count);
            self.heard = Instant::now();
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, transport: &mut Transport) -> Poll<capnp::Result<usize>> {
        if let Some(place) = self.reader.place() {
            let count = ready!(transport.poll_read(cx, place))?;
            self.reader.placed(count);
            return Poll::Ready(Ok(count));
        }
        BUFFER.with(|buffer| {
            let buffer = &mut buffer.borrow_mut()[..];
            let count = ready!(transport.poll_read(cx, buffer))?;
            self.reader.feed(&buffer[..count])?;
            Poll::Ready(Ok(count))
        })
    }

    /// When the peer has to have said something for the first time.
    pub(super) fn greeting_due(&self) -> Option<Instant> {
        self.greeting
    }

    /// When a message has to be whole. Time in which nothing was read from the peer does not count.
    pub(super) fn message_due(&self, limits: &Limits) -> Option<Instant> {
        let since = self.reader.arriving_since().filter(|_| self.waits != Waits::ForPeer)?;
        since.checked_add(limits.message_time())
    }

    /// Since when a message has been arriving.
    pub(super) fn arriving_since(&self) -> Option<Instant> {
        self.reader.arriving_since()
    }

    /// When something came last.
    pub(super) fn heard(&self) -> Instant {
        self.heard
    }
}
