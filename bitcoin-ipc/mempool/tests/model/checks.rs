//! What holds of a mempool at any time.
//!
//! In: a [`Model`]. Out: a panic where something that the mempool keeps does not follow from its transactions:
//! each is worked out anew, by the shortest way, and orders of mining by trying all.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use bitcoin::{Amount, OutPoint, Txid};
use bitcoin_mempool::{Entry, FeePerWeight, MEMPOOL_HEIGHT};

use super::Model;

/// Clusters of at most so many are ordered in all ways.
const FEW: usize = 7;

impl Model {
    pub(super) fn check(&self) {
        let entries = self.pool.entries();
        let txids: BTreeSet<_> = entries.iter().map(|entry| entry.txid).collect();
        assert_eq!(entries.len(), txids.len());
        assert_eq!(txids, self.held, "changes tell what is here");
        assert_eq!(self.pool.sequence(), self.sequence);
        self.check_coins(&entries);
        self.check_sums(&entries);
        self.check_relatives(&entries);
        self.check_order();
        self.check_policy(&entries);
    }

    /// Each coin is there, and is spent once.
    fn check_coins(&self, entries: &[&Entry]) {
        let mut spent = HashSet::new();
        for entry in entries {
            for input in &entry.tx.input {
                let outpoint = input.previous_output;
                assert!(spent.insert(outpoint), "{outpoint} is spent twice");
                assert_eq!(self.pool.spender(&outpoint).map(|spender| spender.txid), Some(entry.txid));
                let coin = self.pool.coin(&self.chain, &outpoint).expect("the chain can be read");
                let coin = coin.expect("the coin is there");
                let here = self.pool.get(&outpoint.txid).is_some();
                assert_eq!(coin.height == MEMPOOL_HEIGHT, here);
                assert!(here || self.chain.coins.contains_key(&outpoint));
            }
            assert_eq!(self.pool.get_by_wtxid(&entry.wtxid).map(|entry| entry.txid), Some(entry.txid));
        }
    }

    fn check_sums(&self, entries: &[&Entry]) {
        let (info, options) = (self.pool.info(self.now), self.pool.options());
        assert_eq!((info.size, self.pool.len()), (entries.len(), entries.len()));
        assert_eq!(info.bytes, entries.iter().map(|entry| entry.vsize).sum::<u64>());
        assert_eq!(info.total_fee, entries.iter().map(|entry| entry.fee).sum::<Amount>());
        if self.trimmed {
            assert!(info.usage <= options.max_bytes || entries.is_empty());
        }
        for entry in entries {
            let delta = self.pool.deltas().get(&entry.txid).copied().unwrap_or(0);
            assert_eq!(entry.modified_fee.to_sat(), entry.fee.to_sat() as i64 + delta);
        }
    }

    /// Who hangs together with whom.
    fn check_relatives(&self, entries: &[&Entry]) {
        let mut ancestors: BTreeMap<Txid, BTreeSet<Txid>> = BTreeMap::new();
        // Parents come first.
        for entry in entries {
            let mut own = BTreeSet::new();
            for input in &entry.tx.input {
                let parent = input.previous_output.txid;
                if self.pool.get(&parent).is_some() {
                    own.extend(ancestors.get(&parent).expect("parents come first"));
                    own.insert(parent);
                }
            }
            ancestors.insert(entry.txid, own);
        }
        let set = |entries: Vec<&Entry>| entries.iter().map(|entry| entry.txid).collect::<BTreeSet<_>>();
        for entry in entries {
            let txid = entry.txid;
            assert_eq!(set(self.pool.ancestors(&txid)), ancestors[&txid]);
            let below = ancestors.iter().filter(|(_, ancestors)| ancestors.contains(&txid));
            let below: BTreeSet<_> = below.map(|(txid, _)| *txid).collect();
            assert_eq!(set(self.pool.descendants(&txid)), below);
            let totals = self.pool.ancestor_totals(&txid);
            let fee = |txid: &Txid| self.pool.get(txid).map_or(0, |entry| entry.modified_fee.to_sat());
            let fees = ancestors[&txid].iter().map(fee).sum::<i64>() + fee(&txid);
            assert_eq!((totals.count, totals.fees.to_sat()), (ancestors[&txid].len() as u64 + 1, fees));
        }
    }

