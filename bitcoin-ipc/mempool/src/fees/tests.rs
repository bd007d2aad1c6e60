//! In: made-up blocks. Out: estimates that keep to what the blocks show.

use super::*;
use bitcoin::hashes::Hash;
use bitcoin_ipc::types::FeeReason;

fn txid(height: u32, number: u32) -> Txid {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&height.to_le_bytes());
    bytes[4..8].copy_from_slice(&number.to_le_bytes());
    Txid::from_byte_array(bytes)
}

fn sat(rate: Option<Rate>) -> u64 {
    rate.map_or(0, Rate::to_sat_per_kvb)
}

/// Ten transactions each of ten rates for each block; rate n · 2000 waits 10 − n blocks more.
fn taught(blocks: u32) -> Estimator {
    let mut estimator = Estimator::new();
    for height in 1..=blocks {
        let mut confirmed = Vec::new();
        for class in 0..10 {
            let waits = 10 - class;
            if height > waits {
                confirmed.extend((0..10).map(|number| txid(height - waits, class * 10 + number)));
            }
        }
        estimator.confirm(height, &confirmed);
        for number in 0..100 {
            let rate = Rate::from_sat_per_kvb(2000 * u64::from(number / 10 + 1));
            estimator.follow(txid(height, number), rate, height);
        }
    }
    estimator
}

#[test]
fn estimates_converge_on_what_blocks_show() {
    let estimator = taught(300);
    // Only the highest rate is confirmed in the next block, and within two the two highest.
    let (fast, calculation) = estimator.estimate_smart_fee(2, false);
    assert_eq!(sat(fast), 20_000);
    assert_eq!((calculation.desired_target, calculation.returned_target), (2, 2));
    assert_eq!(calculation.best_height, 300);
    // Half of four blocks is two: 60 % of 18000 and up are confirmed then.
    let (middle, _) = estimator.estimate_smart_fee(4, false);
    assert_eq!(sat(middle), 18_000);
    let (slow, _) = estimator.estimate_smart_fee(20, false);
    assert_eq!(sat(slow), 2_000);
    let rates: Vec<_> = (1..=100).map(|target| sat(estimator.estimate_smart_fee(target, false).0)).collect();
    assert!(rates.is_sorted_by(|a, b| a >= b), "{rates:?}");
    for target in 1..=100 {
        let economical = sat(estimator.estimate_smart_fee(target, false).0);
        let (conservative, calculation) = estimator.estimate_smart_fee(target, true);
        assert!(sat(conservative) >= economical);
        assert_ne!(calculation.reason, FeeReason::None);
    }
}

#[test]
fn nothing_seen_and_nothing_tracked_gives_nothing() {
    let estimator = Estimator::new();
    assert_eq!(estimator.max_target(), 1008);
    for target in [0, 1, 6, 1008, 1009, i32::MAX as u32] {
        let (rate, calculation) = estimator.estimate_smart_fee(target as i32, true);
        assert_eq!(estimator.estimate_smart_fee(-1, true).0, None);
        assert_eq!((rate, calculation.reason), (None, FeeReason::None));
        assert_eq!(estimator.estimate_raw(target, 0.5, Horizon::Long).0, None);
    }
    let (rate, calculation) = taught(300).estimate_smart_fee(1009, false);
    assert_eq!((rate, calculation.reason), (None, FeeReason::None));
    // Half of the blocks seen is the highest target that can be told.
    assert_eq!(taught(101).estimate_smart_fee(1008, false).1.returned_target, 49);
}

#[test]
fn raw_estimates_know_their_horizon() {
    let estimator = taught(300);
    let (rate, result) = estimator.estimate_raw(1, 0.95, Horizon::Short);
    assert_eq!((sat(rate), result.scale), (20_000, 1));
    assert!(result.pass.start < 20_000.0 && result.pass.end >= 20_000.0);
    assert!(result.fail.end < 20_000.0 && result.fail.within_target < result.fail.total_confirmed);
    assert_eq!(estimator.estimate_raw(13, 0.5, Horizon::Short).0, None);
    assert_eq!(estimator.estimate_raw(49, 0.5, Horizon::Medium).0, None);
    assert_eq!(estimator.estimate_raw(1, 1.1, Horizon::Short).0, None);
}

