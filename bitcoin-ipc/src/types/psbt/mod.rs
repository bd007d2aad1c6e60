//! Partially signed transactions of versions 0 (BIP 174) and 2 (BIP 370).
//!
//! In: bytes. Out: a [`Psbt`] of the `bitcoin` crate, and back.
//!
//! That crate reads version 0 only. Version 2 has the same maps, but for the unsigned transaction, which
//! is spread over them: it is put together here, and taken apart again. A PSBT of version 2 has 2 as its
//! [`version`](Psbt::version), and what version 0 has no place for among the unknown pairs of its maps,
//! under the types of BIP 370: [`Fields`] and [`InputFields`] give them.
//!
//! What keeps those two keeps the PSBT. Methods of `Psbt` that write (`serialize`, `to_string`) do not, and
//! [`Psbt::combine`] does not know what version 2 allows to differ.

mod fields;
mod maps;
mod read;
#[cfg(test)]
mod tests;
mod write;

use bitcoin::Psbt;
use mp_runtime::{Error, Result};

pub use fields::{Fields, InputFields, lock_time};
pub use read::read;
pub use write::encode;

/// Reads a PSBT of version 0 or 2, of which nothing is left over.
///
/// # Errors
///
/// The bytes are not a PSBT, of another version, or break a rule of their version; the text says which, in
/// Bitcoin Core's words where it has some.
pub fn decode(mut bytes: &[u8]) -> Result<Psbt> {
    let psbt = read(&mut bytes)?;
    if bytes.is_empty() { Ok(psbt) } else { Err(Error::bad_value("extra data after PSBT")) }
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
