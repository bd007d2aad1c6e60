//! What the wallet knows of the chain: blocks, its scripts, its transactions.
//!
//! In: descriptors, blocks, transactions of the mempool. Out: changes to keep, and a [`View`] of what is
//! confirmed, pending and spent.
//!
//! BDK's own `Wallet` holds one descriptor and one for change. This one holds any number, as Bitcoin
//! Core's do, on the same structures of `bdk_chain`: one graph of transactions and one chain, so that
//! balances and the choice of coins go over all kinds of addresses without any of them being foreign.

mod heights;
mod mempool;
mod part;
mod scripts;
#[cfg(test)]
mod tests;
mod view;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use bdk_wallet::chain::local_chain::{self, LocalChain};
use bdk_wallet::chain::{Anchor as _, BlockId, ConfirmationBlockTime, IndexedTxGraph, Merge as _, tx_graph};
use bitcoin::{BlockHash, OutPoint, ScriptBuf, Transaction, TxOut, Txid};

use heights::Heights;
pub(crate) use part::{BlockPart, is_possible};
pub(crate) use scripts::{Origin, ScriptChanges, Scripts};
pub(crate) use view::{TxState, View};

use crate::keys::{Derived, Descriptor, Step};
use crate::{Error, Result};

type Graph = IndexedTxGraph<ConfirmationBlockTime, Scripts>;

/// Changes of what the wallet knows of the chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LedgerChanges {
    /// Of the known blocks.
    pub(crate) chain: local_chain::ChangeSet,
    /// Of the known transactions.
    pub(crate) graph: tx_graph::ChangeSet<ConfirmationBlockTime>,
    /// Of the derived scripts.
    pub(crate) scripts: ScriptChanges,
}

impl LedgerChanges {
    /// Whether nothing changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.chain.is_empty() && self.graph.is_empty() && self.scripts.is_empty()
    }
}

/// Blocks, scripts and transactions. Changes wait in it until they are written.
pub(crate) struct Ledger {
    chain: LocalChain,
    /// The blocks of the chain, which it does not find quickly by height.
    heights: Heights,
    graph: Graph,
    changes: LedgerChanges,
    /// Of the last thing that happened; later ones get higher numbers, even within a second.
    stamp: u64,
    /// What the node's mempool has of the wallet's transactions, as far as it told.
    mempool: HashSet<Txid>,
    /// What transactions of others in the mempool spend that transactions of the wallet spend as well.
    rivals: HashMap<OutPoint, Txid>,
    view: Option<Arc<View>>,
    /// The lowest block that may have something for scripts that were derived since this was asked.
    derived: Option<u32>,
}

impl Ledger {
    /// A ledger with the first block only.
    pub(crate) fn new(genesis: BlockHash, ahead: u32) -> Self {
        let (chain, changes) = LocalChain::from_genesis_hash(genesis);
        let changes = LedgerChanges { chain: changes, ..LedgerChanges::default() };
        Self::of(chain, Graph::new(Scripts::new(ahead)), changes)
    }

    /// The ledger that was kept, with the scripts of its descriptors.
    pub(crate) fn load<'a>(
        kept: LedgerChanges,
        descriptors: impl IntoIterator<Item = (&'a Descriptor, Derived)>,
        ahead: u32,
    ) -> Result<Self> {
        let mut scripts = Scripts::new(ahead);
        let mut more = ScriptChanges::default();
        for (descriptor, derived) in descriptors {
            scripts.add(descriptor.id, descriptor.deriver.clone(), derived);
            // Those that were given out last are fewer ahead, until now.
            more.merge(scripts.top_up(descriptor.id, ahead));
        }
        let mut ledger = Self::read(kept, scripts)?;
        more.merge(std::mem::take(&mut ledger.changes.scripts));
        ledger.changes.scripts = more;
        Ok(ledger)
    }

    fn read(kept: LedgerChanges, scripts: Scripts) -> Result<Self> {
        let chain = LocalChain::from_changeset(kept.chain)
            .map_err(|_| Error::File("the wallet has no first block".into()))?;
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
        let heights = Heights::of(&chain);
        let (mempool, rivals) = (HashSet::new(), HashMap::new());
        Ledger { chain, heights, graph, changes, stamp, mempool, rivals, view: None, derived: None }
    }

    /// Becomes what was kept, which something was taken out of; scripts, and what the mempool has, stay known.
    pub(crate) fn reload(&mut self, kept: LedgerChanges) -> Result<()> {
        let mut scripts = std::mem::replace(&mut self.graph.index, Scripts::new(0));
        scripts.forget_outputs();
        let new = Self::read(kept, scripts)?;
        let stamp = new.stamp.max(self.stamp);
        let (mempool, rivals) = (std::mem::take(&mut self.mempool), std::mem::take(&mut self.rivals));
        *self = Ledger { stamp, mempool, rivals, derived: self.derived, ..new };
        Ok(())
    }

