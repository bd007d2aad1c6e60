//! Signing with opened private descriptors.
//!
//! In: their texts. Out: signatures in a PSBT, and single keys. The keys are wiped when dropped.

use bdk_wallet::miniscript::descriptor::{DescriptorSecretKey, KeyMap};
use bitcoin::psbt::{GetKey, GetKeyError, KeyRequest};
use bitcoin::secp256k1::{Secp256k1, Signing};
use bitcoin::{PrivateKey, Psbt};
use zeroize::Zeroizing;

use super::{Public, SECP};
use crate::{Error, Result};

/// The private keys of some descriptors.
pub(crate) struct Signer {
    keys: Vec<KeyMap>,
}

impl Signer {
    /// Reads private descriptors.
    pub(crate) fn new<'a>(texts: impl IntoIterator<Item = &'a Zeroizing<String>>) -> Result<Self> {
        let keys = texts.into_iter().map(|text| {
            let parsed = Public::parse_descriptor(&SECP, text);
            parsed.map(|(_, keys)| keys).map_err(|_| Error::File("a private descriptor is damaged".into()))
        });
        Ok(Signer { keys: keys.collect::<Result<_>>()? })
    }

    /// Signs the inputs that it has keys for. What cannot be signed stays as it is.
    pub(crate) fn sign(&self, psbt: &mut Psbt) {
        // An error says which inputs lack what; a PSBT of several parties always lacks something.
        let _ = psbt.sign(self, &SECP);
    }

    /// The private key of a public one, by where it is derived.
    pub(crate) fn key(&self, request: KeyRequest) -> Option<PrivateKey> {
        self.get_key(request, &SECP).ok().flatten()
    }
}

impl GetKey for Signer {
    type Error = GetKeyError;

    fn get_key<C: Signing>(
        &self,
        request: KeyRequest,
        secp: &Secp256k1<C>,
    ) -> Result<Option<PrivateKey>, GetKeyError> {
        let mut all = self.keys.iter().flat_map(|keys| keys.values());
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
