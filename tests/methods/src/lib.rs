//! Which methods of Bitcoin Core's interfaces work here.
//!
//! In: calls through a connection, and what came of them. Out: a table of all methods, as the text of
//! `bitcoin-ipc/METHODS.md`.

mod calls;
mod table;

pub use calls::Calls;
pub use table::table;
