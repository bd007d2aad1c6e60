//! What of the mempool concerns listeners.
//!
//! In: listeners, a node, hints where it gives some. Out: the transactions that came and went since the node was asked
//! last. It searches its mempool itself, so that only what concerns the scripts crosses; whether anything has changed is
//! asked first.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin::{BlockHash, Transaction, Txid};
use bitcoin_ipc::interfaces::watch::ScriptSet;
use bitcoin_ipc::types::MempoolRemovalReason;
use bitcoin_ipc::{Error, Result};
use serde_json::{Value, json};

use crate::answer::Fields;
use crate::ask::{Ask, if_known};
use crate::hints::Hints;
use crate::listeners::{Ear, Listener, parents_first};
use crate::method::Method;

/// Up to so many transactions a mempool is searched as soon as anybody wants to know.
const SMALL: u64 = 5000;
/// A search may take so large a part of the time: one in so many.
const SHARE: u32 = 20;
/// How often it is searched though nothing seems to have changed.
const AT_LEAST: Duration = Duration::from_secs(600);
/// How often it is asked whether anything has changed, where the node says what comes.
const QUIET: Duration = Duration::from_secs(120);

/// What is known of the mempool.
#[derive(Default)]
pub(crate) struct Seen {
    /// Its count, its size, its fees, and the tip.
    state: Option<(u64, u64, i64, BlockHash)>,
    searched: Option<Instant>,
    /// When it was asked last whether anything has changed.
    looked: Option<Instant>,
    took: Duration,
}

/// How the mempool is searched.
pub(crate) struct Search<'a> {
    pub(crate) ask: &'a Ask,
    pub(crate) hints: &'a Hints,
    /// How often, if it is large.
    pub(crate) interval: Duration,
    /// Whether somebody wants to know at once.
    pub(crate) now: bool,
}

/// The descriptors of scripts, for searches of the node.
pub(crate) fn descriptors(scripts: &ScriptSet) -> Vec<Value> {
    scripts.iter().map(|script| json!(format!("raw({script:x})"))).collect()
}

impl Ask {
    /// The transactions of the mempool that pay or spend scripts.
    fn activity(&self, scripts: &ScriptSet) -> Result<HashSet<Txid>> {
        if scripts.is_empty() {
            return Ok(HashSet::new());
        }
        let found = self.fields(Method::GetDescriptorActivity, json!([[], descriptors(scripts), true]))?;
        let txid = |fields: Fields| match fields.text::<String>("type")?.as_str() {
            "spend" => fields.text("spend_txid"),
            _ => fields.text("txid"),
        };
        found.list("activity")?.map(txid).collect()
    }

    fn is_in_mempool(&self, txid: Txid) -> Result<bool> {
        Ok(if_known(self.ask(Method::GetMempoolEntry, json!([txid])))?.is_some())
    }

    /// Why a transaction has left the mempool, and who took its place if somebody there did.
    fn removal(&self, tx: &Transaction) -> Result<(MempoolRemovalReason, Option<Txid>)> {
        let coins: Vec<_> = tx.input.iter().map(|input| input.previous_output).collect();
        let asked: Vec<Value> =
            coins.iter().map(|coin| json!({ "txid": coin.txid, "vout": coin.vout })).collect();
        let answer = self.ask(Method::GetTxSpendingPrevout, json!([asked]))?;
        for found in answer.as_array().into_iter().flatten() {
            let found = Fields::of(Method::GetTxSpendingPrevout, found.clone())?;
            if let Some(spender) = found.text_if_there::<Txid>("spendingtxid")? {
                return Ok((MempoolRemovalReason::Replaced, Some(spender)));
            }
        }
        let spent = self.scripts_of(&coins)?.iter().any(Option::is_none);
        Ok((if spent { MempoolRemovalReason::Conflict } else { MempoolRemovalReason::SizeLimit }, None))
    }
}

