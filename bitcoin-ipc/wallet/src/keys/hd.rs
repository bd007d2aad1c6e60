//! Extended keys (BIP 32) as descriptors have them: mostly master keys, as in the descriptors of a new wallet.
//!
//! In: descriptors. Out: their extended keys. A key that no descriptor uses yet is kept as Bitcoin Core's
//! `unused(KEY)`, which has no scripts.

use std::str::FromStr as _;

use bdk_wallet::miniscript::descriptor::{DescriptorSecretKey, KeyMap};
use bdk_wallet::miniscript::{DescriptorPublicKey, ForEachKey as _};
use bitcoin::NetworkKind;
use bitcoin::bip32::{Xpriv, Xpub};
use zeroize::Zeroizing;

use super::{Public, SECP, Signer};
use crate::{Error, Result};

/// An extended public key as a descriptor has it, and whether its private key is there as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HdKey {
    pub(crate) xpub: Xpub,
    pub(crate) private: bool,
}

/// A key that no descriptor uses yet.
#[derive(Clone, Debug)]
pub(crate) struct Unused {
    /// Its number among the descriptors of the wallet.
    pub(crate) id: u32,
    pub(crate) xpub: Xpub,
    /// When it was added, in seconds since 1970.
    pub(crate) birth: i64,
}

impl Unused {
    /// As it is listed among the descriptors, without checksum.
    pub(crate) fn text(xpub: &Xpub) -> String {
        format!("unused({xpub})")
    }

    /// The same with the private key.
    pub(crate) fn private_text(xprv: &Xpriv) -> Zeroizing<String> {
        let key = Zeroizing::new(xprv.to_string());
        Zeroizing::new(format!("unused({})", *key))
    }

    /// The key of such a text, with or without checksum.
    pub(crate) fn key(text: &str) -> Option<&str> {
        text.split('#').next()?.strip_prefix("unused(")?.strip_suffix(')')
    }

    /// Checks the key of such a text, which has to be a whole extended key of the network.
    pub(crate) fn check(key: &str, network: NetworkKind) -> Result<()> {
        let private = key.parse::<Xpriv>().map(|mut key| {
            key.private_key.non_secure_erase();
            key.network
        });
        let found = private.or_else(|_| key.parse::<Xpub>().map(|key| key.network));
        if found.is_ok_and(|found| found == network) {
            return Ok(());
        }
        let text = "not a usable descriptor: unused() takes one extended key of this network, without a path";
        Err(Error::Invalid(text.into()))
    }
}

/// Reads a private descriptor of the wallet; an unused key is only in the map.
pub(super) fn read_private(text: &str) -> Result<(Option<Public>, KeyMap)> {
    let damaged = || Error::File("a private descriptor is damaged".into());
    let Some(key) = Unused::key(text) else {
        let (public, keys) = Public::parse_descriptor(&SECP, text).map_err(|_| damaged())?;
        return Ok((Some(public), keys));
    };
    let secret = DescriptorSecretKey::from_str(key).map_err(|_| damaged())?;
    let public = secret.to_public(&SECP).map_err(|_| damaged())?;
    Ok((None, KeyMap::from([(public, secret)])))
}

/// The extended keys of a private descriptor.
pub(crate) fn hd_keys_of_private(text: &str) -> Result<Vec<HdKey>> {
    let (public, keys) = read_private(text)?;
    let mut found = public.map(|public| hd_keys(&public, &keys)).unwrap_or_default();
    let signer = Signer::of(keys);
    found.extend(signer.xpubs().map(|xpub| HdKey { xpub, private: true }));
    Ok(found)
}

/// The extended keys of a descriptor without private ones.
pub(crate) fn hd_keys_of_public(public: &Public) -> Vec<HdKey> {
    hd_keys(public, &KeyMap::new())
}

/// Those that are not private.
fn hd_keys(public: &Public, private: &KeyMap) -> Vec<HdKey> {
    let mut found = Vec::new();
    public.for_each_key(|key| {
        let xpub = match key {
            DescriptorPublicKey::XPub(key) => Some(key.xkey),
            DescriptorPublicKey::MultiXPub(key) => Some(key.xkey),
            DescriptorPublicKey::Single(_) => None,
        };
        let xpub = xpub.filter(|_| !private.contains_key(key));
        found.extend(xpub.map(|xpub| HdKey { xpub, private: false }));
        true
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_descriptor_has_the_key_that_it_is_written_with() {
        let xprv = Xpriv::new_master(bitcoin::NetworkKind::Test, &[7; 64]).unwrap();
        let other = Xpriv::new_master(bitcoin::NetworkKind::Test, &[8; 64]).unwrap();
        let (xpub, other) = (Xpub::from_priv(&SECP, &xprv), Xpub::from_priv(&SECP, &other));
        let private = |text: &str| hd_keys_of_private(text).unwrap();
        let own = || HdKey { xpub, private: true };
        assert_eq!(private(&format!("wpkh({xprv}/84h/1h/0h/0/*)")), [own()]);
        assert_eq!(private(&Unused::private_text(&xprv)), [own()]);
        let both = private(&format!("wsh(multi(2,{xprv}/1h/*,{other}/*))"));
        assert_eq!(both, [HdKey { xpub: other, private: false }, own()]);
        let single = "wpkh(cTe1f5rdT8A8DFgVWTjyPwACsDPJM9ff4QngFxUixCSvvbg1x6sh)";
        assert_eq!(private(single), []);
        assert!(hd_keys_of_private("unused(x)").is_err());
    }
}
