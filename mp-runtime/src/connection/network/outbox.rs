//! Messages on their way to the peer.
//!
//! In: messages, one by one. Out: as many of them in one write as the stream takes, straight from their own memory.
//!
//! capnp-rpc sends each message by itself, although one turn often has several for the peer: the end of one call and
//! the start of the next, or the calls of many tasks. They leave together, when the connection's turn ends.

use std::collections::VecDeque;
use std::io;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use super::super::budget::Permit;
use super::letter::Letter;
use super::transport::Transport;

/// The most parts that one write takes; the system allows 1,024.
const PARTS: usize = 256;
/// Messages that wait.
pub(crate) struct Outbox {
    queue: VecDeque<Waiting>,
    /// How many bytes of the first message are written.
    written: usize,
    /// Bytes of calls that wait, which the peer did not ask for.
    calls: usize,
    /// How many of the waiting messages are answers.
    answers: usize,
    /// When the peer last took something, or got the first answer after a while without any.
    progress: Instant,
    /// Set when the peer takes nothing any more: then everything is thrown away, so that what it has said before is
    /// still read.
    closed: bool,
}

/// A message that waits.
struct Waiting {
    letter: Letter,
    /// What it counts for, if it is not a call of ours.
    answer: Option<Permit>,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Outbox {
            queue: VecDeque::new(),
            written: 0,
            calls: 0,
            answers: 0,
            progress: Instant::now(),
            closed: false,
        }
    }

    /// Adds a message; `answer` is what it counts for, if it is not a call of ours.
    pub(crate) fn push(&mut self, letter: Letter, answer: Option<Permit>) {
        if self.closed {
            return;
        }
        match &answer {
            Some(_) => {
                if self.answers == 0 {
                    self.progress = Instant::now();
                }
                self.answers += 1;
            }
            None => self.calls += letter.bytes(),
        }
        self.queue.push_back(Waiting { letter, answer });
    }

    /// Bytes of calls that wait.
    pub(crate) fn calls(&self) -> usize {
        self.calls
    }

    /// Since when the peer has taken nothing although answers wait for it.
    pub(crate) fn stuck_since(&self) -> Option<Instant> {
        (self.answers > 0).then_some(self.progress)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Throws everything away that waits, and whatever comes.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.queue.clear();
        (self.written, self.calls, self.answers) = (0, 0, 0);
    }

    /// Writes what waits, as far as the stream takes it.
    ///
    /// # Errors
    ///
    /// When the peer takes nothing any more.
    pub(crate) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut Transport,
    ) -> Poll<io::Result<()>> {
        while !self.queue.is_empty() {
            let mut parts = Vec::with_capacity(8);
            let mut skipped = self.written;
            for waiting in &self.queue {
                waiting.letter.parts(std::mem::take(&mut skipped), &mut parts);
                if parts.len() >= PARTS {
                    parts.truncate(PARTS);
                    break;
                }
            }
            let count = ready!(stream.poll_write(cx, &parts))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            drop(parts);
            self.progress = Instant::now();
            self.advance(count);
        }
        Poll::Ready(Ok(()))
    }

    /// Lets go of what is written.
    fn advance(&mut self, count: usize) {
        self.written += count;
        while let Some(first) = self.queue.front()
            && self.written >= first.letter.bytes()
        {
            self.written -= first.letter.bytes();
            match &first.answer {
                Some(_) => self.answers -= 1,
                None => self.calls -= first.letter.bytes(),
            }
            self.queue.pop_front();
        }
    }
}
