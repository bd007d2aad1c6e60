//! The coins of a wallet.
//!
//! In: outputs. Out: the same, with what is known of them.

use bitcoin::OutPoint;

/// An output that can be spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Coin {
    /// Which one.
    pub(crate) outpoint: OutPoint,
    /// How much, in satoshi.
    pub(crate) amount: u64,
    /// Where it was paid to; empty where that has no address.
    pub(crate) address: String,
    /// The label of the address, or of the one whose change it is.
    pub(crate) label: String,
    /// When its transaction was seen, in seconds since 1970.
    pub(crate) time: i64,
    /// Its confirmations.
    pub(crate) depth: i32,
    /// Whether it is kept from being chosen.
    pub(crate) frozen: bool,
}
