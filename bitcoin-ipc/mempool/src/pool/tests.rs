//! In: any steps. Out: a pool whose maps, sums and clusters agree with its transactions.

use std::sync::Arc;

use bitcoin::Amount;
use proptest::prelude::*;

use super::*;
use crate::tests::{Input, outpoint, unsigned};

fn entry(tx: Transaction, fee: u64) -> Entry {
    let weight = tx.weight().to_wu();
    Entry {
        txid: tx.compute_txid(),
        wtxid: tx.compute_wtxid(),
        fee: Amount::from_sat(fee),
        modified_fee: SignedAmount::from_sat(fee as i64),
        vsize: weight.div_ceil(4),
        weight,
        adjusted_weight: weight,
        sigops_cost: 0,
        time: 0,
        height: 0,
        sequence: 0,
        spends_coinbase: false,
        has_parents: false,
        tx: Arc::new(tx),
    }
}

/// Everything that is kept beside the transactions agrees with them.
fn check(pool: &Pool) {
    let entries: Vec<_> = pool.entries().collect();
    assert_eq!(pool.usage, entries.iter().map(|entry| entry.usage()).sum::<usize>());
    assert_eq!(pool.fees, entries.iter().map(|entry| entry.fee.to_sat()).sum::<u64>());
    assert_eq!(pool.vsize, entries.iter().map(|entry| entry.vsize).sum::<u64>());
    assert_eq!(pool.spent.len(), entries.iter().map(|entry| entry.tx.input.len()).sum::<usize>());
    assert_eq!(pool.by_wtxid.len(), entries.len());
    assert_eq!(pool.last_chunks.len(), pool.clusters.len());
    let mut seen = HashSet::new();
    for (_, chunk) in pool.chunks() {
        for txid in &chunk.txids {
            let node = &pool.nodes[txid];
            assert_eq!(node.parents, pool.parents(&node.entry.tx));
            assert_eq!(node.children, pool.children(*txid, &node.entry.tx));
            assert!(node.parents.iter().all(|parent| seen.contains(parent)), "parents come first");
            assert!(seen.insert(*txid));
            let linked = node.parents.iter().chain(&node.children);
            assert!(linked.copied().all(|other| pool.nodes[&other].cluster == node.cluster));
        }
    }
    assert_eq!(seen.len(), entries.len());
    for chunks in pool.clusters.values() {
        let members: Vec<_> = chunks.iter().flat_map(|chunk| chunk.txids.clone()).collect();
        assert_eq!(cluster::components(&pool.items(&members)).len(), 1, "a cluster hangs together");
    }
    let worst = pool.chunks().iter().map(|(_, chunk)| chunk.size).min_by(|a, b| a.compare(*b));
    let (found, expected) = (pool.worst_chunk().map(|chunk| chunk.size), worst);
    assert!(found.zip(expected).is_none_or(|(a, b)| a.compare(b).is_eq()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each step adds a transaction that spends outputs of earlier ones, takes one out with its
    /// descendants, takes one out and puts it back below them, or changes a fee.
    #[test]
    fn what_is_kept_agrees_after_any_steps(
        steps in prop::collection::vec((0..6u8, any::<u32>(), 0..10_000u64), 1..60),
    ) {
        let mut pool = Pool::default();
        let mut free: Vec<Input> = (0..40).map(|number| (outpoint(number), 1)).collect();
        for (kind, pick, fee) in steps {
            let all: Vec<_> = { let mut all: Vec<_> = pool.nodes.keys().copied().collect(); all.sort(); all };
            let chosen = all.get(pick as usize % all.len().max(1)).copied();
            match (kind, chosen) {
                (0, Some(txid)) => {
                    let gone = pool.with_descendants([txid]);
                    prop_assert_eq!(pool.remove(&gone).len(), gone.len());
                    free.retain(|(outpoint, _)| !gone.contains(&outpoint.txid));
                }
                (1, Some(txid)) => {
                    let gone = pool.remove(&[txid]);
                    check(&pool);
                    gone.into_iter().for_each(|entry| pool.insert(entry));
                }
                (2, Some(txid)) => pool.set_modified_fee(txid, SignedAmount::from_sat(fee as i64 - 500)),
                _ if free.is_empty() => {}
                _ => {
                    let count = (pick % 3 + 1) as usize;
                    let from = pick as usize % free.len();
                    let inputs: Vec<_> = free.drain(from..(from + count).min(free.len())).collect();
                    let tx = unsigned(&inputs, &[1, 1]);
                    let entry = entry(tx, fee);
                    let preview = pool.preview(&[(&entry).into()], &[]);
                    free.extend((0..2).map(|index| (OutPoint::new(entry.txid, index), 1)));
                    let txid = entry.txid;
                    pool.insert(entry);
                    prop_assert_eq!(preview.grown.len(), 1);
                    prop_assert_eq!(pool.cluster_members([txid]).len(), preview.grown[0].0);
                }
            }
            check(&pool);
        }
    }
}
