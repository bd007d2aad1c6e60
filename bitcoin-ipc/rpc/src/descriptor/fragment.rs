//! Miniscript inside of `wsh` and `tr`.
//!
//! In: an expression with keys as texts. Out: the expression over numbered keys, so that it can be had over keys
//! of any kind.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use bitcoin::hashes::{hash160, ripemd160, sha256};
use miniscript::miniscript::analyzable::AnalysisError;
use miniscript::{
    Error, ExtParams, Miniscript, MiniscriptKey, ScriptContext, Segwitv0, Tap, Terminal, TranslatePk as _,
    Translator, hash256,
};
use zeroize::Zeroizing;

use super::key::{Context, Key, Reader};
use super::text::Form;

/// The number of a key among those of an expression. Equal texts have one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot(pub(super) usize);

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl MiniscriptKey for Slot {
    type Sha256 = sha256::Hash;
    type Hash256 = hash256::Hash;
    type Ripemd160 = ripemd160::Hash;
    type Hash160 = hash160::Hash;
}

/// An expression, and its keys by number.
#[derive(Clone, Debug)]
pub(super) enum Fragment {
    Wsh(Miniscript<Slot, Segwitv0>, Vec<Key>),
    Tr(Miniscript<Slot, Tap>, Vec<Key>),
}

/// What kept an expression from being read.
pub(super) enum Fault {
    /// It is none.
    NoMiniscript,
    /// In Bitcoin Core's words.
    Because(String),
}

impl Fragment {
    /// Reads an expression; several if a key has several paths.
    pub(super) fn read(
        text: &str,
        context: Context,
        reader: &mut Reader<'_>,
    ) -> Result<Vec<Fragment>, Fault> {
        if context == Context::Wsh {
            let (expression, keys) = read::<Segwitv0>(text, context, reader)?;
            return Ok(keys.into_iter().map(|keys| Fragment::Wsh(expression.clone(), keys)).collect());
        }
        let (expression, keys) = read::<Tap>(text, context, reader)?;
        Ok(keys.into_iter().map(|keys| Fragment::Tr(expression.clone(), keys)).collect())
    }

    pub(super) fn keys(&self) -> &[Key] {
        match self {
            Fragment::Wsh(_, keys) | Fragment::Tr(_, keys) => keys,
        }
    }

    /// The expression with these texts for its keys.
    pub(super) fn write(&self, keys: &[Zeroizing<String>]) -> String {
        match self {
            Fragment::Wsh(expression, _) => write(expression, keys),
            Fragment::Tr(expression, _) => write(expression, keys),
        }
    }

    /// What its writer has to be warned of.
    pub(super) fn warnings(&self, warnings: &mut Vec<String>) {
        match self {
            Fragment::Wsh(expression, _) => warn(expression, warnings),
            Fragment::Tr(expression, _) => warn(expression, warnings),
        }
    }
}

type Read<Ctx> = (Miniscript<Slot, Ctx>, Vec<Vec<Key>>);

fn read<Ctx: ScriptContext>(
    text: &str,
    context: Context,
    reader: &mut Reader<'_>,
) -> Result<Read<Ctx>, Fault> {
    let as_texts = Miniscript::<String, Ctx>::from_str_ext(text, &ExtParams::allow_all());
    let as_texts = as_texts.map_err(|error| match error {
        Error::TypeCheck(_) => Fault::Because(format!("{} is invalid", public(text, context, reader))),
        _ => Fault::NoMiniscript,
    })?;
    let mut numbers = Numbers::default();
    let mut keys: Vec<Vec<Key>> = Vec::new();
    for text in as_texts.iter_pk() {
        let alternatives = reader.key(&text, inside(context)).map_err(Fault::Because)?;
        if numbers.insert(text, &alternatives, reader) {
            keys.push(alternatives);
        }
    }
    let expression: Miniscript<Slot, Ctx> =
        as_texts.translate_pk(&mut numbers).map_err(|_| Fault::NoMiniscript)?;
    if !matches!(context, Context::Wsh | Context::Tr) {
        let text = "Miniscript expressions can only be used in wsh or tr.";
        return Err(Fault::Because(text.to_owned()));
    }
    if let Some(why) = insane(&expression, &keys, &numbers.same) {
        return Err(Fault::Because(why));
    }
    let count = keys.iter().map(Vec::len).max().unwrap_or(1);
    if keys.iter().any(|key| key.len() != 1 && key.len() != count) {
        let text = "Miniscript: Multipath derivation paths have mismatched lengths";
        return Err(Fault::Because(text.to_owned()));
    }
    let at = |place: usize| keys.iter().map(|key| key.get(place).unwrap_or(&key[0]).clone()).collect();
    Ok((expression, (0..count).map(at).collect()))
}

