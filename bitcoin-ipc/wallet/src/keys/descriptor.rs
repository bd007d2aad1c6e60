//! Descriptors of a wallet (BIP 380).
//!
//! In: texts, with or without private keys. Out: what the wallet watches, and the private text, which is
//! wiped when dropped.

use bitcoin::Network;
use bitcoin_ipc::types::OutputType;
use bitcoin_rpc::descriptor::{self, Parsed, PrivateKeys};
use zeroize::Zeroizing;

use super::{Deriver, Public, SECP};
use crate::{Error, Result};

/// A descriptor of the wallet.
#[derive(Clone, Debug)]
pub(crate) struct Descriptor {
    /// Its number in the wallet, which never changes.
    pub(crate) id: u32,
    /// The text that no other descriptor of the wallet has.
    pub(crate) identity: Identity,
    /// Without private keys, and with as few hardened steps as that allows.
    pub(crate) deriver: Deriver,
    /// The kind of its addresses.
    pub(crate) kind: OutputType,
    /// Whether it is for change.
    pub(crate) internal: bool,
    /// Whether new addresses come from it.
    pub(crate) active: bool,
    /// When its first coin may have come, in seconds since 1970.
    pub(crate) birth: i64,
}

impl Descriptor {
    /// The text without private keys, with checksum.
    pub(crate) fn text(&self) -> String {
        self.deriver.public().to_public_text()
    }
}

/// What tells a descriptor from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// The public text of what was given, as Bitcoin Core's `DescriptorID`.
    Given(String),
    /// That of the first public keys that scripts can be derived from, in files of older versions.
    Derived(String),
}

impl Identity {
    pub(crate) fn text(&self) -> &str {
        match self {
            Identity::Given(text) | Identity::Derived(text) => text,
        }
    }
}

/// A descriptor to import.
#[derive(Clone, Default)]
pub struct DescriptorImport {
    /// Its text, with or without checksum and private keys. It may have several paths (BIP 389): of two, the second
    /// is for change.
    pub descriptor: Zeroizing<String>,
    /// Whether new addresses come from it; it needs a wildcard then.
    pub active: bool,
    /// Whether it is for change; not for one with several paths.
    pub internal: bool,
    /// When its first coin may have come, in seconds since 1970; the chain is searched from there.
    pub timestamp: i64,
    /// The first and the last number of its addresses that are watched, if it has several.
    pub range: Option<(u32, u32)>,
    /// The number of the next new address, if it is not the first one of the range.
    pub next_index: Option<u32>,
    /// The label of its addresses, if it has no wildcard.
    pub label: Option<String>,
}

impl std::fmt::Debug for DescriptorImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DescriptorImport").field("active", &self.active).finish_non_exhaustive()
    }
}

/// What became of an import.
#[derive(Debug)]
pub struct Imported {
    /// Whether it is there now.
    pub result: Result<()>,
    /// What its user has to know, in Bitcoin Core's words.
    pub warnings: Vec<String>,
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

/// One descriptor that may become the wallet's.
pub(crate) struct Candidate {
    pub(crate) deriver: Deriver,
    pub(crate) kind: OutputType,
    /// As it was given, with its private keys.
    pub(crate) given: Parsed,
}

impl Candidate {
    /// Reads a descriptor that has one path.
    ///
    /// # Errors
    ///
    /// As [`parse`]; or a hardened step takes a private key that is not there.
    pub(crate) fn read(text: &str, network: Network) -> Result<Candidate> {
        let Parsed { all, keys } = parse(text, network)?;
        match &all[..] {
            [one] => Self::of(one.clone(), keys, network),
            _ => Err(Error::Invalid("not a usable descriptor: it has several paths".into())),
        }
    }

    /// Takes one of those that a text stands for.
    ///
    /// # Errors
    ///
    /// A hardened step takes a private key that is not there.
    pub(crate) fn of(descriptor: Public, keys: PrivateKeys, network: Network) -> Result<Candidate> {
        let cannot = || {
            let text = "Cannot expand descriptor. Probably because of hardened derivations without private keys provided";
            Error::Refused(text.into())
        };
        let text = descriptor.to_normalized_text(&keys, &SECP).ok_or_else(cannot)?;
        let deriver = Deriver::new(read_public(&text, network)?);
        let kind = descriptor.output_type().unwrap_or(OutputType::Unknown);
        let given = Parsed { all: vec![descriptor], keys };
        deriver.set_private(Some(given.clone()));
        if deriver.scripts_at(0).is_none() {
            return Err(cannot());
        }
        Ok(Candidate { deriver, kind, given })
    }

    pub(crate) fn identity(&self) -> Identity {
        Identity::Given(self.given.all.first().map(Public::to_compat_text).unwrap_or_default())
    }

    /// Whether the wallet has it as this one.
    pub(crate) fn is(&self, known: &Descriptor) -> bool {
        match &known.identity {
            Identity::Given(_) => known.identity == self.identity(),
            Identity::Derived(text) => *text == self.deriver.public().to_compat_text(),
        }
    }
}

/// Reads a descriptor.
///
/// # Errors
///
/// The text is none, or of another network.
pub(crate) fn parse(text: &str, network: Network) -> Result<Parsed> {
    let why =
        "not a usable descriptor: it does not parse, its checksum is wrong, or it is of another network";
    // The error of the parser may quote its input, which may hold a private key.
    descriptor::parse(text, network, false, &SECP).map_err(|_| Error::Invalid(why.into()))
}

/// Reads a descriptor without private keys that was written.
///
/// # Errors
///
/// As [`parse`].
pub(crate) fn read_public(text: &str, network: Network) -> Result<Public> {
    let damaged = || Error::File("its text is damaged, or of a newer version".into());
    let Parsed { all, .. } = descriptor::parse(text, network, false, &SECP).map_err(|_| damaged())?;
    let [one] = <[Public; 1]>::try_from(all).map_err(|_| damaged())?;
    Ok(one)
}

/// Reads a private descriptor of the wallet.
///
/// # Errors
///
/// It is damaged.
pub(crate) fn read_private(text: &str, network: Network) -> Result<Parsed> {
    descriptor::parse(text, network, false, &SECP)
        .map_err(|_| Error::File("a private descriptor is damaged".into()))
}
