//! Structs of several fields, by the file that declares them.

mod chain;
mod common;
mod mining;
mod node;
mod wallet;

pub use chain::*;
pub use common::*;
pub use mining::*;
pub use node::*;
pub use wallet::*;