/// Where there can be no miniscript at all, Bitcoin Core reads its keys as those of taproot.
fn inside(context: Context) -> Context {
    if context == Context::Wsh { context } else { Context::Tr }
}

/// A text with public keys in place of private ones.
fn public(text: &str, context: Context, reader: &mut Reader<'_>) -> String {
    let pieces = text.split_inclusive(['(', ')', ',']).map(|piece| {
        let key = piece.trim_end_matches(['(', ')', ',']);
        let mut public = String::new();
        match reader.key(key, inside(context)) {
            Ok(found) => _ = found[0].write(&mut public, &Form::Public),
            Err(_) => public.push_str(key),
        }
        public + &piece[key.len()..]
    });
    pieces.collect()
}

/// Why an expression is not one to pay to, in Bitcoin Core's words, about the first of its parts that is not.
fn insane<Ctx: ScriptContext>(
    expression: &Miniscript<Slot, Ctx>,
    keys: &[Vec<Key>],
    same: &[usize],
) -> Option<String> {
    let part = first_insane(expression, same);
    let error = expression.sanity_check().err();
    if part.is_none() && error.is_none() {
        return None;
    }
    let text = write(
        part.unwrap_or(expression),
        &keys
            .iter()
            .map(|key| {
                let mut text = String::new();
                key[0].write(&mut text, &Form::Public);
                Zeroizing::new(text)
            })
            .collect::<Vec<_>>(),
    );
    let why = match (part, error) {
        (Some(part), _) if !part.is_non_malleable() => "malleable witnesses exist",
        (Some(part), _) if std::ptr::eq(part, expression) && !part.requires_sig() => {
            "witnesses without signature exist"
        }
        (Some(part), _) if part.has_mixed_timelocks() => {
            "contains mixes of timelocks expressed in blocks and seconds"
        }
        (Some(_), _) => "contains duplicate public keys",
        (None, Some(AnalysisError::SiglessBranch)) => "witnesses without signature exist",
        (None, _) if expression.max_satisfaction_size().is_err() => {
            return Some(format!("{text} is not satisfiable"));
        }
        (None, _) => "needs witnesses that may exceed resource limits",
    };
    Some(format!("{text} is not sane: {why}"))
}

/// The first part that cannot be a part of something sane; parts come before what they are in.
fn first_insane<'a, Ctx: ScriptContext>(
    whole: &'a Miniscript<Slot, Ctx>,
    same: &[usize],
) -> Option<&'a Miniscript<Slot, Ctx>> {
    let is_sane = |part: &Miniscript<Slot, Ctx>| {
        part.is_non_malleable() && !part.has_mixed_timelocks() && !has_repeated_keys(part, same)
    };
    // With a stack of its own: expressions can be deep.
    let mut open = vec![(whole, false)];
    while let Some((part, parts_are_sane)) = open.pop() {
        if parts_are_sane {
            if !is_sane(part) {
                return Some(part);
            }
            continue;
        }
        open.push((part, true));
        open.extend(part.branches().into_iter().rev().map(|part| (part, false)));
    }
    None
}

