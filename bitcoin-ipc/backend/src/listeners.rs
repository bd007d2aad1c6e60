//! Who hears of blocks and transactions, and of which.
//!
//! In: listeners with the scripts that concern them, blocks, transactions. Out: to each what concerns it.
//!
//! Whether a block concerns somebody is decided under the lock under which scripts are added, and that it was
//! decided is noted there too. So whoever adds scripts knows the last block without them. While it is locked,
//! nobody is called and nothing is asked.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use bitcoin::bip158::BlockFilter;
use bitcoin::{Block, BlockHash, OutPoint, ScriptBuf, Transaction, Txid};
use bitcoin_ipc::interfaces::ChainNotifications;
use bitcoin_ipc::interfaces::watch::{ScriptSet, WatchedBlock, WatchedNotifications, WatchedTransaction};
use bitcoin_ipc::types::{BlockInfo, BlockRef, ChainstateRole, MempoolRemovalReason};
use bitcoin_ipc::{Error, Result};

use crate::ask::{Ask, lock};
use crate::blocks::Spending;
use crate::headers::Header;

/// How many coins whose rivals matter are kept in mind.
const MOST_CONTESTED: usize = 100_000;

/// Somebody who hears.
pub(crate) struct Listener {
    to: Ear,
    heard: Mutex<Heard>,
}

/// How somebody hears.
pub(crate) enum Ear {
    /// Of everything.
    All(Arc<dyn ChainNotifications>),
    /// Of what concerns scripts.
    Watched(Arc<dyn WatchedNotifications>),
}

/// What a listener knows.
pub(crate) struct Heard {
    scripts: ScriptSet,
    /// Counts the times that scripts were added.
    added: u64,
    /// The transactions of the mempool that were told.
    told: HashMap<Txid, Arc<Transaction>>,
    /// What transactions of the mempool spend that were told, with the scripts: who else spends it is their rival,
    /// whom the listener has to know.
    contested: HashMap<OutPoint, ScriptBuf>,
    /// The last block that was told, or passed over.
    last: BlockRef,
    /// How many scripts had been added when the mempool was looked at last.
    looked: Option<u64>,
}

/// What a block brings, read when somebody needs it, and once.
pub(crate) struct Content<'a> {
    ask: &'a Ask,
    header: &'a Header,
    filter: OnceCell<Option<BlockFilter>>,
    spending: OnceCell<Vec<Spending>>,
    whole: OnceCell<Block>,
}

/// As `OnceCell::get_or_try_init`, which is not there yet.
fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}

impl<'a> Content<'a> {
    pub(crate) fn new(ask: &'a Ask, header: &'a Header) -> Self {
        Content { ask, header, filter: OnceCell::new(), spending: OnceCell::new(), whole: OnceCell::new() }
    }

    fn missing(&self) -> Error {
        Error::failed(format!("block {} is not at hand", self.header.hash))
    }

    /// Whether something of it may pay or spend one of these scripts.
    fn may_concern(&self, scripts: &[ScriptBuf]) -> Result<bool> {
        let hash = self.header.hash;
        let filter = once(&self.filter, || Ok(self.ask.filters(&[hash])?.pop().flatten()))?;
        may_concern(filter.as_ref(), hash, scripts)
    }

    fn spending(&self) -> Result<&[Spending]> {
        let read = || self.ask.spending(self.header.hash)?.ok_or_else(|| self.missing());
        once(&self.spending, read).map(Vec::as_slice)
    }

    fn whole(&self) -> Result<&Block> {
        once(&self.whole, || self.ask.block(self.header.hash)?.ok_or_else(|| self.missing()))
    }
}

/// Whether something of a block may pay or spend one of these scripts, by its filter if there is one.
pub(crate) fn may_concern(
    filter: Option<&BlockFilter>,
    hash: BlockHash,
    scripts: &[ScriptBuf],
) -> Result<bool> {
    let Some(filter) = filter else { return Ok(true) };
    let matched = filter.match_any(&hash, scripts.iter().map(|script| script.as_bytes()));
    matched.map_err(|error| Error::bad_value(format!("the filter of block {hash}: {error}")))
}

