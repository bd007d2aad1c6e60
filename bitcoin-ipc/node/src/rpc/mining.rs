//! Commands about mining.
//!
//! In: calls, blocks. Out: what the next block is like, the work of the network, and verdicts on blocks.

use bitcoin::block::Header;
use bitcoin::consensus::Decodable;
use bitcoin::hex::FromHex;
use bitcoin::{Block, Txid, consensus};
use serde_json::{Map, Value, json};

use super::command::Kind::{Hex, Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, Code, RpcError, invalid, undecodable};
use super::header::{bits, difficulty, network_name, target};
use super::{amount, rate, value};
use crate::mining::{next_block, submit_block, submit_header};
use crate::template::{interval, next_bits};

const MINING: &str = "mining";
/// Blocks from which the work of the network is guessed.
const LOOKUP: i32 = 120;

pub(super) const COMMANDS: &[Command] = &[
    command(MINING, "getmininginfo", "Tells about mining.", info),
    command(MINING, "getnetworkhashps", "Guesses how many hashes the network tries in a second.", |call| {
        hashes_per_second(call, call.int_or(0, LOOKUP)?, call.int_or(1, -1)?)
    })
    .args(&[
        arg("nblocks", Number, "From how many blocks; -1 for those since the difficulty changed.")
            .default("120"),
        arg("height", Number, "The last of these blocks; -1 for the chain's last.").default("-1"),
    ]),
    command(
        MINING,
        "prioritisetransaction",
        "Adds to the fee of a transaction, for the choice of miners only.",
        prioritise,
    )
    .args(&[
        arg("txid", Hex, "The transaction."),
        arg("dummy", Number, "0 or nothing.").optional(),
        arg("fee_delta", Number, "What to add, in satoshi; may be negative."),
    ]),
    command(MINING, "getprioritisedtransactions", "Lists what was added to fees.", prioritised),
    command(MINING, "submitblock", "Gives a block to the node (BIP 22).", submit)
        .args(&[arg("hexdata", Hex, "The block."), arg("dummy", Text, "Without effect.").default("ignored")]),
    command(MINING, "submitheader", "Gives a header to the node, whose block may follow.", give_header)
        .args(&[arg("hexdata", Hex, "The header.")]),
];

/// A number for the target of a chain's work, which is too large for other numbers.
fn to_float(work: bitcoin::Work) -> f64 {
    work.to_be_bytes().iter().fold(0.0, |sum, byte| sum * 256.0 + f64::from(*byte))
}

fn hashes_per_second(call: &Call<'_>, lookup: i32, height: i32) -> Answer {
    if lookup < -1 || lookup == 0 {
        return invalid("Invalid nblocks. Must be a positive number or -1.");
    }
    let tip = call.state.tip().height;
    let last = match u32::try_from(height) {
        Ok(height) if height <= tip => height,
        Err(_) if height == -1 => tip,
        _ => return invalid("Block does not exist at specified height"),
    };
    if last == 0 {
        return Ok(0.into());
    }
    let since_retarget = last % interval(call.state.network());
    let lookup = u32::try_from(lookup).unwrap_or(since_retarget + 1).min(last);
    let mut times = Vec::new();
    for height in last - lookup..=last {
        times.push(call.header(call.hash_at(height)?)?.time);
    }
    let (Some(first), Some(end)) = (times.iter().min(), times.iter().max()) else { return Ok(0.into()) };
    if first == end {
        return Ok(0.into());
    }
    let work = call.chain_work(call.hash_at(last)?)? - call.chain_work(call.hash_at(last - lookup)?)?;
    Ok(amount::float(to_float(work) / f64::from(end - first)))
}

