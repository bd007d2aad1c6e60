//! Interfaces as Rust sees them: a trait object that is either here or at the peer.
//!
//! In: generated code, one implementation of [`Interface`] per trait. Out: proxies that implement
//! the trait, objects that a peer can call, and their conversions to and from the wire.

mod base;
mod client;
mod client_call;
mod convert;
mod handle;
mod interface;
mod lent;
mod loan;
mod options;
mod served;
mod view;

pub use base::Base;
pub use client::Proxy;
pub use client_call::{ClientCall, Pending, Response};
pub use handle::Handle;
pub use interface::{Interface, no_method};
pub use lent::{lend, lend_optional};
pub use options::{pipelined, pipelined_async, with_deadline, within};
pub(crate) use served::export;
pub use view::{Blocking, BlockingOf, InBlocking};

pub use convert::{Home, read_box, write_owned};
