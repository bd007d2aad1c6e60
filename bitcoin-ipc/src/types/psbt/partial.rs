//! The type of PSBTs.
//!
//! In: the maps of one. Out: a [`Psbt`].

use std::collections::BTreeMap;

use bitcoin::Transaction;
use bitcoin::bip32::{KeySource, Xpub};
use bitcoin::psbt::{Input, Output, raw};

/// A partially signed transaction of version 0 (BIP 174) or 2 (BIP 370), with the fields of
/// [`bitcoin::Psbt`]. [`encode`](super::encode) writes it, in its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Psbt {
    /// The transaction, without scripts and witnesses. Of version 2 it is what follows from the fields of the
    /// inputs, which alone are written.
    pub unsigned_tx: Transaction,
    /// 0 or 2.
    pub version: u32,
    /// Extended public keys, with the fingerprint of their master key and their path.
    pub xpub: BTreeMap<Xpub, KeySource>,
    /// Pairs of other programs.
    pub proprietary: BTreeMap<raw::ProprietaryKey, Vec<u8>>,
    /// Pairs that `bitcoin` does not know, among them those of [`Fields`](super::Fields).
    pub unknown: BTreeMap<raw::Key, Vec<u8>>,
    /// A map for each input of the transaction; the fields of [`InputFields`](super::InputFields) are among its
    /// unknown pairs.
    pub inputs: Vec<Input>,
    /// A map for each output of the transaction.
    pub outputs: Vec<Output>,
}

impl From<bitcoin::Psbt> for Psbt {
    fn from(psbt: bitcoin::Psbt) -> Self {
        let bitcoin::Psbt { unsigned_tx, version, xpub, proprietary, unknown, inputs, outputs } = psbt;
        Psbt { unsigned_tx, version, xpub, proprietary, unknown, inputs, outputs }
    }
}

impl Psbt {
    /// One of version 0 for a transaction.
    ///
    /// # Errors
    ///
    /// When the transaction has scripts or witnesses.
    pub fn from_unsigned_tx(tx: Transaction) -> Result<Self, bitcoin::psbt::Error> {
        bitcoin::Psbt::from_unsigned_tx(tx).map(Psbt::from)
    }

    /// The transaction with the final scripts and witnesses, whatever its fee is.
    #[must_use]
    pub fn extract_tx_unchecked_fee_rate(self) -> Transaction {
        self.pairs().extract_tx_unchecked_fee_rate()
    }

    /// All pairs, as if they were of version 0.
    pub(super) fn pairs(self) -> bitcoin::Psbt {
        let Psbt { unsigned_tx, version: _, xpub, proprietary, unknown, inputs, outputs } = self;
        bitcoin::Psbt { unsigned_tx, version: 0, xpub, proprietary, unknown, inputs, outputs }
    }
}
