//! A client of a running node, whichever release it is.
//!
//! In: an address. Out: a [`Client`] whose handles stay valid when the connection does not: the next
//! call connects again. Futures of this module run in any executor; timers run on the client's
//! event loop. None of them waits for ever for a node that hangs.

mod address;
pub mod blocking;
mod connect;
mod echo;
mod link;
mod mining;
mod options;
mod patience;
mod rpc;
mod session;
mod template;
mod templates;
mod timer;
mod tips;
mod trust;
mod watch;

pub use address::{Address, default_data_dir, default_socket, network_dir};
pub use connect::{Client, connect};
pub use options::{ConnectOptions, Reconnect};
pub use rpc::{RpcError, rpc_uri};
pub use templates::{TemplateOptions, Templates, WhenFull};
pub use tips::{TipEvent, Tips};
pub use trust::Trust;
