//! Transactions that are chosen for a block: what pays best within limits.

use bitcoin_ipc::types::BlockCreateOptions;

use super::*;
use crate::select::{SelectOptions, Selection, select};

fn ids(selection: &Selection) -> Vec<Txid> {
    selection.transactions.iter().map(|selected| selected.tx.compute_txid()).collect()
}

fn expected(txs: &[&Transaction]) -> Vec<Txid> {
    txs.iter().map(|tx| tx.compute_txid()).collect()
}

fn limited(max_weight: u64) -> SelectOptions {
    SelectOptions { max_weight, ..SelectOptions::default() }
}

#[test]
fn a_child_brings_its_parent_in_and_the_best_come_first() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let parent = pay(1, 50);
    let rich = child(&parent, 0, 9000);
    let (middle, low) = (pay(2, 2000), pay(3, 500));
    for tx in [&parent, &rich, &middle, &low] {
        pool.take(&chain, tx).unwrap();
    }
    let all = select(&pool, &SelectOptions::default(), 1001, 0).unwrap();
    assert_eq!(ids(&all), expected(&[&parent, &rich, &middle, &low]));
    assert_eq!(all.fees, Amount::from_sat(50 + 9000 + 2000 + 500));
    let weight: u64 = [&parent, &rich, &middle, &low].iter().map(|tx| tx.weight().to_wu()).sum();
    assert_eq!((all.weight, all.sigops_cost), (8000 + weight, 400 + 4));
    // Room for the package, but not for one more.
    let tight = 8000 + parent.weight().to_wu() + rich.weight().to_wu() + 100;
    assert_eq!(ids(&select(&pool, &limited(tight), 1001, 0).unwrap()), expected(&[&parent, &rich]));
    // Room for one: the package is left out, the next best goes in.
    let one = 8000 + middle.weight().to_wu() + 1;
    assert_eq!(ids(&select(&pool, &limited(one), 1001, 0).unwrap()), expected(&[&middle]));
    assert!(ids(&select(&pool, &limited(one - 1), 1001, 0).unwrap()).len() <= 1);
    let rate = SelectOptions { min_rate: Rate::from_sat_per_kvb(10_000), ..SelectOptions::default() };
    assert_eq!(ids(&select(&pool, &rate, 1001, 0).unwrap()), expected(&[&parent, &rich, &middle]));
    let none = BlockCreateOptions { use_mempool: false, ..BlockCreateOptions::default() };
    let none = SelectOptions { create: none, ..SelectOptions::default() };
    assert!(select(&pool, &none, 1001, 0).unwrap().transactions.is_empty());
    let sigops = BlockCreateOptions {
        coinbase_output_max_additional_sigops: 80_000 - 3,
        ..BlockCreateOptions::default()
    };
    let sigops = SelectOptions { create: sigops, ..SelectOptions::default() };
    assert_eq!(ids(&select(&pool, &sigops, 1001, 0).unwrap()), expected(&[&parent, &rich]));
}

#[test]
fn what_is_not_final_stays_out_with_all_that_spend_from_it() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let mut locked = unsigned(&[(outpoint(1), 100_000)], &[99_000]);
    locked.lock_time = absolute::LockTime::from_consensus(1000);
    locked.input[0].sequence = Sequence::ZERO;
    let locked = sign(locked, &[(outpoint(1), 100_000)]);
    let (below, other) = (child(&locked, 0, 500), pay(2, 100));
    for tx in [&locked, &below, &other] {
        pool.take(&chain, tx).unwrap();
    }
    let select = |height| ids(&select(&pool, &SelectOptions::default(), height, 0).unwrap());
    assert_eq!(select(1000), expected(&[&other]));
    assert_eq!(select(1001), expected(&[&locked, &below, &other]));
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    let with = |weight: u64, sigops: u64, max_weight: u64| SelectOptions {
        create: BlockCreateOptions {
            block_reserved_weight: weight,
            coinbase_output_max_additional_sigops: sigops,
            ..BlockCreateOptions::default()
        },
        ..limited(max_weight)
    };
    let error = |options: SelectOptions| options.check().unwrap_err().to_string();
    assert!(error(with(1999, 400, 4_000_000)).contains("lower than minimum safety value"));
    assert!(error(with(4_000_001, 400, 4_000_000)).starts_with("block_reserved_weight (4000001) exceeds"));
    assert!(error(with(8000, 400, 4_000_001)).starts_with("block_max_weight (4000001) exceeds"));
    assert!(error(with(8000, 400, 7999)).contains("exceeds block_max_weight (7999)"));
    assert!(error(with(8000, 80_001, 4_000_000)).contains("sigops"));
    with(2000, 80_000, 2000).check().unwrap();
}
