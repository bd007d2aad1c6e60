//! Pages that belong to no item.

#[doc = include_str!("../docs/peers.md")]
pub mod peers {}

#[doc = include_str!("../docs/threads.md")]
pub mod threads {}