    /// All are in the order of mining: chunks fall, and nobody could order a cluster better.
    fn check_order(&self) {
        let packages = self.pool.packages();
        assert!(packages.windows(2).all(|pair| pair[0].size.compare(pair[1].size).is_ge()));
        let mut clusters: HashMap<u64, Vec<&Entry>> = HashMap::new();
        let mut found: HashMap<u64, Vec<FeePerWeight>> = HashMap::new();
        for package in packages {
            assert_eq!(size(&package.entries), package.size);
            found.entry(package.cluster).or_default().push(package.size);
            clusters.entry(package.cluster).or_default().extend(package.entries);
        }
        for (cluster, members) in &clusters {
            let ids: BTreeSet<_> = members.iter().map(|entry| entry.txid).collect();
            for entry in members {
                let whole = self.pool.cluster(&entry.txid);
                assert_eq!(whole.iter().map(|entry| entry.txid).collect::<BTreeSet<_>>(), ids);
            }
            if members.len() <= FEW {
                assert_eq!(merged(&found[cluster]), merged(&best(members)));
            }
        }
    }

    /// Limits hold for all that came by the usual way.
    fn check_policy(&self, entries: &[&Entry]) {
        let options = self.pool.options();
        for entry in entries {
            let cluster = self.pool.cluster(&entry.txid);
            assert!(cluster.len() <= options.cluster_count);
            let weight: u64 = cluster.iter().map(|entry| entry.adjusted_weight).sum();
            assert!(weight <= options.cluster_vsize * 4);
            if self.reorganised {
                continue;
            }
            let parents = self.pool.parents(&entry.tx);
            let restricted = entry.tx.version.0 == 3;
            assert!(parents.iter().all(|parent| (parent.tx.version.0 == 3) == restricted));
            if restricted {
                assert!(
                    self.pool.ancestors(&entry.txid).len() + self.pool.descendants(&entry.txid).len() <= 1
                );
                assert!(entry.vsize <= if parents.is_empty() { 10_000 } else { 1000 });
            }
        }
        let spends = |outpoint: OutPoint| self.pool.spender(&outpoint).is_some();
        assert!(self.pool.unbroadcast().iter().all(|txid| self.pool.get(txid).is_some()));
        assert!(!spends(OutPoint::null()));
    }
}

fn size(entries: &[&Entry]) -> FeePerWeight {
    entries.iter().fold(FeePerWeight::default(), |sum, entry| FeePerWeight {
        fee: sum.fee + entry.modified_fee.to_sat(),
        weight: sum.weight + entry.adjusted_weight as i64,
    })
}

/// The best closed set of what is left, again and again.
fn best(members: &[&Entry]) -> Vec<FeePerWeight> {
    let mut left = members.to_vec();
    let mut chunks = Vec::new();
    while !left.is_empty() {
        let sets = (1..1_u32 << left.len()).map(|bits| {
            let chosen = left.iter().enumerate().filter(|(place, _)| bits >> place & 1 == 1);
            chosen.map(|(_, entry)| *entry).collect::<Vec<_>>()
        });
        let set = sets
            .filter(|set| is_closed(set, &left))
            .max_by(|a, b| size(a).compare(size(b)))
            .expect("one without parents is closed");
        chunks.push(size(&set));
        left.retain(|entry| !set.iter().any(|taken| taken.txid == entry.txid));
    }
    chunks
}

/// Whether a set holds all that it spends from, of those that are left.
fn is_closed(set: &[&Entry], left: &[&Entry]) -> bool {
    let inside = |txid: Txid| set.iter().any(|entry| entry.txid == txid);
    let mut parents = set.iter().flat_map(|entry| &entry.tx.input).map(|input| input.previous_output.txid);
    parents.all(|parent| inside(parent) || !left.iter().any(|entry| entry.txid == parent))
}

/// Chunks of one rate taken together, so that two orders that earn the same are equal.
fn merged(chunks: &[FeePerWeight]) -> Vec<FeePerWeight> {
    let mut merged: Vec<FeePerWeight> = Vec::new();
    for chunk in chunks {
        match merged.last_mut() {
            Some(last) if last.compare(*chunk).is_eq() => {
                last.fee += chunk.fee;
                last.weight += chunk.weight;
            }
            _ => merged.push(*chunk),
        }
    }
    merged
}
