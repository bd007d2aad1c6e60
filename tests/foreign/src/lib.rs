//! Drivers: clients that other people wrote for Bitcoin Core's IPC interfaces, each making one round
//! of every call it knows.
//!
//! In: the path of a server's Unix socket and a [`Plan`]. Out: what the server answered, in a plain
//! struct, or a text that names the call that failed. Nothing is asserted here.
//!
//! | module | client | wire form |
//! |---|---|---|
//! | [`v30`] | `bitcoin-capnp-types` 0.1 | Bitcoin Core 30 |
//! | [`v31`] | `bitcoin-capnp-types` 0.2 | Bitcoin Core 31 |
//! | [`v32`] | `bitcoin-capnp-types` 0.3 | Bitcoin Core 32 |
//! | [`sv2`] | `bitcoin_core_sv2` 0.6 | Bitcoin Core 30 or 31 |
//!
//! The futures are not `Send`; they need a runtime of tokio with time and input/output enabled.

#[macro_use]
mod client;
#[macro_use]
mod since_v31;

mod block;
mod plan;
mod seen;
mod socket;

pub mod sv2;
pub mod v30;
pub mod v31;
pub mod v32;

pub use plan::{Dispatch, Plan};
pub use seen::{Basics, Chain, CoinbaseTx, Interrupted, Template, Tip, Verdict};
