//! What several threads of the runtime work on at once, in each order in which they may come.
//!
//! In: the runtime's own sources, compiled here with the primitives of `loom` in place of the standard library's. Out:
//! models, one function each, which end in a panic where an order of steps breaks what the source promises: also one
//! in which somebody waits for ever. `tests/interleavings.rs` runs them.

pub mod models;

/// What the sources import; see `mp-runtime/src/sync.rs`.
mod sync {
    pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
    pub(crate) use loom::thread;
}

mod error {
    #[cfg(test)]
    pub(crate) use mp_runtime::Error;
    pub(crate) use mp_runtime::{ErrorKind, Result};
}

#[path = "../../../mp-runtime/src/callbacks.rs"]
#[allow(dead_code, unreachable_pub, reason = "the runtime uses all of it")]
mod callbacks;
#[path = "../../../mp-runtime/src/cleanup.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod cleanup;
#[path = "../../../mp-runtime/src/thread/context.rs"]
#[allow(dead_code, reason = "the runtime uses all of it")]
mod context;
#[path = "../../../mp-runtime/src/connection/gate.rs"]
mod gate;
#[path = "../../../mp-runtime/src/connection/life.rs"]
mod life;
#[path = "../../../mp-runtime/src/proxy/loan.rs"]
mod loan;
#[path = "../../../mp-runtime/src/event_loop/turns.rs"]
mod turns;
#[path = "../../../mp-runtime/src/thread/watch.rs"]
#[allow(dead_code, unused_imports, reason = "the runtime uses all of it")]
mod watch;
