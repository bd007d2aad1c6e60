//! What a descriptor is made of.
//!
//! In: functions and keys, as they were read. Out: what holds for all of them.

use bitcoin::{Address, ScriptBuf};

use super::fragment::Fragment;
use super::key::Key;

/// A function of a descriptor, with what is in its parentheses.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Addr(Address),
    Raw(ScriptBuf),
    Pk(Key),
    Pkh(Key),
    Wpkh(Key),
    Combo(Key),
    RawTr(Key),
    /// A key without scripts.
    Unused(Key),
    Multi {
        threshold: usize,
        keys: Vec<Key>,
        sorted: bool,
    },
    MultiA {
        threshold: usize,
        keys: Vec<Key>,
        sorted: bool,
    },
    Sh(Box<Node>),
    Wsh(Box<Node>),
    Tr {
        key: Key,
        tree: Option<Tree>,
    },
    Miniscript(Fragment),
}

/// The scripts of a taproot output.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Leaf(Box<Node>),
    Branch(Box<Tree>, Box<Tree>),
}

impl Node {
    /// All keys, in the order in which they are written.
    pub(super) fn for_each_key<'a>(&'a self, f: &mut impl FnMut(&'a Key)) {
        match self {
            Node::Addr(_) | Node::Raw(_) => {}
            Node::Pk(key)
            | Node::Pkh(key)
            | Node::Wpkh(key)
            | Node::Combo(key)
            | Node::RawTr(key)
            | Node::Unused(key) => f(key),
            Node::Multi { keys, .. } | Node::MultiA { keys, .. } => keys.iter().for_each(f),
            Node::Sh(inner) | Node::Wsh(inner) => inner.for_each_key(f),
            Node::Tr { key, tree } => {
                f(key);
                if let Some(tree) = tree {
                    tree.for_each_node(&mut |node| node.for_each_key(f));
                }
            }
            Node::Miniscript(fragment) => fragment.keys().iter().for_each(f),
        }
    }

    /// What its writer has to be warned of.
    pub(super) fn warnings(&self, warnings: &mut Vec<String>) {
        match self {
            Node::Sh(inner) | Node::Wsh(inner) => inner.warnings(warnings),
            Node::Tr { tree: Some(tree), .. } => tree.for_each_node(&mut |node| node.warnings(warnings)),
            Node::Miniscript(fragment) => fragment.warnings(warnings),
            _ => {}
        }
    }
}

impl Tree {
    fn for_each_node<'a>(&'a self, f: &mut dyn FnMut(&'a Node)) {
        match self {
            Tree::Leaf(node) => f(node),
            Tree::Branch(left, right) => {
                left.for_each_node(f);
                right.for_each_node(f);
            }
        }
    }
}
