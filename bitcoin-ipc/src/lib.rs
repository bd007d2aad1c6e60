//! Bitcoin Core's interfaces between node, wallet and GUI, in Rust.
//!
//! # A client of a running node
//!
//! `bitcoin-node -ipcbind=unix` listens on a Unix socket. [`connect`] and [`ConnectOptions`] give a
//! [`Client`] of it, [`blocking`] the same without futures:
//!
//! ```no_run
//! # async fn example() -> bitcoin_ipc::Result<()> {
//! use bitcoin_ipc::types::BlockCreateOptions;
//!
//! let node = bitcoin_ipc::connect("unix").await?;
//! println!("Bitcoin Core {}", node.release().await?);
//! let template = node.mining().create_new_block(&BlockCreateOptions::default(), true).await?;
//! # Ok(()) }
//! ```
//!
//! The releases v30, v31 and v32 number their methods differently; the client finds out which one
//! answers before the first call that would matter, and gives [`interfaces::Mining`] for each. What a
//! release cannot do is an error that names the one that can. A lost connection comes back by
//! itself; see [`Reconnect`].
//!
//! Nothing waits for ever for a node that hangs: calls have a limit
//! ([`ConnectOptions::call_timeout`]), waits look now and then whether the node still answers anything, and
//! who does not accept connections is given up in the same time. Whoever serves the socket has to be of the
//! same user, or of root ([`ConnectOptions::trust`]).
//!
//! # A node of one's own
//!
//! [`interfaces`] has a trait for every interface of Bitcoin Core: implement one, and serve it as any
//! release with [`release::Services`]. [`mock`] is a node in memory, for tests.
//!
//! # What the modules are for
//!
//! | module | |
//! |---|---|
//! | [`client`] | connecting, templates, tips, RPC |
//! | [`interfaces`] | the traits, one file each |
//! | [`types`] | Bitcoin's values and their forms on the wire |
//! | [`release`] | what v30, v31 and v32 have in another form |
//! | [`mock`] | a node in memory |
//! | [`monitor`] | counts of calls, for other processes to look at |
//! | [`files`] | the schema files |

pub mod client;
pub mod files;
pub mod interfaces;
pub mod mock;
pub mod monitor;
pub mod release;
pub mod types;

pub use client::{
    Client, ConnectOptions, Reconnect, RpcError, TemplateOptions, TipEvent, Trust, WhenFull, blocking,
    connect,
};
pub use mp_runtime;
pub use mp_runtime::{Error, ErrorKind, Result};
pub use release::Release;

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
