//! What the wallet knows of the chain: blocks, its scripts, its transactions.
//!
//! In: descriptors, blocks, transactions of the mempool. Out: changes to keep, and a [`View`] of what is
//! confirmed, pending and spent.
//!
//! BDK's own `Wallet` holds one descriptor and one for change. This one holds any number, as Bitcoin
//! Core's do, on the same structures of `bdk_chain`: one graph of transactions and one chain, so that
//! balances and the choice of coins go over all kinds of addresses without any of them being foreign.

mod part;
mod view;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use bdk_wallet::chain::keychain_txout::KeychainTxOutIndex;
use bdk_wallet::chain::local_chain::LocalChain;
use bdk_wallet::chain::{Anchor as _, BlockId, ConfirmationBlockTime, IndexedTxGraph, Merge as _};
use bitcoin::{BlockHash, OutPoint, Script, ScriptBuf, Transaction, TxOut, Txid};

pub(crate) use part::BlockPart;
pub(crate) use view::{Place, View};

use crate::keys::Descriptor;
use crate::storage::LedgerChanges;
use crate::{Error, Result};

type Scripts = KeychainTxOutIndex<u32>;
type Graph = IndexedTxGraph<ConfirmationBlockTime, Scripts>;

/// Blocks, scripts and transactions. Changes wait in it until they are written.
pub(crate) struct Ledger {
    chain: LocalChain,
    graph: Graph,
    changes: LedgerChanges,
    /// Of the last thing that happened; later ones get higher numbers, even within a second.
    stamp: u64,
    /// What the node's mempool has of the wallet's transactions, as far as it told.
    mempool: HashSet<Txid>,
    view: Option<Arc<View>>,
    /// The lowest block that may have something for scripts that were derived since this was asked.
    derived: Option<u32>,
}

impl Ledger {
    /// A ledger with the first block only.
    pub(crate) fn new(genesis: BlockHash, ahead: u32) -> Self {
        let (chain, changes) = LocalChain::from_genesis_hash(genesis);
        let changes = LedgerChanges { chain: changes, ..LedgerChanges::default() };
        Self::of(chain, Graph::new(Scripts::new(ahead, true)), changes)
    }

    /// The ledger that was kept.
    pub(crate) fn load(kept: LedgerChanges, descriptors: &[Descriptor], ahead: u32) -> Result<Self> {
        let chain = LocalChain::from_changeset(kept.chain)
            .map_err(|_| Error::File("the wallet has no first block".into()))?;
        let mut scripts = Scripts::from_changeset(ahead, true, kept.scripts);
        for descriptor in descriptors {
            insert(&mut scripts, descriptor)?;
        }
        let kept = (kept.graph, Default::default()).into();
        let (graph, changes) = Graph::from_changeset(kept, |_| Ok::<_, Error>(scripts))?;
        let changes = LedgerChanges { scripts: changes.indexer, ..LedgerChanges::default() };
        Ok(Self::of(chain, graph, changes))
    }

    fn of(chain: LocalChain, graph: Graph, changes: LedgerChanges) -> Self {
        let seen = graph.graph().txids_by_descending_last_seen().next().map_or(0, |(seen, _)| seen);
        let nodes = graph.graph().full_txs();
        let evicted = nodes.filter_map(|node| graph.graph().get_last_evicted(node.txid)).max();
        let stamp = seen.max(evicted.unwrap_or_default());
        Ledger { chain, graph, changes, stamp, mempool: HashSet::new(), view: None, derived: None }
    }

    /// Becomes what was kept, which something was taken out of; what the mempool has stays known.
    pub(crate) fn reload(
        &mut self,
        kept: LedgerChanges,
        descriptors: &[Descriptor],
        ahead: u32,
    ) -> Result<()> {
        let new = Self::load(kept, descriptors, ahead)?;
        let stamp = new.stamp.max(self.stamp);
        let mempool = std::mem::take(&mut self.mempool);
        *self = Ledger { stamp, mempool, derived: self.derived, ..new };
        Ok(())
    }

    /// What waits to be written.
    pub(crate) fn changes(&self) -> &LedgerChanges {
        &self.changes
    }

    /// Everything that waited is written.
    pub(crate) fn kept(&mut self) {
        self.changes = LedgerChanges::default();
    }

