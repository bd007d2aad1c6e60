//! The maps of a PSBT as they are written, whatever its version.
//!
//! In: bytes. Out: the pairs of each map, in their order, and back.

use bitcoin::VarInt;
use bitcoin::consensus::{Decodable, Encodable, encode};
use mp_runtime::{Error, Result};

/// What a PSBT begins with (BIP 174).
const MAGIC: [u8; 5] = *b"psbt\xff";

/// A key, whose first byte is its type, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

impl Pair {
    /// A pair whose key is its type alone.
    pub(super) fn new(kind: u8, value: Vec<u8>) -> Self {
        Pair { key: vec![kind], value }
    }

    pub(super) fn kind(&self) -> u8 {
        self.key.first().copied().unwrap_or_default()
    }
}

/// The pairs of a global map, of an input or of an output.
pub(super) type Map = Vec<Pair>;

fn malformed(error: encode::Error) -> Error {
    Error::bad_value(format!("not a PSBT: {error}"))
}

/// Some bytes, with their number before them.
fn bytes<'a>(input: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = VarInt::consensus_decode(input).map_err(malformed)?.0;
    let length = usize::try_from(length).ok().filter(|length| *length <= input.len());
    let length = length.ok_or_else(|| Error::bad_value("not a PSBT: it ends in the middle"))?;
    let (bytes, rest) = input.split_at(length);
    *input = rest;
    Ok(bytes)
}

/// Takes the magic bytes off.
pub(super) fn begin(input: &[u8]) -> Result<&[u8]> {
    input.strip_prefix(&MAGIC).ok_or_else(|| Error::bad_value("not a PSBT: it does not begin as one"))
}

/// Takes a map off.
pub(super) fn read(input: &mut &[u8]) -> Result<Map> {
    let mut map = Map::new();
    loop {
        let key = bytes(input)?;
        if key.is_empty() {
            return Ok(map);
        }
        let value = bytes(input)?;
        map.push(Pair { key: key.to_vec(), value: value.to_vec() });
    }
}

/// Writes all maps of a PSBT.
pub(super) fn write<'a>(maps: impl IntoIterator<Item = &'a Map>) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    let put = |bytes: &Vec<u8>, out: &mut Vec<u8>| {
        bytes.consensus_encode(out).expect("a vector takes all bytes");
    };
    for map in maps {
        for Pair { key, value } in map {
            put(key, &mut out);
            put(value, &mut out);
        }
        out.push(0);
    }
    out
}
