//! The scripts of a descriptor at a number.
//!
//! In: a descriptor, its private keys as far as they are there, a number. Out: keys and scripts, and how the
//! scripts are spent.

use std::sync::Arc;

use bitcoin::bip32::{KeySource, Xpriv, Xpub};
use bitcoin::secp256k1::{All, Secp256k1};
use bitcoin::{PrivateKey, PublicKey, ScriptBuf, key::TapTweak as _};
use miniscript::descriptor::{DefiniteDescriptorKey, SinglePub, SinglePubKey, TapTree};
use miniscript::{
    DescriptorPublicKey, Legacy, Miniscript, MiniscriptKey, ScriptContext, Segwitv0, Tap, Terminal,
    Threshold, TranslatePk as _, Translator, hash256,
};

use bitcoin::hashes::{hash160, ripemd160, sha256};

use super::fragment::{Fragment, Slot};
use super::key::{Body, Key};
use super::node::{Node, Tree};
use super::path::Derive;
use super::{Descriptor, PrivateKeys};
use crate::script::with_checksum;

/// Why there are no scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpandError {
    /// A hardened step takes a private key that is not there.
    #[error("Cannot derive script without private keys")]
    NoPrivateKey,
    /// The number cannot be one of a key, or the scripts would be no scripts.
    #[error("Cannot derive script")]
    Impossible,
}

/// A key at a number.
#[derive(Clone, Debug)]
pub struct DerivedKey {
    /// The key.
    pub public: PublicKey,
    /// Where it comes from.
    pub origin: KeySource,
    /// The private one, if it is known.
    pub secret: Option<PrivateKey>,
}

/// How a script is spent.
#[derive(Clone, Debug)]
pub enum Output<Pk: MiniscriptKey> {
    /// Nobody says.
    Script(ScriptBuf),
    /// By a signature of taproot with a key that is not tweaked.
    Key(Pk, ScriptBuf),
    /// As it says.
    Solved(miniscript::Descriptor<Pk>),
}

impl Output<PublicKey> {
    /// The script.
    #[must_use]
    pub fn script_pubkey(&self) -> ScriptBuf {
        match self {
            Output::Script(script) | Output::Key(_, script) => script.clone(),
            Output::Solved(descriptor) => descriptor.script_pubkey(),
        }
    }
}

impl Output<DefiniteDescriptorKey> {
    /// The descriptor of this script alone, with keys that tell where they come from (Bitcoin Core's
    /// `InferDescriptor`); `None` where nobody says how it is spent.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        let text = match self {
            Output::Script(_) => return None,
            Output::Key(key, _) => format!("rawtr({key})"),
            Output::Solved(descriptor) => format!("{descriptor:#}"),
        };
        Some(with_checksum(&text.replace('\'', "h")))
    }
}

/// A descriptor at a number.
#[derive(Clone, Debug)]
pub struct Expanded<'a> {
    node: &'a Node,
    /// Its keys, in the order in which they are written.
    pub keys: Vec<DerivedKey>,
}

/// Derives the keys of a descriptor.
#[derive(Debug)]
pub struct Expander<'a> {
    descriptor: &'a Descriptor,
    secp: &'a Secp256k1<All>,
    parents: Vec<Parent>,
}

/// What the keys of all numbers are derived from.
#[derive(Debug)]
enum Parent {
    Single(DerivedKey),
    Public { xpub: Xpub, origin: KeySource, derive: Derive },
    Private { xprv: Xpriv, origin: KeySource, derive: Derive },
}

impl Drop for Parent {
    fn drop(&mut self) {
        match self {
            Parent::Private { xprv, .. } => xprv.private_key.non_secure_erase(),
            Parent::Single(DerivedKey { secret: Some(secret), .. }) => secret.inner.non_secure_erase(),
            Parent::Single(_) | Parent::Public { .. } => {}
        }
    }
}

impl Parent {
    fn new(key: &Key, keys: &PrivateKeys, secp: &Secp256k1<All>) -> Result<Self, ExpandError> {
        let origin = key.source();
        match &key.body {
            Body::Single { public, .. } => {
                Ok(Parent::Single(DerivedKey { public: *public, origin, secret: key.secret(keys).copied() }))
            }
            Body::Extended { xpub, path, derive, .. } => {
                let derive = *derive;
                if let Some(mut xprv) = key.xprv(keys) {
                    let derived = xprv.derive_priv(secp, path);
                    xprv.private_key.non_secure_erase();
                    let xprv = derived.map_err(|_| ExpandError::Impossible)?;
                    return Ok(Parent::Private { xprv, origin, derive });
                }
                if key.is_hardened() {
                    return Err(ExpandError::NoPrivateKey);
                }
                let xpub = xpub.derive_pub(secp, path).map_err(|_| ExpandError::Impossible)?;
                Ok(Parent::Public { xpub, origin, derive })
            }
        }
    }

