//! Threads in both of their roles.
//!
//! In: calls that wait, and work that a peer wants done on a certain thread. Out: a thread that
//! waits for its call runs such work meanwhile, so that a callback runs on the thread that made
//! the call, to any depth; a worker thread does nothing else.

mod context;
mod worker;

pub(crate) use context::{ReplySlot, ThreadContext};
pub(crate) use worker::Worker;
