//! The stream of a connection, and who may use it when.
//!
//! In: a stream, and the turns of the connection's task. Out: messages of the peer, one by one, and those of capnp-rpc
//! are written; a peer that keeps us waiting too long is sent away.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use capnp::message::{Builder, HeapAllocator};
use capnp_rpc::rpc_capnp::message as rpc_message;

use super::super::budget::Budget;
use super::super::quota::{Hit, Quota};
use super::answers::Ticket;
use super::frame::Frame;
use super::inbox::{Inbox, Waits};
use super::inspect::{Inspector, Verdict};
use super::letter::{self, Content, Letter};
use super::outbox::Outbox;
use super::reply;
use super::transport::{Stream, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;

/// A peer that has read nothing for so long is read from all the same: perhaps it waits for us as we wait for it.
const PAUSE: Duration = Duration::from_millis(100);
/// How soon room is asked for again that other connections have taken.
const RETRY: Duration = Duration::from_millis(10);

/// The driving side of a connection's stream.
pub(crate) struct Wire {
    budget: Arc<Budget>,
    quota: Rc<Quota>,
    inner: RefCell<Inner>,
    /// Why the connection has to end.
    failure: RefCell<Option<capnp::Error>>,
    /// The message that was read last, while somebody asks for it.
    read: RefCell<Option<Read>>,
    /// Told when calls of the peer may begin again.
    room: tokio::sync::Notify,
    /// The connection's task, while it is not having its turn: what comes then is written at the turn's end.
    driver: RefCell<Option<Waker>>,
    /// Whether somebody asks which message is read.
    asked: Cell<bool>,
    in_turn: Cell<bool>,
    /// The length of the message that is built next, and a struct that belongs into it.
    expected: Cell<Option<u32>>,
    content: RefCell<Option<Content>>,
    /// How often the stream was given to a thread.
    given: Cell<u64>,
}

struct Inner {
    transport: Transport,
    inbox: Inbox,
    inspector: Inspector,
    outbox: Outbox,
    /// What capnp-rpc is to see before anything else: `Finish` of calls that are answered now.
    finishes: VecDeque<Frame>,
    /// Who waits for a message.
    receiver: Option<Waker>,
    /// Who waits for the end of the outgoing stream, and how it was asked for.
    ending: Vec<Waker>,
    ended: Option<capnp::Result<()>>,
}

/// A message of the peer that was read, with its ticket if it is a call.
pub(crate) type Read = (Frame, Option<Rc<Ticket>>);

/// What has come of a turn's messages.
pub(crate) enum Flushed {
    /// All are written.
    All,
    /// Some wait for the peer to read.
    Waiting,
    /// The peer takes nothing any more.
    Gone(std::io::Error),
}

impl Wire {
    /// Takes a stream over. A peer that is served has to say something soon.
    pub(crate) fn new(
        stream: Stream,
        served: bool,
        budget: &Arc<Budget>,
        quota: &Rc<Quota>,
    ) -> std::io::Result<Rc<Self>> {
        Ok(Rc::new(Wire {
            inner: RefCell::new(Inner {
                transport: Transport::new(stream)?,
                inbox: Inbox::new(budget.clone(), served),
                inspector: Inspector::new(budget.clone()),
                outbox: Outbox::new(),
                finishes: VecDeque::new(),
                receiver: None,
                ending: Vec::new(),
                ended: None,
            }),
            budget: budget.clone(),
            quota: quota.clone(),
            failure: RefCell::default(),
            read: RefCell::default(),
            room: tokio::sync::Notify::new(),
            driver: RefCell::default(),
            asked: Cell::new(false),
            in_turn: Cell::new(false),
            expected: Cell::new(None),
            content: RefCell::default(),
            given: Cell::new(0),
        }))
    }

    /// Gives the stream to a thread which says from now on when there is something to read, under the number that is
    /// returned; nothing where the loop has more to watch than that.
    pub(crate) fn give(&self) -> Option<(Arc<UnixStream>, u64)> {
        let mut inner = self.inner.borrow_mut();
        if self.is_failed()
            || inner.ended.is_some()
            || !inner.outbox.is_empty()
            || inner.inbox.waits != Waits::No
        {
            return None;
        }
        let socket = inner.transport.give()?;
        self.given.set(self.given.get() + 1);
        Some((socket, self.given.get()))
    }

    fn has(&self, number: u64) -> bool {
        self.given.get() == number && self.inner.borrow().transport.given().is_some()
    }

    /// Whether the thread with this number still has the stream, and everything was read of which it has told.
    pub(crate) fn is_read_by(&self, number: u64) -> bool {
        self.given.get() == number && self.inner.borrow().transport.given() == Some(false)
    }

    /// The thread with this number says that there is something to read.
    pub(crate) fn is_readable(&self, number: u64) {
        if self.has(number) {
            self.inner.borrow_mut().transport.is_readable();
            self.wake_receiver();
        }
    }

    /// The thread with this number gives the stream back.
    pub(crate) fn take_back(&self, number: u64) {
        if self.has(number) {
            let watched = self.inner.borrow_mut().transport.take_back();
            match watched {
                Ok(()) => self.wake_receiver(),
                Err(error) => self.fail(error.into()),
            }
        }
    }

    fn is_failed(&self) -> bool {
        self.failure.borrow().is_some()
    }

    /// Ends the connection; the peer is told why, if it listens.
    pub(crate) fn fail(&self, error: capnp::Error) {
        self.failure.borrow_mut().get_or_insert(error);
        self.wake_receiver();
        self.wake_driver();
    }

    /// Whether no more messages are exchanged.
    pub(crate) fn is_ending(&self) -> bool {
        self.is_failed() || self.inner.borrow().ended.is_some()
    }

    /// How the connection has ended.
    pub(crate) fn outcome(&self) -> capnp::Result<()> {
        self.failure.borrow().clone().map_or(Ok(()), Err)
    }

    /// Whether no call is under way, in either direction, and everything is written.
    pub(crate) fn is_settled(&self) -> bool {
        let inner = self.inner.borrow();
        inner.inspector.is_settled() && inner.outbox.is_empty()
    }

    /// Closes the stream, whoever still holds this.
    pub(crate) fn close(&self) {
        let mut inner = self.inner.borrow_mut();
        inner.outbox.close();
        let transport = std::mem::replace(&mut inner.transport, Transport::Closed);
        drop(inner);
        drop(transport);
    }

    /// Notes that a message is read.
    pub(super) fn reads(&self, frame: &Frame, ticket: Option<&Rc<Ticket>>) {
        if self.asked.get() {
            *self.read.borrow_mut() = Some((frame.clone(), ticket.cloned()));
        }
    }

    /// What `get` returns, and the message of the peer that it reads for that; what has come by a detour has none.
    pub(crate) fn reading<T>(&self, get: impl FnOnce() -> T) -> (T, Option<Read>) {
        self.asked.set(true);
        let value = get();
        self.asked.set(false);
        (value, self.read.take())
    }

    /// Waits until the peer has read enough of what it has been answered.
    pub(crate) async fn room(&self) {
        while self.budget.calls_wait() {
            self.room.notified().await;
        }
        // Whoever waits next.
        self.room.notify_one();
    }

    /// Says how long the call or the results are that capnp-rpc is about to build: by itself it takes a kilobyte of
    /// words for each call.
    pub(crate) fn expect(&self, words: usize) {
        self.expected.set(u32::try_from(words).ok());
    }

    /// Runs `begin`, with which capnp-rpc begins to build a call or results. If they are for this connection they leave
    /// with `content` in the end, and otherwise it is given back.
    pub(crate) fn with_content<T>(
        &self,
        content: Content,
        begin: impl FnOnce() -> T,
    ) -> (T, Option<Content>) {
        *self.content.borrow_mut() = Some(content);
        let begun = begin();
        (begun, self.content.take())
    }

    /// Whether so many bytes of a call of ours may wait for the peer.
    ///
    /// # Errors
    ///
    /// When too many wait already.
    pub(crate) fn check_call(&self, bytes: usize) -> Result<()> {
        let waiting = self.inner.borrow().outbox.calls();
        if waiting > 0 && waiting.saturating_add(bytes) > self.budget.limits().unread_bytes() {
            let text = format!("the peer does not read; {waiting} bytes of calls wait for it");
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        Ok(())
    }

    fn wake_driver(&self) {
        if self.in_turn.get() {
            return;
        }
        if let Some(driver) = &*self.driver.borrow() {
            driver.wake_by_ref();
        }
    }

    fn wake_receiver(&self) {
        let receiver = self.inner.borrow_mut().receiver.take();
        if let Some(receiver) = receiver {
            receiver.wake();
        }
    }

    /// Starts a turn of the connection's task.
    pub(crate) fn begin_turn(&self, cx: &Context<'_>) {
        self.in_turn.set(true);
        let mut driver = self.driver.borrow_mut();
        if !driver.as_ref().is_some_and(|known| known.will_wake(cx.waker())) {
            *driver = Some(cx.waker().clone());
        }
        self.inner.borrow_mut().inbox.begin_turn();
    }

    /// Writes what the turn has brought.
    pub(crate) fn flush(&self, cx: &mut Context<'_>) -> Flushed {
        self.in_turn.set(false);
        let mut inner = self.inner.borrow_mut();
        let Inner { transport, outbox, .. } = &mut *inner;
        let listened = transport.listens_for_room();
        let flushed = match outbox.poll_write(cx, transport) {
            Poll::Pending => Flushed::Waiting,
            Poll::Ready(written) => match written.and_then(|()| transport.all_written().map(drop)) {
                Ok(()) => Flushed::All,
                Err(error) => {
                    outbox.close();
                    Flushed::Gone(error)
                }
            },
        };
        // A socket that is registered anew tells only those who ask anew.
        let anew = listened != inner.transport.listens_for_room();
        let resumes = inner.inbox.waits == Waits::ForPeer && !self.is_paused(&inner);
        let has_ended = inner.ended.is_some() && !matches!(flushed, Flushed::Waiting);
        let ended = if has_ended { std::mem::take(&mut inner.ending) } else { Vec::new() };
        drop(inner);
        if anew || resumes {
            self.wake_receiver();
        }
        if !self.budget.calls_wait() {
            self.room.notify_one();
            self.budget.has_made_room();
        }
        ended.into_iter().for_each(Waker::wake);
        flushed
    }

    /// Whether reading waits for a peer that reads, but not enough.
    fn is_paused(&self, inner: &Inner) -> bool {
        self.budget.unread() > self.budget.limits().unread_before_reading_waits()
            && inner.outbox.stuck_since().is_some_and(|since| since.elapsed() < PAUSE)
    }

    /// When [`check_time`](Self::check_time) has to be asked next.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        if self.is_ending() {
            return None;
        }
        let inner = self.inner.borrow();
        let limits = self.budget.limits();
        let waits = match inner.inbox.waits {
            Waits::No => None,
            Waits::ForPeer => inner.outbox.stuck_since().and_then(|since| since.checked_add(PAUSE)),
            Waits::ForOthers => Instant::now().checked_add(RETRY),
        };
        [
            waits,
            inner.inbox.greeting_due(),
            inner.inbox.message_due(limits),
            inner.reading_due(limits),
            inner.idle_due(limits),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Ends the connection of a peer that has kept us waiting too long.
    pub(crate) fn check_time(&self) {
        let now = Instant::now();
        let inner = self.inner.borrow();
        let limits = self.budget.limits();
        let passed = |due: Option<Instant>| due.is_some_and(|due| due <= now);
        let why = if passed(inner.inbox.greeting_due()) {
            format!("no message has come within {:?}", limits.handshake_time())
        } else if passed(inner.inbox.message_due(limits)) {
            format!("a message has not come to its end within {:?}", limits.message_time())
        } else if passed(inner.reading_due(limits)) {
            format!(
                "{} bytes of answers wait, and none was read for {:?}",
                self.budget.unread(),
                limits.unread_time()
            )
        } else if passed(inner.idle_due(limits)) {
            format!("nothing was said for {:?}", limits.idle_time().unwrap_or_default())
        } else {
            let waits = inner.inbox.waits;
            // Half of the time is for those who have the room to leave it.
            let since = inner.inbox.arriving_since().filter(|_| waits == Waits::ForOthers);
            let in_vain = since.is_some_and(|since| since.elapsed() > limits.message_time() / 2);
            drop(inner);
            if in_vain {
                self.budget.make_room();
            }
            if waits != Waits::No {
                self.wake_receiver();
            }
            return;
        };
        drop(inner);
        self.fail(capnp::Error::overloaded(why));
    }

    /// Sends a message of capnp-rpc, with a struct that belongs into it.
    pub(super) fn send(&self, message: Rc<Builder<HeapAllocator>>, content: Option<Content>) {
        // Without the content, which is let go once it is written, whereas capnp-rpc keeps the message.
        let bytes = letter::cost(&message);
        let mut inner = self.inner.borrow_mut();
        let (ours, finish) = match message.get_root_as_reader::<rpc_message::Reader<'_>>() {
            Ok(reader) => inner.inspector.leaves(reader, bytes),
            Err(_) => (false, None),
        };
        let finished = finish.is_some();
        inner.finishes.extend(finish);
        drop(inner);
        let letter = match content {
            None => Ok(Letter::new(message)),
            Some(content) => Letter::with_content(message, content),
        };
        match letter {
            Err(error) => self.fail(error),
            Ok(letter) if ours => {
                self.inner.borrow_mut().outbox.push(letter, None);
                self.wake_driver();
            }
            Ok(letter) => self.push(letter),
        }
        if finished {
            self.wake_receiver();
        }
    }

    /// Sends something that the peer has caused.
    fn push(&self, letter: Letter) {
        let permit = self.budget.hold_unread(letter.cost());
        self.inner.borrow_mut().outbox.push(letter, Some(permit));
        if self.budget.overflows() && self.failure.borrow().is_none() {
            let text =
                format!("{} bytes of answers wait for a peer that does not read", self.budget.unread());
            self.fail(capnp::Error::overloaded(text));
        }
        self.wake_driver();
    }

    /// The length of the call or the results that capnp-rpc is about to build, if it was said, and what belongs into
    /// them.
    pub(super) fn expected(&self) -> (Option<u32>, Option<Content>) {
        (self.expected.take(), self.content.take())
    }

    /// Sends nothing more than what was sent before.
    pub(super) fn end(&self, result: capnp::Result<()>) {
        let mut inner = self.inner.borrow_mut();
        inner.ended = Some(result);
        let ending = std::mem::take(&mut inner.ending);
        drop(inner);
        ending.into_iter().for_each(Waker::wake);
    }

    /// Resolves when everything is written and no more will be.
    pub(super) fn poll_ended(&self, cx: &mut Context<'_>) -> Poll<capnp::Result<()>> {
        self.inner.borrow_mut().poll_ended(cx)
    }

    /// The next message for capnp-rpc, with its ticket if it is a call.
    pub(super) fn poll_receive(&self, cx: &mut Context<'_>) -> Poll<capnp::Result<Option<Read>>> {
        loop {
            if let Some(error) = self.failure.borrow().clone() {
                return Poll::Ready(Err(error));
            }
            let mut inner = self.inner.borrow_mut();
            if let Some(finish) = inner.finishes.pop_front() {
                return Poll::Ready(Ok(Some((finish, None))));
            }
            let paused = self.is_paused(&inner);
            let Inner { inbox, transport, .. } = &mut *inner;
            let Poll::Ready(frame) = inbox.poll_frame(cx, transport, paused) else {
                inner.receiver = Some(cx.waker().clone());
                return Poll::Pending;
            };
            let Some(frame) = frame? else { return Poll::Ready(Ok(None)) };
            let verdict = inner.inspector.arrives(&frame)?;
            drop(inner);
            match verdict {
                Verdict::Pass(ticket) => return Poll::Ready(Ok(Some((frame, ticket)))),
                Verdict::Refuse { question, error, objects } => self.refuse(question, &error, &objects),
                Verdict::Unknown => self.unknown(&frame)?,
                Verdict::Keep => {}
            }
        }
    }

    /// Answers a question in capnp-rpc's stead.
    fn refuse(&self, question: u32, error: &Error, objects: &[u32]) {
        self.quota.hit(Hit::Refusal, error);
        let answer = reply::exception(question, error);
        let releases = objects.iter().map(|id| reply::release(*id));
        for message in std::iter::once(answer).chain(releases) {
            self.push(Letter::new(message));
        }
    }

    /// Tells the peer that a message is of no kind that this side knows.
    fn unknown(&self, frame: &Frame) -> capnp::Result<()> {
        self.quota
            .hit(Hit::Unknown, &format_args!("a message of {} bytes is of no known kind", frame.bytes()));
        self.push(Letter::new(reply::unimplemented(frame)?));
        Ok(())
    }
}

impl Inner {
    /// When the peer has to have read something.
    fn reading_due(&self, limits: &Limits) -> Option<Instant> {
        self.outbox.stuck_since()?.checked_add(limits.unread_time())
    }

    /// When the peer has to have said something.
    fn idle_due(&self, limits: &Limits) -> Option<Instant> {
        let time = limits.idle_time().filter(|_| self.inspector.is_idle())?;
        self.inbox.heard().checked_add(time)
    }

    /// Resolves when everything is written and no more will be.
    fn poll_ended(&mut self, cx: &mut Context<'_>) -> Poll<capnp::Result<()>> {
        match &self.ended {
            Some(ended) if self.outbox.is_empty() => {
                self.transport.end(cx);
                Poll::Ready(ended.clone())
            }
            _ => {
                self.ending.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}
