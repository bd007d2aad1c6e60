//! What this process has asked the peer, by our numbers on the wire.
//!
//! In: calls and `Finish` that leave, answers that arrive. Out: whether an answer is one that may come. capnp-rpc
//! takes some that leave their caller waiting for ever.
//!
//! ```text
//!          Return arrives              Finish leaves
//!  Asked ─────────────────▶ Answered ─────────────────▶ (gone)
//!    │ Finish leaves
//!    ▼             Return arrives
//!  Cancelled ─────────────────────▶ (gone)
//! ```

use std::collections::HashMap;

use capnp_rpc::rpc_capnp::return_;

/// The table.
pub(super) struct Questions(HashMap<u32, State>);

#[derive(Clone, Copy, PartialEq)]
enum State {
    Asked,
    Cancelled,
    Answered,
}

impl Questions {
    pub(super) fn new() -> Self {
        Questions(HashMap::new())
    }

    /// Whether nothing is being waited for.
    pub(super) fn none_is_open(&self) -> bool {
        self.0.values().all(|state| *state == State::Answered)
    }

    /// Whether nobody here waits for an answer. Those that were cancelled may be answered or not.
    pub(super) fn none_is_awaited(&self) -> bool {
        self.0.values().all(|state| *state != State::Asked)
    }

    pub(super) fn asked(&mut self, id: u32) {
        self.0.insert(id, State::Asked);
    }

    pub(super) fn finished(&mut self, id: u32) {
        match self.0.get_mut(&id) {
            Some(state @ State::Asked) => *state = State::Cancelled,
            _ => drop(self.0.remove(&id)),
        }
    }

    /// An answer has arrived.
    ///
    /// # Errors
    ///
    /// When it cannot be one.
    pub(super) fn answered(&mut self, answer: return_::Reader<'_>) -> capnp::Result<()> {
        let id = answer.get_answer_id();
        // What was never asked, capnp-rpc refuses.
        let Some(state) = self.0.get_mut(&id) else { return Ok(()) };
        let which = answer.which()?;
        let refuse = |why: &str| Err(capnp::Error::failed(format!("question {id} was {why}")));
        match (which, *state) {
            (_, State::Answered) => return refuse("answered twice"),
            (return_::Results(_) | return_::Exception(_), State::Asked) => *state = State::Answered,
            (return_::Results(_) | return_::Exception(_) | return_::Canceled(()), State::Cancelled) => {
                self.0.remove(&id);
                return Ok(());
            }
            (return_::Canceled(()), State::Asked) => {
                return refuse("answered as cancelled, which it was not");
            }
            _ => return refuse("answered with results that are somewhere else, which this side does not do"),
        }
        if answer.get_no_finish_needed() {
            self.0.remove(&id);
        }
        Ok(())
    }
}
