//! A full mempool, priorities, and what unconfirmed coins cost.

use super::*;

fn small(bytes: usize) -> Mempool {
    mempool_of(MempoolOptions { max_bytes: bytes, ..MempoolOptions::default() })
}

#[test]
fn a_full_mempool_evicts_what_pays_least_and_costs_more() {
    let chain = Chain::new();
    let mut pool = mempool();
    pool.take(&chain, &pay(0, 1000)).unwrap();
    // Room for ten and a half.
    let mut pool = small(pool.usage() * 21 / 2);
    let parent = pay(0, 50);
    let pays_for_it = child(&parent, 0, 5000);
    pool.take(&chain, &parent).unwrap();
    pool.take(&chain, &pays_for_it).unwrap();
    for number in 1..9 {
        pool.take(&chain, &pay(number, 1000 + 100 * u64::from(number))).unwrap();
    }
    assert_eq!((pool.len(), pool.min_rate(NOW)), (10, Rate::ZERO));
    let next = pay(9, 2000);
    let accepted = pool.take(&chain, &next).unwrap();
    let evicted = (Some(MempoolRemovalReason::SizeLimit), pay(1, 1100).compute_txid());
    assert_eq!(told(&accepted.changes), [evicted, (None, next.compute_txid())]);
    assert!(pool.get(&parent.compute_txid()).is_some(), "its child pays for it");
    let vsize = next.vsize() as u64;
    let rate = Rate::from_sat_per_kvb(Rate::of(1100, vsize).to_sat_per_kvb() + 100);
    assert_eq!(pool.min_rate(NOW), rate);
    assert_eq!(pool.info(NOW).min_rate, rate);
    let low = pay(10, rate.fee(vsize) as u64 - 1);
    assert_eq!(pool.reason(&chain, &low), "mempool min fee not met");
    // The worst of all is the new one itself: the others pay 1200 and more.
    let full = pool.take(&chain, &pay(10, rate.fee(vsize) as u64)).unwrap_err();
    assert_eq!((&*full.reason, full.kind), ("mempool full", RejectKind::Reconsiderable));
    assert!(full.changes.is_empty() && pool.len() == 10);
    assert!(pool.min_rate(NOW) > rate);
}

#[test]
fn the_lowest_rate_falls_by_half_each_half_life_once_a_block_came() {
    let chain = Chain::new();
    let mut pool = small(100);
    pool.take(&chain, &pay(1, 100_000 - 1000)).unwrap_err();
    let rate = pool.min_rate(NOW).to_sat_per_kvb();
    assert_eq!(rate, Rate::of(99_000, pay(1, 1000).vsize() as u64).to_sat_per_kvb() + 100);
    let day = 24 * 3600;
    assert_eq!(pool.min_rate(NOW + 10 * day).to_sat_per_kvb(), rate, "no block yet");
    let block = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
    pool.block_connected(&block, NOW);
    // Empty: a fourth of twelve hours.
    let half = pool.min_rate(NOW + 3 * 3600).to_sat_per_kvb();
    assert!(half.abs_diff(rate / 2) <= 1, "{half}, {rate}");
    assert_eq!(pool.min_rate(NOW + 9).to_sat_per_kvb(), rate);
    assert_eq!(pool.min_rate(NOW + 10 * day), Rate::ZERO);
    // Never between nothing and the increment.
    let mut now = NOW;
    while pool.min_rate(now) != Rate::ZERO {
        assert!(pool.min_rate(now) >= Rate::from_sat_per_kvb(100));
        now += 600;
    }
}

#[test]
fn what_waits_too_long_leaves_with_its_descendants() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let old = pay(1, 1000);
    let young = child(&old, 0, 1000);
    let other = pay(2, 1000);
    pool.take(&chain, &old).unwrap();
    let later = NOW + 336 * 3600;
    for tx in [&young, &other] {
        pool.accept(&chain, Arc::new(tx.clone()), at(later)).unwrap();
    }
    assert!(pool.expire(later).is_empty());
    let removed = pool.expire(later + 1);
    assert!(removed.iter().all(|removed| removed.reason == MempoolRemovalReason::Expiry));
    let ids: Vec<_> = removed.iter().map(|removed| removed.entry.txid).collect();
    assert_eq!(ids, [old.compute_txid(), young.compute_txid()]);
    assert!(pool.holds(&[&other]));
}

