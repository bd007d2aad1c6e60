//! The transactions and how they hang together.
//!
//! In: entries that come and go. Out: look-ups, relatives, clusters and their chunks.
//!
//! A cluster is a set of transactions that spend from each other, directly or not. Each is kept with
//! the chunks in which it would be mined; a change makes those anew for the clusters that it touches.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet};

use bitcoin::{OutPoint, SignedAmount, Transaction, Txid, Wtxid};

use crate::cluster::{self, Chunk, FeePerWeight, Item};
use crate::entry::Entry;

#[derive(Debug)]
struct Node {
    entry: Entry,
    parents: BTreeSet<Txid>,
    children: BTreeSet<Txid>,
    cluster: u64,
}

/// Transactions that are mined together: the last of them pays for the first.
#[derive(Clone, Debug)]
pub(crate) struct MinedTogether {
    pub(crate) size: FeePerWeight,
    /// Parents first.
    pub(crate) txids: Vec<Txid>,
    rank: Ranked,
}

/// A chunk's place among all: Bitcoin Core's `CompareMainTransactions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ranked {
    size: FeePerWeight,
    /// The weight of it and of those of its cluster that come before it at the same rate.
    weight: i64,
    /// The greatest of its ids.
    txid: Option<Txid>,
    cluster: u64,
}

impl Ord for Ranked {
    /// What is mined later is less.
    fn cmp(&self, other: &Self) -> Ordering {
        let later = other.weight.cmp(&self.weight).then(other.txid.cmp(&self.txid));
        self.size.compare(other.size).then(later).then(other.cluster.cmp(&self.cluster))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// All transactions.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    nodes: HashMap<Txid, Node>,
    by_wtxid: HashMap<Wtxid, Txid>,
    spent: HashMap<OutPoint, Txid>,
    clusters: HashMap<u64, Vec<MinedTogether>>,
    /// Of each cluster, the chunk that is mined last.
    last_chunks: BTreeSet<Ranked>,
    next_cluster: u64,
    pub(crate) usage: usize,
    pub(crate) vsize: u64,
    pub(crate) fees: u64,
}

/// A transaction that may come.
pub(crate) struct Newcomer<'a> {
    pub(crate) txid: Txid,
    pub(crate) tx: &'a Transaction,
    pub(crate) size: FeePerWeight,
}

impl<'a> From<&'a Entry> for Newcomer<'a> {
    fn from(entry: &'a Entry) -> Self {
        Newcomer { txid: entry.txid, tx: &entry.tx, size: entry.fee_per_weight() }
    }
}

/// What a change would make of the clusters that it touches.
pub(crate) struct Preview {
    /// The chunks of these clusters now.
    pub(crate) before: Vec<FeePerWeight>,
    /// And after it.
    pub(crate) after: Vec<FeePerWeight>,
    /// Count and weight of each cluster that a new transaction is in.
    pub(crate) grown: Vec<(usize, i64)>,
}

impl Pool {
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn get(&self, txid: &Txid) -> Option<&Entry> {
        self.nodes.get(txid).map(|node| &node.entry)
    }

    pub(crate) fn txid(&self, wtxid: &Wtxid) -> Option<Txid> {
        self.by_wtxid.get(wtxid).copied()
    }

    pub(crate) fn spender(&self, outpoint: &OutPoint) -> Option<Txid> {
        self.spent.get(outpoint).copied()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.nodes.values().map(|node| &node.entry)
    }

    /// The transactions here that this one spends from.
    pub(crate) fn parents(&self, tx: &Transaction) -> BTreeSet<Txid> {
        let parents = tx.input.iter().map(|input| input.previous_output.txid);
        parents.filter(|txid| self.nodes.contains_key(txid)).collect()
    }

    /// The transactions here that spend from this one, which need not be here.
    pub(crate) fn children(&self, txid: Txid, tx: &Transaction) -> BTreeSet<Txid> {
        let outputs = (0..).take(tx.output.len()).map(|index| OutPoint::new(txid, index));
        outputs.filter_map(|outpoint| self.spender(&outpoint)).collect()
    }

    fn reach<'a>(
        &'a self,
        starts: impl IntoIterator<Item = Txid>,
        next: impl Fn(&'a Node) -> &'a BTreeSet<Txid>,
    ) -> Vec<Txid> {
        let mut found: Vec<Txid> = Vec::new();
        let mut seen = HashSet::new();
        found.extend(starts.into_iter().filter(|txid| seen.insert(*txid)));
        let mut at = 0;
        while let Some(txid) = found.get(at).copied() {
            at += 1;
            let Some(node) = self.nodes.get(&txid) else { continue };
            found.extend(next(node).iter().copied().filter(|txid| seen.insert(*txid)));
        }
        found
    }