/// A block with those of its transactions.
pub(crate) fn watched(header: &Header, transactions: Vec<WatchedTransaction>) -> WatchedBlock {
    WatchedBlock {
        hash: header.hash,
        prev_hash: header.prev,
        height: header.height,
        time: header.time,
        max_time: header.max_time(),
        transactions,
    }
}

/// The transactions of a block that pay or spend scripts.
pub(crate) fn concerned(block: &[Spending], concerns: impl Fn(&Spending) -> bool) -> Vec<WatchedTransaction> {
    let found = (0..).zip(block).filter(|(_, spending)| concerns(spending));
    found.map(|(index, spending)| WatchedTransaction { index, tx: spending.tx.clone() }).collect()
}

pub(crate) fn concerns(scripts: &ScriptSet, Spending { tx, spent }: &Spending) -> bool {
    scripts.is_paid_by(tx) || spent.iter().any(|script| scripts.contains(script))
}

impl Heard {
    fn is_rival(&self, tx: &Transaction) -> bool {
        tx.input.iter().any(|input| self.contested.contains_key(&input.previous_output))
    }

    /// All scripts by which a block may concern the listener.
    fn looked_for(&self) -> Vec<ScriptBuf> {
        let contested = self.contested.values().cloned();
        self.scripts.iter().map(ToOwned::to_owned).chain(contested).collect()
    }
}

impl Listener {
    /// One who hears of what comes after a block.
    pub(crate) fn new(to: Ear, last: BlockRef) -> Self {
        let heard = Heard {
            scripts: ScriptSet::default(),
            added: 0,
            told: HashMap::new(),
            contested: HashMap::new(),
            last,
            looked: None,
        };
        Listener { to, heard: Mutex::new(heard) }
    }

    pub(crate) fn ear(&self) -> &Ear {
        &self.to
    }

    /// Adds scripts, and gives the last block that was told without them.
    pub(crate) fn add(&self, scripts: &[ScriptBuf]) -> Result<BlockRef> {
        let mut heard = lock(&self.heard);
        heard.scripts.add(scripts)?;
        heard.added += 1;
        Ok(heard.last)
    }

    /// The scripts, and how often some were added.
    pub(crate) fn scripts(&self) -> (ScriptSet, u64) {
        let heard = lock(&self.heard);
        (heard.scripts.clone(), heard.added)
    }

    /// Tells of a block that came, after which `last` is the highest.
    pub(crate) fn connected(&self, block: &Content<'_>, last: BlockRef) -> Result<()> {
        match &self.to {
            Ear::All(to) => {
                let info = self.info(block, last)?;
                for tx in info.data.iter().flat_map(|data| &data.txdata) {
                    lock(&self.heard).told.remove(&tx.compute_txid());
                }
                note(to.block_connected(ChainstateRole { validated: true, historical: false }, &info));
            }
            Ear::Watched(to) => note(to.block_connected(&self.watched(block, last)?)),
        }
        Ok(())
    }

    /// Tells of a block that went, after which `last` is the highest.
    pub(crate) fn disconnected(&self, block: &Content<'_>, last: BlockRef) -> Result<()> {
        match &self.to {
            Ear::All(to) => note(to.block_disconnected(&self.info(block, last)?)),
            Ear::Watched(to) => note(to.block_disconnected(&self.watched(block, last)?)),
        }
        Ok(())
    }

    /// Tells that the walk of the chain has come to an end.
    pub(crate) fn settled(&self) {
        note(match &self.to {
            Ear::All(to) => to.updated_block_tip(),
            Ear::Watched(to) => to.updated_block_tip(),
        });
    }

    fn info(&self, block: &Content<'_>, last: BlockRef) -> Result<BlockInfo> {
        let data = block.whole()?.clone();
        lock(&self.heard).last = last;
        let header = block.header;
        Ok(BlockInfo {
            hash: header.hash,
            prev_hash: header.prev,
            height: header.height,
            file_number: -1,
            data_pos: 0,
            data: Some(data),
            undo_data: None,
            chain_time_max: header.max_time(),
        })
    }

