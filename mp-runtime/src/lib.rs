#![doc = include_str!("../docs/runtime.md")]

pub mod callbacks;
mod cleanup;
mod connection;
mod error;
mod event_loop;
mod generated;
pub mod guide;
#[cfg(feature = "json")]
mod json;
mod limits;
mod listen;
pub mod monitor;
#[doc(hidden)]
pub mod private;
mod process;
mod proxy;
mod remote;
pub mod schema;
mod socket;
mod spawned;
mod sync;
mod thread;
mod unwinding;
mod waiting;
pub mod wire;
pub mod with;

pub use connection::Connection;
pub use error::{Error, ErrorKind, Origin, Result};
pub use event_loop::{Driver, EventLoop};
#[cfg(feature = "json")]
pub use json::Json;
pub use limits::{Limits, MESSAGE_LIMIT_WORDS};
pub use listen::{Server, listen, listen_for, listen_with};
#[doc = include_str!("../docs/ipc_enum.md")]
pub use mpgen_macros::IpcEnum;
#[doc = include_str!("../docs/ipc_struct.md")]
pub use mpgen_macros::IpcStruct;
#[doc = include_str!("../docs/ipc_file.md")]
pub use mpgen_macros::ipc_file;
#[doc = include_str!("../docs/ipc_interface.md")]
pub use mpgen_macros::ipc_interface;
pub use process::{Child, SpawnArgument, parent_stream, sibling};
pub use proxy::{Handle, Interface, pipelined, pipelined_async, with_deadline, within};
pub use remote::{Remote, connect, connect_stream, connect_within, pair, serve_stream};
pub use socket::{AllowedPeers, PeerCredentials, try_connect};
pub use spawned::{serve_parent, spawn};
pub use waiting::{block_on, may_block};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
