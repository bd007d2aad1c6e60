//! Threads in both of their roles.
//!
//! In: calls that wait, and work that a peer wants done on a certain thread. Out: a thread that
//! waits for its call runs such work meanwhile, so that a callback runs on the thread that made
//! the call, to any depth; a worker thread does nothing else. One that has nothing to do looks after a socket, if it was
//! given one.

mod context;
mod watch;
mod worker;

pub(crate) use context::{ReplySlot, ThreadContext, Wakes};
pub(crate) use watch::{Eagerness, Watch};
pub(crate) use worker::Worker;