    /// These and all that they spend from.
    pub(crate) fn with_ancestors(&self, txids: impl IntoIterator<Item = Txid>) -> Vec<Txid> {
        self.reach(txids, |node| &node.parents)
    }

    /// These and all that spend from them.
    pub(crate) fn with_descendants(&self, txids: impl IntoIterator<Item = Txid>) -> Vec<Txid> {
        self.reach(txids, |node| &node.children)
    }

    /// The clusters of these transactions.
    pub(crate) fn cluster_ids(&self, txids: impl IntoIterator<Item = Txid>) -> BTreeSet<u64> {
        txids.into_iter().filter_map(|txid| Some(self.nodes.get(&txid)?.cluster)).collect()
    }

    /// The transactions of the clusters of these, in the order in which each cluster is mined.
    pub(crate) fn cluster_members(&self, txids: impl IntoIterator<Item = Txid>) -> Vec<Txid> {
        let chunks = self.cluster_ids(txids).into_iter().filter_map(|id| self.clusters.get(&id));
        chunks.flatten().flat_map(|chunk| chunk.txids.iter().copied()).collect()
    }

    /// The chunks of a transaction's cluster, best rate first; with each goes its cluster.
    pub(crate) fn chunks_of_cluster(&self, txid: &Txid) -> Vec<(u64, &MinedTogether)> {
        let ids = self.cluster_ids([*txid]).into_iter();
        ids.flat_map(|id| self.clusters.get(&id).into_iter().flatten().map(move |chunk| (id, chunk)))
            .collect()
    }

    /// All chunks, best rate first; of one cluster, parents first. With each goes its cluster.
    pub(crate) fn chunks(&self) -> Vec<(u64, &MinedTogether)> {
        let chunks = self.clusters.iter().flat_map(|(id, chunks)| chunks.iter().map(|chunk| (*id, chunk)));
        let mut chunks: Vec<_> = chunks.collect();
        chunks.sort_by_key(|(_, chunk)| std::cmp::Reverse(chunk.rank));
        chunks
    }

    /// The chunk that would be mined last of all.
    pub(crate) fn worst_chunk(&self) -> Option<&MinedTogether> {
        self.last_chunks.first().and_then(|ranked| self.clusters.get(&ranked.cluster)?.last())
    }