    fn at(&self, number: u32, secp: &Secp256k1<All>) -> Result<DerivedKey, ExpandError> {
        let (origin, derive) = match self {
            Parent::Single(key) => return Ok(key.clone()),
            Parent::Public { origin, derive, .. } | Parent::Private { origin, derive, .. } => {
                (origin, derive)
            }
        };
        let step = derive.step(number).map_err(|_| ExpandError::Impossible)?;
        let steps = step.as_slice();
        let origin = (origin.0, origin.1.extend(steps));
        match self {
            Parent::Private { xprv, .. } => {
                let mut derived = xprv.derive_priv(secp, &steps).map_err(|_| ExpandError::Impossible)?;
                let secret = derived.to_priv();
                derived.private_key.non_secure_erase();
                Ok(DerivedKey { public: secret.public_key(secp), origin, secret: Some(secret) })
            }
            Parent::Public { xpub, .. } => {
                let derived = xpub.derive_pub(secp, &steps).map_err(|_| ExpandError::Impossible)?;
                Ok(DerivedKey { public: PublicKey::new(derived.public_key), origin, secret: None })
            }
            Parent::Single(key) => Ok(key.clone()),
        }
    }
}

impl<'a> Expander<'a> {
    /// Prepares a descriptor. Without private keys the scripts are had more quickly.
    ///
    /// # Errors
    ///
    /// A step is hardened, and the private key is not there.
    pub fn new(
        descriptor: &'a Descriptor,
        keys: &PrivateKeys,
        secp: &'a Secp256k1<All>,
    ) -> Result<Self, ExpandError> {
        let mut parents = Vec::new();
        let mut failed = None;
        descriptor.node.for_each_key(&mut |key| match Parent::new(key, keys, secp) {
            Ok(parent) => parents.push(parent),
            Err(error) => failed = failed.or(Some(error)),
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(Expander { descriptor, secp, parents }),
        }
    }

    /// The descriptor at a number, which means nothing to one without a range.
    ///
    /// # Errors
    ///
    /// The number is too high.
    pub fn at(&self, number: u32) -> Result<Expanded<'a>, ExpandError> {
        let keys = self.parents.iter().map(|parent| parent.at(number, self.secp));
        Ok(Expanded { node: &self.descriptor.node, keys: keys.collect::<Result<_, _>>()? })
    }

    /// The scripts at a number: none of `unused`, two or four of `combo`, one of all others.
    ///
    /// # Errors
    ///
    /// As [`at`](Self::at).
    pub fn scripts(&self, number: u32) -> Result<Vec<ScriptBuf>, ExpandError> {
        let outputs = self.at(number)?.outputs()?;
        Ok(outputs.iter().map(Output::script_pubkey).collect())
    }
}

impl<'a> Expanded<'a> {
    /// Puts a descriptor and its keys together, which were derived before.
    pub(super) fn of(node: &'a Node, keys: Vec<DerivedKey>) -> Self {
        Expanded { node, keys }
    }

    /// How each script is spent.
    ///
    /// # Errors
    ///
    /// The scripts would be no scripts.
    pub fn outputs(&self) -> Result<Vec<Output<PublicKey>>, ExpandError> {
        let keys = self.keys.iter().map(|key| (key.public, key.public)).collect();
        outputs(self.node, keys)
    }

    /// How each script is spent, by keys that tell where they come from.
    ///
    /// # Errors
    ///
    /// As [`outputs`](Self::outputs).
    pub fn definite(&self) -> Result<Vec<Output<DefiniteDescriptorKey>>, ExpandError> {
        let x_only = matches!(self.node, Node::Tr { .. } | Node::RawTr(_));
        let keys = self.keys.iter().map(|key| {
            let single = match x_only {
                true => SinglePubKey::XOnly(key.public.inner.x_only_public_key().0),
                false => SinglePubKey::FullKey(key.public),
            };
            let single = SinglePub { origin: Some(key.origin.clone()), key: single };
            let definite = DefiniteDescriptorKey::new(DescriptorPublicKey::Single(single));
            Ok((key.public, definite.ok_or(ExpandError::Impossible)?))
        });
        outputs(self.node, keys.collect::<Result<_, _>>()?)
    }
}

