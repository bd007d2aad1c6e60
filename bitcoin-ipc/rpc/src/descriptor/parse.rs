//! Reading descriptors.
//!
//! In: texts. Out: nodes, several of a descriptor with several paths; errors in Bitcoin Core's words.

use std::str::FromStr as _;

use bitcoin::hex::FromHex as _;
use bitcoin::{Address, Network, ScriptBuf};

use super::fragment::{Fault, Fragment};
use super::key::{Context, Key, Reader};
use super::node::{Node, Tree};

/// Keys of `multi`, of `multi` without a hash around it, and of `multi_a`, at most.
const MOST_KEYS: usize = 20;
const MOST_BARE_KEYS: usize = 3;
const MOST_TAPROOT_KEYS: usize = 999;
/// How long a script behind a P2SH output may be.
const MOST_SH_BYTES: usize = 520;
/// How deep a tree of scripts may be.
const MOST_DEPTH: usize = 128;

/// Takes an expression off a text, up to a comma or the end of what it is in.
fn expression<'a>(text: &mut &'a str) -> &'a str {
    let mut level = 0_usize;
    let end = text.find(|c| match c {
        '(' | '{' => {
            level += 1;
            false
        }
        ')' | '}' if level > 0 => {
            level -= 1;
            false
        }
        ')' | '}' | ',' => level == 0,
        _ => false,
    });
    let (found, rest) = text.split_at(end.unwrap_or(text.len()));
    *text = rest;
    found
}

/// What is in the parentheses of a function.
fn inside<'a>(name: &str, text: &'a str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

/// Takes a sign off a text.
fn take(sign: char, text: &mut &str) -> bool {
    match text.strip_prefix(sign) {
        Some(rest) => {
            *text = rest;
            true
        }
        None => false,
    }
}

fn refuse<T>(text: impl Into<String>) -> Result<T, String> {
    Err(text.into())
}

