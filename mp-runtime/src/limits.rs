//! How much a peer may make this process hold, and how long it may keep it waiting.
//!
//! In: numbers, by name. Out: [`Limits`], which an event loop gives to all its connections and a listener
//! may replace. `docs/limits.md` says what a peer hears at each of them.

use std::time::Duration;

/// The most words that one message may have, on both sides.
pub const MESSAGE_LIMIT_WORDS: usize = 8 * 1024 * 1024;

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident, $with:ident: $type:ty = $default:expr;)*) => {
        #[doc = include_str!("../docs/limits.md")]
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($name: $type,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($name: $default,)* }
            }
        }

        impl Limits {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $name(&self) -> $type {
                    self.$name
                }

                #[doc = concat!("Sets [`", stringify!($name), "`](Self::", stringify!($name), ").")]
                #[must_use]
                pub fn $with(mut self, value: $type) -> Self {
                    self.$name = value;
                    self
                }
            )*
        }
    };
}

limits! {
    /// The most bytes that one message of a peer may have. More than the default no peer sends.
    message_bytes, with_message_bytes: usize = 8 * MESSAGE_LIMIT_WORDS;
    /// The most capabilities that one message may carry, in either direction.
    message_capabilities, with_message_capabilities: usize = 8_192;
    /// The most calls of a peer that may be under way: not answered, answered and not finished, or
    /// cancelled and still running.
    calls, with_calls: usize = 16_384;
    /// How many calls may stand one behind the other, each on an answer that has yet to come or with one
    /// among its parameters.
    call_depth, with_call_depth: usize = 32;
    /// How many promises may stand one behind the other, each resolved to the next one.
    promise_depth, with_promise_depth: usize = 64;
    /// The most bytes of calls and unfinished answers that are kept for a peer.
    received_bytes, with_received_bytes: usize = 96 << 20;
    /// The most bytes of answers that may wait for a peer to read them.
    unread_bytes, with_unread_bytes: usize = 96 << 20;
    /// While more bytes of answers than this wait for a peer, none of its calls is begun.
    unread_before_calls_wait, with_unread_before_calls_wait: usize = 1 << 20;
    /// While more bytes of answers than this wait for a peer that does read, nothing is read from it.
    unread_before_reading_waits, with_unread_before_reading_waits: usize = 4 << 20;
    /// The most objects of this process that a peer may hold.
    exported_objects, with_exported_objects: usize = 131_072;
    /// The most objects of a peer that this process holds.
    imported_objects, with_imported_objects: usize = 131_072;
    /// The most threads of this process that a peer may have.
    threads, with_threads: usize = 1_024;
    /// The most threads that a peer may have for its calls that name none.
    pool_threads, with_pool_threads: usize = 256;
    /// The most threads that the asynchronous calls of this process take at a peer; further calls wait for
    /// one of them.
    asynchronous_threads, with_asynchronous_threads: usize = 512;
    /// How long a peer has for its first message.
    handshake_time, with_handshake_time: Duration = Duration::from_secs(10);
    /// How long a peer has for one message from its first to its last byte.
    message_time, with_message_time: Duration = Duration::from_secs(20);
    /// How long a peer may leave answers unread without reading any byte.
    unread_time, with_unread_time: Duration = Duration::from_secs(20);
    /// How long a peer may say nothing while no call is under way; `None` for ever.
    idle_time, with_idle_time: Option<Duration> = None;
    /// How long a connection that is being closed waits for its last bytes to leave.
    closing_time, with_closing_time: Duration = Duration::from_millis(200);
    /// The most connections of a listener; further peers wait in the socket's queue. Never more than half of
    /// the descriptors that the process may have.
    connections, with_connections: usize = 512;
    /// The most bytes of calls and unfinished answers that are kept for all peers of this process together. Of
    /// what is left a peer may take three quarters, and small calls always pass.
    process_received_bytes, with_process_received_bytes: usize = 128 << 20;
    /// The most bytes of answers that may wait for all peers of this process together, shared in the same way.
    process_unread_bytes, with_process_unread_bytes: usize = 128 << 20;
    /// The most threads that all peers of this process have together.
    process_threads, with_process_threads: usize = 4_096;
}
