//! Commands that search the chain again.
//!
//! In: heights. Out: which blocks were searched.

use bitcoin_rpc::Kind::Number;
use bitcoin_rpc::error::{failed, invalid};
use bitcoin_rpc::{Answer, Code, arg, value};
use serde_json::json;

use super::command::{Call, Command, command, ensure_unlocked, refused};
use super::refusal::with_code;
use crate::sync::ScanResult;

pub(super) const COMMANDS: &[Command] = &[
    command("rescanblockchain", "Searches the chain for the wallet's transactions.", rescan).args(&[
        arg("start_height", Number, "The first block.").default("0"),
        arg("stop_height", Number, "The last block.").default("the highest one"),
    ]),
    command("abortrescan", "Ends such a search.", abort),
];

fn rescan(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    if wallet.scan_progress().is_some() {
        return refused("Wallet is currently rescanning. Abort existing rescan or wait.");
    }
    ensure_unlocked(&wallet)?;
    let (tip, hash) = wallet.tip()?;
    let tip = i32::try_from(tip).unwrap_or(i32::MAX);
    let start: i32 = call.int_or(0, 0)?;
    if !(0..=tip).contains(&start) {
        return invalid("Invalid start_height");
    }
    let stop = call.get(1).map(value::int::<i32>).transpose()?;
    match stop {
        Some(stop) if !(0..=tip).contains(&stop) => return invalid("Invalid stop_height"),
        Some(stop) if stop < start => return invalid("stop_height must be greater than start_height"),
        _ => {}
    }
    let chain = wallet.chain();
    if !chain.has_blocks(hash, start, stop)? {
        if chain.have_pruned()? && chain.get_prune_height()?.is_some_and(|pruned| pruned >= start) {
            return failed(
                "Can't rescan beyond pruned data. Use RPC call getblockchaininfo to determine your pruned height.",
            );
        }
        return failed(
            "Failed to rescan unavailable blocks, potentially caused by data corruption. If the issue persists you may want to reindex (see -reindex option).",
        );
    }
    match wallet.rescan(start, stop).map_err(with_code(Code::MiscError))? {
        ScanResult::Done(last) => Ok(json!({ "start_height": start, "stop_height": last })),
        ScanResult::Aborted(_) => failed("Rescan aborted."),
    }
}

fn abort(call: &Call<'_>) -> Answer {
    Ok(call.wallet()?.abort_rescan().into())
}
