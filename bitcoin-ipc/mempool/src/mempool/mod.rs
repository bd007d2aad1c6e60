//! The transactions that wait, and what is asked of them.
//!
//! In: entries that were checked. Out: look-ups, relatives, sums, the order of mining, fees that users added,
//! and which transactions no peer has yet. Nothing here checks a transaction: that is `accept`'s.

mod limit;
mod rolling_rate;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bitcoin::{Amount, OutPoint, SignedAmount, Transaction, Txid, Wtxid};
use bitcoin_ipc::types::{Coin, MempoolRemovalReason, RbfTransactionState};

use crate::bump::{Relative, Relatives};
use crate::cluster::FeePerWeight;
use crate::disconnected::Disconnected;
use crate::entry::{Entry, Removed};
use crate::options::MempoolOptions;
use crate::pool::{MinedTogether, Newcomer, Pool, Preview};
use crate::rate::Rate;
use crate::scripts::ScriptCheck;
use crate::view::{MEMPOOL_HEIGHT, View, ViewError};
use rolling_rate::RollingRate;

/// Transactions that wait for a block: Bitcoin Core's `CTxMemPool`.
#[derive(Debug)]
pub struct Mempool {
    pub(crate) options: MempoolOptions,
    pub(crate) scripts: Arc<dyn ScriptCheck>,
    pub(crate) pool: Pool,
    /// What users added to fees, also of transactions that are not here.
    pub(crate) deltas: HashMap<Txid, i64>,
    /// Transactions of this node and its wallets, which no peer has taken yet.
    pub(crate) unbroadcast: HashSet<Txid>,
    /// The number of the next change.
    pub(crate) sequence: u64,
    pub(crate) rolling: RollingRate,
    /// Transactions of blocks that left the chain, newest first, until [`Mempool::after_reorg`].
    pub(crate) disconnected: Disconnected,
}

/// Counts and sizes of a set of transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Transactions.
    pub count: u64,
    /// Their virtual bytes.
    pub vsize: u64,
    /// Their modified fees in satoshi.
    pub fees: SignedAmount,
}

/// The state of a mempool, as `getmempoolinfo` tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Info {
    /// Transactions.
    pub size: usize,
    /// Their virtual bytes.
    pub bytes: u64,
    /// An estimate of their memory, in bytes.
    pub usage: usize,
    /// The sum of their fees.
    pub total_fee: Amount,
    /// The most memory that they may take, in bytes.
    pub max_bytes: usize,
    /// The lowest rate that is taken now; never below the next one.
    pub min_rate: Rate,
    /// The lowest rate that is ever taken.
    pub min_relay_rate: Rate,
    /// By how much replacements must pay more.
    pub incremental_relay_rate: Rate,
}

/// Transactions that miners take together, since the last of them pays for the first.
#[derive(Clone, Debug)]
pub struct Package<'a> {
    /// The same for all packages that may depend on each other. Whoever leaves one out has to leave
    /// out all later ones of this number.
    pub cluster: u64,
    /// The sum of modified fees and adjusted weights.
    pub size: FeePerWeight,
    /// The transactions, parents first.
    pub entries: Vec<&'a Entry>,
}

impl Mempool {
    /// An empty mempool, whose transactions' scripts are run by another.
    #[must_use]
    pub fn new(options: MempoolOptions, scripts: Arc<dyn ScriptCheck>) -> Self {
        Mempool {
            options,
            scripts,
            pool: Pool::default(),
            deltas: HashMap::new(),
            unbroadcast: HashSet::new(),
            // Bitcoin Core begins with 1, so that 0 is before everything.
            sequence: 1,
            rolling: RollingRate::default(),
            disconnected: Disconnected::default(),
        }
    }

    /// The limits and the policy.
    #[must_use]
    pub fn options(&self) -> &MempoolOptions {
        &self.options
    }

