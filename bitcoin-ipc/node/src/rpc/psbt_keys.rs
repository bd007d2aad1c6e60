//! Keys and scripts that descriptors tell of: Bitcoin Core's `FlatSigningProvider`.
//!
//! In: descriptors with or without private keys, and ranges. Out: scripts by their hashes, keys by theirs,
//! where keys come from, private keys, and trees of taproot outputs.

use std::collections::BTreeMap;

use bitcoin::bip32::KeySource;
use bitcoin::hashes::{Hash, hash160};
use bitcoin::secp256k1::{All, Parity, Secp256k1};
use bitcoin::taproot::{ControlBlock, LeafVersion, TapNodeHash, TapTree, TaprootBuilder};
use bitcoin::{Network, PrivateKey, PublicKey, ScriptBuf, XOnlyPublicKey};
use bitcoin_rpc::descriptor::{DerivedKey, Output};
use miniscript::Descriptor;
use miniscript::descriptor::ShInner;
use serde_json::Value;

use super::descriptor::{self, of};
use super::error::Answer;

/// A script of a taproot output, behind the proof that it is one.
type Leaf = (ControlBlock, (ScriptBuf, LeafVersion));

/// How a taproot output is made: its inner key, and the scripts that it may be spent by.
#[derive(Clone)]
pub(super) struct Taproot {
    pub(super) internal_key: XOnlyPublicKey,
    pub(super) tree: Option<TapTree>,
}

impl Taproot {
    /// The root of the tree, and its scripts with their proofs.
    pub(super) fn leaves(&self, secp: &Secp256k1<All>) -> (Option<TapNodeHash>, Vec<Leaf>) {
        let Some(tree) = &self.tree else { return (None, Vec::new()) };
        let root = tree.root_hash();
        let (_, output_key_parity) = bitcoin::key::TapTweak::tap_tweak(self.internal_key, secp, Some(root));
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
pub(super) struct Keys {
    scripts: BTreeMap<hash160::Hash, ScriptBuf>,
    public: BTreeMap<hash160::Hash, PublicKey>,
    origins: BTreeMap<PublicKey, KeySource>,
    private: BTreeMap<PublicKey, PrivateKey>,
    taproot: BTreeMap<XOnlyPublicKey, Taproot>,
}

/// The two keys that an x-only key may be.
fn both(key: XOnlyPublicKey) -> [PublicKey; 2] {
    [Parity::Even, Parity::Odd].map(|parity| PublicKey::new(key.public_key(parity)))
}

impl Keys {
    /// Reads descriptors as text, or as objects with `desc` and `range`.
    ///
    /// # Errors
    ///
    /// -8 and -5 for what is wrong with them.
    pub(super) fn read(objects: &[Value], network: Network, private: bool) -> Answer<Self> {
        let mut keys = Keys::default();
        for object in objects {
            keys.add(object, network, private)?;
        }
        Ok(keys)
    }

    /// Forgets where keys come from.
    pub(super) fn forget_origins(&mut self) {
        self.origins.clear();
    }

    pub(super) fn script(&self, hash: &hash160::Hash) -> Option<&ScriptBuf> {
        self.scripts.get(hash)
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

    pub(super) fn private(&self, key: &PublicKey) -> Option<&PrivateKey> {
        self.private.get(key)
    }

    pub(super) fn x_only_private(&self, key: XOnlyPublicKey) -> Option<&PrivateKey> {
        both(key).iter().find_map(|key| self.private.get(key))
    }

    pub(super) fn taproot(&self, output_key: XOnlyPublicKey) -> Option<&Taproot> {
        self.taproot.get(&output_key)
    }

    fn add(&mut self, object: &Value, network: Network, private: bool) -> Answer<()> {
        let (text, (low, high)) = descriptor::scanned(object)?;
        let parsed = descriptor::parse(text, network, false)?;
        let expanders = descriptor::expanders(&parsed).or_else(|error| of(text, error.message()))?;
        for index in if parsed.is_range() { low..=high } else { 0..=0 } {
            for expander in &expanders {
                let expanded = expander.at(index).and_then(|at| Ok((at.outputs()?, at.keys)));
                let (outputs, keys) = expanded.or_else(|error| of(text, error))?;
                keys.into_iter().for_each(|key| self.add_key(key, private));
                for output in outputs {
                    if let Output::Solved(solved) = output {
                        self.add_scripts(&solved);
                    }
                }
            }
        }
        Ok(())
    }

    fn add_key(&mut self, key: DerivedKey, private: bool) {
        let DerivedKey { public, origin, secret } = key;
        let x_only = public.inner.x_only_public_key().0;
        for hash in [hash160::Hash::hash(&public.to_bytes()), hash160::Hash::hash(&x_only.serialize())] {
            self.public.entry(hash).or_insert(public);
        }
        self.origins.entry(public).or_insert(origin);
        if let Some(secret) = secret.filter(|_| private) {
            self.private.entry(public).or_insert(secret);
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
                self.taproot.insert(output_key, Taproot { internal_key: info.internal_key(), tree });
                Vec::new()
            }
            Descriptor::Bare(_) | Descriptor::Pkh(_) | Descriptor::Wpkh(_) => Vec::new(),
        };
        for script in scripts {
            self.scripts.entry(hash160::Hash::hash(script.as_bytes())).or_insert(script);
        }
    }
}
