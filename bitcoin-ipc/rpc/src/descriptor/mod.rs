//! Output descriptors (BIP 380 to 390), as Bitcoin Core has them.
//!
//! In: texts. Out: what they are, their texts in several forms, and their scripts at each number.
//!
//! The wallet and the node's commands read descriptors here and nowhere else. The library `miniscript` knows
//! neither `addr`, `raw`, `rawtr`, `combo`, `unused` and `sortedmulti_a` nor hardened steps behind which a private
//! key is needed, and forgets where a private key comes from; so the text is read here, by Bitcoin Core's rules and
//! with its words for what is wrong. What is inside of `wsh` and `tr` is the library's, and so are the scripts and how
//! they are spent.

mod expand;
mod fragment;
mod key;
mod node;
mod parse;
mod path;
mod private;
mod range;
mod text;

use bitcoin::bip32::{KeySource, Xpub};
use bitcoin::secp256k1::{All, Secp256k1};
use bitcoin::{Network, PublicKey};
use bitcoin_ipc::types::OutputType;
use miniscript::descriptor::checksum::desc_checksum;

pub use expand::{DerivedKey, ExpandError, Expanded, Expander, Output};
pub use private::PrivateKeys;
pub use range::{MAX_RANGE, range};

use key::{Body, Key, Reader};
use node::Node;

/// Why a text is no descriptor, in Bitcoin Core's words. It may quote the text, which may hold a private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DescriptorError(String);

/// A descriptor, without private keys.
#[derive(Clone, Debug)]
pub struct Descriptor {
    node: Node,
}

/// What a text says.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The descriptor; several of one whose keys have several paths.
    pub all: Vec<Descriptor>,
    /// The private keys in it.
    pub keys: PrivateKeys,
}

/// A descriptor's text without its checksum, which has to be right.
///
/// # Errors
///
/// It is wrong, or missing and needed; or the text has characters that no descriptor has.
pub fn payload(text: &str, checksum_needed: bool) -> Result<&str, DescriptorError> {
    let refuse = |text: String| Err(DescriptorError(text));
    let mut parts = text.split('#');
    let bare = parts.next().unwrap_or_default();
    let checksum = parts.next();
    if parts.next().is_some() {
        return refuse("Multiple '#' symbols".to_owned());
    }
    match checksum {
        None if checksum_needed => return refuse("Missing checksum".to_owned()),
        Some(checksum) if checksum.len() != 8 => {
            return refuse(format!("Expected 8 character checksum, not {} characters", checksum.len()));
        }
        _ => {}
    }
    let Ok(computed) = desc_checksum(bare) else { return refuse("Invalid characters in payload".to_owned()) };
    match checksum {
        Some(checksum) if checksum != computed => {
            refuse(format!("Provided checksum '{checksum}' does not match computed checksum '{computed}'"))
        }
        _ => Ok(bare),
    }
}

/// Reads a descriptor.
///
/// # Errors
///
/// The text is none, has a wrong checksum or none where one is needed, or is of another network.
pub fn parse(
    text: &str,
    network: Network,
    checksum_needed: bool,
    secp: &Secp256k1<All>,
) -> Result<Parsed, DescriptorError> {
    let bare = payload(text, checksum_needed)?;
    let mut reader = Reader { network: network.into(), secp, keys: PrivateKeys::default() };
    let nodes = reader.descriptor(bare, network).map_err(DescriptorError)?;
    Ok(Parsed { all: nodes.into_iter().map(|node| Descriptor { node }).collect(), keys: reader.keys })
}

impl Parsed {
    /// Whether there are many scripts, by number.
    #[must_use]
    pub fn is_range(&self) -> bool {
        self.all.first().is_some_and(Descriptor::is_range)
    }
}

impl Descriptor {
    fn any_key(&self, fits: impl Fn(&Key) -> bool) -> bool {
        let mut any = false;
        self.node.for_each_key(&mut |key| any |= fits(key));
        any
    }

    /// Whether there are many scripts, by number.
    #[must_use]
    pub fn is_range(&self) -> bool {
        self.any_key(Key::is_range)
    }

    /// Whether scripts can only be derived with private keys.
    #[must_use]
    pub fn is_hardened(&self) -> bool {
        self.any_key(Key::is_hardened)
    }

    /// Whether it says how its scripts are spent.
    #[must_use]
    pub fn is_solvable(&self) -> bool {
        !matches!(self.node, Node::Addr(_) | Node::Raw(_))
    }

    /// Whether it has one script at each number, or none.
    #[must_use]
    pub fn is_single_type(&self) -> bool {
        !matches!(self.node, Node::Combo(_))
    }

    /// Whether it only holds a key.
    #[must_use]
    pub fn is_unused(&self) -> bool {
        matches!(self.node, Node::Unused(_))
    }

