//! Fee rates, and what unconfirmed coins cost.
//!
//! In: coins and rates. Out: estimates of the node, and fees that this library computes from the node's mempool.

use std::collections::HashMap;

use bitcoin::{OutPoint, Txid};
use bitcoin_ipc::interfaces::SmartFee;
use bitcoin_ipc::types::{EstimationResult, FeeCalculation, FeeReason, WireFeeRate};
use bitcoin_ipc::{Error, Result};
use bitcoin_mempool::Rate;
use bitcoin_mempool::bump::{MAX_RELATIVES, Relative, Relatives};
use serde_json::{Value, json};

use crate::answer::Fields;
use crate::ask::{Ask, NOT_FOUND, if_known};
use crate::method::Method;

/// A rate as wallets send it.
pub(super) fn rate(rate: &WireFeeRate) -> Result<Rate> {
    let satoshi = rate.sat_per_kvb().ok_or_else(|| Error::bad_value("a fee rate for no size"))?;
    Ok(Rate::from_sat_per_kvb(u64::try_from(satoshi).unwrap_or(0)))
}

/// A rate that `getmempoolinfo` names, in bitcoin for 1000 virtual bytes there.
pub(super) fn of_mempool(ask: &Ask, name: &str) -> Result<WireFeeRate> {
    let info = ask.fields(Method::GetMempoolInfo, json!([]))?;
    Ok(WireFeeRate::from_sat_per_kvb(info.signed_amount(name)?.to_sat()))
}

/// An estimate of the node. Its buckets are not told.
pub(super) fn estimate(ask: &Ask, blocks: i32, conservative: bool, calc: bool) -> Result<SmartFee> {
    let mode = if conservative { "CONSERVATIVE" } else { "ECONOMICAL" };
    let found = ask.fields(Method::EstimateSmartFee, json!([blocks.clamp(1, 1008), mode]))?;
    let known = found.value("feerate").is_some();
    let satoshi = if known { found.signed_amount("feerate")?.to_sat() } else { 0 };
    let returned = if known { found.int("blocks")? } else { blocks };
    Ok(SmartFee {
        calc: calc.then_some(FeeCalculation {
            est: EstimationResult::default(),
            reason: FeeReason::None,
            desired_target: blocks,
            returned_target: returned,
            best_height: 0,
        }),
        result: if known { WireFeeRate::from_sat_per_kvb(satoshi) } else { WireFeeRate::default() },
    })
}

/// All transactions of the clusters that some are in. A node that has no clusters (before v31) leaves it at these.
fn clusters(ask: &Ask, txids: Vec<Txid>) -> Result<Vec<Txid>> {
    let params = txids.iter().map(|txid| json!([txid])).collect();
    let mut all = Vec::new();
    for answer in ask.ask_all(Method::GetMempoolCluster, params)? {
        let cluster = match if_known(answer) {
            Ok(Some(cluster)) => Fields::of(Method::GetMempoolCluster, cluster)?,
            Ok(None) => continue,
            Err(failure) if failure.code() == Some(NOT_FOUND) => return Ok(txids),
            Err(failure) => return Err(failure.into()),
        };
        for chunk in cluster.list("chunks")? {
            all.extend(chunk.texts::<Txid>("txs")?);
        }
    }
    Ok(all)
}

/// All transactions of the mempool that hang together with some; more than enough where they are too many.
pub(super) fn relatives(ask: &Ask, txids: impl IntoIterator<Item = Txid>) -> Result<HashMap<Txid, Relative>> {
    let mut found = HashMap::new();
    let mut open = clusters(ask, txids.into_iter().collect())?;
    while !open.is_empty() && found.len() <= MAX_RELATIVES {
        open.sort_unstable();
        open.dedup();
        let params: Vec<Value> = open.iter().map(|txid| json!([txid])).collect();
        let answers = ask.ask_all(Method::GetMempoolEntry, params)?;
        let mut near = Vec::new();
        for (txid, answer) in open.into_iter().zip(answers) {
            let Some(entry) = if_known(answer)? else { continue };
            let entry = Fields::of(Method::GetMempoolEntry, entry)?;
            let parents: Vec<Txid> = entry.texts("depends")?;
            near.extend(parents.iter().copied().chain(entry.texts("spentby")?));
            let relative = Relative {
                modified_fee: entry.object("fees")?.signed_amount("modified")?.to_sat(),
                vsize: entry.int("vsize")?,
                parents,
            };
            found.insert(txid, relative);
        }
        near.retain(|txid| !found.contains_key(txid));
        open = near;
    }
    Ok(found)
}

/// What hangs together with coins, and who spends these.
pub(super) fn of_coins(ask: &Ask, outpoints: &[OutPoint]) -> Result<Relatives> {
    let transactions = relatives(ask, outpoints.iter().map(|outpoint| outpoint.txid))?;
    let waiting: Vec<_> =
        outpoints.iter().filter(|outpoint| transactions.contains_key(&outpoint.txid)).collect();
    let mut spenders = HashMap::new();
    if !waiting.is_empty() {
        let asked: Vec<Value> =
            waiting.iter().map(|coin| json!({ "txid": coin.txid, "vout": coin.vout })).collect();
        let answer = ask.ask(Method::GetTxSpendingPrevout, json!([asked]))?;
        for found in answer.as_array().into_iter().flatten() {
            let found = Fields::of(Method::GetTxSpendingPrevout, found.clone())?;
            if let Some(spender) = found.text_if_there("spendingtxid")? {
                spenders.insert(OutPoint::new(found.text("txid")?, found.int("vout")?), spender);
            }
        }
    }
    Ok(Relatives { transactions, spenders })
}