fn info(call: &Call<'_>) -> Answer {
    let state = call.state;
    let tip = state.tip();
    let header = call.header(tip.hash)?;
    let next = next_block(state)?;
    let next_bits = next_bits(next.network, next.height - 1, next.time(state.clock().now()), |height| {
        call.header(call.hash_at(height)?)
    })?;
    let mut object = Map::new();
    object.insert("blocks".to_owned(), tip.height.into());
    if let Some(assembled) = state.last_assembled() {
        object.insert("currentblockweight".to_owned(), assembled.weight.into());
        object.insert("currentblocktx".to_owned(), assembled.transactions.into());
    }
    let rest = json!({
        "bits": bits(header.bits),
        "difficulty": amount::float(difficulty(header.bits)),
        "target": target(header.bits),
        "networkhashps": hashes_per_second(call, LOOKUP, -1)?,
        "pooledtx": state.mempool().len(),
        "blockmintxfee": rate::to_json(call.shared.options.mining.min_rate),
        "chain": network_name(state.network()),
        "next": {
            "height": next.height,
            "bits": bits(next_bits),
            "difficulty": amount::float(difficulty(next_bits)),
            "target": target(next_bits),
        },
        "warnings": call.warnings(),
    });
    object.extend(rest.as_object().cloned().unwrap_or_default());
    Ok(object.into())
}

fn prioritise(call: &Call<'_>) -> Answer {
    let txid: Txid = call.hash(0, "txid")?;
    let dummy = call.get(1).map(value::float).transpose()?;
    let delta: i64 = call.int(2)?;
    if dummy.is_some_and(|dummy| dummy != 0.0) {
        return invalid(
            "Priority is no longer supported, dummy argument to prioritisetransaction must be 0.",
        );
    }
    let mempool = call.state.mempool();
    let options = mempool.options();
    let has_dust = options.require_standard
        && mempool.get(&txid).is_some_and(|entry| {
            entry.tx.output.iter().any(|output| {
                let rate = bitcoin::FeeRate::from_sat_per_kwu(options.dust_relay_rate.to_sat_per_kvb() / 4);
                output.value < output.script_pubkey.minimal_non_dust_custom(rate)
            })
        });
    drop(mempool);
    if has_dust {
        return invalid("Priority is not supported for transactions with dust outputs.");
    }
    call.state.prioritise(txid, delta)?;
    Ok(true.into())
}

fn prioritised(call: &Call<'_>) -> Answer {
    let mempool = call.state.mempool();
    let mut deltas: Vec<(&Txid, &i64)> = mempool.deltas().iter().collect();
    deltas.sort();
    let mut object = Map::new();
    for (txid, delta) in deltas {
        let entry = mempool.get(txid);
        let mut about = json!({ "fee_delta": delta, "in_mempool": entry.is_some() });
        if let Some(entry) = entry {
            about["modified_fee"] = entry.modified_fee.to_sat().into();
        }
        object.insert(txid.to_string(), about);
    }
    Ok(object.into())
}

/// Reads a block from hex digits.
pub(super) fn decode_block(hex: &str) -> Option<Block> {
    consensus::deserialize(&Vec::from_hex(hex).ok()?).ok()
}

/// Miners may leave out the coinbase's witness, which is always the same.
fn add_reserved_value(block: &mut Block) {
    let commits = |coinbase: &bitcoin::Transaction| {
        coinbase.output.iter().any(|output| {
            output.script_pubkey.len() >= 38
                && output.script_pubkey.as_bytes().starts_with(&[0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed])
        })
    };
    if let Some(coinbase) =
        block.txdata.first_mut().filter(|coinbase| coinbase.is_coinbase() && commits(coinbase))
    {
        for input in coinbase.input.iter_mut().filter(|input| input.witness.is_empty()) {
            input.witness.push([0; 32]);
        }
    }
}

fn submit(call: &Call<'_>) -> Answer {
    let Some(mut block) = decode_block(call.text(0)?) else { return undecodable("Block decode failed") };
    if call.state.chain().height(block.header.prev_blockhash).is_some() {
        add_reserved_value(&mut block);
    }
    match submit_block(call.state, &block)? {
        Ok(()) => Ok(Value::Null),
        Err(reject) => Ok(reject.reason.into()),
    }
}

fn give_header(call: &Call<'_>) -> Answer {
    // What follows the header is left alone, so that a whole block will do.
    let bytes = Vec::from_hex(call.text(0)?).ok();
    let header: Option<Header> = bytes.and_then(|bytes| Decodable::consensus_decode(&mut &*bytes).ok());
    let Some(header) = header else { return undecodable("Block header decode failed") };
    let verify = |message: String| Err(RpcError::new(Code::VerifyError, message));
    match submit_header(call.state, &header)? {
        None => verify(format!("Must submit previous header ({}) first", header.prev_blockhash)),
        Some(Ok(())) => Ok(Value::Null),
        Some(Err(reject)) => verify(reject.reason),
    }
}
