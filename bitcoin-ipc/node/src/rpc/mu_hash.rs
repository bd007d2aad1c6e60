//! A hash of a set, whatever the order of its members: Bitcoin Core's `MuHash3072`.
//!
//! In: members as bytes. Out: the hash of all of them. Each member becomes a number of 3072 bits, and the
//! numbers are multiplied modulo the largest prime below 2^3072.

use bitcoin::hashes::{Hash, sha256};
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use num_bigint::BigUint;

/// Bytes of a number.
const SIZE: usize = 384;
/// By how much the prime is less than 2^3072.
const BELOW: u32 = 1_103_717;

/// The product of the members so far.
pub(super) struct MuHash(BigUint);

impl MuHash {
    /// Of no members.
    pub(super) fn new() -> Self {
        MuHash(BigUint::from(1_u8))
    }

    /// Adds a member.
    pub(super) fn insert(&mut self, member: &[u8]) {
        let key = sha256::Hash::hash(member).to_byte_array();
        let mut bytes = [0; SIZE];
        ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(&mut bytes);
        self.0 = reduced(reduced(&self.0 * BigUint::from_bytes_le(&bytes)));
    }

    /// The hash.
    pub(super) fn finish(self) -> sha256::Hash {
        let prime = (BigUint::from(1_u8) << (8 * SIZE)) - BELOW;
        let mut bytes = (self.0 % prime).to_bytes_le();
        bytes.resize(SIZE, 0);
        sha256::Hash::hash(&bytes)
    }
}

/// The same modulo the prime, with about half of the digits: what is above 2^3072 counts [`BELOW`] times.
fn reduced(number: BigUint) -> BigUint {
    let high = &number >> (8 * SIZE);
    let low = number - (&high << (8 * SIZE));
    low + high * BELOW
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(members: &[u8]) -> String {
        let mut hash = MuHash::new();
        members.iter().for_each(|member| hash.insert(&[*member]));
        hash.finish().to_string()
    }

    #[test]
    fn the_order_of_members_means_nothing() {
        assert_eq!(of(&[1, 2, 3]), of(&[3, 1, 2]));
        assert_ne!(of(&[1, 2, 3]), of(&[1, 2]));
        assert_ne!(of(&[1, 1]), of(&[1]));
    }

    #[test]
    fn a_number_that_is_not_less_than_the_prime_is_brought_below_it() {
        let prime = (BigUint::from(1_u8) << (8 * SIZE)) - BELOW;
        let one = MuHash(&prime + 1_u8).finish();
        assert_eq!(one, MuHash::new().finish());
        let square = MuHash(reduced(reduced(&prime * &prime + 1_u8)));
        assert_eq!(square.finish(), one);
    }
}
