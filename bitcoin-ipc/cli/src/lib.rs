//! What the program `bitcoin-ipc` offers to other programs too.
//!
//! In: the logs of several processes. Out: one log ([`combine_logs`]).

pub mod combine_logs;
