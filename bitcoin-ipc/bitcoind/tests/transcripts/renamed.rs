//! Names that chance gives: ids, hashes, keys, addresses.
//!
//! In: pairs of texts of which one was Bitcoin Core's and one is ours. Out: whether ours is the same but for names, each
//! of which stands for one of Bitcoin Core's wherever it comes again, and for no other.

use std::collections::HashMap;
use std::str::FromStr as _;

use bitcoin::Address;
use bitcoin::address::NetworkUnchecked;

/// The names that were met, in both directions.
#[derive(Clone, Default)]
pub(crate) struct Renamed {
    theirs: HashMap<String, String>,
    ours: HashMap<String, String>,
}

/// What a name is the name of. Only names of one kind stand for each other.
#[derive(Debug, PartialEq)]
enum Kind {
    Address(Option<bitcoin::AddressType>),
    ExtendedKey,
    /// Hex digits, by their number: an id, a hash, a key.
    Digits(usize),
    /// More of them: a script, a transaction. Signatures have no fixed length.
    Bytes,
    Psbt,
    Checksum,
    Base64,
}

impl Renamed {
    /// Whether one text stands for the other.
    pub(crate) fn same(&mut self, theirs: &str, ours: &str) -> bool {
        let whole = [Kind::Psbt, Kind::Base64];
        if let (Some(one), Some(other)) = (kind(theirs, false), kind(ours, false))
            && one == other
            && whole.contains(&one)
        {
            return self.stands(theirs, ours);
        }
        let (theirs, ours) = (words(theirs), words(ours));
        theirs.len() == ours.len()
            && theirs.iter().zip(&ours).enumerate().all(|(position, (one, other))| {
                let checksum = position > 0 && theirs[position - 1].ends_with('#');
                if kind(one, checksum).is_none() && one == other {
                    return true;
                }
                let (kinds, others) = (kind(one, checksum), kind(other, checksum));
                let alike = match (&kinds, &others) {
                    (Some(kind), Some(other)) => kind == other,
                    // A name may by chance look like a number.
                    (Some(Kind::Digits(length)), None) => is_number(other, *length),
                    (None, Some(Kind::Digits(length))) => is_number(one, *length),
                    _ => false,
                };
                alike && self.stands(one, other)
            })
    }

    /// Notes that one name stands for the other, or finds that it does not.
    fn stands(&mut self, theirs: &str, ours: &str) -> bool {
        let forth = self.theirs.entry(theirs.to_owned()).or_insert_with(|| ours.to_owned());
        let back = self.ours.entry(ours.to_owned()).or_insert_with(|| theirs.to_owned());
        forth == ours && back == theirs
    }
}

/// A text in words of letters and digits, and what is between them.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = 0;
    let is_part = |c: char| c.is_ascii_alphanumeric();
    for (place, pair) in text.char_indices().zip(text.chars().skip(1)) {
        let end = place.0 + place.1.len_utf8();
        if is_part(place.1) != is_part(pair) {
            words.push(&text[start..end]);
            start = end;
        }
    }
    words.push(&text[start..]);
    words
}

/// Whether a word is so many decimal digits.
fn is_number(word: &str, length: usize) -> bool {
    word.len() == length && word.bytes().all(|b| b.is_ascii_digit())
}

fn kind(word: &str, checksum: bool) -> Option<Kind> {
    if checksum && word.len() == 8 {
        return Some(Kind::Checksum);
    }
    if word.len() < 8 {
        return None;
    }
    if word.starts_with("cHNidP") {
        return Some(Kind::Psbt);
    }
    if word.len().is_multiple_of(2) && word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    {
        // Numbers are no names.
        let digits = word.len() < 40 && word.bytes().all(|b| b.is_ascii_digit());
        return (!digits).then_some(if word.len() > 130 { Kind::Bytes } else { Kind::Digits(word.len()) });
    }
    if ["tpub", "tprv", "xpub", "xprv"].iter().any(|start| word.starts_with(start)) && word.len() == 111 {
        return Some(Kind::ExtendedKey);
    }
    if let Ok(address) = Address::<NetworkUnchecked>::from_str(word) {
        return Some(Kind::Address(address.assume_checked().address_type()));
    }
    (word.len() == 88 && word.ends_with('=')).then_some(Kind::Base64)
}

/// What is tried of this file; a test without the usual harness lists its own.
pub(crate) const CHECKS: &[(&str, fn())] = &[
    ("a_name_stands_for_one_other", a_name_stands_for_one_other),
    ("words_are_cut_at_what_is_between_them", words_are_cut_at_what_is_between_them),
];

fn a_name_stands_for_one_other() {
    let (a, b) = ("ab".repeat(32), "cd".repeat(32));
    let short = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";
    let long = "bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85";
    let mut renamed = Renamed::default();
    assert!(renamed.same(&format!("tx {a} is there"), &format!("tx {b} is there")));
    assert!(renamed.same(&a, &b));
    assert!(!renamed.same(&a, &a));
    assert!(!renamed.same(&b, &b));
    assert!(!renamed.same("tx 1 is there", "tx 2 is there"));
    assert!(!renamed.same("12345678", "23456789"));
    assert!(renamed.same("pkh([dd4bdc4a/0h])", "pkh([09873239/0h])"));
    assert!(!renamed.same("[dd4bdc4a]", "[19873239]"));
    assert!(!renamed.same(short, long));
    assert!(!renamed.same(&a, &"cd".repeat(33)));
}

fn words_are_cut_at_what_is_between_them() {
    assert_eq!(words("a-b é"), ["a", "-", "b", " é"]);
    assert_eq!(words(""), [""]);
}
