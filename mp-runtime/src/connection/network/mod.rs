//! What lies between the stream and capnp-rpc.
//!
//! In: a stream. Out: the network that capnp-rpc works on, and the [`Wire`] by which the connection's task drives it.
//! Every message that is kept, in either direction, is counted here from its arrival to its end; what a peer must
//! not send does not get further.

mod answers;
mod conversation;
mod frame;
mod imports;
mod inbox;
mod inspect;
mod letter;
mod message;
mod outbox;
mod questions;
mod reply;
mod segments;
mod transport;
mod wire;

pub(crate) use answers::Ticket;
pub(crate) use conversation::network;
pub(crate) use frame::Frame;
pub(crate) use letter::{Content, can_be_content};
pub(crate) use segments::Segments;
pub(crate) use transport::Stream;
pub(crate) use wire::{Flushed, Wire};
