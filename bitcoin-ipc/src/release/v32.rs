//! Bitcoin Core v32: the form of today.

pub use super::init::Init;
pub use crate::interfaces::{BlockTemplate, Mining, Rpc};
