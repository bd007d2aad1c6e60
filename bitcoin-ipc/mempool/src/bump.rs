//! What unconfirmed coins cost besides themselves.
//!
//! In: outpoints, a fee rate, and the unconfirmed transactions that hang together with them. Out: the fee that
//! their unconfirmed ancestors lack at that rate: Bitcoin Core's `MiniMiner`.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bitcoin::{Amount, OutPoint, Txid};

use crate::cluster::FeePerWeight;
use crate::rate::Rate;

/// The most transactions to look at: Bitcoin Core's limit of `GatherClusters`.
pub const MAX_RELATIVES: usize = 500;

/// Fee in satoshi and size in virtual bytes.
type Size = FeePerWeight;

/// A transaction of a mempool, as far as miners choose by it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Relative {
    /// Its fee in satoshi, with what a user has added.
    pub modified_fee: i64,
    /// Its size in virtual bytes, as the mempool counts it.
    pub vsize: u64,
    /// The transactions of the mempool that it spends from.
    pub parents: Vec<Txid>,
}

/// All transactions of a mempool that hang together with some coins.
#[derive(Clone, Debug, Default)]
pub struct Relatives {
    /// The transactions, with whatever hangs together with them.
    pub transactions: HashMap<Txid, Relative>,
    /// Who spends the coins already, and would be replaced.
    pub spenders: HashMap<OutPoint, Txid>,
}

/// Transactions that hang together with the wanted coins, without those that the coins' spender
/// would replace.
struct Miner<'a> {
    all: &'a HashMap<Txid, Relative>,
    /// What is not mined yet.
    left: HashMap<Txid, Size>,
    /// Coins of transactions here, and not of those that would be replaced.
    wanted: BTreeMap<Txid, Vec<OutPoint>>,
}

fn sum(sizes: impl IntoIterator<Item = Size>) -> Size {
    sizes.into_iter().fold(Size::default(), |sum, size| Size {
        fee: sum.fee.saturating_add(size.fee),
        weight: sum.weight.saturating_add(size.weight),
    })
}

/// The fee that a size lacks at a rate; negative for one that pays more.
fn missing(size: Size, target: Rate) -> i64 {
    target.fee(u64::try_from(size.weight).unwrap_or(0)).saturating_sub(size.fee)
}

/// Some transactions and all that are reached from them.
fn reach<'a, I: IntoIterator<Item = &'a Txid>>(
    from: impl IntoIterator<Item = Txid>,
    next: impl Fn(&Txid) -> I,
) -> BTreeSet<Txid> {
    let mut found = BTreeSet::new();
    let mut open: Vec<Txid> = from.into_iter().collect();
    while let Some(txid) = open.pop() {
        if found.insert(txid) {
            open.extend(next(&txid));
        }
    }
    found
}

impl<'a> Miner<'a> {
    fn new(relatives: &'a Relatives, outpoints: &[OutPoint]) -> Option<Self> {
        let all = &relatives.transactions;
        let mut children: HashMap<&Txid, Vec<&Txid>> = HashMap::new();
        for (txid, relative) in all {
            for parent in &relative.parents {
                children.entry(parent).or_default().push(txid);
            }
        }
        let mut wanted: BTreeMap<Txid, Vec<OutPoint>> = BTreeMap::new();
        let mut replaced = HashSet::new();
        let below = |txid: &Txid| children.get(txid).into_iter().flatten().copied();
        for outpoint in outpoints.iter().filter(|outpoint| all.contains_key(&outpoint.txid)) {
            wanted.entry(outpoint.txid).or_default().push(*outpoint);
            replaced.extend(reach(relatives.spenders.get(outpoint).copied(), below));
        }
        let near = |txid: &Txid| {
            let parents = all.get(txid).into_iter().flat_map(|relative| &relative.parents);
            parents.chain(below(txid)).collect::<Vec<_>>()
        };
        let members = reach(wanted.keys().copied(), near);
        if members.len() > MAX_RELATIVES {
            return None;
        }
        wanted.retain(|txid, _| !replaced.contains(txid));
        let left = members.iter().filter(|txid| !replaced.contains(*txid));
        let size = |txid: &Txid| {
            let relative = all.get(txid)?;
            let weight = i64::try_from(relative.vsize).unwrap_or(i64::MAX);
            Some((*txid, Size { fee: relative.modified_fee, weight }))
        };
        Some(Miner { all, left: left.filter_map(size).collect(), wanted })
    }

    /// What is left of transactions and all that they spend from.
    fn with_ancestors(&self, txids: impl IntoIterator<Item = Txid>) -> BTreeSet<Txid> {
        let parents = |txid: &Txid| self.all.get(txid).into_iter().flat_map(|relative| &relative.parents);
        let mut ancestors = reach(txids, parents);
        ancestors.retain(|txid| self.left.contains_key(txid));
        ancestors
    }

    fn size(&self, txids: &BTreeSet<Txid>) -> Size {
        sum(txids.iter().filter_map(|txid| self.left.get(txid)).copied())
    }

    /// Mines what reaches a rate together with its ancestors, best first. One that pays more than its
    /// ancestors counts as these, and one that pays less as itself.
    fn mine(&mut self, target: Rate) {
        loop {
            let candidates = self.left.iter().map(|(txid, own)| {
                let ancestors = self.with_ancestors([*txid]);
                let total = self.size(&ancestors);
                (if total.compare(*own).is_lt() { total } else { *own }, *txid, ancestors, total)
            });
            let best = candidates.max_by(|a, b| a.0.compare(b.0).then(b.1.cmp(&a.1)));
            let Some((_, _, ancestors, total)) = best else { return };
            if missing(total, target) > 0 {
                return;
            }
            self.left.retain(|txid, _| !ancestors.contains(txid));
        }
    }
}

impl Relatives {
    /// What each coin needs in fees for its unconfirmed ancestors to reach a rate, by itself. A coin
    /// that is confirmed, unknown, or an output of a transaction that spending another of the coins
    /// would replace, needs nothing. Empty when too many transactions hang together with the coins.
    #[must_use]
    pub fn individual_bump_fees(&self, outpoints: &[OutPoint], target: Rate) -> BTreeMap<OutPoint, Amount> {
        let Some(mut miner) = Miner::new(self, outpoints) else { return BTreeMap::new() };
        miner.mine(target);
        let mut fees: BTreeMap<_, _> = outpoints.iter().map(|outpoint| (*outpoint, Amount::ZERO)).collect();
        for (txid, coins) in &miner.wanted {
            let Some(own) = miner.left.get(txid) else { continue };
            // Miners take it neither with its ancestors nor after them unless both pay enough.
            let total = miner.size(&miner.with_ancestors([*txid]));
            let fee = missing(total, target).max(missing(*own, target));
            let fee = Amount::from_sat(u64::try_from(fee).unwrap_or(0));
            fees.extend(coins.iter().map(|coin| (*coin, fee)));
        }
        fees
    }

    /// What coins need in fees for their unconfirmed ancestors to reach a rate, together: common
    /// ancestors count once. `None` when too many transactions hang together with the coins.
    #[must_use]
    pub fn combined_bump_fee(&self, outpoints: &[OutPoint], target: Rate) -> Option<Amount> {
        let mut miner = Miner::new(self, outpoints)?;
        miner.mine(target);
        let wanted: Vec<_> =
            miner.wanted.keys().filter(|txid| miner.left.contains_key(*txid)).copied().collect();
        let fee = missing(miner.size(&miner.with_ancestors(wanted)), target);
        Some(Amount::from_sat(u64::try_from(fee).unwrap_or(0)))
    }
}