impl Reader<'_> {
    /// Reads the whole of a text.
    pub(super) fn descriptor(&mut self, text: &str, network: Network) -> Result<Vec<Node>, String> {
        let mut rest = text;
        let nodes = self.script(&mut rest, Context::Top, network)?;
        // Bitcoin Core has no words for it.
        if rest.is_empty() { Ok(nodes) } else { refuse("") }
    }

    fn script(&mut self, rest: &mut &str, context: Context, network: Network) -> Result<Vec<Node>, String> {
        let text = expression(rest);
        let top = context == Context::Top;
        let in_sh = top || context == Context::Sh;
        let named = |name| inside(name, text);
        if let Some(key) = named("pk") {
            return self.single("pk", key, context, Node::Pk);
        }
        if let Some(key) = named("pkh").filter(|_| context != Context::Tr) {
            return self.single("pkh", key, context, Node::Pkh);
        }
        if let Some(key) = named("combo") {
            return match top {
                true => self.single("combo", key, context, Node::Combo),
                false => refuse("Can only have combo() at top level"),
            };
        }
        for (name, sorted) in [("multi", false), ("sortedmulti", true)] {
            if let Some(list) = named(name) {
                return match context {
                    Context::Tr => {
                        refuse("Can only have multi/sortedmulti at top level, in sh(), or in wsh()")
                    }
                    _ => self.multi(list, sorted, context),
                };
            }
        }
        for (name, sorted) in [("multi_a", false), ("sortedmulti_a", true)] {
            if let Some(list) = named(name) {
                return match context {
                    Context::Tr => self.multi(list, sorted, context),
                    _ => refuse("Can only have multi_a/sortedmulti_a inside tr()"),
                };
            }
        }
        if let Some(key) = named("wpkh") {
            return match in_sh {
                true => self.single("wpkh", key, Context::Wpkh, Node::Wpkh),
                false => refuse("Can only have wpkh() at top level or inside sh()"),
            };
        }
        if let Some(inner) = named("sh") {
            return match top {
                true => self.around(inner, Context::Sh, network, Node::Sh),
                false => refuse("Can only have sh() at top level"),
            };
        }
        if let Some(inner) = named("wsh") {
            return match in_sh {
                true => self.around(inner, Context::Wsh, network, Node::Wsh),
                false => refuse("Can only have wsh() at top level or inside sh()"),
            };
        }
        if let Some(address) = named("addr") {
            let parsed = Address::from_str(address).ok();
            return match (top, parsed.and_then(|address| address.require_network(network).ok())) {
                (false, _) => refuse("Can only have addr() at top level"),
                (true, Some(address)) => Ok(vec![Node::Addr(address)]),
                (true, None) => refuse("Address is not valid"),
            };
        }
        if let Some(inner) = named("tr") {
            return if top { self.taproot(inner, network) } else { refuse("Can only have tr at top level") };
        }
        if let Some(key) = named("rawtr") {
            let mut rest = key;
            let key = expression(&mut rest);
            return match (top, rest.is_empty()) {
                (false, _) => refuse("Can only have rawtr at top level"),
                (true, false) => refuse("rawtr(): only one key expected."),
                (true, true) => self.single("rawtr", key, Context::Tr, Node::RawTr),
            };
        }
        if let Some(key) = named("unused") {
            let mut rest = key;
            let key = expression(&mut rest);
            if !top || !rest.is_empty() {
                return refuse(match top {
                    true => "unused(): only one key expected",
                    false => "Can only have unused at top level",
                });
            }
            let keys = self.key(key, context)?;
            if keys.iter().any(Key::is_range) {
                return refuse("unused(): key cannot be ranged");
            }
            return Ok(keys.into_iter().map(Node::Unused).collect());
        }
        if let Some(hex) = named("raw") {
            return match (top, Vec::from_hex(hex)) {
                (false, _) => refuse("Can only have raw() at top level"),
                (true, Ok(bytes)) if !bytes.is_empty() => Ok(vec![Node::Raw(ScriptBuf::from_bytes(bytes))]),
                (true, _) => refuse("Raw script is not hex"),
            };
        }
        self.miniscript(text, context)
    }

    fn miniscript(&mut self, text: &str, context: Context) -> Result<Vec<Node>, String> {
        match Fragment::read(text, context, self) {
            Ok(fragments) => Ok(fragments.into_iter().map(Node::Miniscript).collect()),
            Err(Fault::Because(text)) => Err(text),
            Err(Fault::NoMiniscript) => match context {
                Context::Sh => refuse("A function is needed within P2SH"),
                Context::Wsh => refuse("A function is needed within P2WSH"),
                _ => refuse(format!("'{text}' is not a valid descriptor function")),
            },
        }
    }

    fn single(
        &mut self,
        name: &str,
        key: &str,
        context: Context,
        node: fn(Key) -> Node,
    ) -> Result<Vec<Node>, String> {
        let keys = self.key(key, context).map_err(|error| format!("{name}(): {error}"))?;
        Ok(keys.into_iter().map(node).collect())
    }

    fn around(
        &mut self,
        mut inner: &str,
        context: Context,
        network: Network,
        node: fn(Box<Node>) -> Node,
    ) -> Result<Vec<Node>, String> {
        let nodes = self.script(&mut inner, context, network)?;
        if !inner.is_empty() {
            return refuse("");
        }
        Ok(nodes.into_iter().map(|inner| node(Box::new(inner))).collect())
    }

    fn multi(&mut self, list: &str, sorted: bool, context: Context) -> Result<Vec<Node>, String> {
        let mut rest = list;
        let text = expression(&mut rest);
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(threshold) = text.parse::<u32>().ok().filter(|_| digits) else {
            return refuse(format!("Multi threshold '{text}' is not valid"));
        };
        let mut keys: Vec<Vec<Key>> = Vec::new();
        while !rest.is_empty() {
            if !take(',', &mut rest) {
                let got = rest.chars().next().unwrap_or_default();
                return refuse(format!("Multi: expected ',', got '{got}'"));
            }
            let key = expression(&mut rest);
            keys.push(self.key(key, context).map_err(|error| format!("Multi: {error}"))?);
        }
        let taproot = context == Context::Tr;
        let (what, most) = if taproot { ("multi_a", MOST_TAPROOT_KEYS) } else { ("multisig", MOST_KEYS) };
        let count = keys.len();
        if count == 0 || count > most {
            return refuse(format!(
                "Cannot have {count} keys in {what}; must have between 1 and {most} keys, inclusive"
            ));
        }
        if threshold < 1 {
            return refuse(format!("Multisig threshold cannot be {threshold}, must be at least 1"));
        }
        let Some(threshold) = usize::try_from(threshold).ok().filter(|threshold| *threshold <= count) else {
            return refuse(format!(
                "Multisig threshold cannot be larger than the number of keys; threshold is {threshold} but only {count} keys specified"
            ));
        };
        if context == Context::Top && count > MOST_BARE_KEYS {
            return refuse(format!("Cannot have {count} pubkeys in bare multisig; only at most 3 pubkeys"));
        }
        let size = keys.iter().map(|key| key[0].len() + 1).sum::<usize>() + 3;
        if context == Context::Sh && size > MOST_SH_BYTES {
            return refuse(format!(
                "P2SH script is too large, {size} bytes is larger than {MOST_SH_BYTES} bytes"
            ));
        }
        let Some(alternatives) = apart(keys) else {
            return refuse("multi(): Multipath derivation paths have mismatched lengths");
        };
        let node = |keys| match taproot {
            true => Node::MultiA { threshold, keys, sorted },
            false => Node::Multi { threshold, keys, sorted },
        };
        Ok(alternatives.into_iter().map(node).collect())
    }

    fn taproot(&mut self, mut rest: &str, network: Network) -> Result<Vec<Node>, String> {
        let key = expression(&mut rest);
        let mut keys = self.key(key, Context::Tr).map_err(|error| format!("tr(): {error}"))?;
        let mut leaves = Vec::new();
        if !rest.is_empty() {
            if !take(',', &mut rest) {
                let got = rest.chars().next().unwrap_or_default();
                return refuse(format!("tr: expected ',', got '{got}'"));
            }
            leaves = self.leaves(&mut rest, network)?;
            if !rest.is_empty() {
                return refuse("tr(): expected ')' after script expression");
            }
        }
        let (depths, nodes): (Vec<usize>, Vec<Vec<Node>>) = leaves.into_iter().unzip();
        let count = nodes.iter().map(Vec::len).max().unwrap_or(1).max(keys.len());
        if nodes.iter().any(|node| node.len() != 1 && node.len() != count) {
            return refuse("tr(): Multipath subscripts have mismatched lengths");
        }
        if keys.len() != 1 && keys.len() != count {
            return refuse("tr(): Multipath internal key mismatches multipath subscripts lengths");
        }
        if keys.len() == 1 {
            keys = vec![keys[0].clone(); count];
        }
        let at = |(place, key)| {
            let nodes = nodes.iter().map(|node: &Vec<Node>| node.get(place).unwrap_or(&node[0]).clone());
            let mut leaves = depths.iter().copied().zip(nodes).peekable();
            let tree = leaves.peek().is_some().then(|| tree(&mut leaves, 0)).flatten();
            Node::Tr { key, tree }
        };
        Ok(keys.into_iter().enumerate().map(at).collect())
    }

    /// The scripts of a tree, each with its depth.
    fn leaves(&mut self, rest: &mut &str, network: Network) -> Result<Vec<(usize, Vec<Node>)>, String> {
        let mut leaves = Vec::new();
        // For each branch on the way from the top: whether it is the right one.
        let mut way: Vec<bool> = Vec::new();
        loop {
            while take('{', rest) {
                way.push(false);
                if way.len() > MOST_DEPTH {
                    return refuse(format!("tr() supports at most {MOST_DEPTH} nesting levels"));
                }
            }
            let mut text = expression(rest);
            leaves.push((way.len(), self.script(&mut text, Context::Tr, network)?));
            while way.last() == Some(&true) {
                if !take('}', rest) {
                    return refuse("tr(): expected '}' after script expression");
                }
                way.pop();
            }
            let Some(right) = way.last_mut() else { return Ok(leaves) };
            if !take(',', rest) {
                return refuse("tr(): expected ',' after script expression");
            }
            *right = true;
        }
    }
}

/// The tree of leaves with these depths, which begins at a depth.
fn tree(leaves: &mut std::iter::Peekable<impl Iterator<Item = (usize, Node)>>, depth: usize) -> Option<Tree> {
    if leaves.peek()?.0 == depth {
        return leaves.next().map(|(_, node)| Tree::Leaf(Box::new(node)));
    }
    let left = tree(leaves, depth + 1)?;
    let right = tree(leaves, depth + 1)?;
    Some(Tree::Branch(Box::new(left), Box::new(right)))
}

/// The lists that several keys stand for, of which each is one or one of so many; `None` if their numbers
/// differ.
fn apart(keys: Vec<Vec<Key>>) -> Option<Vec<Vec<Key>>> {
    let count = keys.iter().map(Vec::len).max().unwrap_or(1);
    if keys.iter().any(|key| key.len() != 1 && key.len() != count) {
        return None;
    }
    let at = |place: usize| keys.iter().map(|key| key.get(place).unwrap_or(&key[0]).clone()).collect();
    Some((0..count).map(at).collect())
}
