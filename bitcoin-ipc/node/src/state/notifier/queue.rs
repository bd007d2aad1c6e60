//! What one who is told of the chain has not heard yet.
//!
//! In: events, and the object that hears them. Out: its calls, on the thread that delivers them; waiting for these;
//! and an end, with its reason.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::ThreadId;
use std::time::{Duration, Instant};

use bitcoin_ipc::interfaces::ChainNotifications;
use mp_runtime::{Error, ErrorKind, Result};

use super::event::{Event, Read, Told, tell};
use super::lock;

/// Events that may wait for one who does not listen, and bytes of their transactions; with more it is given up.
pub(super) const PATIENCE: usize = 100_000;
pub(super) const ROOM: usize = 64 << 20;

/// Why somebody is told no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It wants to hear nothing more, or the node has ended.
    Wanted,
    /// It let too much wait.
    Late,
    /// A call panicked.
    Panicked,
    /// A block could not be read.
    Unreadable,
}

impl End {
    /// The error of whoever waits for it.
    fn check(self) -> Result<()> {
        let why = match self {
            End::Wanted => return Ok(()),
            End::Late => "it let too much wait",
            End::Panicked => "a call panicked",
            End::Unreadable => "a block could not be read",
        };
        Err(Error::failed(format!(
            "One who is told of the chain is told no more, as {why}: it has to start again"
        )))
    }
}

/// What one of them has not heard yet.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    events: VecDeque<Event>,
    /// Of the transactions of these.
    bytes: usize,
    /// How many of them only say that something changed.
    tips: usize,
    flushed: usize,
    /// How many events were put in and have been told, since the beginning.
    put: u64,
    told: u64,
    end: Option<End>,
    thread: Option<ThreadId>,
}

impl Waiting {
    fn end(&mut self, why: End) {
        self.end.get_or_insert(why);
        (self.events, self.bytes) = (VecDeque::new(), 0);
    }

    /// The next event that is worth telling. Of several that say only that something changed, that is the last one.
    fn next(&mut self) -> Option<Event> {
        loop {
            let event = self.events.pop_front()?;
            self.bytes -= event.bytes();
            let newer = match event {
                Event::Tip => {
                    self.tips -= 1;
                    self.tips
                }
                Event::Flushed(_) => {
                    self.flushed -= 1;
                    self.flushed
                }
                _ => 0,
            };
            if newer == 0 {
                return Some(event);
            }
            self.told += 1;
        }
    }
}

impl Queue {
    /// Whether the event will be told.
    pub(super) fn put(&self, event: Event) -> bool {
        let mut state = lock(&self.state);
        let (events, bytes) = (state.events.len() + 1, state.bytes + event.bytes());
        if (events > PATIENCE || bytes > ROOM) && state.end.is_none() {
            tracing::error!(
                target: "node",
                "One who is told of the chain lets {events} events wait, with {bytes} bytes: it is told no more."
            );
            state.end(End::Late);
        }
        let open = state.end.is_none();
        if open {
            match event {
                Event::Tip => state.tips += 1,
                Event::Flushed(_) => state.flushed += 1,
                _ => {}
            }
            state.bytes = bytes;
            state.events.push_back(event);
            state.put += 1;
        }
        self.changed.notify_all();
        open
    }

    pub(super) fn end(&self, why: End) {
        lock(&self.state).end(why);
        self.changed.notify_all();
    }

    fn next(&self) -> Option<Event> {
        let mut state = lock(&self.state);
        state.thread = Some(std::thread::current().id());
        loop {
            if state.end.is_some() {
                return None;
            }
            if let Some(event) = state.next() {
                return Some(event);
            }
            // Some may have been passed over.
            self.changed.notify_all();
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn deliver(&self, to: &dyn ChainNotifications, read: &Read) {
        while let Some(event) = self.next() {
            match catch_unwind(AssertUnwindSafe(|| tell(to, &event, read))) {
                Ok(Told::Heard(heard)) => {
                    lock(&self.state).told += 1;
                    self.changed.notify_all();
                    match heard {
                        Ok(()) => {}
                        Err(error) if error.kind() == ErrorKind::Disconnected => self.end(End::Wanted),
                        Err(error) => tracing::warn!(target: "node", "A notification was not taken: {error}"),
                    }
                }
                Ok(Told::Unreadable(error)) => self.lose(End::Unreadable, &error.to_string()),
                Err(_) => self.lose(End::Panicked, "a notification panicked"),
            }
        }
    }

    fn lose(&self, why: End, text: &str) {
        tracing::error!(target: "node", "One who is told of the chain is told no more: {text}.");
        self.end(why);
    }

    /// Waits until everything so far is told.
    ///
    /// # Errors
    ///
    /// It is told no more, or hears nothing for so long.
    pub(super) fn drain(&self, stuck: Duration) -> Result<()> {
        let (until, mut told) = {
            let state = lock(&self.state);
            (state.put, state.told)
        };
        while !self.wait(until, Instant::now() + stuck)? {
            let now = lock(&self.state).told;
            if now == told {
                let text = "One who is told of the chain does not listen";
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            told = now;
        }
        Ok(())
    }

    /// Waits until so many events are told; false if the deadline came first.
    ///
    /// # Errors
    ///
    /// It is told no more, though it did not want that.
    pub(super) fn wait(&self, until: u64, deadline: Instant) -> Result<bool> {
        let mut state = lock(&self.state);
        if state.thread == Some(std::thread::current().id()) {
            return Ok(true); // asked from within a notification, which would wait for itself
        }
        while state.told < until {
            if let Some(end) = state.end {
                return end.check().map(|()| true);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(true)
    }

    /// How many events were put in.
    pub(super) fn put_so_far(&self) -> u64 {
        lock(&self.state).put
    }

    /// Whether neither its owner nor the end of the node has ended it.
    pub(super) fn is_wanted(&self) -> bool {
        lock(&self.state).end != Some(End::Wanted)
    }

    /// For how many events there is room.
    #[cfg(test)]
    pub(super) fn room(&self) -> usize {
        lock(&self.state).events.capacity()
    }
}
