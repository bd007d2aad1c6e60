//! Descriptors of a wallet (BIP 380).
//!
//! In: texts, with or without private keys. Out: what the wallet watches, and the private text, which is
//! wiped when dropped.

use std::borrow::Cow;

use bdk_wallet::miniscript::descriptor::DescriptorType;
use bitcoin::NetworkKind;
use bitcoin_ipc::types::OutputType;
use zeroize::Zeroizing;

use super::{Public, SECP};
use crate::{Error, Result};

/// A descriptor of the wallet.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    /// Its number in the wallet, which never changes.
    pub(crate) id: u32,
    /// Without private keys.
    pub(crate) public: Public,
    /// The kind of its addresses.
    pub(crate) kind: OutputType,
    /// Whether it is for change.
    pub(crate) internal: bool,
    /// Whether new addresses come from it.
    pub(crate) active: bool,
    /// When its first coin may have come, in seconds since 1970.
    pub(crate) birth: i64,
}

/// A descriptor to import.
#[derive(Clone, Default)]
pub struct DescriptorImport {
    /// Its text, with or without checksum and private keys.
    pub descriptor: Zeroizing<String>,
    /// Whether new addresses come from it; it needs a wildcard then.
    pub active: bool,
    /// Whether it is for change.
    pub internal: bool,
    /// When its first coin may have come, in seconds since 1970; the chain is searched from there.
    pub timestamp: i64,
    /// The first and the last number of its addresses that are watched, if it has several.
    pub range: Option<(u32, u32)>,
    /// The number of the next new address, if it is not the first one of the range.
    pub next_index: Option<u32>,
    /// The label of its address, if it has only one.
    pub label: Option<String>,
}

impl std::fmt::Debug for DescriptorImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DescriptorImport").field("active", &self.active).finish_non_exhaustive()
    }
}

/// What a descriptor of the wallet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescriptorInfo {
    /// Its number in the wallet, which never changes.
    pub id: u32,
    /// Its text without private keys, with checksum.
    pub descriptor: String,
    /// The kind of its addresses.
    pub kind: OutputType,
    /// Whether it is for change.
    pub internal: bool,
    /// Whether new addresses come from it.
    pub active: bool,
    /// When its first coin may have come, in seconds since 1970.
    pub timestamp: i64,
    /// The number of the next new address.
    pub next_index: u32,
}

/// Reads a descriptor: without private keys, and its text with them if it has any.
///
/// # Errors
///
/// The text is no descriptor, is of another network, or has a form that the wallet does not support.
pub(crate) fn parse(text: &str, network: NetworkKind) -> Result<(Public, Option<Zeroizing<String>>)> {
    let invalid = |why: &dyn std::fmt::Display| Error::Invalid(format!("not a usable descriptor: {why}"));
    // The error of the parser may quote its input, which may hold a private key.
    let (public, keys) = Public::parse_descriptor(&SECP, text)
        .map_err(|_| invalid(&"it does not parse, its checksum is wrong, or it is hardened at its end"))?;
    check(&public, network).map_err(|why| invalid(&why))?;
    let private = (!keys.is_empty()).then(|| Zeroizing::new(public.to_string_with_secret(&keys)));
    Ok((public, private))
}

/// Reads a descriptor without private keys that was written.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn read_public(text: &str, network: NetworkKind) -> Result<Public> {
    let public: Public =
        text.parse().map_err(|_| Error::File("its text is damaged, or of a newer version".into()))?;
    check(&public, network).map_err(|why| Error::File(why.into_owned()))?;
    Ok(public)
}

/// What keeps the wallet from using a descriptor.
fn check(public: &Public, network: NetworkKind) -> Result<(), Cow<'static, str>> {
    if public.is_multipath() {
        return Err("it has several paths; import them one by one".into());
    }
    if has_hardened_step(public) {
        return Err("it is hardened at its end".into());
    }
    public.sanity_check().map_err(|error| error.to_string())?;
    let mut networks = Vec::new();
    for_each_xkey(public, &mut networks);
    if networks.iter().any(|found| *found != network) {
        return Err("its keys are of another network".into());
    }
    Ok(())
}

/// Whether scripts cannot be derived without private keys.
pub(crate) fn has_hardened_step(public: &Public) -> bool {
    use bdk_wallet::miniscript::descriptor::Wildcard;
    use bdk_wallet::miniscript::{DescriptorPublicKey, ForEachKey as _};
    public.for_any_key(|key| {
        let wildcard = match key {
            DescriptorPublicKey::Single(_) => Wildcard::None,
            DescriptorPublicKey::XPub(key) => key.wildcard,
            DescriptorPublicKey::MultiXPub(key) => key.wildcard,
        };
        wildcard == Wildcard::Hardened || key.has_hardened_step()
    })
}

fn for_each_xkey(public: &Public, networks: &mut Vec<NetworkKind>) {
    use bdk_wallet::miniscript::{DescriptorPublicKey, ForEachKey as _};
    public.for_each_key(|key| {
        match key {
            DescriptorPublicKey::XPub(xkey) => networks.push(xkey.xkey.network),
            DescriptorPublicKey::MultiXPub(xkey) => networks.push(xkey.xkey.network),
            DescriptorPublicKey::Single(_) => {}
        }
        true
    });
}

/// The kind of a descriptor's addresses.
pub(crate) fn kind(public: &Public) -> OutputType {
    match public.desc_type() {
        DescriptorType::Pkh => OutputType::Legacy,
        DescriptorType::ShWpkh | DescriptorType::ShWsh | DescriptorType::ShWshSortedMulti => {
            OutputType::P2shSegwit
        }
        DescriptorType::Sh | DescriptorType::ShSortedMulti => OutputType::Legacy,
        DescriptorType::Wpkh | DescriptorType::Wsh | DescriptorType::WshSortedMulti => OutputType::Bech32,
        DescriptorType::Tr => OutputType::Bech32m,
        DescriptorType::Bare => OutputType::Unknown,
    }
}
