//! Signing with opened private descriptors.
//!
//! In: their texts. Out: signatures in a PSBT, and single keys. The keys are wiped when dropped.

use bdk_wallet::miniscript::descriptor::{DescriptorSecretKey, KeyMap};
use bitcoin::bip32::{Xpriv, Xpub};
use bitcoin::psbt::{GetKey, GetKeyError, KeyRequest};
use bitcoin::secp256k1::{Secp256k1, Signing};
use bitcoin::{PrivateKey, Psbt};
use zeroize::Zeroizing;

use super::hd::read_private;
use super::{SECP, grind};
use crate::Result;

/// The private keys of some descriptors.
pub(crate) struct Signer {
    keys: Vec<KeyMap>,
}

impl Signer {
    /// Reads private descriptors.
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = &'a Zeroizing<String>>) -> Result<Self> {
        let keys = texts.into_iter().map(|text| Ok(read_private(text)?.1));
        Ok(Signer { keys: keys.collect::<Result<_>>()? })
    }

    /// Takes private keys.
    pub(super) fn of(keys: KeyMap) -> Self {
        Signer { keys: vec![keys] }
    }

    /// Signs the inputs that it has keys for. What cannot be signed stays as it is.
    pub(crate) fn sign(&self, psbt: &mut Psbt) {
        let before = grind::signatures(psbt);
        // An error says which inputs lack what; a PSBT of several parties always lacks something.
        let _ = psbt.sign(self, &SECP);
        grind::low_r(self, psbt, &before);
    }

    /// The private key of a public one, by where it is derived.
    pub(crate) fn key(&self, request: KeyRequest) -> Option<PrivateKey> {
        self.get_key(request, &SECP).ok().flatten()
    }

    fn secrets(&self) -> impl Iterator<Item = &DescriptorSecretKey> {
        self.keys.iter().flat_map(KeyMap::values)
    }

    /// The public keys of the extended private ones.
    pub(crate) fn xpubs(&self) -> impl Iterator<Item = Xpub> {
        self.secrets().filter_map(|key| match key {
            DescriptorSecretKey::XPrv(key) => Some(Xpub::from_priv(&SECP, &key.xkey)),
            DescriptorSecretKey::MultiXPrv(key) => Some(Xpub::from_priv(&SECP, &key.xkey)),
            DescriptorSecretKey::Single(_) => None,
        })
    }

    /// The extended private key of a public one. It is not wiped when dropped.
    pub(crate) fn xprv(&self, xpub: &Xpub) -> Option<Xpriv> {
        let found = self.secrets().find_map(|key| {
            let secret = match key {
                DescriptorSecretKey::XPrv(key) => key.xkey.private_key,
                DescriptorSecretKey::MultiXPrv(key) => key.xkey.private_key,
                DescriptorSecretKey::Single(key) => key.key.inner,
            };
            (secret.public_key(&SECP) == xpub.public_key).then_some(secret)
        });
        Some(Xpriv {
            network: xpub.network,
            depth: xpub.depth,
            parent_fingerprint: xpub.parent_fingerprint,
            child_number: xpub.child_number,
            private_key: found?,
            chain_code: xpub.chain_code,
        })
    }
}

impl GetKey for Signer {
    type Error = GetKeyError;

    fn get_key<C: Signing>(
        &self,
        request: KeyRequest,
        secp: &Secp256k1<C>,
    ) -> Result<Option<PrivateKey>, GetKeyError> {
        let mut all = self.secrets();
        // A descriptor whose derivation does not fit is no reason not to ask the next one.
        Ok(all.find_map(|key| key.get_key(request.clone(), secp).ok().flatten()))
    }
}

impl Drop for Signer {
    fn drop(&mut self) {
        for keys in &mut self.keys {
            for key in keys.values_mut() {
                match key {
                    DescriptorSecretKey::Single(single) => single.key.inner.non_secure_erase(),
                    DescriptorSecretKey::XPrv(xkey) => xkey.xkey.private_key.non_secure_erase(),
                    DescriptorSecretKey::MultiXPrv(xkey) => xkey.xkey.private_key.non_secure_erase(),
                }
            }
        }
    }
}