    /// How many transactions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pool.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number that the next change gets.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence - 1
    }

    /// A transaction by its id.
    #[must_use]
    pub fn get(&self, txid: &Txid) -> Option<&Entry> {
        self.pool.get(txid)
    }

    /// A transaction by its id with witnesses.
    #[must_use]
    pub fn get_by_wtxid(&self, wtxid: &Wtxid) -> Option<&Entry> {
        self.pool.txid(wtxid).and_then(|txid| self.pool.get(&txid))
    }

    /// The transaction that spends an output.
    #[must_use]
    pub fn spender(&self, outpoint: &OutPoint) -> Option<&Entry> {
        self.pool.spender(outpoint).and_then(|txid| self.pool.get(&txid))
    }

    fn entries_of(&self, txids: Vec<Txid>) -> Vec<&Entry> {
        txids.iter().filter_map(|txid| self.pool.get(txid)).collect()
    }

    /// The unconfirmed transactions that one spends from, directly or not, without itself.
    #[must_use]
    pub fn ancestors(&self, txid: &Txid) -> Vec<&Entry> {
        self.entries_of(self.pool.with_ancestors([*txid]).split_off(1))
    }

    /// The transactions that spend from one, directly or not, without itself.
    #[must_use]
    pub fn descendants(&self, txid: &Txid) -> Vec<&Entry> {
        self.entries_of(self.pool.with_descendants([*txid]).split_off(1))
    }

    /// The unconfirmed transactions that one spends from directly.
    #[must_use]
    pub fn parents(&self, tx: &Transaction) -> Vec<&Entry> {
        self.entries_of(self.pool.parents(tx).into_iter().collect())
    }

    /// The transactions that spend from one directly.
    #[must_use]
    pub fn children(&self, txid: &Txid) -> Vec<&Entry> {
        let children = self.get(txid).map(|entry| self.pool.children(*txid, &entry.tx));
        self.entries_of(children.into_iter().flatten().collect())
    }

    /// All transactions that hang together with one, itself included, in the order of mining.
    #[must_use]
    pub fn cluster(&self, txid: &Txid) -> Vec<&Entry> {
        self.entries_of(self.pool.cluster_members([*txid]))
    }

    /// All transactions that hang together with some coins, and who spends these.
    #[must_use]
    pub fn relatives(&self, outpoints: &[OutPoint]) -> Relatives {
        let members = self.pool.cluster_members(outpoints.iter().map(|outpoint| outpoint.txid));
        let relative = |entry: &Entry| Relative {
            modified_fee: entry.modified_fee.to_sat(),
            vsize: entry.vsize,
            parents: self.pool.parents(&entry.tx).into_iter().collect(),
        };
        let spender = |outpoint: &OutPoint| Some((*outpoint, self.pool.spender(outpoint)?));
        Relatives {
            transactions: members
                .iter()
                .filter_map(|txid| Some((*txid, relative(self.get(txid)?))))
                .collect(),
            spenders: outpoints.iter().filter_map(spender).collect(),
        }
    }

    pub(crate) fn totals(&self, txids: Vec<Txid>) -> Totals {
        self.entries_of(txids).into_iter().fold(Totals::default(), |sum, entry| Totals {
            count: sum.count + 1,
            vsize: sum.vsize + entry.vsize,
            fees: SignedAmount::from_sat(sum.fees.to_sat().saturating_add(entry.modified_fee.to_sat())),
        })
    }

    /// What a transaction and all that it spends from come to; zeros for one that is not here.
    #[must_use]
    pub fn ancestor_totals(&self, txid: &Txid) -> Totals {
        self.totals(self.pool.with_ancestors([*txid]))
    }

    /// What a transaction and all that spend from it come to; zeros for one that is not here.
    #[must_use]
    pub fn descendant_totals(&self, txid: &Txid) -> Totals {
        self.totals(self.pool.with_descendants([*txid]))
    }

    /// All transactions in the order of mining: best rate first, and parents before children.
    #[must_use]
    pub fn entries(&self) -> Vec<&Entry> {
        self.packages().into_iter().flat_map(|package| package.entries).collect()
    }

    /// All transactions in groups that are mined together, in the order of mining.
    #[must_use]
    pub fn packages(&self) -> Vec<Package<'_>> {
        self.pool.chunks().into_iter().map(|chunk| self.package(chunk)).collect()
    }

    /// All that hang together with a transaction, itself included, in groups that are mined together,
    /// in the order of mining; none for one that is not here.
    #[must_use]
    pub fn cluster_packages(&self, txid: &Txid) -> Vec<Package<'_>> {
        self.pool.chunks_of_cluster(txid).into_iter().map(|chunk| self.package(chunk)).collect()
    }

    fn package(&self, (cluster, chunk): (u64, &MinedTogether)) -> Package<'_> {
        let entries = chunk.txids.iter().filter_map(|txid| self.pool.get(txid)).collect();
        Package { cluster, size: chunk.size, entries }
    }

    /// An estimate of the memory in use, in bytes.
    #[must_use]
    pub fn usage(&self) -> usize {
        self.pool.usage + self.deltas.len() * 96
    }

    fn rolled(&self, now: u64) -> RollingRate {
        self.rolling.at(now, self.usage(), self.options.max_bytes, self.options.incremental_relay_rate)
    }

    /// The lowest fee rate that is taken at a time in seconds since 1970: zero unless transactions had
    /// to be evicted. Bitcoin Core's `GetMinFee`; [`MempoolOptions::min_relay_rate`] holds as well.
    #[must_use]
    pub fn min_rate(&self, now: u64) -> Rate {
        self.rolled(now).rate(self.options.incremental_relay_rate)
    }

    /// Counts and limits, at a time in seconds since 1970.
    #[must_use]
    pub fn info(&self, now: u64) -> Info {
        Info {
            size: self.len(),
            bytes: self.pool.vsize,
            usage: self.usage(),
            total_fee: Amount::from_sat(self.pool.fees),
            max_bytes: self.options.max_bytes,
            min_rate: self.min_rate(now).max(self.options.min_relay_rate),
            min_relay_rate: self.options.min_relay_rate,
            incremental_relay_rate: self.options.incremental_relay_rate,
        }
    }

    /// A coin of the chain or of a transaction here, whether or not a transaction here spends it. Those
    /// of the mempool have the height [`MEMPOOL_HEIGHT`].
    ///
    /// # Errors
    ///
    /// The chain cannot be read.
    pub fn coin(&self, view: &dyn View, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        match self.get(&outpoint.txid) {
            // An output that the transaction does not have is nowhere else either.
            Some(entry) => Ok(usize::try_from(outpoint.vout)
                .ok()
                .and_then(|index| entry.tx.output.get(index))
                .map(|output| Coin { output: output.clone(), height: MEMPOOL_HEIGHT, coinbase: false })),
            None => view.coin(outpoint),
        }
    }

    /// Adds to what a transaction pays in the eyes of miners, in satoshi; it need not be here yet.
    /// Bitcoin Core's `prioritisetransaction`.
    pub fn prioritise(&mut self, txid: Txid, delta: i64) {
        let sum = self.deltas.entry(txid).or_default();
        *sum = sum.saturating_add(delta);
        if *sum == 0 {
            self.deltas.remove(&txid);
        }
        if let Some(entry) = self.pool.get(&txid) {
            let fee = entry.modified_fee.to_sat().saturating_add(delta);
            self.pool.set_modified_fee(txid, SignedAmount::from_sat(fee));
        }
    }

    /// What users added to fees, in satoshi, also of transactions that are not here.
    #[must_use]
    pub fn deltas(&self) -> &HashMap<Txid, i64> {
        &self.deltas
    }

    /// Notes that a transaction here came from this node or its wallets, so that no peer has it yet. False
    /// for one that is not here, or was noted before.
    pub fn note_unbroadcast(&mut self, txid: Txid) -> bool {
        self.get(&txid).is_some() && self.unbroadcast.insert(txid)
    }

    /// The transactions that no peer has taken yet: Bitcoin Core's `GetUnbroadcastTxs`.
    #[must_use]
    pub fn unbroadcast(&self) -> &HashSet<Txid> {
        &self.unbroadcast
    }

    /// Whether a transaction says that it may be replaced, or one here that it spends from does
    /// (BIP 125). Replacement asks for no such word; wallets show it.
    #[must_use]
    pub fn is_rbf_opt_in(&self, tx: &Transaction) -> RbfTransactionState {
        if tx.is_explicitly_rbf() {
            return RbfTransactionState::ReplaceableBip125;
        }
        let txid = tx.compute_txid();
        if self.get(&txid).is_none() {
            return RbfTransactionState::Unknown;
        }
        if self.ancestors(&txid).iter().any(|entry| entry.tx.is_explicitly_rbf()) {
            return RbfTransactionState::ReplaceableBip125;
        }
        RbfTransactionState::Final
    }

    /// Whether a transaction keeps to the limits of clusters, whatever it pays.
    #[must_use]
    pub fn keeps_cluster_limits(&self, tx: &Transaction) -> bool {
        let weight = i64::try_from(tx.weight().to_wu()).unwrap_or(i64::MAX);
        let size = FeePerWeight { fee: 0, weight };
        let new = Newcomer { txid: tx.compute_txid(), tx, size };
        self.within_limits(&self.pool.preview(&[new], &[]))
    }

    pub(crate) fn within_limits(&self, preview: &Preview) -> bool {
        let most = i64::try_from(self.options.cluster_vsize.saturating_mul(4)).unwrap_or(i64::MAX);
        preview.grown.iter().all(|(count, weight)| *count <= self.options.cluster_count && *weight <= most)
    }

    /// Takes transactions out and numbers the changes.
    pub(crate) fn take_out(&mut self, txids: &[Txid], reason: MempoolRemovalReason) -> Vec<Removed> {
        let mut removed = Vec::with_capacity(txids.len());
        for entry in self.pool.remove(txids) {
            let counts = reason != MempoolRemovalReason::Block;
            let sequence = if counts { self.next_sequence() } else { self.sequence };
            self.unbroadcast.remove(&entry.txid);
            removed.push(Removed { entry, reason, sequence });
        }
        removed
    }

    /// Puts a checked transaction in.
    pub(crate) fn put_in(&mut self, entry: Entry) {
        self.pool.insert(entry);
    }

    pub(crate) fn delta(&self, txid: &Txid) -> i64 {
        self.deltas.get(txid).copied().unwrap_or(0)
    }

    /// A transaction's shared form, by its id.
    #[must_use]
    pub fn transaction(&self, txid: &Txid) -> Option<Arc<Transaction>> {
        self.get(txid).map(|entry| entry.tx.clone())
    }
}
