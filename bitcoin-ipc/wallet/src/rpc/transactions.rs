//! Commands about the wallet's transactions.
//!
//! In: ids, filters. Out: entries.

use std::collections::{HashMap, HashSet};

use bitcoin::{BlockHash, SignedAmount, Txid};
use bitcoin_ipc::types::FoundBlockRequest;
use bitcoin_rpc::Kind::{Bool, Hex, Number, Text};
use bitcoin_rpc::error::{invalid, unknown};
use bitcoin_rpc::transaction::{self, Detail};
use bitcoin_rpc::{Answer, Code, RpcError, arg};
use serde_json::{Map, Value};

use super::balances::signed_amount;
use super::command::{Call, Command, command, label, last_block};
use super::entries::{Wanted, add_replaceable, entries, known};
use crate::wallet::{Wallet, signed, total};

const NO_EFFECT: &str = "Has no effect.";

pub(super) const COMMANDS: &[Command] = &[
    command("gettransaction", "Tells all about a transaction.", get).args(&[
        arg("txid", Text, "Its id."),
        arg("include_watchonly", Bool, NO_EFFECT).default("false"),
        arg("verbose", Bool, "Whether to decode it.").default("false"),
    ]),
    command("listtransactions", "Gives the latest transactions, the latest one last.", list).args(&[
        arg("label", Text, "Only what addresses with this label received; \"*\" is all.").optional(),
        arg("count", Number, "How many entries.").default("10"),
        arg("skip", Number, "How many later entries to leave out.").default("0"),
        arg("include_watchonly", Bool, NO_EFFECT).default("false"),
    ]),
    command("listsinceblock", "Gives the transactions since a block.", since).args(&[
        arg("blockhash", Text, "The block; without it, all are given.").optional(),
        arg("target_confirmations", Number, "How deep the block is that `lastblock` names.").default("1"),
        arg("include_watchonly", Bool, NO_EFFECT).default("false"),
        arg("include_removed", Bool, "Also those in blocks that are no more in the chain.").default("true"),
        arg("include_change", Bool, "Also change.").default("false"),
        arg("label", Text, "Only what addresses with this label received.").optional(),
    ]),
    command("abandontransaction", "Gives a transaction up, so that its coins can be spent.", abandon)
        .args(&[arg("txid", Hex, "Its id.")]),
];

const NOT_OURS: &str = "Invalid or non-wallet transaction id";

fn get(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let txid = call.txid(0)?;
    let verbose = call.flag_or(2, false)?;
    let Some(info) = wallet.tx_info(txid)? else { return unknown(NOT_OURS) };
    let (tx, debit) = (&info.tx, info.debit());
    let paid = total(tx.output.iter().map(|output| signed(output.value)));
    let fee = if debit > SignedAmount::ZERO { total([paid, -debit]) } else { SignedAmount::ZERO };
    let mut object = Map::new();
    object.insert("amount".into(), signed_amount(total([info.credit(), -debit, -fee])));
    if debit > SignedAmount::ZERO {
        object.insert("fee".into(), signed_amount(fee));
    }
    object.extend(known(&info));
    object.insert("details".into(), entries(&info, wallet.network(), Wanted::default()).into());
    object.insert("hex".into(), transaction::hex(tx).into());
    if verbose {
        let mut decoded = transaction::to_json(tx, wallet.network(), Detail::default());
        if let Some(Value::Array(outputs)) = decoded.get_mut("vout") {
            for (told, script) in outputs.iter_mut().zip(&info.outputs) {
                if let Some(told) = told.as_object_mut().filter(|_| script.is_change) {
                    told.insert("ischange".into(), true.into());
                }
            }
        }
        object.insert("decoded".into(), decoded.into());
    }
    object.insert("lastprocessedblock".into(), last_block(info.tip));
    add_replaceable(&wallet, [&mut object])?;
    Ok(object.into())
}

fn list(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let mut filter = None;
    if call.get(0).is_some_and(|given| *given != "*") {
        let wanted = label(call.value(0))?;
        if wanted.is_empty() {
            return invalid("Label argument must be a valid label name or \"*\".");
        }
        filter = Some(wanted);
    }
    let Ok(count) = usize::try_from(call.int_or::<i32>(1, 10)?) else { return invalid("Negative count") };
    let Ok(skip) = usize::try_from(call.int_or::<i32>(2, 0)?) else { return invalid("Negative from") };
    let wanted = Wanted { long: true, label: filter.as_deref(), ..Wanted::default() };
    // The latest one first.
    let mut latest = Vec::new();
    wallet.visit_txs(
        |_, _| true,
        |info| {
            latest.extend(entries(&info, wallet.network(), wanted));
            latest.len() < count + skip
        },
    )?;
    let mut chosen: Vec<Value> = latest.into_iter().skip(skip).take(count).collect();
    chosen.reverse();
    add_replaceable(&wallet, chosen.iter_mut().filter_map(Value::as_object_mut))?;
    Ok(chosen.into())
}

