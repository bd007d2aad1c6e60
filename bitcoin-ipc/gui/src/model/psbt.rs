//! A partially signed transaction that is looked at.
//!
//! In: what its maps say. Out: values to show.

/// An input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PsbtInput {
    /// What it spends.
    pub(crate) outpoint: String,
    /// How much that is in satoshi, if the PSBT says so.
    pub(crate) amount: Option<u64>,
    /// Whether it needs nothing more.
    pub(crate) complete: bool,
    /// How many signatures it has that are not yet put together.
    pub(crate) signatures: usize,
}

/// An output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PsbtOutput {
    /// Where it goes; empty where that has no address.
    pub(crate) address: String,
    /// How much, in satoshi.
    pub(crate) amount: u64,
    /// Whether it is the wallet's.
    pub(crate) mine: bool,
}

/// A partially signed transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PsbtView {
    /// Its bytes.
    pub(crate) bytes: Vec<u8>,
    /// Its version, 0 or 2.
    pub(crate) version: u32,
    /// The transaction's id, which signatures of old kinds still change.
    pub(crate) txid: String,
    /// The inputs.
    pub(crate) inputs: Vec<PsbtInput>,
    /// The outputs.
    pub(crate) outputs: Vec<PsbtOutput>,
}

impl PsbtView {
    /// The fee in satoshi, if the amounts of all inputs are known and are enough.
    pub(crate) fn fee(&self) -> Option<u64> {
        let all_in = self.inputs.iter().try_fold(0_u64, |sum, input| sum.checked_add(input.amount?))?;
        let out = self.outputs.iter().try_fold(0_u64, |sum, output| sum.checked_add(output.amount))?;
        all_in.checked_sub(out)
    }

    /// Whether all inputs need nothing more.
    pub(crate) fn is_complete(&self) -> bool {
        self.inputs.iter().all(|input| input.complete)
    }
}
