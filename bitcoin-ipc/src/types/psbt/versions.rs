//! PSBTs of one version as those of the other.
//!
//! In: a [`Psbt`]. Out: one of version 0 for code that knows no other, and what that has changed; or one of
//! version 2.

use std::collections::BTreeMap;

use bitcoin::Transaction;

use super::fields::{Fields, InputFields};
use super::partial::Psbt;

impl From<Psbt> for bitcoin::Psbt {
    /// One of version 0; see [`to_version_0`].
    fn from(psbt: Psbt) -> Self {
        to_version_0(psbt).pairs()
    }
}

impl Psbt {
    /// Lends the PSBT, as one of version 0, to what knows no other version. It stays of its version: what only
    /// version 2 has is put back, as it was.
    pub fn with<R>(&mut self, act: impl FnOnce(&mut bitcoin::Psbt) -> R) -> R {
        let version = self.version;
        let (own, inputs) = if version == 2 {
            (Fields::of(self), self.inputs.iter().map(InputFields::of).collect())
        } else {
            (Fields::default(), Vec::new())
        };
        let empty = Psbt {
            unsigned_tx: Transaction {
                version: self.unsigned_tx.version,
                lock_time: self.unsigned_tx.lock_time,
                input: Vec::new(),
                output: Vec::new(),
            },
            version,
            xpub: BTreeMap::new(),
            proprietary: BTreeMap::new(),
            unknown: BTreeMap::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
        };
        let mut lent = bitcoin::Psbt::from(std::mem::replace(self, empty));
        let result = act(&mut lent);
        *self = lent.into();
        if version == 2 {
            self.version = version;
            for (input, fields) in self.inputs.iter_mut().zip(inputs) {
                fields.put(input);
            }
            own.set(self);
        }
        result
    }
}

/// Makes a PSBT of version 0 one of version 2. Nothing may be added to its transaction.
#[must_use]
pub fn to_version_2(mut psbt: Psbt) -> Psbt {
    if psbt.version != 2 {
        let lock_time = psbt.unsigned_tx.lock_time.to_consensus_u32();
        let sequences: Vec<u32> = psbt.unsigned_tx.input.iter().map(|input| input.sequence.0).collect();
        for (input, sequence) in psbt.inputs.iter_mut().zip(sequences) {
            InputFields { sequence: Some(sequence), ..InputFields::default() }.put(input);
        }
        psbt.version = 2;
        Fields { fallback_lock_time: Some(lock_time), tx_modifiable: None }.set(&mut psbt);
    }
    psbt
}

/// Makes a PSBT of version 2 one of version 0, which has no place for required lock times, nor for what may
/// still be added.
#[must_use]
pub fn to_version_0(mut psbt: Psbt) -> Psbt {
    if psbt.version == 2 {
        psbt.version = 0;
        psbt.unknown.retain(|key, _| !Fields::has(key));
        psbt.inputs.iter_mut().for_each(|input| input.unknown.retain(|key, _| !InputFields::has(key)));
    }
    psbt
}
