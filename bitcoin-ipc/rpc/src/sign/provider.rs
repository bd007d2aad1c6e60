//! Keys and scripts that descriptors tell of: Bitcoin Core's `FlatSigningProvider`.
//!
//! In: descriptors at their numbers, with or without private keys; scripts; private keys alone. Out: scripts by their
//! hashes, keys by theirs, where keys come from, private keys, and trees of taproot outputs. Private keys are wiped when
//! dropped.

use std::collections::BTreeMap;
use std::fmt;

use bitcoin::bip32::KeySource;
use bitcoin::hashes::{Hash, hash160};
use bitcoin::secp256k1::Parity;
use bitcoin::taproot::{ControlBlock, LeafVersion, TapNodeHash, TapTree, TaprootBuilder};
use bitcoin::{PrivateKey, PublicKey, ScriptBuf, XOnlyPublicKey};
use miniscript::Descriptor;
use miniscript::descriptor::ShInner;

use super::SECP;
use crate::descriptor::{DerivedKey, ExpandError, Expanded, Output};

/// A script of a taproot output, behind the proof that it is one.
type Leaf = (ControlBlock, (ScriptBuf, LeafVersion));

/// How a taproot output is made: its inner key, and the scripts that it may be spent by.
#[derive(Clone, Debug)]
pub struct TaprootSpendData {
    /// The inner key.
    pub internal_key: XOnlyPublicKey,
    /// The scripts.
    pub tree: Option<TapTree>,
}

impl TaprootSpendData {
    /// The root of the tree, and its scripts with their proofs.
    pub(super) fn leaves(&self) -> (Option<TapNodeHash>, Vec<Leaf>) {
        let Some(tree) = &self.tree else { return (None, Vec::new()) };
        let root = tree.root_hash();
        let (_, output_key_parity) = bitcoin::key::TapTweak::tap_tweak(self.internal_key, &*SECP, Some(root));
        let leaf = |leaf: bitcoin::taproot::ScriptLeaf<'_>| {
            let proof = ControlBlock {
                leaf_version: leaf.version(),
                output_key_parity,
                internal_key: self.internal_key,
                merkle_branch: leaf.merkle_branch().clone(),
            };
            (proof, (leaf.script().to_owned(), leaf.version()))
        };
        (Some(root), tree.script_leaves().map(leaf).collect())
    }
}

/// What is known of keys and scripts. The first thing that is told of one counts.
#[derive(Default)]
pub struct FlatSigningProvider {
    scripts: BTreeMap<hash160::Hash, ScriptBuf>,
    public: BTreeMap<hash160::Hash, PublicKey>,
    origins: BTreeMap<PublicKey, KeySource>,
    private: BTreeMap<PublicKey, PrivateKey>,
    taproot: BTreeMap<XOnlyPublicKey, TaprootSpendData>,
}

/// The two keys that an x-only key may be.
fn both(key: XOnlyPublicKey) -> [PublicKey; 2] {
    [Parity::Even, Parity::Odd].map(|parity| PublicKey::new(key.public_key(parity)))
}

impl FlatSigningProvider {
    /// Adds the keys and scripts of a descriptor at a number; the private keys only if they are wanted.
    ///
    /// # Errors
    ///
    /// The scripts would be no scripts.
    pub fn add(&mut self, expanded: Expanded<'_>, private: bool) -> Result<(), ExpandError> {
        let outputs = expanded.outputs();
        for DerivedKey { public, origin, secret } in expanded.keys {
            self.add_public(public);
            self.origins.entry(public).or_insert(origin);
            if let Some(mut secret) = secret {
                secret.compressed = public.compressed;
                if private {
                    self.private.entry(public).or_insert(secret);
                }
                secret.inner.non_secure_erase();
            }
        }
        for output in outputs? {
            if let Output::Solved(solved) = output {
                self.add_scripts(&solved);
            }
        }
        Ok(())
    }

