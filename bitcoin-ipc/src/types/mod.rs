//! Bitcoin's values as they cross the wire.
//!
//! In: the bytes of a Data field, or JSON. Out: values, and back. Nothing here knows of messages or
//! connections. Bytes that do not decode are an error of kind `BadValue`; bytes left over are too.

pub mod ban;
mod base32;
pub mod coin;
mod compressed_output;
mod cursor;
pub mod fee_rate;
pub mod locator;
pub mod net;
mod net_text;
pub mod undo;

pub use ban::{BanEntry, BanMap, SubNet};
pub use coin::Coin;
pub use fee_rate::WireFeeRate;
pub use locator::BlockLocator;
pub use net::{NetAddr, PeerAddress, Service};
pub use undo::{BlockUndo, TxUndo};
