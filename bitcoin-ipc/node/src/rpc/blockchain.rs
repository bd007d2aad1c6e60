//! Commands about the chain as a whole.
//!
//! In: calls. Out: its tip, its state and its numbers; waits for a block.

use std::path::Path;
use std::time::Instant;

use bitcoin::BlockHash;
use serde_json::{Map, Value, json};

use super::amount;
use super::command::Kind::{Hex, Number, Text};
use super::command::{Call, Command, Run, Step, Then, Wait, arg, command};
use super::error::{Answer, failed, invalid};
use super::header::{bits, difficulty, network_name, not_found, target};
use crate::chainstate::Place;
use crate::state::Seen;

const BLOCKCHAIN: &str = "blockchain";
const HIDDEN: &str = "hidden";
/// Blocks of about a month.
const MONTH: u32 = 30 * 24 * 6;
const NO_INTERFACE: &str = "The kernel that keeps the chain offers no way to do this";

pub(super) const COMMANDS: &[Command] = &[
    command(BLOCKCHAIN, "getblockchaininfo", "Tells the state of the chain.", chain_info),
    command(BLOCKCHAIN, "getbestblockhash", "Gives the hash of the chain's last block.", |call| {
        Ok(call.state.tip().hash.to_string().into())
    }),
    command(BLOCKCHAIN, "getblockcount", "Gives the height of the chain's last block.", |call| {
        Ok(call.state.tip().height.into())
    }),
    command(BLOCKCHAIN, "getdifficulty", "Gives the difficulty of the chain's last block.", |call| {
        Ok(amount::float(difficulty(call.header(call.state.tip().hash)?.bits)))
    }),
    command(BLOCKCHAIN, "getchaintxstats", "Tells how many transactions there were in a time.", tx_stats)
        .args(&[
            arg("nblocks", Number, "How many blocks.").default("one month"),
            arg("blockhash", Hex, "The last of them.").default("the chain's last block"),
        ]),
    waiting("waitfornewblock", "Waits for another last block.", wait_for_new_block).args(&[
        arg("timeout", Number, "How long to wait, in milliseconds; 0 for ever.").default("0"),
        arg("current_tip", Hex, "The block that is to be another one.").default("the chain's last block"),
    ]),
    waiting("waitforblock", "Waits until this is the last block.", wait_for_block).args(&[
        arg("blockhash", Hex, "The block's hash."),
        arg("timeout", Number, "How long to wait, in milliseconds; 0 for ever.").default("0"),
    ]),
    waiting("waitforblockheight", "Waits until the chain is so high.", wait_for_height).args(&[
        arg("height", Number, "The height."),
        arg("timeout", Number, "How long to wait, in milliseconds; 0 for ever.").default("0"),
    ]),
    command(BLOCKCHAIN, "verifychain", "Reads the last blocks again.", verify_chain).args(&[
        arg("checklevel", Number, "0 reads blocks, 1 checks their form, 2 to 4 their undo data too.")
            .default("3"),
        arg("nblocks", Number, "How many blocks; 0 for all.").default("6"),
    ]),
    command(BLOCKCHAIN, "pruneblockchain", "Deletes old blocks, which this node keeps.", |_| {
        failed("Cannot prune blocks because node is not in prune mode.")
    })
    .args(&[arg("height", Number, "Up to where.")]),
    command(
        BLOCKCHAIN,
        "preciousblock",
        "Prefers a block among those of most work; not available.",
        no_interface,
    )
    .args(&[arg("blockhash", Hex, "The block's hash.")]),
    command(BLOCKCHAIN, "loadtxoutset", "Starts from a set of coins; not available.", |_| {
        failed(NO_INTERFACE)
    })
    .args(&[arg("path", Text, "The file with the coins.")]),
    command(HIDDEN, "invalidateblock", "Takes a block for invalid; not available.", no_interface)
        .args(&[arg("blockhash", Hex, "The block's hash.")]),
    command(HIDDEN, "reconsiderblock", "Takes that back; not available.", no_interface).args(&[arg(
        "blockhash",
        Hex,
        "The block's hash.",
    )]),
    command("util", "getindexinfo", "Tells about the indexes.", index_info).args(&[arg(
        "index_name",
        Text,
        "Only the one of this name.",
    )
    .optional()]),
];

fn no_interface(call: &Call<'_>) -> Answer {
    let hash: BlockHash = call.hash(0, "blockhash")?;
    call.place(hash)?;
    failed(NO_INTERFACE)
}

/// Bytes of the block and undo files.
fn size_on_disk(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory.join("blocks")).into_iter().flatten().flatten();
    let sizes = files.filter_map(|file| {
        let name = file.file_name();
        let name = name.to_str()?;
        let kept = (name.starts_with("blk") || name.starts_with("rev")) && name.ends_with(".dat");
        Some(file.metadata().ok().filter(|_| kept)?.len())
    });
    sizes.sum()
}

