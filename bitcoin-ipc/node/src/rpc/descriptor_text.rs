//! Texts of output descriptors, before the library reads them.
//!
//! In: descriptors with checksums, several steps in one place, and private keys. Out: descriptors that the
//! library can read.

use std::collections::HashSet;

use bitcoin::PrivateKey;
use bitcoin::secp256k1::{Secp256k1, SignOnly};
use miniscript::descriptor::checksum::desc_checksum;
use miniscript::descriptor::{DescriptorPublicKey, DescriptorSecretKey, KeyMap, SinglePriv};

use super::error::{Answer, unknown};

/// A descriptor without its checksum, which must be right; the text of the error is that of an RPC error.
pub(super) fn payload(text: &str, checksum_needed: bool) -> Answer<&str> {
    match text.split_once('#') {
        None if checksum_needed => unknown("Missing checksum"),
        None => Ok(text),
        Some((bare, checksum)) => {
            let computed = match desc_checksum(bare) {
                Ok(computed) => computed,
                Err(_) => return unknown("Invalid characters in payload"),
            };
            if checksum.len() != 8 {
                let length = checksum.len();
                return unknown(format!("Expected 8 character checksum, not {length} characters"));
            }
            if checksum != computed {
                return unknown(format!(
                    "Provided checksum '{checksum}' does not match computed checksum '{computed}'"
                ));
            }
            Ok(bare)
        }
    }
}

/// A descriptor with public keys in place of single private keys that say where they come from; the
/// library would forget that.
pub(super) fn with_origins(text: &str, secp: &Secp256k1<SignOnly>, secrets: &mut KeyMap) -> String {
    let mut public = |piece: &str| -> Option<String> {
        let (origin, key) = piece.strip_prefix('[')?.split_once(']')?;
        let key = PrivateKey::from_wif(key).ok()?;
        let text = format!("[{origin}]{}", key.public_key(secp));
        let DescriptorPublicKey::Single(single) = text.parse().ok()? else { return None };
        let secret = DescriptorSecretKey::Single(SinglePriv { origin: single.origin.clone(), key });
        secrets.insert(DescriptorPublicKey::Single(single), secret);
        Some(text)
    };
    let piece = |piece: &str| {
        let key = piece.trim_end_matches(['(', ')', ',', '{', '}']);
        let end = &piece[key.len()..];
        public(key).map_or_else(|| piece.to_owned(), |key| key + end)
    };
    text.split_inclusive(['(', ')', ',', '{', '}']).map(piece).collect()
}

/// The descriptors that one with several steps in one place stands for, where keys are private: the library
/// does not take these apart.
pub(super) fn alternatives(text: &str) -> Vec<String> {
    // What is not well formed is for the library to say.
    split(text).unwrap_or_else(|| vec![text.to_owned()])
}

fn split(text: &str) -> Option<Vec<String>> {
    let several = |key: &str| key.matches('<').count() > 1;
    if !text.contains("prv") || text.split(['(', ')', ',', '{', '}']).any(several) {
        return None;
    }
    // Texts between the places, and the steps of each place.
    let (mut between, mut places, mut rest) = (Vec::new(), Vec::new(), text);
    while let Some((before, after)) = rest.split_once('<') {
        let (steps, after) = after.split_once('>')?;
        let steps: Vec<&str> = steps.split(';').collect();
        let distinct: HashSet<&str> = steps.iter().copied().collect();
        if steps.len() < 2 || distinct.len() != steps.len() {
            return None;
        }
        between.push(before);
        places.push(steps);
        rest = after;
    }
    let count = places.first()?.len();
    let one = |number: usize| {
        let parts = between.iter().zip(&places).map(|(before, steps)| [*before, steps[number]].concat());
        parts.chain([rest.to_owned()]).collect()
    };
    places.iter().all(|steps| steps.len() == count).then(|| (0..count).map(one).collect())
}
