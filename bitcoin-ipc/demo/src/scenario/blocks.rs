//! Blocks that are made here and not by the node.
//!
//! In: a block to build on. Out: regtest blocks with a coinbase only, which the node is given.

use bitcoin::absolute::LockTime;
use bitcoin::block::{Header, Version};
use bitcoin::consensus::encode::{deserialize_hex, serialize_hex};
use bitcoin::script::{Builder, PushBytesBuf, ScriptBuf};
use bitcoin::{
    Amount, Block, BlockHash, OutPoint, Sequence, Transaction, TxIn, TxMerkleNode, TxOut, Witness,
    transaction,
};
use serde_json::{Value, json};

use super::values::text;
use crate::programs::Node;
use crate::{Failure, Result};

/// On regtest the subsidy is halved after so many blocks.
const HALVING: u32 = 150;

/// As many blocks as wanted, one on top of the other, above a block of the node's. Anybody can spend
/// their subsidy.
///
/// # Errors
///
/// The node does not have that block.
pub fn competing_blocks(node: &Node, above: BlockHash, count: u32) -> Result<Vec<Block>> {
    let header = node.rpc("getblockheader", json!([above.to_string(), false]))?;
    let mut previous: Header =
        deserialize_hex(text(&header)?).map_err(|error| Failure::new(error.to_string()))?;
    let details = node.rpc("getblockheader", json!([above.to_string()]))?;
    let height = details["height"].as_u64().and_then(|height| u32::try_from(height).ok());
    let height = height.ok_or_else(|| Failure::new("the node does not say how high the block is"))?;
    let mut blocks = Vec::new();
    for height in (height + 1..).take(count as usize) {
        let block = mine(previous, height);
        previous = block.header;
        blocks.push(block);
    }
    Ok(blocks)
}

fn mine(previous: Header, height: u32) -> Block {
    let coinbase = Transaction {
        version: transaction::Version::TWO,
        lock_time: LockTime::ZERO,
        input: vec![TxIn {
            previous_output: OutPoint::null(),
            // The height (BIP 34), and what tells these blocks from the node's own.
            script_sig: Builder::new()
                .push_int(height.into())
                .push_slice(PushBytesBuf::from(*b"demo"))
                .into_script(),
            sequence: Sequence::MAX,
            witness: Witness::new(),
        }],
        output: vec![TxOut {
            value: Amount::from_sat(5_000_000_000_u64.checked_shr(height / HALVING).unwrap_or(0)),
            script_pubkey: ScriptBuf::from_bytes(vec![0x51]),
        }],
    };
    let mut header = Header {
        version: Version::from_consensus(0x2000_0000),
        prev_blockhash: previous.block_hash(),
        merkle_root: TxMerkleNode::from_raw_hash(coinbase.compute_txid().to_raw_hash()),
        time: previous.time + 1,
        bits: previous.bits,
        nonce: 0,
    };
    // On regtest every second attempt succeeds.
    while !header.target().is_met_by(header.block_hash()) {
        header.nonce = header.nonce.wrapping_add(1);
    }
    Block { header, txdata: vec![coinbase] }
}

/// Gives the node a block, and says whether it is a reason for another highest one: `None`, or else
/// BIP 22's word for it.
///
/// # Errors
///
/// The call fails.
pub fn submit(node: &Node, block: &Block) -> Result<Option<String>> {
    match node.rpc("submitblock", json!([serialize_hex(block)]))? {
        Value::Null => Ok(None),
        reason => Ok(Some(text(&reason)?.to_owned())),
    }
}
