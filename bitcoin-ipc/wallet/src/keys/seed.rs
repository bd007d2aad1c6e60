//! The keys of a new wallet.
//!
//! In: 64 random bytes. Out: eight private descriptors of one master key (BIP 32): receiving and change
//! for BIP 44 (P2PKH), 49 (P2WPKH in P2SH), 84 (P2WPKH) and 86 (P2TR), as Bitcoin Core makes them.

use bitcoin::bip32::Xpriv;
use bitcoin::{Network, NetworkKind};
use zeroize::Zeroizing;

use super::random;
use crate::{Error, Result};

/// A private descriptor of a new wallet.
pub(crate) struct Fresh {
    /// Its text.
    pub(crate) text: Zeroizing<String>,
    /// Whether it is for change.
    pub(crate) internal: bool,
}

/// Makes the descriptors of a new master key.
pub(crate) fn fresh(network: Network) -> Result<Vec<Fresh>> {
    let seed = Zeroizing::new(random::<64>());
    let kind = NetworkKind::from(network);
    let mut master = Xpriv::new_master(kind, &*seed)
        .map_err(|_| Error::Refused("the system's random numbers give no key".into()))?;
    let text = Zeroizing::new(master.to_string());
    master.private_key.non_secure_erase();
    let coin = if kind.is_mainnet() { 0 } else { 1 };
    let forms = [(44, "pkh(", ")"), (49, "sh(wpkh(", "))"), (84, "wpkh(", ")"), (86, "tr(", ")")];
    let both = forms.iter().flat_map(|form| [(form, false), (form, true)]);
    Ok(both
        .map(|((purpose, before, after), internal)| Fresh {
            text: Zeroizing::new(format!(
                "{before}{}/{purpose}h/{coin}h/0h/{}/*{after}",
                *text,
                u8::from(internal)
            )),
            internal,
        })
        .collect())
}
