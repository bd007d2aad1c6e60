//! How the programs `bitcoin-node`, `bitcoin-wallet` and `bitcoind` begin and end.
//!
//! In: the arguments and files of a user, signals, log events. Out: [`arguments`] and one
//! [`config::Settings`], a [`datadir`], whose it is ([`origin`]) and the [`lock`] of one, files for their
//! [`owner`] alone, a [`logging`] layer with its [`time`]s, a [`shutdown`] token, [`sockets`], and the
//! [`signals`] that windows hear.

pub mod arguments;
pub mod config;
pub mod datadir;
mod error;
pub mod lock;
pub mod logging;
pub mod origin;
pub mod owner;
mod paths;
pub mod shutdown;
pub mod signals;
pub mod sockets;
pub mod time;

pub use error::{Error, Result};