    /// Adds a private key that comes from nowhere.
    pub fn add_key(&mut self, key: PrivateKey) {
        let public = key.public_key(&SECP);
        self.add_public(public);
        self.private.entry(public).or_insert(key);
    }

    /// Adds a script that others are hashes of.
    pub fn add_script(&mut self, script: ScriptBuf) {
        self.scripts.entry(hash160::Hash::hash(script.as_bytes())).or_insert(script);
    }

    /// Forgets where keys come from.
    pub fn forget_origins(&mut self) {
        self.origins.clear();
    }

    /// A script by its hash.
    #[must_use]
    pub fn script(&self, hash: &hash160::Hash) -> Option<&ScriptBuf> {
        self.scripts.get(hash)
    }

    /// The private key of a public one.
    #[must_use]
    pub fn key(&self, public: &PublicKey) -> Option<&PrivateKey> {
        self.private.get(public)
    }

    /// A key by its hash, or by that of its x-only form.
    pub(super) fn public(&self, hash: &hash160::Hash) -> Option<PublicKey> {
        self.public.get(hash).copied()
    }

    pub(super) fn origin(&self, key: &PublicKey) -> Option<&KeySource> {
        self.origins.get(key)
    }

    pub(super) fn x_only_origin(&self, key: XOnlyPublicKey) -> Option<&KeySource> {
        both(key).iter().find_map(|key| self.origins.get(key))
    }

    pub(super) fn x_only_key(&self, key: XOnlyPublicKey) -> Option<&PrivateKey> {
        both(key).iter().find_map(|key| self.private.get(key))
    }

    pub(super) fn taproot(&self, output_key: XOnlyPublicKey) -> Option<&TaprootSpendData> {
        self.taproot.get(&output_key)
    }

    fn add_public(&mut self, public: PublicKey) {
        let x_only = public.inner.x_only_public_key().0;
        for hash in [hash160::Hash::hash(&public.to_bytes()), hash160::Hash::hash(&x_only.serialize())] {
            self.public.entry(hash).or_insert(public);
        }
    }

    fn add_scripts(&mut self, descriptor: &Descriptor<PublicKey>) {
        let scripts = match descriptor {
            Descriptor::Wsh(wsh) => vec![wsh.inner_script()],
            Descriptor::Sh(sh) => match sh.as_inner() {
                ShInner::Wsh(wsh) => vec![wsh.inner_script(), wsh.script_pubkey()],
                ShInner::Wpkh(wpkh) => vec![wpkh.script_pubkey()],
                ShInner::SortedMulti(_) | ShInner::Ms(_) => vec![sh.inner_script()],
            },
            Descriptor::Tr(tr) => {
                let add = |builder: Option<TaprootBuilder>, (depth, script): (u8, ScriptBuf)| {
                    builder?.add_leaf(depth, script).ok()
                };
                let leaves = tr.iter_scripts().map(|(depth, script)| (depth, script.encode()));
                let tree = leaves.fold(Some(TaprootBuilder::new()), add);
                let info = tr.spend_info();
                let output_key = info.output_key().to_x_only_public_key();
                let tree = tree.and_then(|tree| tree.try_into_taptree().ok());
                let known = TaprootSpendData { internal_key: info.internal_key(), tree };
                self.taproot.entry(output_key).or_insert(known);
                Vec::new()
            }
            Descriptor::Bare(_) | Descriptor::Pkh(_) | Descriptor::Wpkh(_) => Vec::new(),
        };
        scripts.into_iter().for_each(|script| self.add_script(script));
    }
}

impl Drop for FlatSigningProvider {
    fn drop(&mut self) {
        self.private.values_mut().for_each(|key| key.inner.non_secure_erase());
    }
}

impl fmt::Debug for FlatSigningProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FlatSigningProvider").field("origins", &self.origins).finish_non_exhaustive()
    }
}
