//! What is wrong with a text of Bech32 (BIP 173, BIP 350), and where.
//!
//! In: texts that have no valid checksum. Out: the fault in Bitcoin Core's words, and the places of the
//! letters that are probably wrong: its `LocateErrors`.

use std::collections::HashMap;

/// The letters that stand for the numbers 0 to 31.
const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
/// Letters of a checksum.
const CHECKSUM: usize = 6;
/// The longest text.
const LONGEST: usize = 90;
/// What a right checksum leaves: of Bech32, and of Bech32m.
const CONSTANTS: [(u32, &str); 2] =
    [(1, "Invalid Bech32 checksum"), (0x2bc8_30a3, "Invalid Bech32m checksum")];
/// What each of the five highest bits adds when a number follows.
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];

/// The fault and its places, counted in bytes. Both are empty if there is none.
pub(super) fn locate(text: &str) -> (&'static str, Vec<usize>) {
    let bytes = text.as_bytes();
    if bytes.len() > LONGEST {
        return ("Bech32 string too long", (LONGEST..bytes.len()).collect());
    }
    let places = strange_letters(bytes);
    if !places.is_empty() {
        return ("Invalid character or mixed case", places);
    }
    let Some(separator) = bytes.iter().rposition(|byte| *byte == b'1') else {
        return ("Missing separator", Vec::new());
    };
    if separator == 0 || separator + CHECKSUM >= bytes.len() {
        return ("Invalid separator position", vec![separator]);
    }
    let lower = text.to_ascii_lowercase().into_bytes();
    let (prefix, data) = (&lower[..separator], &lower[separator + 1..]);
    let mut values: Vec<u8> = prefix.iter().map(|byte| byte >> 5).collect();
    values.push(0);
    values.extend(prefix.iter().map(|byte| byte & 31));
    for (place, byte) in data.iter().enumerate() {
        match LETTERS.iter().position(|letter| letter == byte) {
            Some(value) => values.push(value as u8),
            None => return ("Invalid Base 32 character", vec![separator + 1 + place]),
        }
    }
    let rest = values.iter().fold(1, |rest, value| next(rest) ^ u32::from(*value));
    let (mut fault, mut found) = ("Invalid checksum", Vec::new());
    for (constant, name) in CONSTANTS {
        let residue = rest ^ constant;
        if residue == 0 {
            return ("", Vec::new());
        }
        let mut places = wrong_letters(residue, data.len());
        places.iter_mut().for_each(|place| *place = bytes.len() - 1 - *place);
        places.sort_unstable();
        if !places.is_empty() && (found.is_empty() || places.len() < found.len()) {
            (fault, found) = (name, places);
        }
    }
    (fault, found)
}

/// Places of letters that can be in no such text, or have another case than the first.
fn strange_letters(bytes: &[u8]) -> Vec<usize> {
    let first = bytes.iter().find(|byte| byte.is_ascii_alphabetic());
    let upper = first.is_some_and(u8::is_ascii_uppercase);
    let strange = |byte: u8| match byte {
        letter if letter.is_ascii_alphabetic() => letter.is_ascii_uppercase() != upper,
        other => !other.is_ascii_graphic(),
    };
    bytes.iter().enumerate().filter(|(_, byte)| strange(**byte)).map(|(place, _)| place).collect()
}

/// What is left once a zero has followed.
fn next(rest: u32) -> u32 {
    let shifted = (rest & 0x01ff_ffff) << 5;
    let bits = (0..5).filter(|bit| rest >> (25 + bit) & 1 == 1);
    bits.fold(shifted, |sum, bit| sum ^ GENERATOR[bit])
}

/// The one or two wrong letters that leave this residue, as places from the end; none if there are more. The
/// checksum makes sure that no two such explanations exist.
fn wrong_letters(residue: u32, length: usize) -> Vec<usize> {
    let mut leaves = HashMap::new();
    let mut shifted: [u32; 32] = std::array::from_fn(|error| error as u32);
    for place in 0..length {
        for left in shifted.iter_mut().skip(1) {
            leaves.insert(*left, place);
            *left = next(*left);
        }
    }
    if let Some(place) = leaves.get(&residue) {
        return vec![*place];
    }
    let pair = leaves.iter().find_map(|(left, place)| Some((*place, *leaves.get(&(residue ^ left))?)));
    pair.map_or_else(Vec::new, |(one, other)| if one == other { Vec::new() } else { vec![one, other] })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080";

    fn with(changes: &[(usize, char)]) -> String {
        let mut letters: Vec<char> = GOOD.chars().collect();
        for (place, letter) in changes {
            letters[*place] = *letter;
        }
        letters.into_iter().collect()
    }

    #[test]
    fn one_or_two_wrong_letters_are_found_wherever_they_are() {
        assert_eq!(locate(GOOD), ("", vec![]));
        let other = |place: usize| if GOOD.as_bytes()[place] == b'q' { 'p' } else { 'q' };
        for one in 5..GOOD.len() {
            assert_eq!(locate(&with(&[(one, other(one))])), ("Invalid Bech32 checksum", vec![one]));
            for two in one + 1..GOOD.len() {
                let text = with(&[(one, other(one)), (two, other(two))]);
                assert_eq!(locate(&text), ("Invalid Bech32 checksum", vec![one, two]), "{text}");
            }
        }
        let many = with(&[(8, 'q'), (12, 'q'), (20, 'p'), (30, 'p')]);
        assert_eq!(locate(&many), ("Invalid checksum", vec![]));
    }

    #[test]
    fn what_is_no_checksum_has_its_place_too() {
        let long = format!("{GOOD}{GOOD}{GOOD}");
        assert_eq!(locate(&long).1, (90..132).collect::<Vec<_>>());
        assert_eq!(locate("bcrtq"), ("Missing separator", vec![]));
        assert_eq!(locate("bcrt1qq"), ("Invalid separator position", vec![4]));
        assert_eq!(locate(&with(&[(9, 'b')])), ("Invalid Base 32 character", vec![9]));
        assert_eq!(
            locate(&with(&[(9, 'Q'), (11, '\u{7f}')])),
            ("Invalid character or mixed case", vec![9, 11])
        );
    }
}
