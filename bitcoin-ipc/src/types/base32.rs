//! Base 32 of RFC 4648 in lower case without padding, as in names of Tor and I2P.
//!
//! In: bytes, or text. Out: text, or bytes.

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The text of `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut bits, mut count) = (0usize, 0);
    for byte in bytes {
        // Fewer than five bits are left from before, so these are twelve at most.
        bits = (bits << 8 | usize::from(*byte)) & 0xfff;
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(ALPHABET[bits >> count & 31].into());
        }
    }
    if count > 0 {
        text.push(ALPHABET[bits << (5 - count) & 31].into());
    }
    text
}

/// The bytes of `text`, unless it has another character, a character too many, or bits left over
/// that are not zero.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0usize, 0);
    for character in text.bytes() {
        let digit = ALPHABET.iter().position(|known| *known == character)?;
        bits = (bits << 5 | digit) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    (count < 5 && bits & ((1 << count) - 1) == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The examples of RFC 4648 section 10.
    #[test]
    fn known_texts() {
        for (bytes, text) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foob", "mzxw6yq"),
            ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        for wrong in ["m", "mz1q", "mzx", "mz", "my=", "MY", "é"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn round_trip(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
