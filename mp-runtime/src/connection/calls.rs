//! The calls that this process makes, by number.
//!
//! In: calls that are made, that return, and that are cancelled. Out: what it takes to cancel one, and the next one
//! that may be sent.
//!
//! ```text
//!         no thread is free
//!  made ────────────────────▶ waiting ── cancelled ──▶ (gone; the peer never hears of it)
//!   │ sent                       │ sent when there is a thread
//!   ▼                            │
//!  under way ◀───────────────────┘
//!   │ │ └── returned ──▶ (gone)
//!   │ └──── cancelled ──▶ (gone; its `Finish` is sent)
//!   │ cancelled, where another method interrupts this one
//!   ▼
//!  interrupted ── returned, soon ──▶ (gone)
//! ```
//!
//! Invariant: a call is known here from when it is made until it has returned or was cancelled, also by an interrupt.
//! One that waits and is not known was cancelled.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::capability::{InUse, RemoteCap};
use super::log::{CallSpan, LoggedCall};
use super::payload::Payload;
use super::threads::Caller;
use crate::error::{Error, Result};
use crate::thread::ReplySlot;
use crate::wire::node::{InterfaceNode, MethodNode};

/// The table.
#[derive(Default)]
pub(crate) struct Calls {
    known: RefCell<HashMap<u64, Cancellable>>,
    /// Those that wait for threads.
    waiting: RefCell<VecDeque<Outgoing>>,
}

impl Calls {
    /// Notes a call that is under way.
    pub(crate) fn insert(&self, call: Cancellable) {
        self.known.borrow_mut().insert(call.logged.number, call);
    }

    /// Forgets a call that has returned, or is to be cancelled.
    pub(crate) fn remove(&self, number: u64) -> Option<Cancellable> {
        self.known.borrow_mut().remove(&number)
    }

    /// Has a call wait. There is nothing to tell the peer if it is cancelled meanwhile.
    pub(crate) fn wait(&self, call: Outgoing) {
        let logged = LoggedCall::new(call.number, call.interface, call.method);
        let (cancelled, _) = oneshot::channel();
        self.insert(Cancellable { cancelled, interrupt: None, thread: None, logged });
        self.waiting.borrow_mut().push_back(call);
    }

    /// Takes the call that has waited longest.
    pub(crate) fn next(&self) -> Option<Outgoing> {
        loop {
            let call = self.waiting.borrow_mut().pop_front()?;
            if self.remove(call.number).is_some() {
                return Some(call);
            }
        }
    }

    /// Whether none is under way, and none waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.borrow().is_empty()
    }

    /// Lets all go; each tells whoever waits for it that the connection is gone.
    pub(crate) fn close(&self) {
        drop(self.known.take());
        drop(self.waiting.take());
    }
}

/// A call that is ready to go.
pub(crate) struct Outgoing {
    pub(crate) target: RemoteCap,
    /// The interface that declares the method; its id goes on the wire.
    pub(crate) interface: &'static InterfaceNode,
    pub(crate) method: &'static MethodNode,
    /// The method that ends this one early at the peer.
    pub(crate) interrupt: Option<&'static MethodNode>,
    pub(crate) params: Payload,
    pub(crate) caller: Caller,
    /// The call being served where this one is made.
    pub(crate) scope: Option<u64>,
    /// Where the capability of the first result is filed before it arrives.
    pub(crate) pipeline: Option<RemoteCap>,
    pub(crate) reply: ReplyTo,
    /// A number to cancel the call by.
    pub(crate) number: u64,
    /// Held until the call has returned, so that an object is not destroyed under a call.
    pub(crate) object: Option<Arc<dyn InUse>>,
    /// Where a trace of the program shows the call.
    pub(crate) span: CallSpan,
}

/// What it takes to cancel a call.
pub(crate) struct Cancellable {
    pub(crate) cancelled: oneshot::Sender<()>,
    /// The method that ends the call early at the peer, and the object that has it.
    pub(crate) interrupt: Option<(RemoteCap, &'static MethodNode)>,
    /// The thread that made the call, if the peer serves it on the thread that it has for that one.
    pub(crate) thread: Option<u64>,
    pub(crate) logged: LoggedCall,
}

/// Who waits for a call's results. Dropped unanswered, as when the event loop ends, it tells them
/// that the connection is gone.
pub(crate) struct ReplyTo(Waiter);

enum Waiter {
    /// A thread.
    Thread(Arc<ReplySlot<Result<Payload>>>),
    /// A task.
    Task(oneshot::Sender<Result<Payload>>),
    /// Nobody: failures only reach the log.
    Nobody,
}

impl ReplyTo {
    pub(crate) fn thread(slot: Arc<ReplySlot<Result<Payload>>>) -> Self {
        ReplyTo(Waiter::Thread(slot))
    }

    pub(crate) fn task(sender: oneshot::Sender<Result<Payload>>) -> Self {
        ReplyTo(Waiter::Task(sender))
    }

    pub(crate) fn nobody() -> Self {
        ReplyTo(Waiter::Nobody)
    }

    pub(crate) fn send(mut self, result: Result<Payload>) {
        self.answer(result);
    }

    fn answer(&mut self, result: Result<Payload>) {
        match std::mem::replace(&mut self.0, Waiter::Nobody) {
            Waiter::Thread(slot) => slot.fill(result),
            Waiter::Task(sender) => {
                // The task may have been dropped meanwhile; then nobody misses the result.
                let _ = sender.send(result);
            }
            Waiter::Nobody => {}
        }
    }
}

impl Drop for ReplyTo {
    fn drop(&mut self) {
        if !matches!(self.0, Waiter::Nobody) {
            self.answer(Err(interrupted_by_disconnect()));
        }
    }
}

pub(crate) fn called_after_disconnect() -> Error {
    Error::disconnected("IPC client method called after disconnect")
}

pub(crate) fn interrupted_by_disconnect() -> Error {
    Error::disconnected("IPC client method call interrupted by disconnect")
}
