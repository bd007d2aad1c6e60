//! The primitives of what several threads work on at once.
//!
//! In: the standard library's. Out: the same. `tests/interleavings` compiles the files that import this module once
//! more, with others in their place that try each order in which threads may come.

pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, atomic};
pub(crate) use std::thread;
