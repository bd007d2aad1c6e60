//! In: what a template answered. Out: serialized transactions and blocks made from it.

use crate::CoinbaseTx;

/// The room of a block's header.
const HEADER: usize = 80;
/// Where in the header the compact target stands.
const BITS: std::ops::Range<usize> = 72..76;

/// The version that stands in a block's header.
pub(crate) fn version(header: &[u8]) -> Result<u32, String> {
    let bytes = header.first_chunk().ok_or_else(|| format!("a header of {} bytes", header.len()))?;
    Ok(u32::from_le_bytes(*bytes))
}

/// The block with a target of 1, which no hash reaches: a server that looks at the work first rejects
/// it for `high-hash`.
pub(crate) fn without_work(block: &[u8]) -> Result<Vec<u8>, String> {
    if block.len() < HEADER {
        return Err(format!("a block of {} bytes", block.len()));
    }
    let mut block = block.to_vec();
    block[BITS].copy_from_slice(&0x0300_0001_u32.to_le_bytes());
    Ok(block)
}

/// The coinbase transaction that a template asks for, with no output beyond the required ones.
pub(crate) fn coinbase(asked: &CoinbaseTx) -> Vec<u8> {
    let mut bytes = asked.version.to_le_bytes().to_vec();
    if !asked.witness.is_empty() {
        // The marker and the flag of BIP 144.
        bytes.extend([0, 1]);
    }
    // One input, which spends nothing.
    bytes.push(1);
    bytes.extend([0; 32]);
    bytes.extend(u32::MAX.to_le_bytes());
    bytes.extend(short(asked.script_sig_prefix.len()));
    bytes.extend(&asked.script_sig_prefix);
    bytes.extend(asked.sequence.to_le_bytes());
    bytes.extend(short(asked.required_outputs.len()));
    bytes.extend(asked.required_outputs.iter().flatten());
    if !asked.witness.is_empty() {
        bytes.push(1);
        bytes.extend(short(asked.witness.len()));
        bytes.extend(&asked.witness);
    }
    bytes.extend(asked.lock_time.to_le_bytes());
    bytes
}

/// A length as Bitcoin's compact integer; a coinbase's are below 0xfd.
fn short(length: usize) -> [u8; 1] {
    assert!(length < 0xfd, "no coinbase has anything that long: {length}");
    [length as u8]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(witness: Vec<u8>) -> CoinbaseTx {
        CoinbaseTx {
            version: 2,
            sequence: 0xffff_fffe,
            script_sig_prefix: vec![1, 101],
            witness,
            block_reward_remaining: 50,
            required_outputs: vec![vec![0; 9]],
            lock_time: 100,
        }
    }

    #[test]
    fn a_coinbase_has_a_witness_only_if_asked() {
        let plain = coinbase(&asked(Vec::new()));
        assert_eq!(plain.len(), 4 + 1 + 36 + 3 + 4 + 1 + 9 + 4);
        let with_witness = coinbase(&asked(vec![0; 32]));
        assert_eq!(with_witness.len(), plain.len() + 2 + 1 + 1 + 32);
        assert_eq!(&with_witness[4..6], [0, 1]);
    }

    #[test]
    fn short_input_is_an_error() {
        assert!(version(&[0; 3]).is_err());
        assert!(without_work(&[0; 79]).is_err());
        assert_eq!(version(&[1, 0, 0, 0x20]), Ok(0x2000_0001));
    }
}
