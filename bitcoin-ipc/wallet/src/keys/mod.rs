//! Keys: which scripts are the wallet's, and how it signs for them.
//!
//! In: random bytes, descriptors, passphrases. Out: public [`Descriptor`]s to watch the chain with, and
//! private ones that are opened only to sign.

mod derive;
mod descriptor;
mod hd;
mod locked;
mod seed;
mod vault;

use bitcoin::key::rand::RngCore as _;
use bitcoin::key::rand::rngs::OsRng;
pub(crate) use bitcoin_rpc::sign::SECP;

pub(crate) use derive::{Derived, Deriver, LAST, PublicKeys, Range, Step};
pub(crate) use descriptor::{Candidate, Descriptor, Identity, parse, read_private, read_public};
pub use descriptor::{DescriptorImport, DescriptorInfo, Imported};
pub(crate) use hd::{HdKey, Unused, hd_keys_of_private, hd_keys_of_public, xprv};
pub(crate) use seed::{KINDS, fresh_key, standard};
pub(crate) use vault::{Cost, Sealed, Vault, WrappedKey};

/// A descriptor without private keys.
pub(crate) type Public = bitcoin_rpc::descriptor::Descriptor;

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
