//! Bitcoin Core's interfaces between node, wallet and GUI, in Rust.

pub mod client;
pub mod files;
pub mod interfaces;
pub mod mock;
pub mod monitor;
pub mod release;
pub mod types;

pub use client::{Client, ConnectOptions, Reconnect, RpcError, TemplateOptions, TipEvent, blocking, connect};
pub use mp_runtime;
pub use mp_runtime::{Error, ErrorKind, Result};
pub use release::Release;
