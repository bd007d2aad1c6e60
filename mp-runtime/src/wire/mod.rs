//! The wire: what a value looks like in a Cap'n Proto message.
//!
//! In: types and values. Out: slots and layouts (constants), nodes (descriptions), and bytes.

pub mod build;
pub mod describe;
pub mod id;
pub mod layout;
pub mod node;
pub(crate) mod raw;
pub mod read;
pub(crate) mod show;
pub mod slot;
pub mod traits;
mod types;
