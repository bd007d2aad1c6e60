//! Commands that prove that a block has a transaction (BIP 37's merkle blocks).
//!
//! In: ids of transactions, or proofs in hex digits. Out: proofs, or the ids that they prove.

use std::collections::BTreeSet;

use bitcoin::hex::DisplayHex;
use bitcoin::{BlockHash, MerkleBlock, OutPoint, Txid, consensus};

use super::command::Kind::{Hex, List};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid, unknown};
use super::value;

const BLOCKCHAIN: &str = "blockchain";
/// More outputs than a transaction in a block can have: Bitcoin Core's `MAX_OUTPUTS_PER_BLOCK`.
const MAX_OUTPUTS: u32 = 4_000_000 / 36;

pub(super) const COMMANDS: &[Command] = &[
    command(BLOCKCHAIN, "gettxoutproof", "Proves that a block has transactions.", prove).args(&[
        arg("txids", List, "The transactions.").shape("[\"txid\",...]"),
        arg(
            "blockhash",
            Hex,
            "The block; otherwise one is found where an output is unspent, or with -txindex.",
        )
        .optional(),
    ]),
    command(
        BLOCKCHAIN,
        "verifytxoutproof",
        "Gives the transactions that a proof shows to be in a block of the chain.",
        verify,
    )
    .args(&[arg("proof", Hex, "The proof.")]),
];

/// The block of an unspent output of any of the transactions.
fn of_unspent(call: &Call<'_>, txids: &BTreeSet<Txid>) -> Answer<Option<BlockHash>> {
    let view = call.state.index().view()?;
    for txid in txids {
        for vout in 0..MAX_OUTPUTS {
            if let Some(coin) = view.coin(&OutPoint { txid: *txid, vout })? {
                return Ok(view.hash_at(coin.height)?);
            }
        }
    }
    Ok(None)
}

fn prove(call: &Call<'_>) -> Answer {
    let mut txids = BTreeSet::new();
    for given in call.list(0)? {
        if !txids.insert(value::hash::<Txid>(given, "txid")?) {
            return invalid(format!("Invalid parameter, duplicated txid: {}", value::text(given)?));
        }
    }
    let Some(first) = txids.first().copied() else {
        return invalid("Parameter 'txids' cannot be empty");
    };
    let hash = if call.get(1).is_some() {
        call.place(call.hash(1, "blockhash")?)?.hash
    } else {
        let found = match of_unspent(call, &txids)? {
            None => call.state.index().transaction(first)?,
            found => found,
        };
        let Some(hash) = found else { return unknown("Transaction not yet in block") };
        hash
    };
    let block = call.block(hash)?;
    let all: BTreeSet<Txid> = block.txdata.iter().map(|tx| tx.compute_txid()).collect();
    if !txids.is_subset(&all) {
        return unknown("Not all transactions found in specified or retrieved block");
    }
    let proof = MerkleBlock::from_block_with_predicate(&block, |txid| txids.contains(txid));
    Ok(consensus::serialize(&proof).to_lower_hex_string().into())
}

fn verify(call: &Call<'_>) -> Answer {
    let bytes = value::bytes(call.value(0), "proof")?;
    // What follows the proof does not count, as in Bitcoin Core.
    let Ok((proof, _)) = consensus::deserialize_partial::<MerkleBlock>(&bytes) else {
        // The words of the standard library that Bitcoin Core is built with.
        return failed("SpanReader::read(): end of data: iostream error");
    };
    let mut txids = Vec::new();
    if proof.extract_matches(&mut txids, &mut Vec::new()).is_err() {
        return Ok(Vec::<String>::new().into());
    }
    let hash = proof.header.block_hash();
    let count = match call.state.chain().is_active(hash) {
        true => call.tx_count(hash)?,
        false => return unknown("Block not found in chain"),
    };
    // A proof of another count would take inner nodes of the tree for transactions.
    if count != u64::from(proof.txn.num_transactions()) {
        txids.clear();
    }
    Ok(txids.iter().map(Txid::to_string).collect())
}
