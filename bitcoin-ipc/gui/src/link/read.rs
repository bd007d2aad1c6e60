//! What is asked for.
//!
//! In: a question. Out: its answer, in values that are shown.

use std::collections::HashSet;
use std::sync::Arc;

use bitcoin::{OutPoint, Txid};
use bitcoin_ipc::interfaces::Wallet;
use bitcoin_ipc::types::OutputType;
use mp_runtime::within;
use serde_json::{Value, json};

use super::{Held, NODE_PATIENCE, WALLET_PATIENCE, loader, node, peers, processes, rpc, settings};
use crate::engine::{Answer, Arrival, Failure, WalletAnswer};
use crate::model::book::Entry;
use crate::model::coins::Coin;
use crate::model::history::PAGE;
use crate::model::requests::Request;
use crate::model::row::{Category, Row, Status};
use crate::model::{Balances, Lock, Mempool, Read, Traits};
use crate::text::words::say;

/// The numbers of blocks for which fees are estimated.
const TARGETS: [u16; 6] = [1, 2, 6, 12, 24, 144];

/// Asks.
pub(super) fn perform(held: &Arc<Held>, read: Read) -> Answer {
    answer(held, read).unwrap_or_else(Answer::Failed)
}

fn answer(held: &Arc<Held>, read: Read) -> Result<Answer, Failure> {
    let of = |name: &str, answer| Ok(Answer::Wallet(name.to_owned(), answer));
    match read {
        Read::Chain => {
            let object = held.node()?;
            let chain = within(NODE_PATIENCE, || node::chain(&*object));
            chain.map(Answer::Chain).map_err(|error| held.failure(&error))
        }
        Read::Warnings => {
            let object = held.node()?;
            let warnings = within(NODE_PATIENCE, || object.get_warnings());
            warnings.map(|text| Answer::Warnings(text.to_string())).map_err(|error| held.failure(&error))
        }
        Read::Stopping => {
            let object = held.node()?;
            let wanted = within(NODE_PATIENCE, || object.shutdown_requested());
            wanted.map(Answer::Stopping).map_err(|error| held.failure(&error))
        }
        Read::Methods => {
            let object = held.node()?;
            let methods = within(NODE_PATIENCE, || object.list_rpc_commands());
            methods.map(Answer::Methods).map_err(|error| held.failure(&error))
        }
        Read::Processes => Ok(Answer::Processes(processes::look(held))),
        Read::Peers => peers::read(held).map(Answer::Peers),
        Read::Settings => settings::read(held).map(Answer::Settings),
        Read::Mempool => mempool(held).map(Answer::Mempool),
        Read::Wallets => loader::find(held),
        Read::Files => loader::files(held).map(Answer::Files),
        Read::Listen(name) => {
            loader::listen(held, &name)?;
            of(&name, WalletAnswer::Listened)
        }
        Read::Traits(name) => of(&name, WalletAnswer::Traits(traits(held, &name)?)),
        Read::Balances(name) => of(&name, WalletAnswer::Balances(balances(held, &name)?)),
        Read::Newest(name) => of(&name, WalletAnswer::Newest(page(held, &name, 0, PAGE)?)),
        Read::Older(name, skip, count) => {
            of(&name, WalletAnswer::Older(skip, count, page(held, &name, skip, count)?))
        }
        Read::Arrived(name, txid) => of(&name, WalletAnswer::Arrived(arrived(held, &name, txid)?)),
        Read::Total(name) => of(&name, WalletAnswer::Total(total(held, &name)?)),
        Read::Coins(name) => of(&name, WalletAnswer::Coins(coins(held, &name)?)),
        Read::Book(name) => of(&name, WalletAnswer::Book(book(held, &name)?)),
        Read::Requests(name) => of(&name, WalletAnswer::Requests(requests(held, &name)?)),
        Read::LookUp(name, txid) => of(&name, WalletAnswer::LookedUp(txid, look_up(held, &name, txid)?)),
    }
}

/// Calls a method of a wallet.
pub(super) fn wallet_rpc(held: &Held, name: &str, method: &str, params: Value) -> Result<Value, Failure> {
    let object = held.node()?;
    // A wallet that is not there is not asked: the node would say that it does not know it.
    held.wallet(name)?;
    within(WALLET_PATIENCE, || rpc::call(&*object, Some(name), method, params, &|error| held.failure(error)))
}