/// The block that a list begins after, and its blocks that are no more in the chain.
struct Since {
    /// The height of the highest block below that is in the chain; none for everything.
    fork: Option<i32>,
    /// Transactions of blocks that are no more in the chain.
    removed: Vec<Txid>,
}

fn find_since(call: &Call<'_>, wallet: &Wallet, removed: bool) -> Answer<Since> {
    let mut since = Since { fork: None, removed: Vec::new() };
    if call.text_or(0, "")?.is_empty() {
        return Ok(since);
    }
    let mut hash: BlockHash = call.hash(0, "blockhash")?;
    let (chain, (_, tip)) = (wallet.chain(), wallet.tip()?);
    let height = FoundBlockRequest { want_height: true, ..FoundBlockRequest::default() };
    let found = chain.find_common_ancestor(hash, tip, &height, &height, &FoundBlockRequest::default())?;
    if !found.result {
        return unknown("Block not found");
    }
    let fork = found.ancestor.height;
    since.fork = Some(fork);
    let data = FoundBlockRequest { want_data: true, ..FoundBlockRequest::default() };
    for _ in fork..if removed { found.block1.height } else { fork } {
        let Some(block) = chain.find_block(hash, &data)?.and_then(|found| found.data) else {
            return Err(RpcError::new(Code::InternalError, "Can't read block from disk"));
        };
        since.removed.extend(block.txdata.iter().map(bitcoin::Transaction::compute_txid));
        hash = block.header.prev_blockhash;
    }
    Ok(since)
}

fn since(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let include_removed = call.flag_or(3, true)?;
    let since = find_since(call, &wallet, include_removed)?;
    let deep = call.int_or::<i32>(1, 1)?;
    if deep < 1 {
        return invalid("Invalid parameter");
    }
    let filter = call.get(5).map(label).transpose()?;
    let wanted =
        Wanted { long: true, change: call.flag_or(4, false)?, label: filter.as_deref(), ..Wanted::default() };
    let (height, tip) = wallet.tip()?;
    let height = i32::try_from(height).unwrap_or(i32::MAX);
    let chain = wallet.chain();
    let hash = FoundBlockRequest { want_hash: true, ..FoundBlockRequest::default() };
    let last = chain.find_ancestor_by_height(tip, height + 1 - deep.min(height + 1), &hash)?;
    let Some(last) = last.and_then(|found| found.hash) else {
        return Err(RpcError::new(Code::InternalError, "the node does not know the wallet's highest block"));
    };
    let is_new = |depth: i32| since.fork.is_none_or(|fork| depth.abs() < height + 1 - fork);
    let lost: HashSet<Txid> = since.removed.iter().copied().collect();
    let (mut new, mut removed) = (Vec::new(), HashMap::new());
    let concerns = |txid, depth| is_new(depth) || lost.contains(&txid);
    wallet.visit_txs(concerns, |info| {
        if is_new(info.depth) {
            new.push(entries(&info, wallet.network(), wanted));
        }
        if lost.contains(&info.txid) {
            let wanted = Wanted { min_depth: i32::MIN, ..wanted };
            removed.insert(info.txid, entries(&info, wallet.network(), wanted));
        }
        true
    })?;
    let mut new: Vec<Value> = new.into_iter().rev().flatten().collect();
    let removed = since.removed.iter().filter_map(|txid| removed.remove(txid));
    let mut removed: Vec<Value> = removed.flatten().collect();
    add_replaceable(&wallet, new.iter_mut().chain(&mut removed).filter_map(Value::as_object_mut))?;
    let mut object = Map::new();
    object.insert("transactions".into(), new.into());
    if include_removed {
        object.insert("removed".into(), removed.into());
    }
    object.insert("lastblock".into(), last.to_string().into());
    Ok(object.into())
}

fn abandon(call: &Call<'_>) -> Answer {
    let wallet = call.synced()?;
    let txid = call.txid(0)?;
    let Some(info) = wallet.tx_info(txid)? else { return unknown(NOT_OURS) };
    if !info.metadata.abandoned && !wallet.abandon(txid)? {
        return unknown("Transaction not eligible for abandonment");
    }
    Ok(Value::Null)
}
