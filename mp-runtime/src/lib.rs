//! Interfaces between processes: the Rust counterpart of libmultiprocess.

mod cleanup;
mod connection;
mod error;
mod event_loop;
mod listen;
#[doc(hidden)]
pub mod private;
mod process;
mod proxy;
mod remote;
pub mod schema;
mod socket;
mod spawned;
mod thread;
pub mod wire;
pub mod with;

pub use connection::{Connection, MESSAGE_LIMIT_WORDS};
pub use error::{Error, ErrorKind, Origin, Result};
pub use event_loop::{Driver, EventLoop};
pub use listen::{Server, listen};
pub use mpgen_macros::{IpcEnum, IpcStruct, ipc_file, ipc_interface};
pub use process::{Child, SpawnArgument, parent_stream, sibling};
pub use proxy::{Handle, Interface, pipelined, pipelined_async, with_deadline, within};
pub use remote::{Remote, connect, connect_stream, pair, serve_stream};
pub use spawned::{serve_parent, spawn};
