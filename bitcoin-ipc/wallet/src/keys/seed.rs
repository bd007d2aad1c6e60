//! The keys of a new wallet.
//!
//! In: 64 random bytes. Out: a master key (BIP 32), and private descriptors of it: receiving and change for BIP
//! 44 (P2PKH), 49 (P2WPKH in P2SH), 84 (P2WPKH) and 86 (P2TR), as Bitcoin Core makes them.

use bitcoin::NetworkKind;
use bitcoin::bip32::Xpriv;
use bitcoin_ipc::types::OutputType;
use zeroize::Zeroizing;

use super::random;
use crate::{Error, Result};

/// The kinds of addresses that a new wallet has.
pub(crate) const KINDS: [OutputType; 4] =
    [OutputType::Legacy, OutputType::P2shSegwit, OutputType::Bech32, OutputType::Bech32m];

/// A new master key. It is not wiped when dropped.
pub(crate) fn fresh_key(network: NetworkKind) -> Result<Xpriv> {
    let seed = Zeroizing::new(random::<64>());
    Xpriv::new_master(network, &*seed)
        .map_err(|_| Error::Refused("the system's random numbers give no key".into()))
}

/// The private descriptor of a kind of addresses; there is none of the unknown kind.
pub(crate) fn standard(master: &Xpriv, kind: OutputType, internal: bool) -> Option<Zeroizing<String>> {
    let (purpose, before, after) = match kind {
        OutputType::Legacy => (44, "pkh(", ")"),
        OutputType::P2shSegwit => (49, "sh(wpkh(", "))"),
        OutputType::Bech32 => (84, "wpkh(", ")"),
        OutputType::Bech32m => (86, "tr(", ")"),
        OutputType::Unknown => return None,
    };
    let coin = if master.network.is_mainnet() { 0 } else { 1 };
    let change = u8::from(internal);
    let key = Zeroizing::new(master.to_string());
    Some(Zeroizing::new(format!("{before}{}/{purpose}h/{coin}h/0h/{change}/*{after}", *key)))
}
