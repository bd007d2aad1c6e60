//! Blocks on any block, for branches.
//!
//! In: a parent, transactions. Out: a block with them that a node of regtest takes.

use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version};
use bitcoin::hashes::{Hash as _, sha256d};
use bitcoin::hex::FromHex as _;
use bitcoin::script::{Builder, PushBytesBuf};
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode,
    TxOut, Witness, consensus, opcodes, transaction,
};

/// The easiest proof of work.
const BITS: u32 = 0x207f_ffff;

/// A block on `parent`, at this height and time. Its coinbase takes nothing, so no two of one height and
/// with different `mark`s are the same.
pub(crate) fn block(parent: BlockHash, height: u32, time: u32, mark: u8, transactions: &[String]) -> Block {
    let mut txdata = vec![coinbase(height, mark)];
    for text in transactions {
        let bytes = Vec::<u8>::from_hex(text).unwrap();
        txdata.push(consensus::deserialize(&bytes).unwrap());
    }
    let header = Header {
        version: Version::from_consensus(0x2000_0000),
        prev_blockhash: parent,
        merkle_root: TxMerkleNode::all_zeros(),
        time,
        bits: CompactTarget::from_consensus(BITS),
        nonce: 0,
    };
    let mut block = Block { header, txdata };
    commit(&mut block);
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
    block
}

fn coinbase(height: u32, mark: u8) -> Transaction {
    let script_sig = Builder::new().push_int(height.into()).push_slice([mark; 4]).into_script();
    let input = TxIn {
        previous_output: OutPoint::null(),
        script_sig,
        sequence: Sequence::MAX,
        witness: Witness::from_slice(&[[0_u8; 32]]),
    };
    let output = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return([mark]) };
    Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![input],
        output: vec![output],
    }
}

/// Has the coinbase commit to the witnesses (BIP 141).
fn commit(block: &mut Block) {
    let root = block.witness_root().unwrap();
    let mut preimage = root.to_byte_array().to_vec();
    preimage.extend([0; 32]);
    let mut data = vec![0xaa, 0x21, 0xa9, 0xed];
    data.extend(sha256d::Hash::hash(&preimage).to_byte_array());
    let data = PushBytesBuf::try_from(data).unwrap();
    let script = Builder::new().push_opcode(opcodes::all::OP_RETURN).push_slice(data).into_script();
    block.txdata[0].output.push(TxOut { value: Amount::ZERO, script_pubkey: script });
}