fn chain_info(call: &Call<'_>) -> Answer {
    let state = call.state;
    let tip = state.tip();
    let header = call.header(tip.hash)?;
    Ok(json!({
        "chain": network_name(state.network()),
        "blocks": tip.height,
        "headers": state.chain().best_header().map_or(tip.height, |best| best.height),
        "bestblockhash": tip.hash.to_string(),
        "bits": bits(header.bits),
        "target": target(header.bits),
        "difficulty": amount::float(difficulty(header.bits)),
        "time": header.time,
        "mediantime": call.median_time(tip.hash)?,
        "verificationprogress": amount::float(state.verification_progress(tip.hash)?),
        "initialblockdownload": state.is_initial_block_download(),
        "chainwork": format!("{:x}", call.chain_work(tip.hash)?),
        "size_on_disk": size_on_disk(&call.shared.options.directory),
        "pruned": false,
        "warnings": call.warnings(),
    }))
}

fn tx_stats(call: &Call<'_>) -> Answer {
    let last = match call.get(1) {
        None => call.state.tip(),
        Some(_) => {
            let place = call.place(call.hash(1, "blockhash")?)?;
            if !call.state.chain().is_active(place.hash) {
                return invalid("Block is not in main chain");
            }
            place
        }
    };
    let count = match call.get(0) {
        None => MONTH.min(last.height.saturating_sub(1)),
        Some(_) => match u32::try_from(call.int::<i32>(0)?) {
            Ok(count) if count == 0 || count < last.height => count,
            _ => return invalid("Invalid block count: should be between 0 and the block's height - 1"),
        },
    };
    let index = call.state.index().view()?;
    let first = call.hash_at(last.height - count)?;
    let facts = |hash| index.block(hash)?.map_or_else(not_found, Ok);
    let transactions = facts(last.hash)?.chain_tx_count;
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("time", call.header(last.hash)?.time.into());
    put("txcount", transactions.into());
    put("window_final_block_hash", last.hash.to_string().into());
    put("window_final_block_height", last.height.into());
    put("window_block_count", count.into());
    if count > 0 {
        let seconds = i64::from(call.median_time(last.hash)?) - i64::from(call.median_time(first)?);
        let within = transactions.saturating_sub(facts(first)?.chain_tx_count);
        put("window_interval", seconds.into());
        put("window_tx_count", within.into());
        if seconds > 0 {
            put("txrate", amount::float(within as f64 / seconds as f64));
        }
    }
    Ok(object.into())
}

fn tip_to_json(tip: Place) -> Value {
    json!({ "hash": tip.hash.to_string(), "height": tip.height })
}

const fn waiting(name: &'static str, about: &'static str, run: fn(&Call<'_>) -> Answer<Step>) -> Command {
    Command::new(BLOCKCHAIN, name, about, Run::Wait(run))
}

/// Waits for a last block, and tells which it is then.
fn wait_for_tip(
    deadline: Option<Instant>,
    until: impl Fn(Place) -> bool + Send + Sync + 'static,
) -> Answer<Step> {
    let until = Box::new(move |seen: &Seen| until(seen.tip));
    Ok(Step::Wait(Wait { deadline, until, then: Then::Answer(|seen| tip_to_json(seen.tip)) }))
}

fn wait_for_new_block(call: &Call<'_>) -> Answer<Step> {
    let deadline = call.deadline(0)?;
    let known = match call.get(1) {
        Some(_) => call.hash(1, "current_tip")?,
        None => call.state.tip().hash,
    };
    wait_for_tip(deadline, move |tip| tip.hash != known)
}

fn wait_for_block(call: &Call<'_>) -> Answer<Step> {
    let (hash, deadline) = (call.hash::<BlockHash>(0, "blockhash")?, call.deadline(1)?);
    wait_for_tip(deadline, move |tip| tip.hash == hash)
}

fn wait_for_height(call: &Call<'_>) -> Answer<Step> {
    let (height, deadline) = (call.int::<i32>(0)?, call.deadline(1)?);
    wait_for_tip(deadline, move |tip| i64::from(tip.height) >= i64::from(height))
}

/// Reads blocks back from the tip, as far as the level says. What a block changed was checked when
/// it came; the kernel has no way to check it again.
fn verify_chain(call: &Call<'_>) -> Answer {
    let (level, count) = (call.int_or(0, 3)?, call.int_or::<i32>(1, 6)?);
    let tip = call.state.tip();
    let lowest = match u32::try_from(count) {
        Ok(count) if count > 0 => tip.height.saturating_sub(count - 1).max(1),
        _ => 1,
    };
    for height in (lowest..=tip.height).rev() {
        if call.is_over() {
            return failed("Interrupted");
        }
        let hash = call.hash_at(height)?;
        let Ok(block) = call.block(hash) else { return Ok(false.into()) };
        let formed = block.block_hash() == hash && block.check_merkle_root();
        let header = block.header;
        if level >= 1 && (!formed || header.validate_pow(header.target()).is_err()) {
            return Ok(false.into());
        }
        if level >= 2 && !matches!(call.state.chain().undo(hash), Ok(Some(_))) {
            return Ok(false.into());
        }
    }
    Ok(true.into())
}

fn index_info(call: &Call<'_>) -> Answer {
    let index = call.state.index();
    let entry = json!({ "synced": true, "best_block_height": index.best().height });
    let wanted = call.text_or(0, "")?;
    let indexes = [("txindex", index.has_transactions()), ("basic block filter index", index.has_filters())];
    let mut object = Map::new();
    for (name, on) in indexes {
        if on && (wanted.is_empty() || wanted == name) {
            object.insert(name.to_owned(), entry.clone());
        }
    }
    Ok(object.into())
}