    /// What waits to be written.
    pub(crate) fn changes(&self) -> &LedgerChanges {
        &self.changes
    }

    /// Everything that waited is written.
    pub(crate) fn kept(&mut self) {
        self.graph.index.forget_marked();
        self.changes = LedgerChanges::default();
    }

    /// Adds a descriptor with its scripts, or more scripts of one that is there.
    pub(crate) fn add(&mut self, descriptor: &Descriptor, derived: Derived) {
        self.graph.index.add(descriptor.id, descriptor.deriver.clone(), derived);
        self.derive_from(self.tip().height + 1);
        // Transactions that are known may pay it.
        let found = self.graph.reindex();
        self.changes.scripts.merge(found.indexer);
        self.view = None;
    }

    /// The first scripts of numbers that are new no more since somebody paid one of them or a later one, and their
    /// descriptors, until that is written.
    pub(crate) fn marked(&self) -> impl Iterator<Item = (u32, &ScriptBuf)> {
        self.graph.index.marked()
    }

    /// Derives more of a descriptor, so that so many are there beyond the next new one. What takes private keys that
    /// are not there stays as it is.
    pub(crate) fn top_up(&mut self, descriptor: u32, ahead: u32) {
        let changes = self.graph.index.top_up(descriptor, ahead);
        self.derived_more(changes);
    }

    /// Takes in scripts of a descriptor that were derived elsewhere, if they are the next ones.
    pub(crate) fn extend(&mut self, descriptor: u32, steps: Vec<Step>) {
        let changes = self.graph.index.extend(descriptor, steps);
        self.derived_more(changes);
    }

    fn derived_more(&mut self, changes: ScriptChanges) {
        if changes.scripts.is_empty() {
            return;
        }
        self.changes.scripts.merge(changes);
        self.derive_from(self.tip().height + 1);
        // Transactions that are known may pay them.
        let found = self.graph.reindex();
        self.changes.scripts.merge(found.indexer);
        self.view = None;
    }

    /// The next new script of a descriptor and its number.
    pub(crate) fn reveal(&mut self, descriptor: u32) -> Option<(u32, ScriptBuf)> {
        let (next, changes) = self.graph.index.reveal(descriptor);
        self.changes.scripts.merge(changes);
        self.derive_from(self.tip().height + 1);
        next
    }

    /// The wallet's scripts.
    pub(crate) fn scripts(&self) -> &Scripts {
        &self.graph.index
    }

    /// Notes that new scripts may have something in blocks from a height on.
    pub(crate) fn derive_from(&mut self, height: u32) {
        self.derived = Some(self.derived.map_or(height, |derived| derived.min(height)));
    }

    /// As [`take_derived`](Self::take_derived), which will give it again.
    pub(crate) fn derived_from(&self) -> Option<u32> {
        self.derived
    }

    /// The lowest block that may have something for scripts that were derived since the last time.
    pub(crate) fn take_derived(&mut self) -> Option<u32> {
        self.derived.take()
    }

    /// The wallet's outputs, spent or not, in transactions that count or not, with the descriptors that speak for
    /// their scripts.
    pub(crate) fn outputs(&self) -> impl Iterator<Item = (u32, OutPoint, &TxOut)> {
        self.graph.index.outputs().filter_map(|outpoint| {
            let output = self.graph.graph().get_txout(outpoint)?;
            let (descriptor, _) = self.scripts().origin(&output.script_pubkey)?;
            Some((descriptor, outpoint, output))
        })
    }

    /// An output of a transaction that is known.
    pub(crate) fn txout(&self, outpoint: OutPoint) -> Option<&TxOut> {
        self.graph.graph().get_txout(outpoint)
    }

    /// An output, if it is the wallet's.
    pub(crate) fn own_txout(&self, outpoint: OutPoint) -> Option<&TxOut> {
        self.txout(outpoint).filter(|_| self.graph.index.has(outpoint))
    }

    /// An output and the number of the descriptor that speaks for it, if it is the wallet's.
    pub(crate) fn own_output(&self, outpoint: OutPoint) -> Option<(u32, &TxOut)> {
        let output = self.own_txout(outpoint)?;
        Some((self.scripts().origin(&output.script_pubkey)?.0, output))
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
        self.heights.get(block.height) == Some(block.hash)
    }

    /// The block at a height, if it is known.
    pub(crate) fn hash_at(&self, height: u32) -> Option<BlockHash> {
        self.heights.get(height)
    }

    /// Whether a transaction is known to be in a block of the chain.
    pub(crate) fn is_in(&self, txid: Txid, block: BlockId) -> bool {
        let anchors = self.graph.graph().all_anchors().get(&txid);
        anchors.is_some_and(|anchors| anchors.iter().any(|anchor| anchor.block_id == block))
            && self.has_block(block)
    }

