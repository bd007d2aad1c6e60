//! Peers that break the rules.
//!
//! In: bytes and messages of a peer written by hand, over a real socket. Out: a clear error on
//! that call, or the end of that one connection; a second client of the same server, on the same
//! event loop, goes on working; and nothing panics.

mod calls;
mod client;
mod output;
mod pointers;
mod protocol;
mod server;
mod stream;