/// A key of any kind, beside which hashes are what they are.
trait AnyKey:
    MiniscriptKey<
        Sha256 = sha256::Hash,
        Hash256 = hash256::Hash,
        Ripemd160 = ripemd160::Hash,
        Hash160 = hash160::Hash,
    >
{
}

impl<Pk> AnyKey for Pk where
    Pk: MiniscriptKey<
            Sha256 = sha256::Hash,
            Hash256 = hash256::Hash,
            Ripemd160 = ripemd160::Hash,
            Hash160 = hash160::Hash,
        >
{
}

type Keyed<Pk> = (PublicKey, Pk);

fn impossible<E>(_: E) -> ExpandError {
    ExpandError::Impossible
}

fn outputs<Pk: AnyKey>(node: &Node, keys: Vec<Keyed<Pk>>) -> Result<Vec<Output<Pk>>, ExpandError> {
    let mut keys = keys.into_iter();
    if let Node::Combo(_) = node {
        let (public, key) = keys.next().ok_or(ExpandError::Impossible)?;
        return combo(&public, &key);
    }
    Ok(match node {
        Node::Unused(_) => Vec::new(),
        _ => vec![output(node, &mut keys)?],
    })
}

/// All usual scripts of a key.
fn combo<Pk: AnyKey>(public: &PublicKey, key: &Pk) -> Result<Vec<Output<Pk>>, ExpandError> {
    use miniscript::Descriptor;
    let mut all =
        vec![Descriptor::new_pk(key.clone()), Descriptor::new_pkh(key.clone()).map_err(impossible)?];
    if public.compressed {
        all.push(Descriptor::new_wpkh(key.clone()).map_err(impossible)?);
        all.push(Descriptor::new_sh_wpkh(key.clone()).map_err(impossible)?);
    }
    Ok(all.into_iter().map(Output::Solved).collect())
}

fn next<Pk>(keys: &mut impl Iterator<Item = Keyed<Pk>>) -> Result<Keyed<Pk>, ExpandError> {
    keys.next().ok_or(ExpandError::Impossible)
}

fn output<Pk: AnyKey>(
    node: &Node,
    keys: &mut dyn Iterator<Item = Keyed<Pk>>,
) -> Result<Output<Pk>, ExpandError> {
    use miniscript::Descriptor;
    let mut keys = keys;
    let solved = match node {
        Node::Addr(address) => return Ok(Output::Script(address.script_pubkey())),
        Node::Raw(script) => return Ok(Output::Script(script.clone())),
        Node::RawTr(_) => {
            let (public, key) = next(&mut keys)?;
            let output = public.inner.x_only_public_key().0.dangerous_assume_tweaked();
            return Ok(Output::Key(key, ScriptBuf::new_p2tr_tweaked(output)));
        }
        Node::Pk(_) => Ok(Descriptor::new_pk(next(&mut keys)?.1)),
        Node::Pkh(_) => Descriptor::new_pkh(next(&mut keys)?.1),
        Node::Wpkh(_) => Descriptor::new_wpkh(next(&mut keys)?.1),
        Node::Multi { .. } => Descriptor::new_bare(script(node, keys)?),
        Node::Sh(inner) => match &**inner {
            Node::Wpkh(_) => Descriptor::new_sh_wpkh(next(&mut keys)?.1),
            Node::Wsh(inner) => Descriptor::new_sh_wsh(witness_script(inner, keys)?),
            _ => Descriptor::new_sh(script::<Pk, Legacy>(inner, keys)?),
        },
        Node::Wsh(inner) => Descriptor::new_wsh(witness_script(inner, keys)?),
        Node::Tr { tree, .. } => {
            let (_, key) = next(&mut keys)?;
            let tree = tree.as_ref().map(|tree| taproot(tree, keys)).transpose()?;
            Descriptor::new_tr(key, tree)
        }
        Node::Combo(_) | Node::Unused(_) | Node::MultiA { .. } | Node::Miniscript(_) => {
            return Err(ExpandError::Impossible);
        }
    };
    solved.map(Output::Solved).map_err(impossible)
}

fn taproot<Pk: AnyKey>(
    tree: &Tree,
    keys: &mut dyn Iterator<Item = Keyed<Pk>>,
) -> Result<TapTree<Pk>, ExpandError> {
    match tree {
        Tree::Leaf(node) => Ok(TapTree::Leaf(Arc::new(leaf(node, keys)?))),
        Tree::Branch(left, right) => {
            let left = taproot(left, keys)?;
            Ok(TapTree::combine(left, taproot(right, keys)?))
        }
    }
}

