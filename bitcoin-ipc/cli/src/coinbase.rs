//! From a template to a block: the coinbase, the merkle root, the proof of work.
//!
//! In: what a node asks of a coinbase, a merkle path, a header. Out: a transaction, a root, a nonce.

use bitcoin::hashes::Hash;
use bitcoin::script::{Instruction, PushBytes};
use bitcoin::{
    CompactTarget, OutPoint, Script, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode, TxOut, Witness,
    absolute, block, transaction,
};
use bitcoin_ipc::types::CoinbaseTx;

/// The target of every block on regtest.
pub(crate) const REGTEST_BITS: u32 = 0x207f_ffff;

/// What this program adds to the script. With the height it is longer than the two bytes that the script
/// of a coinbase must have.
const SIGNATURE: [u8; 11] = *b"bitcoin-ipc";

/// A coinbase that pays the reward to one script.
pub(crate) fn coinbase(required: &CoinbaseTx, reward_script: &Script) -> Transaction {
    let mut script = required.script_sig_prefix.clone();
    script.push_slice(<&PushBytes>::from(&SIGNATURE));
    let reward = TxOut { value: required.block_reward_remaining, script_pubkey: reward_script.to_owned() };
    Transaction {
        version: transaction::Version(i32::from_ne_bytes(required.version.to_ne_bytes())),
        lock_time: absolute::LockTime::from_consensus(required.lock_time),
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig: script,
            sequence: Sequence(required.sequence),
            witness: Witness::from_slice(required.witness.as_slice()),
        }],
        output: std::iter::once(reward).chain(required.required_outputs.iter().cloned()).collect(),
    }
}

/// The merkle root of a block with this coinbase.
pub(crate) fn merkle_root(coinbase: &Transaction, path: &[TxMerkleNode]) -> TxMerkleNode {
    let leaf = TxMerkleNode::from_raw_hash(coinbase.compute_txid().to_raw_hash());
    path.iter().fold(leaf, |node, beside| {
        TxMerkleNode::hash(&[node.to_byte_array(), beside.to_byte_array()].concat())
    })
}

/// Finds a nonce. Takes two attempts on regtest, and on other chains it does not end.
pub(crate) fn grind(mut header: block::Header) -> block::Header {
    while header.validate_pow(header.target()).is_err() {
        header.nonce = header.nonce.wrapping_add(1);
        if header.nonce == 0 {
            header.time += 1;
        }
    }
    header
}

/// Whether the header is one of regtest.
pub(crate) fn is_regtest(header: &block::Header) -> bool {
    header.bits == CompactTarget::from_consensus(REGTEST_BITS)
}

/// The height that the script of a coinbase begins with (BIP 34).
pub(crate) fn height(prefix: &ScriptBuf) -> Option<u32> {
    match prefix.instructions().next()?.ok()? {
        Instruction::PushBytes(bytes) if bytes.len() <= 4 => {
            let mut number = [0; 4];
            number[..bytes.len()].copy_from_slice(bytes.as_bytes());
            Some(u32::from_le_bytes(number))
        }
        // OP_1 to OP_16.
        Instruction::Op(op) => {
            op.to_u8().checked_sub(0x50).filter(|number| (1..=16).contains(number)).map(u32::from)
        }
        Instruction::PushBytes(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::script::Builder;

    use super::*;

    #[test]
    fn heights_are_read_back() {
        for number in [1, 16, 17, 127, 128, 255, 256, 32_768, 8_388_608, 900_000] {
            let script = Builder::new().push_int(number.into()).push_int(0).into_script();
            assert_eq!(height(&script), Some(number), "{script}");
        }
        assert_eq!(height(&ScriptBuf::new()), None);
    }
}
