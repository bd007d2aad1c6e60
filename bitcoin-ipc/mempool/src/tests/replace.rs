//! Transactions that take the place of others.

use super::*;

#[test]
fn who_pays_more_replaces_and_all_descendants_leave() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let old = pay(1, 1000);
    let below = child(&old, 0, 1000);
    pool.take(&chain, &old).unwrap();
    pool.take(&chain, &below).unwrap();
    let short = pool.take(&chain, &pay(1, 1999)).unwrap_err();
    assert_eq!(short.reason, "insufficient fee");
    assert!(short.details.ends_with("less fees than conflicting txs; 0.00001999 < 0.00002"), "{short}");
    // 110 virtual bytes at 100 satoshi for 1000 of them.
    let size = pay(1, 1).vsize() as u64;
    let unpaid = pool.take(&chain, &pay(1, 2000 + size.div_ceil(10) - 1)).unwrap_err();
    assert!(
        unpaid.details.contains("not enough additional fees to relay; 0.0000001 < 0.00000011"),
        "{unpaid}"
    );
    let new = pay(1, 2000 + size.div_ceil(10));
    let accepted = pool.take(&chain, &new).unwrap();
    let replaced = Some(MempoolRemovalReason::Replaced);
    let ids = [(replaced, old.compute_txid()), (replaced, below.compute_txid()), (None, new.compute_txid())];
    assert_eq!(told(&accepted.changes), ids);
    let sequences = accepted.changes.iter().map(|change| match change {
        Change::Added { sequence, .. } | Change::Removed(Removed { sequence, .. }) => *sequence,
    });
    assert!(sequences.eq(3..6));
    assert!(pool.holds(&[&new]));
}

#[test]
fn a_higher_fee_at_a_lower_rate_does_not_replace() {
    let (chain, mut pool) = (Chain::new(), mempool());
    pool.take(&chain, &pay(1, 1000)).unwrap();
    let inputs: Vec<_> = (1..20).map(|number| (outpoint(number), 100_000)).collect();
    let large = spend(&inputs, &[1_900_000 - 2000]);
    let rejected = pool.take(&chain, &large).unwrap_err();
    assert_eq!(
        rejected.to_string(),
        "replacement-failed, insufficient feerate: does not improve feerate diagram"
    );
}

#[test]
fn nobody_spends_what_it_replaces() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let old = pay(1, 1000);
    pool.take(&chain, &old).unwrap();
    let inputs = [(outpoint(1), 100_000), (OutPoint::new(old.compute_txid(), 0), 99_000)];
    let circle = spend(&inputs, &[100_000]);
    assert_eq!(pool.reason(&chain, &circle), "bad-txns-spends-conflicting-tx");
}

#[test]
fn at_most_a_hundred_clusters_are_replaced() {
    let (chain, mut pool) = (Chain::new(), mempool());
    for number in 0..101 {
        pool.take(&chain, &pay(number, 100)).unwrap();
    }
    let all = |count: u8| {
        let inputs: Vec<_> = (0..count).map(|number| (outpoint(number), 100_000)).collect();
        spend(&inputs, &[50_000])
    };
    let rejected = pool.take(&chain, &all(101)).unwrap_err();
    assert_eq!(rejected.reason, "too many potential replacements");
    assert!(rejected.details.ends_with("too many conflicting clusters (101 > 100)"));
    let accepted = pool.take(&chain, &all(100)).unwrap();
    assert_eq!((accepted.replaced.len(), pool.len()), (100, 2));
}

#[test]
fn version_3_has_one_child_which_can_be_replaced_by_another() {
    let three = |inputs: &[Input], outputs: &[u64]| {
        let tx = Transaction { version: transaction::Version(3), ..unsigned(inputs, outputs) };
        sign(tx, inputs)
    };
    let (chain, mut pool) = (Chain::new(), mempool());
    let parent = three(&[(outpoint(1), 100_000)], &[50_000, 49_000]);
    let of = |index, value| (OutPoint::new(parent.compute_txid(), index), value);
    pool.take(&chain, &parent).unwrap();
    let first = three(&[of(0, 50_000)], &[49_000]);
    let reason = |pool: &mut Mempool, tx: &Transaction| pool.take(&chain, tx).unwrap_err().to_string();
    assert!(reason(&mut pool, &child(&parent, 0, 1000)).starts_with("TRUC-violation, non-version=3 tx"));
    let large: Vec<_> =
        std::iter::once(of(0, 50_000)).chain((2..20).map(|n| (outpoint(n), 100_000))).collect();
    let large = three(&large, &[1_800_000]);
    assert!(reason(&mut pool, &large).contains("virtual bytes"));
    pool.take(&chain, &first).unwrap();
    let grandchild = three(&[(OutPoint::new(first.compute_txid(), 0), 49_000)], &[48_000]);
    assert!(reason(&mut pool, &grandchild).ends_with("would have too many ancestors"));
    let poor = three(&[of(1, 49_000)], &[48_000]);
    assert!(reason(&mut pool, &poor).starts_with("insufficient fee (including sibling eviction)"));
    let second = three(&[of(1, 49_000)], &[40_000]);
    assert_eq!(pool.take(&chain, &second).unwrap().replaced, [first.compute_txid()]);
    assert!(pool.holds(&[&parent, &second]));
}
