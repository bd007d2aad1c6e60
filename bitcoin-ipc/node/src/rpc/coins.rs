//! Commands about unspent outputs.
//!
//! In: outpoints and descriptors. Out: coins of the chain and the mempool, and sums over all.

use std::collections::HashMap;
use std::ops::ControlFlow;

use bitcoin::consensus::Encodable;
use bitcoin::hashes::{Hash, HashEngine, sha256d};
use bitcoin::{Amount, BlockHash, OutPoint, ScriptBuf, Txid};
use bitcoin_ipc::types::Coin;
use serde_json::{Map, Value, json};

use super::command::Kind::{Any, Bool, Hex, List, Number, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid};
use super::header::broken;
use super::mu_hash::MuHash;
use super::scan::{RUNNING, Scan};
use super::{amount, descriptor, script};
use crate::mempool::MEMPOOL_HEIGHT;

const BLOCKCHAIN: &str = "blockchain";
/// Coins between two looks whether anybody still wants the answer.
pub(super) const LOOK_UP: u64 = 8192;

pub(super) const COMMANDS: &[Command] = &[
    command(BLOCKCHAIN, "gettxout", "Tells about an unspent output; null if there is none.", tx_out).args(&[
        arg("txid", Hex, "The transaction."),
        arg("n", Number, "Its output."),
        arg("include_mempool", Bool, "Whether transactions of the mempool count.").default("true"),
    ]),
    command(BLOCKCHAIN, "gettxoutsetinfo", "Gives sums over all unspent outputs.", tx_out_set_info).args(&[
        arg("hash_type", Text, "\"hash_serialized_3\", \"muhash\" or \"none\".")
            .default("\"hash_serialized_3\""),
        arg("hash_or_height", Any, "The block; only the last one is known.").optional(),
        arg("use_index", Bool, "Without effect.").default("true"),
    ]),
    command(BLOCKCHAIN, "scantxoutset", "Looks for unspent outputs that descriptors describe.", scan).args(
        &[
            arg("action", Text, "\"start\", \"status\" or \"abort\"."),
            arg("scanobjects", List, "Descriptors, or objects with \"desc\" and \"range\".")
                .optional()
                .shape("[scanobjects,...]"),
        ],
    ),
];

fn tx_out(call: &Call<'_>) -> Answer {
    let outpoint = OutPoint::new(call.hash::<Txid>(0, "txid")?, call.int(1)?);
    let with_mempool = call.flag_or(2, true)?;
    let mempool = call.state.mempool();
    let coin = match with_mempool {
        true if mempool.spender(&outpoint).is_some() => None,
        true => match mempool.coin(&call.state.view(), &outpoint) {
            Ok(coin) => coin,
            Err(error) => return broken(error.to_string()),
        },
        false => call.state.index().coin(&outpoint)?,
    };
    let tip = call.state.tip();
    drop(mempool);
    let Some(coin) = coin else { return Ok(Value::Null) };
    let confirmations = match coin.height {
        MEMPOOL_HEIGHT => 0,
        height => tip.height.saturating_sub(height) + 1,
    };
    Ok(json!({
        "bestblock": tip.hash.to_string(),
        "confirmations": confirmations,
        "value": amount::amount(coin.output.value),
        "scriptPubKey": script::to_json(&coin.output.script_pubkey, call.state.network()),
        "coinbase": coin.coinbase,
    }))
}

/// A hash over all coins.
pub(super) enum SetHash {
    Serialized(Box<<sha256d::Hash as Hash>::Engine>),
    MuHash(MuHash),
    None,
}

impl SetHash {
    pub(super) fn add(&mut self, outpoint: &OutPoint, coin: &Coin) {
        match self {
            SetHash::Serialized(engine) => engine.input(&bytes_of(outpoint, coin)),
            SetHash::MuHash(hash) => hash.insert(&bytes_of(outpoint, coin)),
            SetHash::None => {}
        }
    }

    /// Under which name the answer has it, and as a text with the last byte first.
    pub(super) fn finish(self) -> Option<(&'static str, String)> {
        match self {
            SetHash::Serialized(engine) => {
                Some(("hash_serialized_3", sha256d::Hash::from_engine(*engine).to_string()))
            }
            SetHash::MuHash(hash) => {
                let hash = sha256d::Hash::from_byte_array(hash.finish().to_byte_array());
                Some(("muhash", hash.to_string()))
            }
            SetHash::None => None,
        }
    }
}

/// The bytes of a coin that Bitcoin Core's hashes run over.
fn bytes_of(outpoint: &OutPoint, coin: &Coin) -> Vec<u8> {
    let code = (coin.height << 1) | u32::from(coin.coinbase);
    let mut bytes = Vec::with_capacity(100);
    let written = outpoint
        .consensus_encode(&mut bytes)
        .and_then(|_| code.consensus_encode(&mut bytes))
        .and_then(|_| coin.output.consensus_encode(&mut bytes));
    written.expect("writing to a vector does not fail");
    bytes
}

