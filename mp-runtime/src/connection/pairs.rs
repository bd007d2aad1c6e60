//! Pairs of threads for asynchronous calls: one of the peer's, which runs the call, and a lazy one of ours, which
//! runs its callbacks. Two calls never share a pair, so that none waits for another one's thread.
//!
//! ```text
//!            taken              returned
//!   idle ─────────────▶ in use ──────────▶ idle, or gone when the peer has refused its thread
//!    ▲                    │
//!    │ oldest, when there │ call cancelled: its thread may be busy as long as it likes
//!    │ are too many       ▼
//!    └───────────────── suspect
//! ```
//!
//! Invariant: `made` counts the pairs that exist. Idle ones go with time; a burst of calls costs the peer its threads
//! only for a while.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use capnp::private::capability::ClientHook;

type Hook = Box<dyn ClientHook>;

/// So many pairs may be suspect before the oldest is used again.
const SUSPECT: usize = 64;
/// So many idle pairs are kept for ever.
pub(crate) const KEPT: usize = 8;

/// A thread that the peer was asked for.
#[derive(Clone)]
pub(crate) struct PeerThread {
    hook: Rc<Hook>,
    refused: Rc<Cell<bool>>,
}

impl PeerThread {
    pub(crate) fn new(hook: Hook) -> Self {
        PeerThread { hook: Rc::new(hook), refused: Rc::default() }
    }

    pub(crate) fn hook(&self) -> Hook {
        self.hook.add_ref()
    }

    /// Notes that the peer has refused it.
    pub(crate) fn is_refused(&self) -> &Rc<Cell<bool>> {
        &self.refused
    }
}

/// A pair of threads for one asynchronous call at a time.
pub(crate) struct ThreadPair {
    /// Nothing where no thread maps were exchanged.
    pub(crate) request: Option<PeerThread>,
    pub(crate) callback: Hook,
    made: Rc<Cell<usize>>,
}

impl Drop for ThreadPair {
    fn drop(&mut self) {
        self.made.set(self.made.get() - 1);
    }
}

/// The pairs of a connection.
#[derive(Default)]
pub(crate) struct ThreadPairs {
    made: Rc<Cell<usize>>,
    idle: RefCell<Vec<ThreadPair>>,
    suspect: RefCell<VecDeque<ThreadPair>>,
    /// How many were idle all the time since somebody asked.
    unused: Cell<usize>,
}

impl ThreadPairs {
    /// A pair that was made before, if one can be used.
    pub(crate) fn take(&self) -> Option<ThreadPair> {
        let idle = self.idle.borrow_mut().pop();
        self.unused.set(self.unused.get().min(self.idle.borrow().len()));
        idle.or_else(|| {
            let mut suspect = self.suspect.borrow_mut();
            if suspect.len() > SUSPECT { suspect.pop_front() } else { None }
        })
    }

    /// Whether one more may be made of `most`.
    pub(crate) fn may_make(&self, most: usize) -> bool {
        self.made.get() < most
    }

    /// Whether there is a pair to take, or one more may be made of `most`.
    pub(crate) fn have_one(&self, most: usize) -> bool {
        self.may_make(most) || !self.idle.borrow().is_empty() || !self.suspect.borrow().is_empty()
    }

    /// A new pair.
    pub(crate) fn make(&self, request: Option<PeerThread>, callback: Hook) -> ThreadPair {
        self.made.set(self.made.get() + 1);
        ThreadPair { request, callback, made: self.made.clone() }
    }

    /// The oldest thread of the peer that is suspect, if there are more than are left alone.
    pub(crate) fn take_surplus(&self) -> Option<PeerThread> {
        let mut suspect = self.suspect.borrow_mut();
        let oldest = if suspect.len() > SUSPECT { suspect.pop_front() } else { None };
        drop(suspect);
        oldest?.request.take()
    }

    /// Takes the oldest pair that is suspect.
    pub(crate) fn take_suspect(&self) -> Option<ThreadPair> {
        self.suspect.borrow_mut().pop_front()
    }

    /// Takes a pair back whose call has returned.
    pub(crate) fn give_back(&self, pair: ThreadPair) {
        let refused = pair.request.as_ref().is_some_and(|request| request.is_refused().get());
        if !refused {
            self.idle.borrow_mut().push(pair);
        }
    }

    /// Takes a pair back whose call was cancelled: the peer's thread may be busy with it for as long as it likes, and
    /// releasing a busy thread would make a C++ peer wait for it.
    pub(crate) fn suspect(&self, pair: ThreadPair) {
        self.suspect.borrow_mut().push_back(pair);
    }

    /// Lets pairs go that were idle since this was asked last. Returns whether there are more than are kept for ever.
    pub(crate) fn shrink(&self) -> bool {
        let gone = {
            let mut idle = self.idle.borrow_mut();
            let unused = self.unused.get().min(idle.len().saturating_sub(KEPT));
            idle.drain(..unused).collect::<Vec<_>>()
        };
        drop(gone);
        let left = self.idle.borrow().len();
        self.unused.set(left);
        left > KEPT
    }

    /// How many are idle.
    pub(crate) fn idle(&self) -> usize {
        self.idle.borrow().len()
    }

    /// Lets all go that are not in use.
    pub(crate) fn clear(&self) {
        let idle = self.idle.take();
        let suspect = self.suspect.take();
        drop((idle, suspect));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(pairs: &ThreadPairs) -> ThreadPair {
        let hook = || capnp_rpc::new_broken_cap(capnp::Error::failed("no thread".into())).hook;
        pairs.take().unwrap_or_else(|| pairs.make(Some(PeerThread::new(hook())), hook()))
    }

    #[test]
    fn pairs_that_nobody_uses_go_after_a_while() {
        let pairs = ThreadPairs::default();
        let burst: Vec<_> = (0..100).map(|_| pair(&pairs)).collect();
        burst.into_iter().for_each(|pair| pairs.give_back(pair));
        assert!(pairs.shrink(), "they were in use since the last time");
        assert_eq!(pairs.idle(), 100);
        // Twenty are in use at once meanwhile.
        let some: Vec<_> = (0..20).map(|_| pair(&pairs)).collect();
        some.into_iter().for_each(|pair| pairs.give_back(pair));
        assert!(pairs.shrink());
        assert_eq!(pairs.idle(), 20);
        assert!(!pairs.shrink());
        assert_eq!((pairs.idle(), pairs.made.get()), (KEPT, KEPT));
    }

    #[test]
    fn a_thread_that_was_refused_is_not_used_again() {
        let pairs = ThreadPairs::default();
        let refused = pair(&pairs);
        refused.request.as_ref().expect("a thread").is_refused().set(true);
        pairs.give_back(refused);
        assert_eq!((pairs.idle(), pairs.made.get()), (0, 0));
    }
}
