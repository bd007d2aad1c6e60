//! Messages on their way to the peer.
//!
//! In: messages, one by one. Out: as many of them in one write as the stream takes, straight from their own memory.
//!
//! capnp-rpc sends each message by itself, although one turn often has several for the peer: the end of one call and
//! the start of the next, or the calls of many tasks. They leave together, when the connection's turn ends.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use capnp::message::{Builder, HeapAllocator};

use super::super::budget::Permit;
use super::transport::Transport;

/// The most parts that one write takes; the system allows 1,024.
const PARTS: usize = 256;
/// What a message costs beside its segments.
const OVERHEAD: usize = 512;

type Message = Rc<Builder<HeapAllocator>>;

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
    /// The table of segments.
    head: Vec<u8>,
    message: Message,
    bytes: usize,
    /// What it counts for, if it is not a call of ours.
    answer: Option<Permit>,
}

/// How many bytes a message takes until it is written.
pub(crate) fn cost(message: &Builder<HeapAllocator>) -> usize {
    OVERHEAD + message.get_segments_for_output().iter().map(|segment| segment.len()).sum::<usize>()
}

fn head(message: &Builder<HeapAllocator>) -> Vec<u8> {
    let segments = message.get_segments_for_output();
    let count = u32::try_from(segments.len()).unwrap_or(u32::MAX);
    let mut head = Vec::with_capacity((4 + 4 * segments.len()).next_multiple_of(8));
    head.extend_from_slice(&count.wrapping_sub(1).to_le_bytes());
    for segment in segments.iter() {
        head.extend_from_slice(&u32::try_from(segment.len() / 8).unwrap_or(u32::MAX).to_le_bytes());
    }
    head.resize(head.len().next_multiple_of(8), 0);
    head
}

impl Waiting {
    /// The parts of the message, without the first `skipped` bytes.
    fn parts<'p>(&'p self, mut skipped: usize, parts: &mut Vec<IoSlice<'p>>) {
        let mut add = |part: &'p [u8]| {
            let start = skipped.min(part.len());
            skipped -= start;
            if start < part.len() {
                parts.push(IoSlice::new(&part[start..]));
            }
        };
        add(&self.head);
        match self.message.get_segments_for_output() {
            capnp::OutputSegments::SingleSegment([segment]) => add(segment),
            capnp::OutputSegments::MultiSegment(segments) => segments.into_iter().for_each(add),
        }
    }
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
    pub(crate) fn push(&mut self, message: Message, answer: Option<Permit>) {
        if self.closed {
            return;
        }
        let head = head(&message);
        let bytes =
            head.len() + message.get_segments_for_output().iter().map(|part| part.len()).sum::<usize>();
        match &answer {
            Some(_) => {
                if self.answers == 0 {
                    self.progress = Instant::now();
                }
                self.answers += 1;
            }
            None => self.calls += bytes,
        }
        self.queue.push_back(Waiting { head, message, bytes, answer });
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
                waiting.parts(std::mem::take(&mut skipped), &mut parts);
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
            && self.written >= first.bytes
        {
            self.written -= first.bytes;
            match &first.answer {
                Some(_) => self.answers -= 1,
                None => self.calls -= first.bytes,
            }
            self.queue.pop_front();
        }
    }
}