    /// Adds a descriptor.
    pub(crate) fn add(&mut self, descriptor: &Descriptor) -> Result<()> {
        insert(&mut self.graph.index, descriptor)?;
        self.derive_from(self.tip().height + 1);
        // Transactions that are known may pay it.
        let found = self.graph.reindex();
        self.changes.scripts.merge(found.indexer);
        self.view = None;
        Ok(())
    }

    /// The next new script of a descriptor and its number.
    pub(crate) fn reveal(&mut self, descriptor: u32) -> Option<(u32, ScriptBuf)> {
        let ((index, script), changes) = self.graph.index.reveal_next_spk(descriptor)?;
        self.changes.scripts.merge(changes);
        self.derive_from(self.tip().height + 1);
        Some((index, script))
    }

    /// Gives out the scripts of a descriptor up to a number, which is the next new one then.
    pub(crate) fn reveal_to(&mut self, descriptor: u32, next: u32) {
        let Some(last) = next.checked_sub(1) else { return };
        if let Some((_, changes)) = self.graph.index.reveal_to_target(descriptor, last) {
            self.changes.scripts.merge(changes);
        }
    }

    /// The next new script of a descriptor, which stays new.
    pub(crate) fn peek(&self, descriptor: u32) -> Option<ScriptBuf> {
        self.graph.index.spk_at_index(descriptor, self.next_index(descriptor))
    }

    /// The number of the next new script of a descriptor.
    pub(crate) fn next_index(&self, descriptor: u32) -> u32 {
        self.graph.index.next_index(descriptor).map_or(0, |(index, _)| index)
    }

    /// The descriptor that a script comes from, and the number in it.
    pub(crate) fn origin(&self, script: &Script) -> Option<(u32, u32)> {
        self.graph.index.index_of_spk(script.to_owned()).copied()
    }

    /// All scripts of the wallet, with some that are not given out yet.
    pub(crate) fn scripts(&self) -> impl Iterator<Item = &ScriptBuf> {
        self.graph.index.inner().all_spks().values()
    }

    /// The scripts of each descriptor but so many first ones, and how many there are of each.
    pub(crate) fn scripts_beyond(&self, counts: &BTreeMap<u32, u32>) -> (Vec<ScriptBuf>, BTreeMap<u32, u32>) {
        let all = self.graph.index.inner().all_spks();
        let (mut scripts, mut now) = (Vec::new(), counts.clone());
        for (descriptor, _) in self.graph.index.keychains() {
            let known = counts.get(&descriptor).copied().unwrap_or_default();
            for ((_, index), script) in all.range((descriptor, known)..=(descriptor, u32::MAX)) {
                scripts.push(script.clone());
                now.insert(descriptor, index + 1);
            }
        }
        (scripts, now)
    }

    /// Notes that new scripts may have something in blocks from a height on.
    pub(crate) fn derive_from(&mut self, height: u32) {
        self.derived = Some(self.derived.map_or(height, |derived| derived.min(height)));
    }

    /// The lowest block that may have something for scripts that were derived since the last time.
    pub(crate) fn take_derived(&mut self) -> Option<u32> {
        self.derived.take()
    }

    /// How many scripts there are.
    pub(crate) fn script_count(&self) -> usize {
        self.graph.index.inner().all_spks().len()
    }

