//! Mining for tests.
//!
//! In: a parent, a height and transactions. Out: a regtest block with proof of work.

use bitcoin::block::{Header, Version};
use bitcoin::hashes::Hash;
use bitcoin::opcodes::OP_TRUE;
use bitcoin::script::Builder;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode,
    TxOut, Witness, absolute, transaction,
};

/// The bits of every regtest block, and the reward of the first 150.
pub(crate) const BITS: u32 = 0x207f_ffff;
pub(crate) const REWARD: u64 = 5_000_000_000;
const GENESIS_TIME: u32 = 1_296_688_602;

pub(crate) fn anyone() -> ScriptBuf {
    Builder::new().push_opcode(OP_TRUE).into_script()
}

/// A block that pays `reward` to anyone; `branch` makes blocks of one height differ.
pub(crate) fn block(parent: BlockHash, height: u32, branch: i64, reward: u64, rest: &[Transaction]) -> Block {
    let script_sig = Builder::new().push_int(height.into()).push_int(branch).push_int(1000).into_script();
    let coinbase = Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            script_sig,
            sequence: Sequence::MAX,
            witness: Witness::from_slice(&[[0; 32]]),
        }],
        output: vec![TxOut { value: Amount::from_sat(reward), script_pubkey: anyone() }],
    };
    let header = Header {
        version: Version::from_consensus(0x2000_0000),
        prev_blockhash: parent,
        merkle_root: TxMerkleNode::all_zeros(),
        time: GENESIS_TIME + height * 600,
        bits: CompactTarget::from_consensus(BITS),
        nonce: 0,
    };
    let mut block = Block { header, txdata: [&[coinbase], rest].concat() };
    let root = block.witness_root().unwrap();
    let commitment = Block::compute_witness_commitment(&root, &[0; 32]);
    let mut script = vec![0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];
    script.extend(commitment.to_byte_array());
    block.txdata[0].output.push(TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(script) });
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    grind(&mut block, true);
    block
}

/// Finds a nonce whose hash is, or is not, proof of work.
pub(crate) fn grind(block: &mut Block, valid: bool) {
    while block.header.validate_pow(block.header.target()).is_ok() != valid {
        block.header.nonce += 1;
    }
}

/// Spends the first output of a transaction to anyone.
pub(crate) fn spend(from: &Transaction, fee: u64) -> Transaction {
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::new(from.compute_txid(), 0),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![TxOut { value: from.output[0].value - Amount::from_sat(fee), script_pubkey: anyone() }],
    }
}
