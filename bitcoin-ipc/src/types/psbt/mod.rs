//! Partially signed transactions of versions 0 (BIP 174) and 2 (BIP 370).
//!
//! In: bytes. Out: a [`Psbt`], and back.
//!
//! The crate `bitcoin` knows version 0 only. Version 2 has the same maps, but for the unsigned transaction, which
//! is spread over them: it is put together here, and taken apart again. What version 0 has no place for is among
//! the unknown pairs of the maps, under the types of BIP 370: [`Fields`] and [`InputFields`] give them.
//!
//! A [`Psbt`] is a type of its own, so that it is written in its version or not at all: what `bitcoin` and
//! miniscript can do, they do with a PSBT of version 0 ([`Psbt::with`]).

mod fields;
mod maps;
mod partial;
mod read;
#[cfg(test)]
mod tests;
mod versions;
mod write;

use mp_runtime::{Error, Result};

pub use fields::{Fields, InputFields, lock_time};
pub use partial::Psbt;
pub use read::read;
pub use versions::{to_version_0, to_version_2};
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