    /// The wallet's outputs, spent or not, in transactions that count or not.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = (u32, OutPoint, &TxOut)> {
        let known = self.graph.index.outpoints().iter();
        known.filter_map(|((descriptor, _), outpoint)| {
            Some((*descriptor, *outpoint, self.graph.graph().get_txout(*outpoint)?))
        })
    }

    /// An output of a transaction that is known.
    pub(crate) fn txout(&self, outpoint: OutPoint) -> Option<&TxOut> {
        self.graph.graph().get_txout(outpoint)
    }

    /// An output, if it is the wallet's.
    pub(crate) fn own_txout(&self, outpoint: OutPoint) -> Option<&TxOut> {
        self.graph.index.txout(outpoint).map(|(_, output)| output)
    }

    /// An output and the number of the descriptor that it pays, if it is the wallet's.
    pub(crate) fn own_output(&self, outpoint: OutPoint) -> Option<(u32, &TxOut)> {
        self.graph.index.txout(outpoint).map(|((descriptor, _), output)| (descriptor, output))
    }

    /// A transaction, if it is the wallet's.
    pub(crate) fn tx(&self, txid: Txid) -> Option<Arc<Transaction>> {
        self.graph.graph().get_tx(txid).filter(|tx| self.is_relevant(tx))
    }

    /// The wallet's transactions.
    pub(crate) fn txs(&self) -> impl Iterator<Item = (Txid, Arc<Transaction>)> {
        let nodes = self.graph.graph().full_txs();
        nodes.filter(|node| self.is_relevant(&node.tx)).map(|node| (node.txid, node.tx.clone()))
    }

    /// Whether a transaction pays the wallet or spends its coins.
    pub(crate) fn is_relevant(&self, tx: &Transaction) -> bool {
        use bdk_wallet::chain::Indexer as _;
        self.graph.index.is_tx_relevant(tx)
    }

    /// Whether a transaction is the wallet's or in conflict with one that is.
    pub(crate) fn may_concern(&self, tx: &Transaction) -> bool {
        let graph = self.graph.graph();
        self.is_relevant(tx)
            || graph
                .direct_conflicts(tx)
                .any(|(_, rival)| graph.get_tx(rival).is_some_and(|tx| self.is_relevant(&tx)))
    }

    /// The wallet's other transactions that spend what a transaction spends.
    pub(crate) fn conflicts(&self, tx: &Transaction) -> Vec<Txid> {
        let rivals = self.graph.graph().direct_conflicts(tx).map(|(_, rival)| rival);
        let mut rivals: Vec<Txid> = rivals.filter(|rival| self.tx(*rival).is_some()).collect();
        rivals.sort_unstable();
        rivals.dedup();
        rivals
    }

    /// Transactions that spend the outputs of a transaction, and those that spend theirs.
    pub(crate) fn descendants(&self, txid: Txid) -> Vec<Txid> {
        let graph = self.graph.graph();
        let mut all: Vec<Txid> = graph.walk_descendants(txid, |_, child| Some(child)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The highest block.
    pub(crate) fn tip(&self) -> BlockId {
        self.chain.tip().block_id()
    }

    /// Hashes of known blocks from the highest down, ten by ten and then ever fewer, and the first.
    pub(crate) fn locator(&self) -> Vec<BlockHash> {
        let mut hashes = Vec::new();
        let (mut next, mut step) = (0, 1);
        let mut genesis = self.chain.genesis_hash();
        for (number, block) in self.chain.iter_checkpoints().enumerate() {
            genesis = block.hash();
            if number == next {
                hashes.push(genesis);
                step = if hashes.len() > 10 { step * 2 } else { 1 };
                next += step;
            }
        }
        if hashes.last() != Some(&genesis) {
            hashes.push(genesis);
        }
        hashes
    }

    /// The hash of the first block.
    pub(crate) fn genesis(&self) -> BlockHash {
        self.chain.genesis_hash()
    }

    /// Whether a block is known.
    pub(crate) fn has_block(&self, block: BlockId) -> bool {
        self.chain.get(block.height).is_some_and(|found| found.block_id() == block)
    }

    /// The block at a height, if it is known.
    pub(crate) fn hash_at(&self, height: u32) -> Option<BlockHash> {
        self.chain.get(height).map(|block| block.hash())
    }

    /// Adds a block and gives its transactions that are the wallet's, with their places in it. Blocks at
    /// this height and above that are others are not of the chain any more.
    pub(crate) fn connect(&mut self, block: BlockPart) -> Result<Vec<(u32, Txid)>> {
        self.connect_empty(block.id)?;
        if let Some(below) = block.below {
            self.connect_block(below)?;
        }
        let txids: Vec<_> = block.txs.iter().map(|(index, tx)| (*index, tx.compute_txid())).collect();
        let anchor = ConfirmationBlockTime { block_id: block.id, confirmation_time: block.time.into() };
        let scripts = self.script_count();
        let applied = self.graph.batch_insert_relevant(block.txs.into_iter().map(|(_, tx)| (tx, [anchor])));
        self.changes.graph.merge(applied.tx_graph);
        self.changes.scripts.merge(applied.indexer);
        self.view = None;
        if self.script_count() > scripts {
            self.derive_from(block.id.height);
        }
        let graph = self.graph.graph();
        let relevant: Vec<_> = txids.into_iter().filter(|(_, txid)| graph.get_tx(*txid).is_some()).collect();
        for (_, txid) in &relevant {
            self.mempool.remove(txid);
        }
        Ok(relevant)
    }

    /// Adds a block in which nothing is the wallet's.
    pub(crate) fn connect_empty(&mut self, tip: BlockId) -> Result<()> {
        if self.chain.get(tip.height).is_some_and(|known| known.hash() != tip.hash) {
            self.disconnect_from(tip.height)?;
        }
        self.connect_block(tip)
    }

    fn connect_block(&mut self, block: BlockId) -> Result<()> {
        let changes = self.chain.insert_block(block).map_err(|_| {
            Error::Refused("the node gave a block that does not fit the wallet's chain".into())
        })?;
        self.changes.chain.merge(changes);
        self.view = None;
        Ok(())
    }

    /// Takes out the blocks from a height on, and gives the wallet's transactions in them.
    pub(crate) fn disconnect_from(&mut self, height: u32) -> Result<BTreeSet<Txid>> {
        let Some(lowest) = self.chain.range(height..).last() else { return Ok(BTreeSet::new()) };
        let mut gone = BTreeSet::new();
        for (txid, anchors) in self.graph.graph().all_anchors() {
            if anchors
                .iter()
                .any(|anchor| self.has_block(anchor.anchor_block()) && anchor.anchor_block().height >= height)
            {
                gone.insert(*txid);
            }
        }
        let changes = self
            .chain
            .disconnect_from(lowest.block_id())
            .map_err(|_| Error::Refused("the node's chain has another first block than the wallet".into()))?;
        self.changes.chain.merge(changes);
        self.view = None;
        Ok(gone)
    }

    fn next_stamp(&mut self, now: i64) -> u64 {
        self.stamp = (self.stamp + 1).max(u64::try_from(now).unwrap_or_default());
        self.stamp
    }

    /// Takes a transaction into account that is not in a block. What conflicts with it counts no more,
    /// unless it is in a block.
    pub(crate) fn add_pending(&mut self, tx: &Transaction, now: i64) {
        let txid = tx.compute_txid();
        let stamp = self.next_stamp(now);
        let scripts = self.script_count();
        let inserted = self.graph.insert_tx(tx.clone());
        if self.script_count() > scripts {
            self.derive_from(self.tip().height + 1);
        }
        self.changes.graph.merge(inserted.tx_graph);
        self.changes.scripts.merge(inserted.indexer);
        let seen = self.graph.insert_seen_at(txid, stamp);
        self.changes.graph.merge(seen.tx_graph);
        self.view = None;
    }

    /// Takes a transaction out of account, until it is seen again.
    pub(crate) fn give_up(&mut self, txid: Txid, now: i64) {
        let stamp = self.next_stamp(now);
        let evicted = self.graph.insert_evicted_at(txid, stamp);
        self.changes.graph.merge(evicted.tx_graph);
        self.view = None;
    }

    /// Notes that the mempool has a transaction or not. Gives whether that is news.
    pub(crate) fn set_in_mempool(&mut self, txid: Txid, there: bool) -> bool {
        if there { self.mempool.insert(txid) } else { self.mempool.remove(&txid) }
    }

    /// Forgets what the mempool has.
    pub(crate) fn forget_mempool(&mut self) {
        self.mempool.clear();
    }

    /// Whether the mempool has a transaction.
    pub(crate) fn in_mempool(&self, txid: Txid) -> bool {
        self.mempool.contains(&txid)
    }

    /// What is confirmed, pending and spent.
    pub(crate) fn view(&mut self) -> Arc<View> {
        let view = self.view.take().unwrap_or_else(|| Arc::new(View::new(&self.chain, self.graph.graph())));
        self.view.insert(view).clone()
    }
}

fn insert(scripts: &mut Scripts, descriptor: &Descriptor) -> Result<()> {
    let added = scripts.insert_descriptor(descriptor.id, descriptor.public.clone());
    added.map(|_| ()).map_err(|_| Error::AlreadyThere("the wallet has this descriptor".into()))
}
