//! Private keys of descriptors.
//!
//! In: keys as a descriptor has them. Out: the key of a public one. They are wiped when dropped.

use std::collections::BTreeMap;

use bitcoin::hashes::{Hash as _, hash160};
use bitcoin::secp256k1::{Parity, Secp256k1, Signing};
use bitcoin::{PrivateKey, PublicKey, XOnlyPublicKey};

/// The private keys that a descriptor is written with, by the hashes of their public ones; those of extended
/// keys are their own, without any step.
#[derive(Clone, Debug, Default)]
pub struct PrivateKeys(BTreeMap<hash160::Hash, PrivateKey>);

fn id(public: &PublicKey) -> hash160::Hash {
    hash160::Hash::hash(&public.to_bytes())
}

impl PrivateKeys {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a key.
    pub fn insert<C: Signing>(&mut self, secp: &Secp256k1<C>, key: PrivateKey) {
        self.0.insert(id(&key.public_key(secp)), key);
    }

    /// Adds all of another descriptor's.
    pub fn extend(&mut self, other: &PrivateKeys) {
        self.0.extend(&other.0);
    }

    /// The key of a public one.
    #[must_use]
    pub fn get(&self, public: &PublicKey) -> Option<&PrivateKey> {
        self.0.get(&id(public))
    }

    /// The key of a public one of which only one coordinate is known.
    #[must_use]
    pub fn get_x_only(&self, public: XOnlyPublicKey) -> Option<&PrivateKey> {
        let both = [Parity::Even, Parity::Odd].map(|parity| PublicKey::new(public.public_key(parity)));
        both.iter().find_map(|public| self.get(public))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &PrivateKey> {
        self.0.values()
    }
}

impl Drop for PrivateKeys {
    fn drop(&mut self) {
        for key in self.0.values_mut() {
            key.inner.non_secure_erase();
        }
    }
}
