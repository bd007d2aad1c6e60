//! What the peer has asked, by the peer's numbers.
//!
//! In: calls that arrive, answers that leave, `Finish`. Out: whether there may be more, how deep they stand one
//! behind the other, and the `Finish` that capnp-rpc may see now.
//!
//! ```text
//!            Return leaves                    Finish arrives
//!  Asked ─────────────────────▶ Answered ─────────────────────▶ (gone)
//!    │                              ▲
//!    │ Finish arrives               │ (also gone at once, when the answer says that it needs no Finish)
//!    ▼            Return leaves     │
//!  Cancelled ───────────────────────┴─▶ (gone; capnp-rpc is given the Finish)
//! ```
//!
//! capnp-rpc forgets to answer a call that is finished before it was answered, and keeps its number for ever. So
//! it sees `Finish` only after its answer; a call of ours that runs is told by its [`Ticket`].
//!
//! Invariant: an entry is here as long as capnp-rpc has one.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::super::budget::{CallPermit, Permit};
use super::frame::Frame;

/// A call of the peer, as the one who serves it knows it.
pub(crate) struct Ticket {
    permit: Cell<Option<CallPermit>>,
    cancelled: Cell<bool>,
    waiting: RefCell<Option<Waker>>,
    /// The answers among its parameters that had yet to come.
    before: Vec<Rc<Coming>>,
}

/// An answer that has yet to come, for calls that have it among their parameters.
///
/// They wait for it here: to wait for capnp-rpc's promise would be to drive the other call by this one, and so on.
#[derive(Default)]
struct Coming {
    has_come: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

impl Ticket {
    fn new(permit: CallPermit, before: Vec<Rc<Coming>>) -> Rc<Self> {
        Rc::new(Ticket {
            permit: Cell::new(Some(permit)),
            cancelled: Cell::new(false),
            waiting: RefCell::default(),
            before,
        })
    }

    /// Waits for the answers among the call's parameters.
    pub(crate) async fn answers(&self) {
        for answer in &self.before {
            poll_fn(|cx| {
                if answer.has_come.get() {
                    return Poll::Ready(());
                }
                answer.waiting.borrow_mut().push(cx.waker().clone());
                Poll::Pending
            })
            .await;
        }
    }

    /// What the call counts for, to go where the call goes.
    pub(crate) fn take_permit(&self) -> Option<CallPermit> {
        self.permit.take()
    }

    /// Whether the peer does not want the answer any more; otherwise `waker` hears of it.
    pub(crate) fn poll_cancelled(&self, waker: &Waker) -> bool {
        if !self.cancelled.get() {
            *self.waiting.borrow_mut() = Some(waker.clone());
        }
        self.cancelled.get()
    }

    fn cancel(&self) {
        self.cancelled.set(true);
        if let Some(waker) = self.waiting.borrow_mut().take() {
            waker.wake();
        }
    }
}

/// The table.
pub(super) struct Answers {
    table: HashMap<u32, Answer>,
    /// How often answers are used that have yet to come: each costs capnp-rpc an entry until they have.
    uses: usize,
}

struct Answer {
    state: State,
    ticket: Option<Rc<Ticket>>,
    /// How many answers that have yet to come stand before this one, and this one.
    depth: usize,
    uses: usize,
    coming: Option<Rc<Coming>>,
    /// What the results count for, as long as capnp-rpc keeps them.
    kept: Option<Permit>,
}

enum State {
    Asked,
    Cancelled(Frame),
    Answered,
}

/// What is to be done with a `Finish`.
pub(super) enum Finish {
    /// capnp-rpc is to see it.
    Pass,
    /// It comes later, or never.
    Keep,
}

impl Answers {
    pub(super) fn new() -> Self {
        Answers { table: HashMap::new(), uses: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    pub(super) fn uses(&self) -> usize {
        self.uses
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.table.contains_key(&id)
    }

    /// How many answers that have yet to come stand before whoever uses this one.
    pub(super) fn depth(&self, id: u32) -> usize {
        self.table
            .get(&id)
            .filter(|answer| !matches!(answer.state, State::Answered))
            .map_or(0, |answer| answer.depth)
    }

    /// An answer is used. One that has come already costs nothing.
    pub(super) fn used(&mut self, id: u32) {
        if let Some(answer) = self.table.get_mut(&id)
            && !matches!(answer.state, State::Answered)
        {
            answer.uses += 1;
            self.uses += 1;
        }
    }

    /// A call has arrived; `depth` is that of what it waits for, and `params` are the answers among its parameters.
    pub(super) fn asked(&mut self, id: u32, depth: usize, permit: CallPermit, params: &[u32]) -> Rc<Ticket> {
        let before = params.iter().filter_map(|answer| {
            let answer =
                self.table.get_mut(answer).filter(|answer| !matches!(answer.state, State::Answered))?;
            Some(answer.coming.get_or_insert_default().clone())
        });
        let ticket = Ticket::new(permit, before.collect());
        let answer = Answer {
            state: State::Asked,
            ticket: Some(ticket.clone()),
            depth: depth + 1,
            uses: 0,
            coming: None,
            kept: None,
        };
        self.table.insert(id, answer);
        ticket
    }

    /// A `Finish` has arrived.
    pub(super) fn finished(&mut self, id: u32, finish: &Frame) -> Finish {
        let Some(answer) = self.table.get_mut(&id) else { return Finish::Pass };
        match answer.state {
            State::Answered => {
                self.table.remove(&id);
                Finish::Pass
            }
            State::Asked => {
                answer.state = State::Cancelled(finish.clone());
                if let Some(ticket) = &answer.ticket {
                    ticket.cancel();
                }
                Finish::Keep
            }
            State::Cancelled(_) => Finish::Keep,
        }
    }

    /// An answer leaves. Until it is finished it counts for `kept`, if it needs that at all. Returns the `Finish` that
    /// came before it.
    pub(super) fn answered(&mut self, id: u32, needs_finish: bool, kept: Option<Permit>) -> Option<Frame> {
        let answer = self.table.get_mut(&id)?;
        self.uses -= std::mem::take(&mut answer.uses);
        if let Some(coming) = answer.coming.take() {
            coming.has_come.set(true);
            coming.waiting.take().into_iter().for_each(Waker::wake);
        }
        match std::mem::replace(&mut answer.state, State::Answered) {
            State::Cancelled(finish) => {
                self.table.remove(&id);
                needs_finish.then_some(finish)
            }
            _ if needs_finish => {
                answer.ticket = None;
                answer.kept = kept;
                None
            }
            _ => {
                self.table.remove(&id);
                None
            }
        }
    }

    /// Whether every call has been answered.
    pub(super) fn none_is_open(&self) -> bool {
        self.table.values().all(|answer| matches!(answer.state, State::Answered))
    }
}
