//! Bitcoin Core v30: other ordinals, no defaults, no interrupts, the coinbase as a transaction.

pub use super::init::InitV30 as Init;
pub use crate::interfaces::{BlockTemplateV30 as BlockTemplate, MiningV30 as Mining};
