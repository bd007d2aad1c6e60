//! The wire: what a value looks like in a Cap'n Proto message.
//!
//! In: types and values. Out: slots and layouts (constants), nodes (descriptions), and bytes.
//!
//! # Types of your own
//!
//! Deriving [`IpcStruct`](macro@crate::IpcStruct) or [`IpcEnum`](macro@crate::IpcEnum) is the
//! simple way. A type with a form of its own implements [`traits::WireType`],
//! [`traits::BuildField`] and [`traits::ReadField`]. For a type of another crate, which Rust does
//! not let you do this for, name a *conversion set*, a type of yours that the traits take as a
//! parameter:
//!
//! ```
//! use std::net::IpAddr;
//! use std::sync::Arc;
//!
//! use mp_runtime::wire::build::{BuildContext, FieldBuilder};
//! use mp_runtime::wire::node::Type;
//! use mp_runtime::wire::read::{FieldReader, ReadContext};
//! use mp_runtime::wire::slot::{Slot, Slots};
//! use mp_runtime::wire::traits::{BuildField, ReadField, WireType};
//! use mp_runtime::{Error, EventLoop, Result, ipc_interface, pair};
//!
//! /// Our conversions.
//! pub enum Net {}
//!
//! impl WireType<Net> for IpAddr {
//!     const SLOTS: Slots = Slots::one(Slot::Pointer);
//!     const TYPE: Type = Type::Text;
//! }
//!
//! impl BuildField<Net> for IpAddr {
//!     fn build_field(&self, cx: &mut BuildContext<'_>, out: FieldBuilder<'_>) -> Result<()> {
//!         BuildField::<()>::build_field(&self.to_string(), cx, out)
//!     }
//! }
//!
//! impl<'a> ReadField<'a, Net> for IpAddr {
//!     fn read_field(cx: &ReadContext<'a>, input: FieldReader<'a>) -> Result<IpAddr> {
//!         let text = <&str as ReadField<'a, ()>>::read_field(cx, input)?;
//!         text.parse().map_err(|_| Error::bad_value(format!("`{text}` is no address")))
//!     }
//! }
//!
//! #[ipc_interface(file = "peers.capnp", file_id = 0xd1c0_8e57_3b29_4f60, types = Net)]
//! pub trait Peers: Send + Sync {
//!     /// The set reaches into lists, options, maps.
//!     fn banned(&self) -> Result<Vec<IpAddr>>;
//! }
//!
//! # struct Node;
//! # impl Peers for Node {
//! #     fn banned(&self) -> Result<Vec<IpAddr>> { Ok(vec![IpAddr::from([127, 0, 0, 1])]) }
//! # }
//! let (peers, _served) = pair::<dyn Peers>(&EventLoop::new("net")?, Arc::new(Node));
//! assert_eq!(peers.banned()?, [IpAddr::from([127, 0, 0, 1])]);
//! # Ok::<(), Error>(())
//! ```
//!
//! For a single place, `#[ipc(with = module)]` is less to write; see [`with`](crate::with).

pub mod build;
pub(crate) mod capability;
mod collect;
pub mod describe;
pub mod id;
pub mod layout;
pub mod node;
pub(crate) mod raw;
pub mod read;
pub(crate) mod show;
pub mod slot;
pub mod structs;
pub mod traits;
mod types;
mod wire_type;

pub use crate::limits::MESSAGE_LIMIT_WORDS;

/// How deep the pointers of one message may be nested, as everywhere in Cap'n Proto.
pub(crate) const NESTING_LIMIT: i32 = 64;
