//! Reading bytes from the front, and the two variable-length integers of Bitcoin Core.
//!
//! In: bytes from the wire. Out: numbers and slices, or an error that names the value being read.
//! Nothing is allocated here on the word of a length: the bytes have to be there first.

use bitcoin::consensus::encode::{VarInt, deserialize_partial, serialize};
use mp_runtime::{Error, Result};

/// The greatest count or length that Bitcoin Core reads: its `MAX_SIZE`, 2^25.
const MAX_SIZE: u64 = 0x0200_0000;

/// Bytes that are read from the front.
pub(super) struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the front of `bytes`; `what` is how errors call the value.
    pub(super) fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Reader { what, rest: bytes }
    }

    /// The error that says what is wrong with this value.
    pub(super) fn error(&self, text: impl std::fmt::Display) -> Error {
        Error::bad_value(format!("{}: {text}", self.what))
    }

    /// The next `count` bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.short(count))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(|| self.short(N))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The next byte.
    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A compact-size integer in its shortest form.
    pub(super) fn compact_size(&mut self) -> Result<u64> {
        let (VarInt(number), used) = deserialize_partial(self.rest).map_err(|error| self.error(error))?;
        self.take(used)?;
        Ok(number)
    }

    /// A compact-size count or length, which Bitcoin Core limits to 2^25.
    pub(super) fn count(&mut self) -> Result<usize> {
        let count = self.compact_size()?;
        usize::try_from(count)
            .ok()
            .filter(|_| count <= MAX_SIZE)
            .ok_or_else(|| self.error(format_args!("a count of {count} is above the limit of {MAX_SIZE}")))
    }

    /// Bitcoin Core's VARINT for an unsigned integer whose type ends at `max`: base 128, most
    /// significant digit first, where every digit but the last has the high bit set and counts from
    /// one, so that each number has one form.
    pub(super) fn varint(&mut self, max: u64) -> Result<u64> {
        let mut number: u64 = 0;
        loop {
            let byte = self.byte()?;
            if number > max >> 7 {
                return Err(self.error("a variable-length integer is too large"));
            }
            number = number << 7 | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            if number == max {
                return Err(self.error("a variable-length integer is too large"));
            }
            number += 1;
        }
    }

    /// The end of the value: no byte may be left.
    pub(super) fn finish(self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(self.error(format_args!("{count} bytes too many"))),
        }
    }

    fn short(&self, wanted: usize) -> Error {
        self.error(format_args!("{wanted} bytes expected, {} left", self.rest.len()))
    }
}

/// Appends a compact-size integer.
pub(super) fn push_compact_size(out: &mut Vec<u8>, number: u64) {
    out.extend(serialize(&VarInt(number)));
}

/// Appends a compact-size length.
pub(super) fn push_count(out: &mut Vec<u8>, count: usize) {
    out.extend(serialize(&VarInt::from(count)));
}

/// Appends Bitcoin Core's VARINT, see [`Reader::varint`].
///
/// The number is wider than any that Bitcoin Core reads: a value outside its type is written as it
/// is, and the reader refuses it, rather than cut off to another value.
pub(super) fn push_varint(out: &mut Vec<u8>, mut number: u128) {
    let mut digits = vec![(number & 0x7f) as u8];
    while number > 0x7f {
        number = (number >> 7) - 1;
        digits.push((number & 0x7f) as u8 | 0x80);
    }
    out.extend(digits.iter().rev());
}

/// Checks that `decode` fails for every proper beginning of `bytes`, and for one byte more.
#[cfg(test)]
pub(super) fn assert_exact_length<T: std::fmt::Debug>(bytes: &[u8], decode: impl Fn(&[u8]) -> Result<T>) {
    use mp_runtime::ErrorKind;

    decode(bytes).unwrap();
    for length in 0..bytes.len() {
        assert_eq!(decode(&bytes[..length]).unwrap_err().kind(), ErrorKind::BadValue, "{length} bytes");
    }
    let longer = [bytes, &[0]].concat();
    assert_eq!(decode(&longer).unwrap_err().kind(), ErrorKind::BadValue);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn varint(bytes: &[u8], max: u64) -> Result<u64> {
        let mut reader = Reader::new("number", bytes);
        let number = reader.varint(max)?;
        reader.finish()?;
        Ok(number)
    }

    #[test]
    fn varint_has_the_documented_bytes() {
        for (number, bytes) in [
            (0, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0x80, 0x00]),
            (255, &[0x80, 0x7f]),
            (256, &[0x81, 0x00]),
            (16383, &[0xfe, 0x7f]),
            (16384, &[0xff, 0x00]),
            (16511, &[0xff, 0x7f]),
            (65535, &[0x82, 0xfe, 0x7f]),
            (1 << 32, &[0x8e, 0xfe, 0xfe, 0xff, 0x00]),
        ] {
            let mut out = Vec::new();
            push_varint(&mut out, number.into());
            assert_eq!(out, bytes);
            assert_eq!(varint(bytes, u64::MAX).unwrap(), number);
        }
    }

    #[test]
    fn varint_ends_where_its_type_ends() {
        for max in [u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            push_varint(&mut out, max.into());
            assert_eq!(varint(&out, max).unwrap(), max);
            out.clear();
            push_varint(&mut out, u128::from(max) + 1);
            varint(&out, max).unwrap_err();
        }
        varint(&[0xff; 40], u64::MAX).unwrap_err();
    }

    #[test]
    fn compact_size_is_limited_and_shortest() {
        assert_eq!(Reader::new("n", &[0xfd, 0xfd, 0x00]).count().unwrap(), 253);
        Reader::new("n", &[0xfd, 0xfc, 0x00]).count().unwrap_err();
        Reader::new("n", &[0xfd, 0xfc]).count().unwrap_err();
        assert_eq!(Reader::new("n", &[0xfe, 0, 0, 0, 2]).count().unwrap(), 0x0200_0000);
        Reader::new("n", &[0xfe, 1, 0, 0, 2]).count().unwrap_err();
    }

    proptest! {
        #[test]
        fn varint_round_trip(number: u64) {
            let mut out = Vec::new();
            push_varint(&mut out, number.into());
            prop_assert_eq!(varint(&out, u64::MAX).unwrap(), number);
        }
    }
}