    /// Adds a block and gives its transactions that are the wallet's, with their places in it. Blocks at
    /// this height and above that are others are not of the chain any more.
    pub(crate) fn connect(&mut self, block: BlockPart) -> Result<Vec<(u32, Txid)>> {
        self.connect_empty(block.id)?;
        if let Some(below) = block.below {
            self.connect_block(below)?;
        }
        if block.txs.is_empty() {
            return Ok(Vec::new());
        }
        let txids: Vec<_> = block.txs.iter().map(|(index, tx)| (*index, tx.compute_txid())).collect();
        let anchor = ConfirmationBlockTime { block_id: block.id, confirmation_time: block.time.into() };
        let scripts = self.scripts().count();
        let applied = self.graph.batch_insert_relevant(block.txs.into_iter().map(|(_, tx)| (tx, [anchor])));
        self.changes.graph.merge(applied.tx_graph);
        self.changes.scripts.merge(applied.indexer);
        let graph = self.graph.graph();
        let relevant: Vec<_> = txids.into_iter().filter(|(_, txid)| graph.get_tx(*txid).is_some()).collect();
        if !relevant.is_empty() {
            self.view = None;
        }
        let txs: Vec<_> = relevant.iter().filter_map(|(_, txid)| graph.get_tx(*txid)).collect();
        for (_, txid) in &relevant {
            self.mempool.remove(txid);
            self.forget_rival(*txid);
        }
        txs.iter().for_each(|tx| self.refill(tx));
        if self.scripts().count() > scripts {
            self.derive_from(block.id.height);
        }
        Ok(relevant)
    }

    /// Derives more of the descriptors that a transaction pays, also where it pays an address that was given out
    /// before: Bitcoin Core's `MarkUnusedAddresses`.
    fn refill(&mut self, tx: &Transaction) {
        let index = &mut self.graph.index;
        let paid = tx.output.iter().flat_map(|output| index.origins(&output.script_pubkey));
        let paid: BTreeSet<u32> = paid.map(|(descriptor, _)| descriptor).collect();
        for descriptor in paid {
            self.changes.scripts.merge(index.top_up(descriptor, index.ahead()));
        }
    }

    /// Adds a block in which nothing is the wallet's.
    pub(crate) fn connect_empty(&mut self, tip: BlockId) -> Result<()> {
        if self.heights.get(tip.height).is_some_and(|known| known != tip.hash) {
            self.disconnect_from(tip.height)?;
        }
        self.connect_block(tip)
    }

    fn connect_block(&mut self, block: BlockId) -> Result<()> {
        let above = block.height > self.tip().height;
        let changes = self.chain.insert_block(block).map_err(|_| {
            Error::Refused("the node gave a block that does not fit the wallet's chain".into())
        })?;
        if changes.blocks.is_empty() {
            return Ok(());
        }
        self.note_chain(changes);
        match &mut self.view {
            // Nothing moves by that alone.
            Some(view) if above => Arc::make_mut(view).tip = block,
            _ => self.view = None,
        }
        Ok(())
    }

    fn note_chain(&mut self, changes: local_chain::ChangeSet) {
        self.heights.apply(&changes);
        self.changes.chain.merge(changes);
    }

    /// Takes out the blocks from a height on, and gives the wallet's transactions in them.
    pub(crate) fn disconnect_from(&mut self, height: u32) -> Result<BTreeSet<Txid>> {
        let Some(lowest) = self.heights.from(height) else { return Ok(BTreeSet::new()) };
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
            .disconnect_from(lowest)
            .map_err(|_| Error::Refused("the node's chain has another first block than the wallet".into()))?;
        self.note_chain(changes);
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
        let scripts = self.scripts().count();
        let inserted = self.graph.insert_tx(tx.clone());
        self.changes.graph.merge(inserted.tx_graph);
        self.changes.scripts.merge(inserted.indexer);
        self.refill(tx);
        if self.scripts().count() > scripts {
            self.derive_from(self.tip().height + 1);
        }
        let seen = self.graph.insert_seen_at(txid, stamp);
        self.changes.graph.merge(seen.tx_graph);
        self.view = None;
    }

    /// Takes a transaction out of account, until it is seen again.
    pub(crate) fn abandon(&mut self, txid: Txid, now: i64) {
        let stamp = self.next_stamp(now);
        let evicted = self.graph.insert_evicted_at(txid, stamp);
        self.changes.graph.merge(evicted.tx_graph);
        self.view = None;
    }

    /// What is confirmed, pending and spent.
    pub(crate) fn view(&mut self) -> Arc<View> {
        let view = self.view.take().unwrap_or_else(|| {
            Arc::new(View::new(&self.heights, self.tip(), self.graph.graph(), &self.mempool))
        });
        self.view.insert(view).clone()
    }
}
