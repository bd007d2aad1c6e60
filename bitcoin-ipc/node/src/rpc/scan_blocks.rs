//! The command `scanblocks`.
//!
//! In: descriptors and heights. Out: the blocks whose filters (BIP 158) match their scripts. One scan
//! runs at a time; other requests see how far it is, and can end it.

use std::collections::HashSet;

use bitcoin::{BlockHash, ScriptBuf, TxOut};
use serde_json::{Value, json};

use super::command::Kind::{List, Number, Object, Text};
use super::command::{Call, Command, arg, command};
use super::error::{Answer, failed, invalid, unknown};
use super::header::broken;
use super::scan::{RUNNING, Scan};
use super::{descriptor, value};

pub(super) const COMMANDS: &[Command] = &[command(
    "blockchain",
    "scanblocks",
    "Looks for blocks that pay or spend what descriptors describe. This needs -blockfilterindex.",
    scan_blocks,
)
.args(&[
    arg("action", Text, "\"start\", \"status\" or \"abort\"."),
    arg("scanobjects", List, "Descriptors, or objects with \"desc\" and \"range\".")
        .optional()
        .shape("[scanobjects,...]"),
    arg("start_height", Number, "The first block.").default("0"),
    arg("stop_height", Number, "The last block.").default("chain tip"),
    arg("filtertype", Text, "The type of filter; only \"basic\" is there.").default("\"basic\""),
    arg("options", Object, "With \"filter_false_positives\" each block that matches is read, to be sure.")
        .optional()
        .shape("options")
        .fields(&["filter_false_positives"]),
])];

fn scan_blocks(call: &Call<'_>) -> Answer {
    let progress = &call.shared.block_scan;
    match call.text(0)? {
        "status" => Ok(progress.status().map_or(
            Value::Null,
            |(percent, height)| json!({ "progress": percent, "current_height": height }),
        )),
        "abort" => Ok(progress.abort().into()),
        "start" => match progress.begin() {
            Some(scan) => start(call, &scan),
            None => invalid(RUNNING),
        },
        action => invalid(format!("Invalid action '{action}'")),
    }
}

/// The first and the last height of a scan.
fn heights(call: &Call<'_>) -> Answer<(u32, u32)> {
    let tip = call.state.tip().height;
    let height = |position, default| -> Answer<Option<u32>> {
        let Some(given) = call.get(position) else { return Ok(Some(default)) };
        Ok(u32::try_from(value::int::<i32>(given)?).ok().filter(|height| *height <= tip))
    };
    let Some(first) = height(2, 0)? else { return failed("Invalid start_height") };
    match height(3, tip)? {
        Some(last) if last >= first => Ok((first, last)),
        _ => failed("Invalid stop_height"),
    }
}

fn start(call: &Call<'_>, scan: &Scan<'_>) -> Answer {
    if call.get(1).is_none() {
        return failed("scanobjects argument is required for the start action");
    }
    let filter_type = call.text_or(4, "basic")?;
    if filter_type != "basic" {
        return unknown("Unknown filtertype");
    }
    let surely = match value::field(call.value(5), "filter_false_positives") {
        Some(given) => value::flag(given)?,
        None => false,
    };
    if !call.state.index().has_filters() {
        return failed(format!("Index is not enabled for filtertype {filter_type}"));
    }
    let (first, last) = heights(call)?;
    scan.is_at(first, 0);
    let aborted = || scan.is_aborted();
    let mut scripts = HashSet::new();
    for object in call.list(1)? {
        if call.is_over() || aborted() {
            break;
        }
        scripts.extend(descriptor::scan_object(object, call.state.network())?.into_keys());
    }
    let (mut found, mut reached, mut completed) = (Vec::new(), first, true);
    for height in first..=last {
        if call.is_over() {
            return failed("Interrupted");
        }
        if aborted() {
            completed = false;
            break;
        }
        let hash = call.hash_at(height)?;
        if matches(call, hash, &scripts)? && (!surely || contains(call, hash, &scripts)?) {
            found.push(Value::from(hash.to_string()));
        }
        reached = height;
        let percent = u64::from(height - first) * 100 / u64::from((last - first).max(1));
        scan.is_at(height, u32::try_from(percent).unwrap_or(100));
    }
    Ok(
        json!({ "from_height": first, "to_height": reached, "relevant_blocks": found, "completed": completed }),
    )
}

/// Whether a block's filter has one of these scripts, or seems to.
fn matches(call: &Call<'_>, hash: BlockHash, scripts: &HashSet<ScriptBuf>) -> Answer<bool> {
    let Some(filter) = call.state.index().filter(hash)? else { return broken("a block has no filter") };
    let found = filter.match_any(&hash, scripts.iter().map(|script| script.as_bytes()));
    found.or_else(|error| broken(format!("the filter of block {hash} cannot be read: {error}")))
}

/// Whether a block pays to one of these scripts, or spends from one.
fn contains(call: &Call<'_>, hash: BlockHash, scripts: &HashSet<ScriptBuf>) -> Answer<bool> {
    let block = call.block(hash)?;
    let undo = call.undo(hash)?;
    let mut created = block.txdata.iter().flat_map(|tx| &tx.output);
    let mut spent = undo.transactions.iter().flat_map(|tx| &tx.spent).map(|coin| &coin.output);
    let wanted = |output: &TxOut| scripts.contains(&output.script_pubkey);
    Ok(created.any(wanted) || spent.any(wanted))
}