fn leaf<Pk: AnyKey>(
    node: &Node,
    keys: &mut dyn Iterator<Item = Keyed<Pk>>,
) -> Result<Miniscript<Pk, Tap>, ExpandError> {
    match node {
        Node::MultiA { threshold, keys: all, sorted } => {
            let mut keys = taken(keys, all.len())?;
            if *sorted {
                keys.sort_by_key(|(public, _)| public.inner.x_only_public_key().0.serialize());
            }
            let keys = keys.into_iter().map(|(_, key)| key).collect();
            let keys = Threshold::new(*threshold, keys).map_err(impossible)?;
            Miniscript::from_ast(Terminal::MultiA(keys)).map_err(impossible)
        }
        Node::Miniscript(Fragment::Tr(expression, all)) => filled(expression, all, keys),
        _ => script(node, keys),
    }
}

fn witness_script<Pk: AnyKey>(
    node: &Node,
    keys: &mut dyn Iterator<Item = Keyed<Pk>>,
) -> Result<Miniscript<Pk, Segwitv0>, ExpandError> {
    match node {
        Node::Miniscript(Fragment::Wsh(expression, all)) => filled(expression, all, keys),
        _ => script(node, keys),
    }
}

fn taken<Pk>(keys: &mut dyn Iterator<Item = Keyed<Pk>>, count: usize) -> Result<Vec<Keyed<Pk>>, ExpandError> {
    let taken: Vec<_> = keys.take(count).collect();
    if taken.len() == count { Ok(taken) } else { Err(ExpandError::Impossible) }
}

fn filled<Pk: AnyKey, Ctx: ScriptContext>(
    expression: &Miniscript<Slot, Ctx>,
    all: &[Key],
    keys: &mut dyn Iterator<Item = Keyed<Pk>>,
) -> Result<Miniscript<Pk, Ctx>, ExpandError> {
    let keys: Vec<Pk> = taken(keys, all.len())?.into_iter().map(|(_, key)| key).collect();
    expression.translate_pk(&mut Fill(&keys)).map_err(impossible)
}

/// A script that is the same in all places.
fn script<Pk: AnyKey, Ctx: ScriptContext>(
    node: &Node,
    keys: &mut dyn Iterator<Item = Keyed<Pk>>,
) -> Result<Miniscript<Pk, Ctx>, ExpandError> {
    let mut keys = keys;
    let check = |key| {
        let key = Miniscript::from_ast(key).map_err(impossible)?;
        Miniscript::from_ast(Terminal::Check(Arc::new(key))).map_err(impossible)
    };
    match node {
        Node::Pk(_) => check(Terminal::PkK(next(&mut keys)?.1)),
        Node::Pkh(_) => check(Terminal::PkH(next(&mut keys)?.1)),
        Node::Multi { threshold, keys: all, sorted } => {
            let mut keys = taken(keys, all.len())?;
            if *sorted {
                keys.sort_by_key(|(public, _)| public.to_bytes());
            }
            let keys = keys.into_iter().map(|(_, key)| key).collect();
            let keys = Threshold::new(*threshold, keys).map_err(impossible)?;
            Miniscript::from_ast(Terminal::Multi(keys)).map_err(impossible)
        }
        _ => Err(ExpandError::Impossible),
    }
}

/// Puts keys in the places of their numbers.
struct Fill<'a, Pk>(&'a [Pk]);

impl<Pk: AnyKey> Translator<Slot, Pk, ExpandError> for Fill<'_, Pk> {
    fn pk(&mut self, slot: &Slot) -> Result<Pk, ExpandError> {
        self.0.get(slot.0).cloned().ok_or(ExpandError::Impossible)
    }

    fn sha256(&mut self, hash: &sha256::Hash) -> Result<sha256::Hash, ExpandError> {
        Ok(*hash)
    }

    fn hash256(&mut self, hash: &hash256::Hash) -> Result<hash256::Hash, ExpandError> {
        Ok(*hash)
    }

    fn ripemd160(&mut self, hash: &ripemd160::Hash) -> Result<ripemd160::Hash, ExpandError> {
        Ok(*hash)
    }

    fn hash160(&mut self, hash: &hash160::Hash) -> Result<hash160::Hash, ExpandError> {
        Ok(*hash)
    }
}