    /// What would be if transactions came, parents first, and others left.
    pub(crate) fn preview(&self, new: &[Newcomer<'_>], removed: &[Txid]) -> Preview {
        let removed: HashSet<_> = removed.iter().copied().collect();
        let near = |new: &Newcomer<'_>| [self.parents(new.tx), self.children(new.txid, new.tx)];
        let mut touched: BTreeSet<Txid> = new.iter().flat_map(near).flatten().collect();
        touched.extend(&removed);
        let clusters = self.cluster_ids(touched.iter().copied());
        let before = clusters.iter().filter_map(|id| self.clusters.get(id)).flatten().map(|chunk| chunk.size);
        let before = before.collect();
        let mut members = self.cluster_members(touched);
        members.retain(|txid| !removed.contains(txid));
        let mut items = self.items(&members);
        let old = items.len();
        let mut places: HashMap<_, _> = members.into_iter().zip(0..).collect();
        for new in new {
            let spent: BTreeSet<_> = new.tx.input.iter().map(|input| input.previous_output.txid).collect();
            let place = items.len();
            let parents = spent.iter().filter_map(|txid| places.get(txid).copied()).collect();
            items.push(Item { size: new.size, parents, txid: new.txid });
            for child in self.children(new.txid, new.tx) {
                if let Some(child) = places.get(&child) {
                    items[*child].parents.push(place);
                }
            }
            places.insert(new.txid, place);
        }
        let mut preview = Preview { before, after: Vec::new(), grown: Vec::new() };
        for group in cluster::components(&items) {
            let chunks = chunks_of(&items, &group);
            if group.iter().any(|place| *place >= old) {
                preview.grown.push((group.len(), chunks.iter().map(|chunk| chunk.size.weight).sum()));
            }
            preview.after.extend(chunks.iter().map(|chunk| chunk.size));
        }
        preview
    }

    fn items(&self, txids: &[Txid]) -> Vec<Item> {
        let places: HashMap<_, _> = txids.iter().zip(0..).map(|(txid, place)| (*txid, place)).collect();
        let item = |node: &Node| Item {
            size: node.entry.fee_per_weight(),
            txid: node.entry.txid,
            parents: node.parents.iter().filter_map(|txid| places.get(txid).copied()).collect(),
        };
        txids.iter().filter_map(|txid| self.nodes.get(txid)).map(item).collect()
    }

    /// Adds a transaction. None with its id may be here, nor one that spends the same.
    pub(crate) fn insert(&mut self, entry: Entry) {
        let txid = entry.txid;
        let parents = self.parents(&entry.tx);
        let children = self.children(txid, &entry.tx);
        for parent in &parents {
            self.nodes.entry(*parent).and_modify(|node| _ = node.children.insert(txid));
        }
        for child in &children {
            self.nodes.entry(*child).and_modify(|node| _ = node.parents.insert(txid));
        }
        for input in &entry.tx.input {
            self.spent.insert(input.previous_output, txid);
        }
        self.by_wtxid.insert(entry.wtxid, txid);
        self.usage += entry.usage();
        self.vsize += entry.vsize;
        self.fees += entry.fee.to_sat();
        let near: Vec<_> = parents.iter().chain(&children).copied().collect();
        let ids = self.cluster_ids(near.iter().copied());
        let mut members = self.cluster_members(near);
        members.push(txid);
        self.nodes.insert(txid, Node { entry, parents, children, cluster: u64::MAX });
        self.regroup(ids, &members);
    }

    /// Takes transactions out, and gives them back in the same order. The caller takes out all
    /// descendants with each, unless they stand without it.
    pub(crate) fn remove(&mut self, txids: &[Txid]) -> Vec<Entry> {
        let ids = self.cluster_ids(txids.iter().copied());
        let members = self.cluster_members(txids.iter().copied());
        let mut removed = Vec::with_capacity(txids.len());
        for txid in txids {
            let Some(node) = self.nodes.remove(txid) else { continue };
            for parent in &node.parents {
                self.nodes.entry(*parent).and_modify(|node| _ = node.children.remove(txid));
            }
            for child in &node.children {
                self.nodes.entry(*child).and_modify(|node| _ = node.parents.remove(txid));
            }
            for input in &node.entry.tx.input {
                self.spent.remove(&input.previous_output);
            }
            self.by_wtxid.remove(&node.entry.wtxid);
            self.usage -= node.entry.usage();
            self.vsize -= node.entry.vsize;
            self.fees -= node.entry.fee.to_sat();
            removed.push(node.entry);
        }
        let left: Vec<_> = members.into_iter().filter(|txid| self.nodes.contains_key(txid)).collect();
        self.regroup(ids, &left);
        removed
    }

    /// Changes what a transaction pays in the eyes of miners.
    pub(crate) fn set_modified_fee(&mut self, txid: Txid, fee: SignedAmount) {
        let Some(node) = self.nodes.get_mut(&txid) else { return };
        node.entry.modified_fee = fee;
        let ids = self.cluster_ids([txid]);
        let members = self.cluster_members([txid]);
        self.regroup(ids, &members);
    }

    /// Makes clusters of these transactions, in place of the old ones.
    fn regroup(&mut self, old: BTreeSet<u64>, members: &[Txid]) {
        for cluster in old {
            let chunks = self.clusters.remove(&cluster);
            if let Some(last) = chunks.as_ref().and_then(|chunks| chunks.last()) {
                self.last_chunks.remove(&last.rank);
            }
        }
        let items = self.items(members);
        for group in cluster::components(&items) {
            let id = self.next_cluster;
            self.next_cluster += 1;
            let chunks = ranked(chunks_of(&items, &group), members, id);
            for txid in chunks.iter().flat_map(|chunk| &chunk.txids) {
                self.nodes.entry(*txid).and_modify(|node| node.cluster = id);
            }
            if let Some(last) = chunks.last() {
                self.last_chunks.insert(last.rank);
            }
            self.clusters.insert(id, chunks);
        }
    }
}

/// A cluster's chunks, with their places among all.
fn ranked(chunks: Vec<Chunk>, members: &[Txid], cluster: u64) -> Vec<MinedTogether> {
    let (mut rate, mut weight) = (FeePerWeight::default(), 0);
    let ranked = |Chunk { size, items }: Chunk| {
        let txids: Vec<_> = items.iter().map(|place| members[*place]).collect();
        weight = size.weight.saturating_add(if rate.compare(size).is_eq() { weight } else { 0 });
        rate = size;
        let rank = Ranked { size, weight, txid: txids.iter().max().copied(), cluster };
        MinedTogether { size, txids, rank }
    };
    chunks.into_iter().map(ranked).collect()
}

/// The chunks of one group, with places in the whole list.
fn chunks_of(items: &[Item], group: &[usize]) -> Vec<Chunk> {
    let places: HashMap<_, _> = group.iter().zip(0..).map(|(place, short)| (*place, short)).collect();
    let item = |place: &usize| Item {
        parents: items[*place].parents.iter().filter_map(|place| places.get(place).copied()).collect(),
        ..items[*place]
    };
    let short: Vec<_> = group.iter().map(item).collect();
    let mut chunks = cluster::chunks(&short);
    for place in chunks.iter_mut().flat_map(|chunk| &mut chunk.items) {
        *place = group[*place];
    }
    chunks
}

#[cfg(test)]
mod tests;