    /// What of a block is told, and that it is decided.
    fn watched(&self, block: &Content<'_>, last: BlockRef) -> Result<WatchedBlock> {
        loop {
            let (scripts, added) = {
                let heard = lock(&self.heard);
                (heard.looked_for(), heard.added)
            };
            let none: &[Spending] = &[];
            let may = !scripts.is_empty() && block.may_concern(&scripts)?;
            let content = if may { block.spending()? } else { none };
            let mut heard = lock(&self.heard);
            if heard.added != added {
                // Some came meanwhile, which may be in it.
                continue;
            }
            let found = concerned(content, |spending| {
                concerns(&heard.scripts, spending) || heard.is_rival(&spending.tx)
            });
            for WatchedTransaction { tx, .. } in &found {
                heard.told.remove(&tx.compute_txid());
            }
            heard.last = last;
            return Ok(watched(block.header, found));
        }
    }

    /// Whether a transaction of the mempool may concern the listener, as far as it shows by itself.
    pub(crate) fn may_hear(&self, tx: &Transaction) -> bool {
        let heard = lock(&self.heard);
        matches!(self.to, Ear::All(_)) || heard.scripts.is_paid_by(tx) || heard.is_rival(tx)
    }

    /// Whether the mempool has not been looked at with all scripts.
    pub(crate) fn is_to_look(&self) -> bool {
        let heard = lock(&self.heard);
        heard.looked != Some(heard.added)
    }

    /// Notes that the mempool was looked at, when so many times scripts had been added.
    pub(crate) fn looked(&self, added: u64) {
        lock(&self.heard).looked = Some(added);
    }

    /// The transactions of the mempool that were told.
    pub(crate) fn told(&self) -> HashMap<Txid, Arc<Transaction>> {
        lock(&self.heard).told.clone()
    }

    /// Notes that a transaction is told, with the scripts of what it spends; false if it was already.
    pub(crate) fn tell(&self, tx: &Arc<Transaction>, spent: Vec<Option<ScriptBuf>>) -> bool {
        let mut heard = lock(&self.heard);
        if heard.contested.len() > MOST_CONTESTED {
            heard.contested.clear();
        }
        for (input, script) in tx.input.iter().zip(spent) {
            // Whatever its script, the listener has to hear of a rival that is told for another reason.
            heard.contested.insert(input.previous_output, script.unwrap_or_default());
        }
        heard.told.insert(tx.compute_txid(), tx.clone()).is_none()
    }

    /// Notes that a transaction left the mempool; false if it was not told.
    pub(crate) fn forget(&self, txid: Txid) -> bool {
        lock(&self.heard).told.remove(&txid).is_some()
    }

    pub(crate) fn added(&self, tx: &Transaction) {
        note(match &self.to {
            Ear::All(to) => to.transaction_added_to_mempool(tx),
            Ear::Watched(to) => to.transaction_added(tx),
        });
    }

    pub(crate) fn removed(&self, tx: &Transaction, reason: MempoolRemovalReason) {
        note(match &self.to {
            Ear::All(to) => to.transaction_removed_from_mempool(tx, reason),
            Ear::Watched(to) => to.transaction_removed(tx, reason),
        });
    }
}

/// What goes wrong with a listener concerns neither the node nor other listeners.
fn note(told: Result<()>) {
    if let Err(error) = told {
        tracing::debug!(target: "node", %error, "a listener did not hear");
    }
}

/// Transactions in an order in which each comes after those that it spends from.
pub(crate) fn parents_first(transactions: Vec<Arc<Transaction>>) -> Vec<Arc<Transaction>> {
    let all: HashMap<Txid, Arc<Transaction>> =
        transactions.iter().map(|tx| (tx.compute_txid(), tx.clone())).collect();
    let (mut ordered, mut done) = (Vec::with_capacity(all.len()), BTreeSet::new());
    for tx in transactions {
        let mut open = vec![(tx, false)];
        while let Some((tx, ready)) = open.pop() {
            if ready {
                ordered.push(tx);
            } else if done.insert(tx.compute_txid()) {
                open.push((tx.clone(), true));
                let parents = tx.input.iter().filter_map(|input| all.get(&input.previous_output.txid));
                open.extend(parents.map(|parent| (parent.clone(), false)));
            }
        }
    }
    ordered
}
