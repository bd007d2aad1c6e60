//! Descriptors as text.
//!
//! In: a descriptor, and the form that is wanted. Out: its text, with checksum.

use bitcoin::secp256k1::{All, Secp256k1};
use zeroize::Zeroizing;

use super::node::{Node, Tree};
use super::{Descriptor, PrivateKeys};
use crate::script::with_checksum;

/// How a descriptor is written.
pub(super) enum Form<'a> {
    /// Without private keys, as it was given.
    Public,
    /// The same with apostrophes, by which Bitcoin Core tells descriptors apart.
    Compat,
    /// With those private keys that are known.
    Private(&'a PrivateKeys),
    /// So that all scripts can be derived without private keys, as far as that is possible.
    Normalized(&'a PrivateKeys, &'a Secp256k1<All>),
}

impl PartialEq for Form<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl Descriptor {
    /// The text without private keys, with hardened steps marked as they were.
    #[must_use]
    pub fn to_public_text(&self) -> String {
        self.write(&Form::Public).0
    }

    /// The text by which two descriptors are the same or not.
    #[must_use]
    pub fn to_compat_text(&self) -> String {
        self.write(&Form::Compat).0
    }

    /// The text with those private keys that are there; `None` if there is none of them.
    #[must_use]
    pub fn to_private_text(&self, keys: &PrivateKeys) -> Option<Zeroizing<String>> {
        let (text, any) = self.write(&Form::Private(keys));
        let text = Zeroizing::new(text);
        any.then_some(text)
    }

    /// The text from which all scripts can be derived without private keys, where only a last step is hardened
    /// the scripts excepted. `None` if that takes a private key which is not there.
    #[must_use]
    pub fn to_normalized_text(&self, keys: &PrivateKeys, secp: &Secp256k1<All>) -> Option<String> {
        let (text, all) = self.write(&Form::Normalized(keys, secp));
        all.then_some(text)
    }

    fn write(&self, form: &Form<'_>) -> (String, bool) {
        let mut writer = Writer { text: String::new(), form, any: false, all: true };
        writer.node(&self.node);
        let Writer { text, any, all, .. } = writer;
        // The text without checksum may hold private keys.
        let text = Zeroizing::new(text);
        (with_checksum(&text), if matches!(form, Form::Private(_)) { any } else { all })
    }
}

struct Writer<'a> {
    text: String,
    form: &'a Form<'a>,
    /// Whether any key could be had in this form, and whether all could.
    any: bool,
    all: bool,
}

impl Writer<'_> {
    fn key(&mut self, key: &super::key::Key) {
        let could = key.write(&mut self.text, self.form);
        self.any |= could;
        self.all &= could;
    }

    fn keys(&mut self, name: &str, threshold: usize, keys: &[super::key::Key]) {
        self.text.push_str(&format!("{name}({threshold}"));
        for key in keys {
            self.text.push(',');
            self.key(key);
        }
        self.text.push(')');
    }

    fn around(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.text.push_str(name);
        self.text.push('(');
        inside(self);
        self.text.push(')');
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Addr(address) => self.text.push_str(&format!("addr({address})")),
            Node::Raw(script) => self.text.push_str(&format!("raw({script:x})")),
            Node::Pk(key) => self.around("pk", |writer| writer.key(key)),
            Node::Pkh(key) => self.around("pkh", |writer| writer.key(key)),
            Node::Wpkh(key) => self.around("wpkh", |writer| writer.key(key)),
            Node::Combo(key) => self.around("combo", |writer| writer.key(key)),
            Node::RawTr(key) => self.around("rawtr", |writer| writer.key(key)),
            Node::Unused(key) => self.around("unused", |writer| writer.key(key)),
            Node::Multi { threshold, keys, sorted } => {
                self.keys(if *sorted { "sortedmulti" } else { "multi" }, *threshold, keys);
            }
            Node::MultiA { threshold, keys, sorted } => {
                self.keys(if *sorted { "sortedmulti_a" } else { "multi_a" }, *threshold, keys);
            }
            Node::Sh(inner) => self.around("sh", |writer| writer.node(inner)),
            Node::Wsh(inner) => self.around("wsh", |writer| writer.node(inner)),
            Node::Tr { key, tree } => self.around("tr", |writer| {
                writer.key(key);
                if let Some(tree) = tree {
                    writer.text.push(',');
                    writer.tree(tree);
                }
            }),
            Node::Miniscript(fragment) => {
                let texts = fragment.keys().iter().map(|key| {
                    let mut text = String::new();
                    let could = key.write(&mut text, self.form);
                    self.any |= could;
                    self.all &= could;
                    Zeroizing::new(text)
                });
                let texts: Vec<_> = texts.collect();
                self.text.push_str(&Zeroizing::new(fragment.write(&texts)));
            }
        }
    }

    fn tree(&mut self, tree: &Tree) {
        match tree {
            Tree::Leaf(node) => self.node(node),
            Tree::Branch(left, right) => {
                self.text.push('{');
                self.tree(left);
                self.text.push(',');
                self.tree(right);
                self.text.push('}');
            }
        }
    }
}
