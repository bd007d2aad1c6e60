//! What is done with a node and its wallets, in whatever form they run.
//!
//! In: a running node. Out: what was seen at each step; what happens is told meanwhile.

mod blocks;
mod load;
mod story;
mod values;

pub use blocks::{competing_blocks, submit};
pub use load::{Acknowledged, Load};
pub use story::{Balances, Bumped, Encrypted, Mined, PASSPHRASE, Paid, Reorganised, Story, story, thanks};
pub use values::{amount, amount_value, hash, text, txid};

/// Hears what happens.
pub type Tell<'a> = &'a mut dyn FnMut(&str);