    /// How many scripts there are at each number.
    #[must_use]
    pub fn width(&self) -> usize {
        match &self.node {
            Node::Unused(_) => 0,
            Node::Combo(key) if key.len() == 33 => 4,
            Node::Combo(_) => 2,
            _ => 1,
        }
    }

    /// How many keys it is written with.
    #[must_use]
    pub fn key_count(&self) -> usize {
        let mut count = 0;
        self.node.for_each_key(&mut |_| count += 1);
        count
    }

    /// The kind of its addresses; `None` if it has no kind (Bitcoin Core's `GetOutputType`).
    #[must_use]
    pub fn output_type(&self) -> Option<OutputType> {
        let of_script = |script: &bitcoin::Script| match () {
            () if script.is_p2pkh() || script.is_p2sh() => Some(OutputType::Legacy),
            () if script.is_p2wpkh() || script.is_p2wsh() => Some(OutputType::Bech32),
            () if script.is_witness_program() => Some(OutputType::Bech32m),
            () => None,
        };
        match &self.node {
            Node::Addr(address) => of_script(&address.script_pubkey()),
            Node::Raw(script) => of_script(script),
            Node::Pkh(_) => Some(OutputType::Legacy),
            Node::Sh(inner) if matches!(**inner, Node::Wpkh(_) | Node::Wsh(_)) => {
                Some(OutputType::P2shSegwit)
            }
            Node::Sh(_) => Some(OutputType::Legacy),
            Node::Wpkh(_) | Node::Wsh(_) => Some(OutputType::Bech32),
            Node::Tr { .. } | Node::RawTr(_) => Some(OutputType::Bech32m),
            Node::Pk(_)
            | Node::Combo(_)
            | Node::Unused(_)
            | Node::Multi { .. }
            | Node::MultiA { .. }
            | Node::Miniscript(_) => None,
        }
    }

    /// The number at which one of its keys comes from there, if one does; 0 if that key is the same at all numbers.
    #[must_use]
    pub fn number_of(&self, origin: &KeySource) -> Option<u32> {
        let mut number = None;
        self.node.for_each_key(&mut |key| number = number.or_else(|| key.number_of(origin)));
        number
    }

    /// Whether all of its keys are among these private ones.
    #[must_use]
    pub fn has_private_keys(&self, keys: &PrivateKeys) -> bool {
        self.key_count() > 0 && !self.any_key(|key| key.secret(keys).is_none())
    }

    /// The extended keys that it is written with.
    #[must_use]
    pub fn xpubs(&self) -> Vec<Xpub> {
        let mut found = Vec::new();
        self.node.for_each_key(&mut |key| match &key.body {
            Body::Extended { xpub, .. } => found.push(*xpub),
            Body::Single { .. } => {}
        });
        found
    }

    /// What its writer has to be warned of.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        self.node.warnings(&mut warnings);
        warnings
    }

    /// The descriptor at a number whose keys were derived before.
    #[must_use]
    pub fn with_keys(&self, keys: Vec<DerivedKey>) -> Expanded<'_> {
        Expanded::of(&self.node, keys)
    }

    /// The descriptor at a number whose public keys are known, as they were derived before; `None` if they are not
    /// as many as it is written with.
    #[must_use]
    pub fn with_public_keys(&self, number: u32, keys: &[PublicKey]) -> Option<Expanded<'_>> {
        let mut origins = Vec::new();
        self.node.for_each_key(&mut |key| origins.push(key.source_at(number)));
        if origins.len() != keys.len() {
            return None;
        }
        let derived = |(origin, public): (Option<_>, &PublicKey)| {
            Some(DerivedKey { public: *public, origin: origin?, secret: None })
        };
        let keys = origins.into_iter().zip(keys).map(derived).collect::<Option<_>>()?;
        Some(self.with_keys(keys))
    }

    /// The descriptor with the keys that it is written with in place of those of a number: what its scripts are
    /// spent by, and how large that is, takes no private key.
    #[must_use]
    pub fn sample(&self) -> Expanded<'_> {
        let mut keys = Vec::new();
        self.node.for_each_key(&mut |key| {
            let public = match &key.body {
                Body::Single { public, .. } => *public,
                Body::Extended { xpub, .. } => PublicKey::new(xpub.public_key),
            };
            keys.push(DerivedKey { public, origin: Default::default(), secret: None });
        });
        self.with_keys(keys)
    }

    /// The only key of `unused`.
    #[must_use]
    pub fn unused_key(&self) -> Option<Result<Xpub, PublicKey>> {
        match &self.node {
            Node::Unused(Key { body: Body::Extended { xpub, .. }, .. }) => Some(Ok(*xpub)),
            Node::Unused(Key { body: Body::Single { public, .. }, .. }) => Some(Err(*public)),
            _ => None,
        }
    }
}
