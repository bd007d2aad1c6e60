//! Extended keys (BIP 32) as descriptors have them: mostly master keys, as in the descriptors of a new wallet.
//!
//! In: descriptors. Out: their extended keys. A key that no descriptor uses yet is kept as Bitcoin Core's
//! `unused(KEY)`, which has no scripts.

use bitcoin::bip32::{Xpriv, Xpub};
use bitcoin_rpc::descriptor::{Parsed, PrivateKeys};
use zeroize::Zeroizing;

use super::Public;

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
    /// `unused(KEY)`.
    pub(crate) public: Public,
    /// When it was added, in seconds since 1970.
    pub(crate) birth: i64,
}

impl Unused {
    /// The text of a private key.
    pub(crate) fn private_text(xprv: &Xpriv) -> Zeroizing<String> {
        let key = Zeroizing::new(xprv.to_string());
        Zeroizing::new(format!("unused({})", *key))
    }

    /// Its key, if that is an extended one.
    pub(crate) fn xpub(&self) -> Option<Xpub> {
        self.public.unused_key()?.ok()
    }
}

/// The extended keys of a private descriptor.
pub(crate) fn hd_keys_of_private(private: &Parsed) -> Vec<HdKey> {
    let all = private.all.iter().flat_map(Public::xpubs);
    all.map(|xpub| HdKey { xpub, private: private.keys.get(&xpub.to_pub().into()).is_some() }).collect()
}

/// The extended keys of a descriptor without private ones.
pub(crate) fn hd_keys_of_public(public: &Public) -> Vec<HdKey> {
    public.xpubs().into_iter().map(|xpub| HdKey { xpub, private: false }).collect()
}

/// The extended private key of a public one. It is not wiped when dropped.
pub(crate) fn xprv(keys: &PrivateKeys, xpub: &Xpub) -> Option<Xpriv> {
    let private_key = keys.get(&xpub.to_pub().into())?.inner;
    Some(Xpriv {
        network: xpub.network,
        depth: xpub.depth,
        parent_fingerprint: xpub.parent_fingerprint,
        child_number: xpub.child_number,
        private_key,
        chain_code: xpub.chain_code,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{SECP, read_private};
    use super::*;

    #[test]
    fn a_private_descriptor_has_the_key_that_it_is_written_with() {
        let xprv = Xpriv::new_master(bitcoin::NetworkKind::Test, &[7; 64]).unwrap();
        let other = Xpriv::new_master(bitcoin::NetworkKind::Test, &[8; 64]).unwrap();
        let (xpub, other) = (Xpub::from_priv(&SECP, &xprv), Xpub::from_priv(&SECP, &other));
        let read = |text: &str| read_private(text, bitcoin::Network::Regtest);
        let private = |text: &str| hd_keys_of_private(&read(text).unwrap());
        let own = || HdKey { xpub, private: true };
        assert_eq!(private(&format!("wpkh({xprv}/84h/1h/0h/0/*)")), [own()]);
        assert_eq!(private(&Unused::private_text(&xprv)), [own()]);
        let both = private(&format!("wsh(multi(2,{xprv}/1h/*,{other}/*))"));
        assert_eq!(both, [own(), HdKey { xpub: other, private: false }]);
        let single = "wpkh(cTe1f5rdT8A8DFgVWTjyPwACsDPJM9ff4QngFxUixCSvvbg1x6sh)";
        assert_eq!(private(single), []);
        assert!(read("unused(x)").is_err());
    }
}
