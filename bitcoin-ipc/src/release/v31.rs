//! Bitcoin Core v31: no `submitBlock`, no look-up of transactions, no reason for a refused solution.

pub use super::init::InitV31 as Init;
pub use crate::interfaces::{BlockTemplateV31 as BlockTemplate, MiningV31 as Mining};
