//! The maps of a PSBT as they are written, whatever its version.
//!
//! In: bytes. Out: the pairs of each map, in their order, and back. Errors have Bitcoin Core's words.

use std::collections::HashSet;

use bitcoin::VarInt;
use bitcoin::consensus::{Decodable, Encodable, encode};
use bitcoin::hex::DisplayHex;
use mp_runtime::{Error, Result};

/// What a PSBT begins with (BIP 174).
pub(super) const MAGIC: [u8; 5] = *b"psbt\xff";
/// The longest that anything may be: Bitcoin Core's `MAX_SIZE`.
const MAX_SIZE: u64 = 0x0200_0000;

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

/// The error of bytes that end too early.
pub(super) fn end_of_data() -> Error {
    Error::bad_value("SpanReader::read(): end of data")
}

/// Takes a number off.
pub(super) fn compact_size(input: &mut &[u8]) -> Result<u64> {
    match VarInt::consensus_decode(input) {
        Ok(VarInt(number)) if number <= MAX_SIZE => Ok(number),
        Ok(_) => Err(Error::bad_value("ReadCompactSize(): size too large")),
        Err(encode::Error::NonMinimalVarInt) => Err(Error::bad_value("non-canonical ReadCompactSize()")),
        Err(_) => Err(end_of_data()),
    }
}

/// Takes some bytes off, with their number before them.
fn bytes<'a>(input: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = usize::try_from(compact_size(input)?).map_err(|_| end_of_data())?;
    let (bytes, rest) = input.split_at_checked(length).ok_or_else(end_of_data)?;
    *input = rest;
    Ok(bytes)
}

/// Takes the magic bytes off.
pub(super) fn begin(input: &mut &[u8]) -> Result<()> {
    let (magic, rest) = input.split_at_checked(MAGIC.len()).ok_or_else(end_of_data)?;
    *input = rest;
    if magic == MAGIC { Ok(()) } else { Err(Error::bad_value("Invalid PSBT magic bytes")) }
}

/// Takes a map off, in which no key comes twice. Its name is for errors.
pub(super) fn read(input: &mut &[u8], name: &str) -> Result<Map> {
    let (mut map, mut seen) = (Map::new(), HashSet::new());
    loop {
        if input.is_empty() {
            let article = if name == "global" { "the" } else { "an" };
            return Err(Error::bad_value(format!("Separator is missing at the end of {article} {name} map")));
        }
        let key = bytes(input)?;
        if key.is_empty() {
            return Ok(map);
        }
        if !seen.insert(key) {
            let key = key.to_lower_hex_string();
            return Err(Error::bad_value(format!("Duplicate Key, {name} key \"{key}\" already provided")));
        }
        let value = bytes(input)?;
        map.push(Pair { key: key.to_vec(), value: value.to_vec() });
    }
}

/// Takes a map off that `bitcoin` has written, or nothing at the end. Unknown pairs may repeat known ones in
/// it.
pub(super) fn written(input: &mut &[u8]) -> Map {
    let mut bytes = || {
        let length = VarInt::consensus_decode(input).ok()?.0;
        let (bytes, rest) = input.split_at_checked(usize::try_from(length).ok()?)?;
        *input = rest;
        Some(bytes.to_vec())
    };
    let mut map = Map::new();
    while let Some(key) = bytes().filter(|key| !key.is_empty()) {
        let Some(value) = bytes() else { break };
        map.push(Pair { key, value });
    }
    map
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