#[test]
fn users_can_add_to_fees_before_and_after() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let (free, low) = (pay(1, 0), pay(2, 500));
    let txid = free.compute_txid();
    assert_eq!(pool.reason(&chain, &free), "min relay fee not met");
    pool.prioritise(txid, 10_000);
    pool.take(&chain, &free).unwrap();
    pool.take(&chain, &low).unwrap();
    let first = |pool: &Mempool| pool.entries()[0].txid;
    assert_eq!(first(&pool), txid);
    assert_eq!(pool.get(&txid).unwrap().fee, Amount::ZERO);
    pool.prioritise(txid, -9_900);
    assert_eq!((first(&pool), pool.deltas()[&txid]), (low.compute_txid(), 100));
    pool.prioritise(txid, -100);
    assert!(pool.deltas().is_empty());
    assert_eq!(pool.get(&txid).unwrap().modified_fee.to_sat(), 0);
    pool.prioritise(txid, i64::MAX);
    pool.prioritise(txid, i64::MAX);
    assert_eq!(pool.get(&txid).unwrap().modified_fee.to_sat(), i64::MAX);
}

#[test]
fn coins_cost_what_their_ancestors_lack() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let parent = spend(&[(outpoint(1), 100_000)], &[30_000, 30_000, 39_900]);
    let paid = child(&parent, 2, 5000);
    let poor = child(&pay(2, 100), 0, 100);
    for tx in [&parent, &pay(2, 100), &poor] {
        pool.take(&chain, tx).unwrap();
    }
    let coin = |tx: &Transaction, index| OutPoint::new(tx.compute_txid(), index);
    let sizes = |txs: &[&Transaction]| txs.iter().map(|tx| tx.vsize() as u64).sum::<u64>();
    let rate = Rate::from_sat_per_kvb(10_000);
    let coins = [coin(&parent, 0), coin(&parent, 1), coin(&poor, 0), outpoint(3)];
    let lack = rate.fee(sizes(&[&parent])) as u64 - 100;
    let lack_poor = rate.fee(sizes(&[&pay(2, 100), &poor])) as u64 - 200;
    let fees = pool.relatives(&coins).individual_bump_fees(&coins, rate);
    let expected = [lack, lack, lack_poor, 0].map(Amount::from_sat);
    assert_eq!(coins.map(|coin| fees[&coin]), expected);
    // Both of the first one's outputs need it once.
    let both = rate.fee(sizes(&[&parent, &pay(2, 100), &poor])) as u64 - 300;
    assert_eq!(pool.relatives(&coins).combined_bump_fee(&coins, rate), Some(Amount::from_sat(both)));
    // Nothing is missing once a child has paid.
    pool.take(&chain, &paid).unwrap();
    let fees = pool.relatives(&coins).individual_bump_fees(&coins, rate);
    assert_eq!(fees[&coins[0]], Amount::ZERO);
    assert_eq!(pool.relatives(&coins[..2]).combined_bump_fee(&coins[..2], rate), Some(Amount::ZERO));
    // To spend what the child spends means to replace it, and then its parent lacks again.
    let fees = pool
        .relatives(&[coin(&parent, 2), coin(&paid, 0)])
        .individual_bump_fees(&[coin(&parent, 2), coin(&paid, 0)], rate);
    assert_eq!(fees[&coin(&parent, 2)], Amount::from_sat(lack));
    assert_eq!(fees[&coin(&paid, 0)], Amount::ZERO);
}

#[test]
fn what_pays_enough_does_not_pay_for_others() {
    let (chain, mut pool) = (Chain::new(), mempool());
    // At 10 satoshi for a byte, this child pays for itself, but not for its parent.
    let poor = spend(&[(outpoint(1), 100_000)], &[50_000, 49_900]);
    let child_of_poor = child(&poor, 0, 1700);
    let rich = pay(2, 1500);
    for tx in [&poor, &child_of_poor, &rich] {
        pool.take(&chain, tx).unwrap();
    }
    let rate = Rate::from_sat_per_kvb(10_000);
    let coins = [&child_of_poor, &rich].map(|tx| OutPoint::new(tx.compute_txid(), 0));
    let size = (poor.vsize() + child_of_poor.vsize()) as u64;
    let lack = Amount::from_sat(rate.fee(size) as u64 - 1800);
    assert!(lack > Amount::ZERO);
    assert_eq!(pool.relatives(&coins).combined_bump_fee(&coins, rate), Some(lack));
    let fees = pool.relatives(&coins).individual_bump_fees(&coins, rate);
    assert_eq!(coins.map(|coin| fees[&coin]), [lack, Amount::ZERO]);
}