#[test]
fn transactions_that_leave_unconfirmed_raise_the_estimate() {
    let (mut with, mut without) = (Estimator::new(), Estimator::new());
    for (estimator, fails) in [(&mut with, true), (&mut without, false)] {
        for height in 1..=200 {
            let before: Vec<_> = (0..50).map(|number| txid(height - 1, number)).collect();
            estimator.confirm(height, &before);
            for number in 0..50 {
                let rate = Rate::from_sat_per_kvb(if number < 25 { 1000 } else { 5000 });
                estimator.follow(txid(height, number), rate, height);
            }
            if fails {
                // Twice as many of the low rate wait for twenty blocks, then are given up.
                for number in 50..100 {
                    estimator.follow(txid(height, number), Rate::from_sat_per_kvb(1000), height);
                    if height > 20 {
                        estimator.transaction_removed(&txid(height - 20, number));
                    }
                }
            }
        }
    }
    assert_eq!(sat(without.estimate_smart_fee(4, false).0), 1000);
    assert_eq!(sat(with.estimate_smart_fee(4, false).0), 5000);
}

#[test]
fn blocks_and_transactions_of_other_heights_are_ignored() {
    let mut estimator = taught(300);
    let before = estimator.estimate_smart_fee(2, false).0;
    estimator.confirm(300, &[]);
    estimator.follow(txid(9, 9), Rate::from_sat_per_kvb(1), 299);
    assert!(!estimator.tracked.contains_key(&txid(9, 9)));
    assert_eq!(estimator.estimate_smart_fee(2, false).0, before);
}

#[test]
fn a_file_gives_the_same_estimates_and_a_broken_one_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fee_estimates.json");
    assert!(matches!(Estimator::read(&path), Err(LoadError::File(_))));
    let mut estimator = taught(300);
    estimator.flush();
    assert!(estimator.tracked.is_empty());
    estimator.save(&path).unwrap();
    let loaded = Estimator::read(&path).unwrap();
    for target in 1..=100 {
        for conservative in [false, true] {
            assert_eq!(
                estimator.estimate_smart_fee(target, conservative).0,
                loaded.estimate_smart_fee(target, conservative).0
            );
        }
    }
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(Estimator::load(&path).best_height, 300);
    for broken in ["", "{}", "[]", &text[1..], &text.replace("\"version\":1", "\"version\":2")] {
        std::fs::write(&path, broken).unwrap();
        assert!(matches!(Estimator::read(&path), Err(LoadError::Malformed(_))), "{broken:.60}");
    }
}

#[test]
fn only_transactions_that_stand_alone_are_followed() {
    use crate::tests::{Chain, child, mempool, pay};
    let (chain, mut pool) = (Chain::new(), mempool());
    let mut estimator = Estimator::new();
    estimator.block_connected(1000, &[]);
    let parent = pay(1, 1000);
    for tx in [&parent, &child(&parent, 0, 1000)] {
        estimator.transaction_added(&pool.take(&chain, tx).unwrap().entry, 1000);
    }
    let mut came_back = pool.get(&parent.compute_txid()).unwrap().clone();
    came_back.txid = txid(1, 1);
    came_back.sequence = 0;
    estimator.transaction_added(&came_back, 1000);
    assert_eq!(estimator.tracked.keys().collect::<Vec<_>>(), [&parent.compute_txid()]);
    let block = bitcoin::Block {
        header: bitcoin::constants::genesis_block(bitcoin::Network::Regtest).header,
        txdata: vec![parent],
    };
    estimator.block_connected(1001, &pool.block_connected(&block, 0));
    assert!(estimator.tracked.is_empty());
    assert_eq!((estimator.best_height, estimator.first_height), (1001, 1001));
}
