//! Where a chain is.
//!
//! In: the bytes of Bitcoin Core's `CBlockLocator`. Out: a [`BlockLocator`], and back.

use bitcoin::BlockHash;
use bitcoin::hashes::Hash;
use mp_runtime::Result;

use super::cursor::{Reader, push_count};

/// The version that Bitcoin Core writes and nobody reads.
const VERSION: i32 = 70016;

/// Blocks by which two nodes find where their chains part: Bitcoin Core's `CBlockLocator`.
///
/// Its bytes are a version of four bytes without meaning, a compact-size count, and the hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct BlockLocator {
    /// Hashes of blocks of one chain, from its tip down, first each block, then ever fewer; empty for
    /// no position.
    pub hashes: Vec<BlockHash>,
}

impl BlockLocator {
    /// The locator's bytes, with version 70016.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = VERSION.to_le_bytes().to_vec();
        push_count(&mut out, self.hashes.len());
        for hash in &self.hashes {
            out.extend(hash.to_byte_array());
        }
        out
    }

    /// Reads a locator's bytes, with whatever version.
    ///
    /// # Errors
    ///
    /// The bytes end early or late, or the count is above Bitcoin Core's limit of 2^25.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader::new("block locator", bytes);
        reader.array::<4>()?;
        let count = reader.count()?;
        // Room is made as hashes come in, not on the word of the count.
        let mut hashes = Vec::new();
        for _ in 0..count {
            hashes.push(BlockHash::from_byte_array(reader.array()?));
        }
        reader.finish()?;
        Ok(BlockLocator { hashes })
    }
}

#[cfg(test)]
mod tests {
    use super::super::cursor::assert_exact_length;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn exact_bytes() {
        assert_eq!(BlockLocator::default().to_bytes(), [0x80, 0x11, 0x01, 0x00, 0x00]);

        let genesis = bitcoin::constants::genesis_block(bitcoin::Network::Bitcoin).block_hash();
        let locator = BlockLocator { hashes: vec![genesis] };
        let bytes = locator.to_bytes();
        assert_eq!(bytes[..9], [0x80, 0x11, 0x01, 0x00, 0x01, 0x6f, 0xe2, 0x8c, 0x0a]);
        assert_eq!(bytes.len(), 4 + 1 + 32);
        assert_eq!(BlockLocator::from_bytes(&bytes).unwrap(), locator);
        assert_exact_length(&bytes, BlockLocator::from_bytes);
    }

    #[test]
    fn version_is_ignored_and_count_is_not_believed() {
        assert_eq!(BlockLocator::from_bytes(&[1, 2, 3, 4, 0]).unwrap(), BlockLocator::default());
        BlockLocator::from_bytes(&[0, 0, 0, 0, 0xfe, 0, 0, 0, 2]).unwrap_err();
    }

    proptest! {
        #[test]
        fn round_trip(hashes: Vec<[u8; 32]>) {
            let hashes = hashes.into_iter().map(BlockHash::from_byte_array).collect();
            let locator = BlockLocator { hashes };
            prop_assert_eq!(BlockLocator::from_bytes(&locator.to_bytes()).unwrap(), locator);
        }
    }
}