/// Whether a key comes twice, also as another text. `same` has the first number of each key's like.
fn has_repeated_keys<Ctx: ScriptContext>(part: &Miniscript<Slot, Ctx>, same: &[usize]) -> bool {
    let mut seen = HashSet::new();
    part.iter_pk().any(|slot| !seen.insert(same.get(slot.0).copied().unwrap_or(slot.0)))
}

/// The numbers of keys by their texts.
#[derive(Default)]
struct Numbers {
    by_text: BTreeMap<String, Slot>,
    keys: Vec<String>,
    /// For each number, the first one with the same key.
    same: Vec<usize>,
}

impl Numbers {
    /// Whether the text is another one than those before.
    fn insert(&mut self, text: String, key: &[Key], reader: &Reader<'_>) -> bool {
        if self.by_text.contains_key(&text) {
            return false;
        }
        // What it is derived from makes no difference, as far as that can be seen.
        let mut public = String::new();
        match key[0].first(reader.secp) {
            Some(key) => public.push_str(&key.to_string()),
            None => _ = key[0].write(&mut public, &Form::Compat),
        }
        let number = self.keys.len();
        self.same.push(self.keys.iter().position(|known| *known == public).unwrap_or(number));
        self.keys.push(public);
        self.by_text.insert(text, Slot(number));
        true
    }
}

struct NoHash;

impl Translator<String, Slot, NoHash> for Numbers {
    fn pk(&mut self, text: &String) -> Result<Slot, NoHash> {
        self.by_text.get(text).copied().ok_or(NoHash)
    }

    fn sha256(&mut self, text: &String) -> Result<sha256::Hash, NoHash> {
        text.parse().map_err(|_| NoHash)
    }

    fn hash256(&mut self, text: &String) -> Result<hash256::Hash, NoHash> {
        text.parse().map_err(|_| NoHash)
    }

    fn ripemd160(&mut self, text: &String) -> Result<ripemd160::Hash, NoHash> {
        text.parse().map_err(|_| NoHash)
    }

    fn hash160(&mut self, text: &String) -> Result<hash160::Hash, NoHash> {
        text.parse().map_err(|_| NoHash)
    }
}

struct Texts<'a>(&'a [Zeroizing<String>]);

impl Translator<Slot, String, NoHash> for Texts<'_> {
    fn pk(&mut self, slot: &Slot) -> Result<String, NoHash> {
        self.0.get(slot.0).map(|text| text.to_string()).ok_or(NoHash)
    }

    fn sha256(&mut self, hash: &sha256::Hash) -> Result<String, NoHash> {
        Ok(hash.to_string())
    }

    fn hash256(&mut self, hash: &hash256::Hash) -> Result<String, NoHash> {
        Ok(hash.to_string())
    }

    fn ripemd160(&mut self, hash: &ripemd160::Hash) -> Result<String, NoHash> {
        Ok(hash.to_string())
    }

    fn hash160(&mut self, hash: &hash160::Hash) -> Result<String, NoHash> {
        Ok(hash.to_string())
    }
}

fn write<Ctx: ScriptContext>(expression: &Miniscript<Slot, Ctx>, keys: &[Zeroizing<String>]) -> String {
    let texts: Option<Miniscript<String, Ctx>> = expression.translate_pk(&mut Texts(keys)).ok();
    texts.map(|expression| expression.to_string()).unwrap_or_default()
}

/// Bits of a relative lock time that say that it counts time, and how much.
const TIME: u32 = 1 << 22;
const VALUE: u32 = 0xffff;

fn warn<Ctx: ScriptContext>(expression: &Miniscript<Slot, Ctx>, warnings: &mut Vec<String>) {
    for part in expression.iter() {
        let Terminal::Older(lock) = part.as_inner() else { continue };
        let raw = lock.to_consensus_u32();
        if raw & !TIME > VALUE {
            warnings.push(match raw & TIME {
                0 => format!("height-based relative locktime: older({raw}) > 65535 blocks is unsafe"),
                _ => format!("time-based relative locktime: older({raw}) > (65535 * 512) seconds is unsafe"),
            });
        }
    }
}