impl Search<'_> {
    /// Searches the mempool for all listeners, if it is time for that. `told` is the tip that was told. Gives whether all
    /// is told: not where there is another tip by now, as what left the mempool may be in its block.
    pub(crate) fn run(&self, seen: &mut Seen, listeners: &[Arc<Listener>], told: BlockHash) -> Result<bool> {
        let Search { ask, hints, interval, now } = *self;
        if listeners.is_empty() {
            return Ok(true);
        }
        let behind = listeners.iter().any(|listener| listener.is_to_look());
        let hinted = hints.wait();
        let same_tip = seen.state.is_some_and(|(_, _, _, tip)| tip == told);
        let recent = seen.looked.is_some_and(|looked| looked.elapsed() < QUIET);
        if hints.are_heard() && !(now || behind || hinted) && same_tip && recent {
            return Ok(true);
        }
        let info = ask.fields(Method::GetMempoolInfo, json!([]))?;
        seen.looked = Some(Instant::now());
        let count: u64 = info.int("size")?;
        let state = (count, info.int("bytes")?, info.amount("total_fee")?.to_sat().cast_signed(), told);
        if let Some(searched) = seen.searched {
            let since = searched.elapsed();
            let changed = seen.state != Some(state) || behind || hinted || since >= AT_LEAST;
            let due = since >= interval.max(seen.took * SHARE);
            if !changed || !(due || (now || hinted) && count <= SMALL) {
                return Ok(true);
            }
        }
        tracing::debug!(target: "node", transactions = count, hinted, "the mempool is searched");
        // What is said from here on may not be found any more.
        hints.take();
        let (started, mut all) = (Instant::now(), true);
        for listener in listeners {
            all &= look_for(ask, listener, told, count == 0)?;
        }
        seen.state = all.then_some(state);
        (seen.searched, seen.took) = (Some(Instant::now()), started.elapsed());
        Ok(all)
    }
}

/// Searches the mempool for one listener, unless it is known to be empty. Gives false where what left it may be in a block
/// that was not told.
fn look_for(ask: &Ask, listener: &Listener, told: BlockHash, empty: bool) -> Result<bool> {
    let before = listener.told();
    let (scripts, version) = listener.scripts();
    let current: HashSet<Txid> = match listener.ear() {
        _ if empty => HashSet::new(),
        Ear::Watched(_) => ask.activity(&scripts)?,
        Ear::All(_) => {
            let all = ask.ask(Method::GetRawMempool, json!([]))?;
            let txid = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
            let all = all.as_array().and_then(|all| all.iter().map(txid).collect());
            all.ok_or_else(|| Error::bad_value("the node's answer to getrawmempool is no list of ids"))?
        }
    };
    let new: Vec<Txid> = current.iter().filter(|txid| !before.contains_key(*txid)).copied().collect();
    let found: Vec<_> = ask.mempool_transactions(&new)?.into_iter().flatten().map(Arc::new).collect();
    let mut gone = Vec::new();
    for (txid, tx) in &before {
        if !current.contains(txid) && !ask.is_in_mempool(*txid)? {
            gone.push(tx.clone());
        }
    }
    let settled = gone.is_empty() || ask.tip()?.hash == told;
    if !settled {
        gone.clear();
    }
    let mut rivals = Vec::new();
    for tx in parents_first(gone).into_iter().rev() {
        let (reason, rival) = ask.removal(&tx)?;
        if listener.forget(tx.compute_txid()) {
            listener.removed(&tx, reason);
        }
        rivals.extend(rival);
    }
    let rivals = ask.mempool_transactions(&rivals)?.into_iter().flatten().map(Arc::new);
    let found: Vec<Arc<Transaction>> = rivals.chain(found).collect();
    for tx in parents_first(found) {
        if tell(ask, listener, &tx)? {
            listener.added(&tx);
        }
    }
    listener.looked(version);
    Ok(settled)
}

/// Notes that a transaction is told; false if it was already.
fn tell(ask: &Ask, listener: &Listener, tx: &Arc<Transaction>) -> Result<bool> {
    let spent = match listener.ear() {
        Ear::Watched(_) => {
            let coins: Vec<_> = tx.input.iter().map(|input| input.previous_output).collect();
            ask.scripts_of(&coins)?
        }
        // It hears of rivals anyway.
        Ear::All(_) => Vec::new(),
    };
    Ok(listener.tell(tx, spent))
}

/// Tells somebody of all transactions of the mempool that concern a listener, who hears of their removal.
pub(crate) fn request(
    ask: &Ask,
    listener: &Listener,
    added: impl Fn(&Transaction) -> Result<()>,
) -> Result<()> {
    // Those that were told before as well: whoever asks may have forgotten them.
    let before = parents_first(listener.told().into_values().collect());
    before.iter().try_for_each(|tx| added(tx))?;
    // What left is told where it has its turn, between the blocks.
    let (scripts, version) = listener.scripts();
    let current = ask.activity(&scripts)?;
    let told = listener.told();
    let new: Vec<Txid> = current.into_iter().filter(|txid| !told.contains_key(txid)).collect();
    let found: Vec<_> = ask.mempool_transactions(&new)?.into_iter().flatten().map(Arc::new).collect();
    for tx in parents_first(found) {
        if tell(ask, listener, &tx)? {
            added(&tx)?;
        }
    }
    listener.looked(version);
    Ok(())
}
