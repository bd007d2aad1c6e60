//! What the programs `bitcoin-node`, `bitcoin-wallet` and `bitcoind` share before any interface is
//! served.
//!
//! In: the arguments and files of a user, signals, log events. Out: [`arguments`] and one
//! [`config::Settings`], a [`datadir`], whose it is ([`origin`]) and the [`lock`] of one, files for their
//! [`owner`] alone, a [`logging`] layer, a [`shutdown`]
//! token, [`callbacks`] of other processes, [`json_rpc`] commands to declare, [`descriptor`]s, and [`combine_logs`]
//! to read what several processes wrote.

pub mod arguments;
pub mod callbacks;
pub mod combine_logs;
pub mod config;
pub mod datadir;
pub mod descriptor;
mod error;
pub mod json_rpc;
pub mod lock;
pub mod logging;
pub mod origin;
pub mod owner;
pub mod shutdown;
mod time;

pub use error::{Error, Result};
