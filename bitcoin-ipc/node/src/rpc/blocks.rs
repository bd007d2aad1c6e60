//! Commands that give blocks.
//!
//! In: hashes and heights. Out: headers, blocks, filters, and numbers about a block.

use bitcoin::hex::DisplayHex;
use bitcoin::{Block, BlockHash, consensus};
use serde_json::{Map, Value, json};

use super::command::Kind::{Any, Bool, Hex, Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid, unknown};
use super::header::{broken, not_found};
use super::transaction::{self, Detail};

const BLOCKCHAIN: &str = "blockchain";

pub(super) const COMMANDS: &[Command] = &[
    command(BLOCKCHAIN, "getblockhash", "Gives the hash of the block at a height of the active chain.", block_hash)
        .args(&[arg("height", Number, "The height.")]),
    command(BLOCKCHAIN, "getblockheader", "Gives the header of a block.", block_header).args(&[
        arg("blockhash", Hex, "The block's hash."),
        arg("verbose", Bool, "Whether as an object; otherwise as bytes.").default("true"),
    ]),
    command(BLOCKCHAIN, "getblock", "Gives a block.", block).args(&[
        arg("blockhash", Hex, "The block's hash."),
        arg(
            "verbosity|verbose",
            Any,
            "0 for bytes, 1 for ids of transactions, 2 for whole transactions, 3 for the coins that they spent too.",
        )
        .default("1"),
    ]),
    command(BLOCKCHAIN, "getblockfilter", "Gives the filter of a block (BIP 157).", block_filter).args(&[
        arg("blockhash", Hex, "The block's hash."),
        arg("filtertype", Text, "The type of filter.").default("\"basic\""),
    ]),
];

fn block_hash(call: &Call<'_>) -> Answer {
    let height: i32 = call.int(0)?;
    let height = u32::try_from(height).ok().filter(|height| *height <= call.state.tip().height);
    match height.and_then(|height| call.state.chain().hash_at(height)) {
        Some(hash) => Ok(hash.to_string().into()),
        None => invalid("Block height out of range"),
    }
}

fn block_header(call: &Call<'_>) -> Answer {
    let hash = call.hash(0, "hash")?;
    if call.flag_or(1, true)? {
        return Ok(call.header_to_json(hash)?.into());
    }
    Ok(consensus::encode::serialize_hex(&call.header(hash)?).into())
}

fn block(call: &Call<'_>) -> Answer {
    let hash: BlockHash = call.hash(0, "blockhash")?;
    let verbosity = call.verbosity(1, 1)?;
    call.place(hash)?;
    let block = call.block(hash)?;
    if verbosity <= 0 {
        return Ok(consensus::encode::serialize_hex(&block).into());
    }
    let mut object = call.header_to_json(hash)?;
    let size = block.total_size();
    let weight = usize::try_from(block.weight().to_wu()).unwrap_or(usize::MAX);
    object.insert("strippedsize".to_owned(), (weight.saturating_sub(size) / 3).into());
    object.insert("size".to_owned(), size.into());
    object.insert("weight".to_owned(), weight.into());
    object.insert("coinbase_tx".to_owned(), coinbase(&block)?);
    let txs = match verbosity {
        1 => block.txdata.iter().map(|tx| Value::from(tx.compute_txid().to_string())).collect(),
        _ => transactions(call, hash, &block, verbosity >= 3)?,
    };
    object.insert("tx".to_owned(), Value::Array(txs));
    Ok(object.into())
}

fn coinbase(block: &Block) -> Answer {
    let Some((tx, input)) = block.txdata.first().and_then(|tx| Some((tx, tx.input.first()?))) else {
        return broken("the block has no coinbase");
    };
    let mut object = Map::new();
    object.insert("version".to_owned(), transaction::version(tx).into());
    object.insert("locktime".to_owned(), tx.lock_time.to_consensus_u32().into());
    object.insert("sequence".to_owned(), input.sequence.0.into());
    object.insert("coinbase".to_owned(), format!("{:x}", input.script_sig).into());
    if let Some(item) = input.witness.iter().next() {
        object.insert("witness".to_owned(), item.to_lower_hex_string().into());
    }
    Ok(object.into())
}

fn transactions(call: &Call<'_>, hash: BlockHash, block: &Block, prevouts: bool) -> Answer<Vec<Value>> {
    // A block that was never connected has no undo data; what its transactions spent is not told then.
    let undo = call.state.chain().undo(hash).ok().flatten();
    let network = call.state.network();
    let one = |(place, tx): (usize, &bitcoin::Transaction)| {
        let before = place.checked_sub(1);
        let undo = before.and_then(|place| undo.as_ref()?.transactions.get(place));
        let detail = Detail { spent: undo.map(|undo| undo.spent.as_slice()), prevouts, hex: true };
        transaction::to_json(tx, network, detail).into()
    };
    Ok(block.txdata.iter().enumerate().map(one).collect())
}

fn block_filter(call: &Call<'_>) -> Answer {
    let hash: BlockHash = call.hash(0, "blockhash")?;
    let kind = call.text_or(1, "basic")?;
    if kind != "basic" {
        return unknown("Unknown filtertype");
    }
    let index = call.state.index();
    if !index.has_filters() {
        return failed(format!("Index is not enabled for filtertype {kind}"));
    }
    if call.state.chain().height(hash).is_none() {
        return not_found();
    }
    let view = index.view()?;
    match (view.filter(hash)?, view.filter_header(hash)?) {
        (Some(filter), Some(header)) => {
            Ok(json!({ "filter": filter.content.to_lower_hex_string(), "header": header.to_string() }))
        }
        _ => unknown("Filter not found. Block was not connected to active chain."),
    }
}