fn tx_out_set_info(call: &Call<'_>) -> Answer {
    let mut hash = match call.text_or(0, "hash_serialized_3")? {
        "hash_serialized_3" => SetHash::Serialized(Box::default()),
        "muhash" => SetHash::MuHash(MuHash::new()),
        "none" => SetHash::None,
        other => return invalid(format!("'{other}' is not a valid hash_type")),
    };
    if call.get(1).is_some() {
        return invalid("Querying specific block heights requires coinstatsindex");
    }
    let view = call.state.index().view()?;
    let (best, totals) = (view.best(), view.totals());
    let (mut transactions, mut last, mut seen, mut over) = (0_u64, None, 0_u64, false);
    view.for_each_coin(|outpoint, coin| {
        seen += 1;
        over = seen.is_multiple_of(LOOK_UP) && call.is_over();
        if last != Some(outpoint.txid) {
            transactions += 1;
            last = Some(outpoint.txid);
        }
        hash.add(&outpoint, &coin);
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if over {
        return failed("Interrupted");
    }
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("height", best.height.into());
    put("bestblock", best.hash.to_string().into());
    put("txouts", totals.outputs.into());
    put("bogosize", totals.bogosize.into());
    if let Some((name, hash)) = hash.finish() {
        put(name, hash.into());
    }
    put("total_amount", amount::amount(totals.amount));
    put("transactions", transactions.into());
    put("disk_size", disk_size(call).into());
    Ok(object.into())
}

/// Bytes of the index, which holds the coins among other things.
fn disk_size(call: &Call<'_>) -> u64 {
    let file = call.shared.options.directory.join("index").join("index.redb");
    file.metadata().map_or(0, |file| file.len())
}

fn scan(call: &Call<'_>) -> Answer {
    let progress = &call.shared.coin_scan;
    match call.text(0)? {
        "status" => Ok(progress.status().map_or(Value::Null, |(percent, _)| json!({ "progress": percent }))),
        "abort" => Ok(progress.abort().into()),
        "start" => match progress.begin() {
            Some(scan) => start_scan(call, &scan),
            None => invalid(RUNNING),
        },
        action => invalid(format!("Invalid action '{action}'")),
    }
}

fn start_scan(call: &Call<'_>, scan: &Scan<'_>) -> Answer {
    let Some(_) = call.get(1) else {
        return failed("scanobjects argument is required for the start action");
    };
    let mut wanted: HashMap<ScriptBuf, String> = HashMap::new();
    for object in call.list(1)? {
        // Of two that have a script, the first one tells what it is.
        for (script, text) in descriptor::scan_object(object, call.state.network())? {
            wanted.entry(script).or_insert(text);
        }
    }
    let view = call.state.index().view()?;
    let best = view.best();
    let (mut count, mut total, mut found, mut over) = (0_u64, Amount::ZERO, Vec::new(), false);
    view.for_each_coin(|outpoint, coin| {
        count += 1;
        if count.is_multiple_of(LOOK_UP) {
            over = call.is_over() || scan.is_aborted();
            // Coins come in the order of their hashes, which are spread evenly.
            let [first, second, ..] = outpoint.txid.to_byte_array();
            scan.is_at(best.height, u32::from(u16::from_be_bytes([first, second])) * 100 / (1 << 16));
        }
        if wanted.contains_key(&coin.output.script_pubkey) {
            total = total.checked_add(coin.output.value).unwrap_or(Amount::MAX_MONEY);
            found.push((outpoint, coin));
        }
        if over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    // In the order of Bitcoin Core, which compares hashes by their bytes too.
    found.sort_by_key(|(outpoint, _)| (outpoint.txid.to_byte_array(), outpoint.vout));
    let unspent = |(outpoint, coin): &(OutPoint, Coin)| {
        let script = &coin.output.script_pubkey;
        let block: BlockHash = view.hash_at(coin.height)?.map_or_else(super::header::not_found, Ok)?;
        Ok(json!({
            "txid": outpoint.txid.to_string(),
            "vout": outpoint.vout,
            "scriptPubKey": format!("{script:x}"),
            "desc": wanted.get(script),
            "amount": amount::amount(coin.output.value),
            "coinbase": coin.coinbase,
            "height": coin.height,
            "blockhash": block.to_string(),
            "confirmations": best.height.saturating_sub(coin.height) + 1,
        }))
    };
    let unspents = found.iter().map(unspent).collect::<Answer<Vec<_>>>()?;
    Ok(json!({
        "success": !over,
        "txouts": count,
        "height": best.height,
        "bestblock": best.hash.to_string(),
        "unspents": unspents,
        "total_amount": amount::amount(total),
    }))
}