/// Asks a wallet.
pub(super) fn ask<T>(
    held: &Held,
    name: &str,
    ask: impl FnOnce(&dyn Wallet) -> mp_runtime::Result<T>,
) -> Result<T, Failure> {
    let wallet = held.wallet(name)?;
    within(WALLET_PATIENCE, || ask(&*wallet)).map_err(|error| held.failure(&error))
}

/// What an answer lacks.
fn missing(what: &str) -> Failure {
    Failure::refused(say!("The answer has no {what}.", what))
}

fn mempool(held: &Held) -> Result<Mempool, Failure> {
    let object = held.node()?;
    let call = |method, params| {
        within(NODE_PATIENCE, || rpc::call(&*object, None, method, params, &|error| held.failure(error)))
    };
    let info = call("getmempoolinfo", json!([]))?;
    let number = |name: &str| info.get(name).and_then(Value::as_u64).ok_or_else(|| missing(name));
    let rate = |value: Option<&Value>| value.and_then(rpc::sat).and_then(|sat| u64::try_from(sat).ok());
    let mut mempool = Mempool {
        count: number("size")?,
        bytes: number("bytes")?,
        usage: number("usage")?,
        max_usage: number("maxmempool")?,
        min_rate: rate(info.get("mempoolminfee")).ok_or_else(|| missing("mempoolminfee"))?,
        ..Mempool::default()
    };
    for target in TARGETS {
        let estimate = call("estimatesmartfee", json!([target]))?;
        mempool.estimates.push((target, rate(estimate.get("feerate"))));
    }
    // Bitcoin Core has it since v31.
    if let Ok(diagram) = call("getmempoolfeeratediagram", json!([])) {
        let points = diagram.as_array().map(Vec::as_slice).unwrap_or_default();
        let point = |point: &Value| {
            let weight = point.get("weight").and_then(Value::as_u64)?;
            Some((weight.div_ceil(4), rate(point.get("fee"))?))
        };
        mempool.diagram = points.iter().filter_map(point).collect();
    }
    Ok(mempool)
}

fn traits(held: &Held, name: &str) -> Result<Traits, Failure> {
    ask(held, name, |wallet| {
        let lock = if wallet.private_keys_disabled()? {
            Lock::NoKeys
        } else if !wallet.is_crypted()? {
            Lock::Open
        } else if wallet.is_locked()? {
            Lock::Locked
        } else {
            Lock::Unlocked
        };
        let address_type = match wallet.get_default_address_type()? {
            OutputType::Unknown => OutputType::Bech32,
            known => known,
        };
        Ok(Traits {
            lock,
            gives_addresses: wallet.can_get_addresses()?,
            taproot: wallet.taproot_enabled()?,
            address_type,
            hd: wallet.hd_enabled()?,
        })
    })
}

fn balances(held: &Held, name: &str) -> Result<Balances, Failure> {
    // It waits until the wallet has heard of the highest block.
    let answer = wallet_rpc(held, name, "getbalances", json!([]))?;
    let mine = answer.get("mine").ok_or_else(|| missing("balances"))?;
    let sat = |name: &str| mine.get(name).and_then(rpc::sat).ok_or_else(|| missing(name));
    let amount = |name: &str| Ok::<_, Failure>(u64::try_from(sat(name)?).unwrap_or_default());
    Ok(Balances {
        available: amount("trusted")?,
        pending: amount("untrusted_pending")?,
        immature: amount("immature")?,
        // Only our own node tells.
        unsent: sat("nonmempool").unwrap_or_default(),
    })
}

/// So many entries behind so many newer ones, the newest one first.
fn page(held: &Held, name: &str, skip: usize, count: usize) -> Result<Vec<Row>, Failure> {
    let answer = wallet_rpc(held, name, "listtransactions", json!(["*", count, skip]))?;
    let entries = answer.as_array().ok_or_else(|| missing("transactions"))?;
    entries.iter().rev().map(row).collect()
}

/// What a new transaction pays, unless it is gone again.
fn arrived(held: &Held, name: &str, txid: Txid) -> Result<Option<Arrival>, Failure> {
    let found = ask(held, name, |wallet| wallet.get_wallet_tx(txid))?;
    let amount = found.credit.to_sat().saturating_sub(found.debit.to_sat());
    Ok(found.tx.is_some().then_some(Arrival { amount, mined: found.is_coinbase }))
}

