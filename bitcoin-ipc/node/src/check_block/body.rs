//! Rules of a block's transactions that need no coins.
//!
//! In: a block, by itself and at its place. Out: the first rule that it breaks.

use bitcoin::hashes::Hash;
use bitcoin::script::Builder;
use bitcoin::{Block, ScriptBuf, Transaction};

use super::next::Next;
use super::{Failure, broken, merkle};
use crate::mempool::policy::check;

const MAX_WEIGHT: u64 = 4_000_000;
/// The most that signature operations of one block may cost (BIP 141).
pub(super) const MAX_SIGOPS_COST: usize = 80_000;
/// How the script of a witness commitment begins (BIP 141).
const COMMITMENT: [u8; 6] = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];

/// The transactions are those that the header says.
pub(super) fn merkle_root(block: &Block) -> Result<(), Failure> {
    let (root, mutated) = merkle::root(merkle::leaves(&block.txdata));
    // Without transactions the root is zero.
    let root = root.unwrap_or_else(Hash::all_zeros);
    if root != block.header.merkle_root {
        return broken("bad-txnmrklroot", "hashMerkleRoot mismatch");
    }
    if mutated {
        return broken("bad-txns-duplicate", "duplicate transaction");
    }
    Ok(())
}

/// Bitcoin Core's `CheckBlock` after the header and the root.
pub(super) fn alone(block: &Block) -> Result<(), Failure> {
    let Some((coinbase, others)) = block.txdata.split_first() else {
        return broken("bad-blk-length", "size limits failed");
    };
    // The weight counts what is not witness four times, witnesses once.
    let total = block.total_size() as u64;
    let base = block.weight().to_wu().saturating_sub(total) / 3;
    if block.txdata.len() as u64 * 4 > MAX_WEIGHT || base * 4 > MAX_WEIGHT {
        return broken("bad-blk-length", "size limits failed");
    }
    if !coinbase.is_coinbase() {
        return broken("bad-cb-missing", "first tx is not coinbase");
    }
    if others.iter().any(Transaction::is_coinbase) {
        return broken("bad-cb-multiple", "more than one coinbase");
    }
    for tx in &block.txdata {
        if let Err(reason) = check::transaction(tx) {
            let debug = format!("Transaction check failed (tx hash {}) ", tx.compute_txid());
            return broken(reason, debug);
        }
    }
    let sigops: usize = block.txdata.iter().map(legacy_sigops).sum();
    if sigops.saturating_mul(4) > MAX_SIGOPS_COST {
        return broken("bad-blk-sigops", "out-of-bounds SigOpCount");
    }
    Ok(())
}

/// Signature operations of the scripts that are in sight.
fn legacy_sigops(tx: &Transaction) -> usize {
    let inputs: usize = tx.input.iter().map(|input| input.script_sig.count_sigops_legacy()).sum();
    let outputs: usize = tx.output.iter().map(|output| output.script_pubkey.count_sigops_legacy()).sum();
    inputs + outputs
}

/// Bitcoin Core's `ContextualCheckBlock`.
pub(super) fn in_place(next: &Next<'_>, block: &Block) -> Result<(), Failure> {
    let (height, active) = (next.height, next.active);
    let time = if height >= active.csv { next.median_time_past } else { block.header.time };
    if !block.txdata.iter().all(|tx| check::is_final(tx, height, time)) {
        return broken("bad-txns-nonfinal", "non-final transaction");
    }
    if height >= active.bip34 {
        let expected = Builder::new().push_int(height.into()).into_script();
        let script = block.txdata.first().and_then(|coinbase| coinbase.input.first());
        let starts = script.is_some_and(|input| input.script_sig.as_bytes().starts_with(expected.as_bytes()));
        if !starts {
            return broken("bad-cb-height", "block height mismatch in coinbase");
        }
    }
    witnesses(block, height >= active.segwit)?;
    if block.weight().to_wu() > MAX_WEIGHT {
        return broken("bad-blk-weight", "ContextualCheckBlock : weight limit failed");
    }
    Ok(())
}

/// Which output of the coinbase commits to the witnesses: the last one that looks like it (BIP 141).
pub(super) fn commitment(coinbase: &Transaction) -> Option<usize> {
    let commits = |script: &ScriptBuf| script.len() >= 38 && script.as_bytes().starts_with(&COMMITMENT);
    coinbase.output.iter().rposition(|output| commits(&output.script_pubkey))
}

/// Bitcoin Core's `CheckWitnessMalleation`.
fn witnesses(block: &Block, expected: bool) -> Result<(), Failure> {
    let coinbase = block.txdata.first();
    let output = coinbase.and_then(|coinbase| coinbase.output.get(commitment(coinbase)?));
    if let (true, Some(coinbase), Some(output)) = (expected, coinbase, output) {
        let witness = coinbase.input.first().map(|input| &input.witness);
        let reserved = witness.filter(|witness| witness.len() == 1).and_then(|witness| witness.nth(0));
        let Some(reserved) = reserved.filter(|reserved| reserved.len() == 32) else {
            let debug = "CheckWitnessMalleation : invalid witness reserved value size";
            return broken("bad-witness-nonce-size", debug);
        };
        let root = block.witness_root().unwrap_or_else(Hash::all_zeros);
        let hash = Block::compute_witness_commitment(&root, reserved);
        if output.script_pubkey.as_bytes().get(6..38) != Some(hash.as_byte_array().as_slice()) {
            let debug = "CheckWitnessMalleation : witness merkle commitment mismatch";
            return broken("bad-witness-merkle-match", debug);
        }
        return Ok(());
    }
    let has_witness = |tx: &Transaction| tx.input.iter().any(|input| !input.witness.is_empty());
    if block.txdata.iter().any(has_witness) {
        return broken("unexpected-witness", "CheckWitnessMalleation : unexpected witness data found");
    }
    Ok(())
}
