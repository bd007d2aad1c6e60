//! JSON-RPC commands, as Bitcoin Core v32 has them: what a node's and a wallet's share.
//!
//! In: declarations of commands, requests, amounts, scripts, transactions, PSBTs and descriptors. Out: help
//! texts, checked arguments, errors with Bitcoin Core's codes, and JSON in its form.

pub mod address;
pub mod amount;
pub mod arguments;
mod bech32_faults;
pub mod command;
pub mod construct;
pub mod conversion;
pub mod descriptor;
pub mod envelope;
pub mod error;
pub mod help;
pub mod params;
pub mod pool;
pub mod prevouts;
pub mod psbt;
pub mod script;
pub mod sign;
pub mod transaction;
pub mod value;

pub use command::{Arg, Command, Kind, arg};
pub use error::{Answer, Code, RpcError};
pub use params::Params;