/// How many transactions a wallet has.
fn total(held: &Held, name: &str) -> Result<Option<u64>, Failure> {
    let answer = wallet_rpc(held, name, "getwalletinfo", json!([]))?;
    Ok(answer.get("txcount").and_then(Value::as_u64))
}

fn row(entry: &Value) -> Result<Row, Failure> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let number = |name: &str| entry.get(name).and_then(Value::as_i64);
    let flag = |name: &str| entry.get(name).and_then(Value::as_bool).unwrap_or_default();
    let confirmations = number("confirmations").unwrap_or_default();
    let height = number("blockheight").and_then(|height| i32::try_from(height).ok());
    let status = match height {
        Some(height) if confirmations > 0 => Status::Confirmed { height },
        _ if flag("abandoned") => Status::Abandoned,
        _ if text("replaced_by_txid").is_some() => Status::Replaced,
        _ if confirmations < 0 => Status::Conflicted,
        _ => Status::Unconfirmed,
    };
    Ok(Row {
        txid: text("txid").and_then(|txid| txid.parse().ok()).ok_or_else(|| missing("txid"))?,
        vout: number("vout").and_then(|vout| u32::try_from(vout).ok()).unwrap_or_default(),
        category: text("category").and_then(Category::read).ok_or_else(|| missing("category"))?,
        amount: entry.get("amount").and_then(rpc::sat).ok_or_else(|| missing("amount"))?,
        fee: entry.get("fee").and_then(rpc::sat).map(i64::unsigned_abs),
        address: text("address").unwrap_or_default().to_owned(),
        label: text("label").unwrap_or_default().to_owned(),
        time: number("time").unwrap_or_default(),
        status,
    })
}

fn coins(held: &Held, name: &str) -> Result<Vec<Coin>, Failure> {
    let (found, frozen, labels) = ask(held, name, |wallet| {
        let frozen: HashSet<OutPoint> = wallet.list_locked_coins()?.into_iter().collect();
        Ok((wallet.list_coins()?, frozen, wallet.get_addresses()?))
    })?;
    let mut coins = Vec::new();
    for (destination, outputs) in found {
        let label = labels.iter().find(|entry| entry.dest == destination).map(|entry| entry.name.clone());
        for (outpoint, output) in outputs {
            // Change stands below the address that it came from.
            let address = bitcoin::Address::from_script(&output.txout.script_pubkey, held.network);
            coins.push(Coin {
                outpoint,
                amount: output.txout.value.to_sat(),
                address: address.map(|address| address.to_string()).unwrap_or_default(),
                label: label.clone().unwrap_or_default(),
                time: output.time,
                depth: output.depth_in_main_chain,
                frozen: frozen.contains(&outpoint),
            });
        }
    }
    coins.sort_by(|a, b| b.amount.cmp(&a.amount).then(a.outpoint.cmp(&b.outpoint)));
    Ok(coins)
}

fn book(held: &Held, name: &str) -> Result<Vec<Entry>, Failure> {
    let entries = ask(held, name, |wallet| wallet.get_addresses())?;
    let mut entries: Vec<Entry> = entries
        .into_iter()
        .filter_map(|entry| {
            let address = entry.dest.address(held.network)?.to_string();
            Some(Entry { address, label: entry.name, mine: entry.is_mine })
        })
        .collect();
    entries.sort_by(|a, b| a.label.cmp(&b.label).then_with(|| a.address.cmp(&b.address)));
    Ok(entries)
}

fn requests(held: &Held, name: &str) -> Result<Vec<Request>, Failure> {
    let kept = ask(held, name, |wallet| wallet.get_address_receive_requests())?;
    let mut requests: Vec<Request> = kept.iter().filter_map(|bytes| Request::from_bytes(bytes)).collect();
    requests.sort_by_key(|request| std::cmp::Reverse((request.time, request.id)));
    Ok(requests)
}

/// Whether a wallet has a transaction.
fn look_up(held: &Held, name: &str, txid: Txid) -> Result<bool, Failure> {
    ask(held, name, |wallet| Ok(wallet.get_tx(txid)?.is_some()))
}
