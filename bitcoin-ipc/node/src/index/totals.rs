//! Sums over all coins.
//!
//! In: coins that come and go. Out: [`Totals`].

use bitcoin::Amount;
use bitcoin_ipc::types::Coin;

/// What Bitcoin Core's bogosize counts for an output besides its script.
const BOGOSIZE_OF_OUTPUT: u64 = 50;

/// Sums over all coins of the active chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// How many coins there are.
    pub outputs: u64,
    /// Their amounts.
    pub amount: Amount,
    /// Bitcoin Core's measure of the set's size that depends on no database: 50 and the bytes of the
    /// script for each coin.
    pub bogosize: u64,
}

impl Totals {
    pub(super) fn with(self, coin: &Coin) -> Option<Self> {
        Some(Totals {
            outputs: self.outputs.checked_add(1)?,
            amount: self.amount.checked_add(coin.output.value)?,
            bogosize: self.bogosize.checked_add(bogosize(coin))?,
        })
    }

    pub(super) fn without(self, coin: &Coin) -> Option<Self> {
        Some(Totals {
            outputs: self.outputs.checked_sub(1)?,
            amount: self.amount.checked_sub(coin.output.value)?,
            bogosize: self.bogosize.checked_sub(bogosize(coin))?,
        })
    }
}

fn bogosize(coin: &Coin) -> u64 {
    BOGOSIZE_OF_OUTPUT + coin.output.script_pubkey.len() as u64
}
