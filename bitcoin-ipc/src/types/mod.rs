//! Bitcoin's values as they cross the wire.
//!
//! In: the bytes of a Data field, numbers, text. Out: values, and back. [`Bitcoin`] is the conversion
//! set of all interfaces here: it gives a form to the types of the `bitcoin` crate. Bytes that do
//! not decode are an error of kind `BadValue` that names the field; bytes left over are too.

pub mod ban;
pub mod coin;
mod coinbase;
mod compressed_output;
mod conversions;
mod cursor;
mod destination;
mod enums;
pub mod fee_rate;
pub mod locator;
pub mod net;
mod net_text;
pub(crate) mod older;
mod outcome;
pub mod psbt;
pub mod restart;
mod secret;
mod structs;
pub mod undo;

pub use ban::{BanEntry, BanMap, SubNet};
pub use coin::Coin;
pub use coinbase::merkle_root;
pub use destination::{Destination, WitnessUnknown};
pub use enums::*;
pub use fee_rate::WireFeeRate;
pub use locator::BlockLocator;
pub use mp_runtime::Json;
pub use net::{NetAddr, PeerAddress, Service};
pub(crate) use older::in_form;
pub use outcome::Expected;
pub use secret::{Key, Secret, secret_text};
pub use structs::*;
pub use undo::{BlockUndo, TxUndo};

/// The conversion set of Bitcoin Core's interfaces: `#[ipc_interface(types = Bitcoin, …)]`.
#[derive(Clone, Copy, Debug)]
pub enum Bitcoin {}
