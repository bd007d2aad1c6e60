//! Keys of descriptors at an index.
//!
//! In: descriptors and their private keys. Out: descriptors of public keys alone, and for each of these
//! where it comes from and its private key.

use bitcoin::bip32::{ChildNumber, DerivationPath, Fingerprint, KeySource};
use bitcoin::hashes::Hash;
use bitcoin::secp256k1::{All, Parity, Secp256k1};
use bitcoin::{PrivateKey, PublicKey};
use miniscript::descriptor::{DescriptorSecretKey, KeyMap, SinglePubKey, Wildcard};
use miniscript::{Descriptor, DescriptorPublicKey, TranslatePk, Translator, translate_hash_clone};

/// A key that was derived.
pub(super) struct Derived {
    pub(super) public: PublicKey,
    pub(super) origin: KeySource,
    pub(super) secret: Option<PrivateKey>,
}

/// A descriptor at an index. None if a private key is missing that a hardened step needs.
pub(super) fn at(
    descriptor: &Descriptor<DescriptorPublicKey>,
    secrets: &KeyMap,
    index: u32,
    secp: &Secp256k1<All>,
    note: impl FnMut(Derived),
) -> Option<Descriptor<PublicKey>> {
    descriptor.translate_pk(&mut Derive { secrets, index, secp, note }).ok()
}

struct Derive<'a, F> {
    secrets: &'a KeyMap,
    index: u32,
    secp: &'a Secp256k1<All>,
    /// Told of each key.
    note: F,
}

/// A key that cannot be derived.
struct NoKey;

impl<F> Derive<'_, F> {
    /// The last step of a path, if it is not in the descriptor.
    fn step(&self, wildcard: Wildcard) -> Result<Vec<ChildNumber>, NoKey> {
        let step = match wildcard {
            Wildcard::None => return Ok(Vec::new()),
            Wildcard::Unhardened => ChildNumber::from_normal_idx(self.index),
            Wildcard::Hardened => ChildNumber::from_hardened_idx(self.index),
        };
        step.map(|step| vec![step]).map_err(|_| NoKey)
    }

    fn secret(&self, key: &DescriptorPublicKey) -> Result<Option<PrivateKey>, NoKey> {
        match self.secrets.get(key) {
            Some(DescriptorSecretKey::Single(single)) => Ok(Some(single.key)),
            Some(DescriptorSecretKey::XPrv(xprv)) => {
                let path = xprv.derivation_path.extend(self.step(xprv.wildcard)?);
                let derived = xprv.xkey.derive_priv(self.secp, &path).map_err(|_| NoKey)?;
                Ok(Some(derived.to_priv()))
            }
            Some(DescriptorSecretKey::MultiXPrv(_)) | None => Ok(None),
        }
    }

    fn public(&self, key: &DescriptorPublicKey) -> Result<PublicKey, NoKey> {
        match key {
            DescriptorPublicKey::Single(single) => match single.key {
                SinglePubKey::FullKey(key) => Ok(key),
                SinglePubKey::XOnly(key) => Ok(PublicKey::new(key.public_key(Parity::Even))),
            },
            DescriptorPublicKey::XPub(xpub) => {
                let path = xpub.derivation_path.extend(self.step(xpub.wildcard)?);
                let derived = xpub.xkey.derive_pub(self.secp, &path).map_err(|_| NoKey)?;
                Ok(PublicKey::new(derived.public_key))
            }
            DescriptorPublicKey::MultiXPub(_) => Err(NoKey),
        }
    }

    fn origin(&self, key: &DescriptorPublicKey, public: &PublicKey) -> Result<KeySource, NoKey> {
        match key {
            DescriptorPublicKey::Single(single) => Ok(single.origin.clone().unwrap_or_else(|| {
                let [a, b, c, d, ..] = public.pubkey_hash().to_byte_array();
                (Fingerprint::from([a, b, c, d]), DerivationPath::default())
            })),
            DescriptorPublicKey::XPub(xpub) => {
                let origin = xpub.origin.clone();
                let (root, path) =
                    origin.unwrap_or_else(|| (xpub.xkey.fingerprint(), DerivationPath::default()));
                Ok((root, path.extend(&xpub.derivation_path).extend(self.step(xpub.wildcard)?)))
            }
            DescriptorPublicKey::MultiXPub(_) => Err(NoKey),
        }
    }
}

impl<F: FnMut(Derived)> Translator<DescriptorPublicKey, PublicKey, NoKey> for Derive<'_, F> {
    fn pk(&mut self, key: &DescriptorPublicKey) -> Result<PublicKey, NoKey> {
        let secret = self.secret(key)?;
        let public = match &secret {
            Some(secret) => secret.public_key(self.secp),
            None => self.public(key)?,
        };
        let origin = self.origin(key, &public)?;
        (self.note)(Derived { public, origin, secret });
        Ok(public)
    }

    translate_hash_clone!(DescriptorPublicKey, PublicKey, NoKey);
}
