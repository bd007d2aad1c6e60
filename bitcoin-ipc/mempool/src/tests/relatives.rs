//! Transactions that hang together.

use super::*;

#[test]
fn ancestors_and_descendants_with_their_sums() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let top = spend(&[(outpoint(1), 100_000)], &[40_000, 50_000]);
    let left = child(&top, 0, 1000);
    let right = child(&top, 1, 2000);
    let inputs =
        [(OutPoint::new(left.compute_txid(), 0), 39_000), (OutPoint::new(right.compute_txid(), 0), 48_000)];
    let bottom = spend(&inputs, &[80_000]);
    for tx in [&top, &left, &right, &bottom] {
        let has_parents = pool.take(&chain, tx).unwrap().entry.has_parents;
        assert_eq!(has_parents, tx != &top);
    }
    let ids = |entries: Vec<&Entry>| {
        let mut ids: Vec<_> = entries.iter().map(|entry| entry.txid).collect();
        ids.sort();
        ids
    };
    let sorted = |txs: &[&Transaction]| {
        let mut ids: Vec<_> = txs.iter().map(|tx| tx.compute_txid()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids(pool.ancestors(&bottom.compute_txid())), sorted(&[&top, &left, &right]));
    assert_eq!(ids(pool.descendants(&top.compute_txid())), sorted(&[&left, &right, &bottom]));
    assert_eq!(ids(pool.children(&top.compute_txid())), sorted(&[&left, &right]));
    assert_eq!(ids(pool.parents(&bottom)), sorted(&[&left, &right]));
    assert_eq!(ids(pool.cluster(&left.compute_txid())), sorted(&[&top, &left, &right, &bottom]));
    let totals = pool.ancestor_totals(&left.compute_txid());
    assert_eq!((totals.count, totals.fees.to_sat()), (2, 11_000));
    assert_eq!(totals.vsize, (top.vsize() + left.vsize()) as u64);
    assert_eq!(pool.descendant_totals(&top.compute_txid()).count, 4);
    assert_eq!(pool.ancestor_totals(&outpoint(9).txid), Totals::default());
    let order: Vec<_> = pool.entries().iter().map(|entry| entry.txid).collect();
    let place = |tx: &Transaction| order.iter().position(|txid| *txid == tx.compute_txid()).unwrap();
    assert!(place(&top) < place(&left).min(place(&right)));
    assert!(place(&bottom) == 3);
    let coin = pool.coin(&chain, &OutPoint::new(bottom.compute_txid(), 0)).unwrap().unwrap();
    assert_eq!((coin.height, coin.output.value.to_sat()), (MEMPOOL_HEIGHT, 80_000));
}

#[test]
fn a_cluster_has_at_most_64_transactions() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let mut last = pay(1, 100);
    pool.take(&chain, &last).unwrap();
    for _ in 1..64 {
        last = child(&last, 0, 100);
        pool.take(&chain, &last).unwrap();
    }
    let next = child(&last, 0, 100);
    assert!(!pool.keeps_cluster_limits(&next) && pool.keeps_cluster_limits(&pay(2, 100)));
    assert_eq!(pool.reason(&chain, &next), "too-large-cluster");
    // What ties two clusters together counts all of them.
    let other = pay(2, 100);
    pool.take(&chain, &other).unwrap();
    let inputs =
        [(OutPoint::new(last.compute_txid(), 0), 93_600), (OutPoint::new(other.compute_txid(), 0), 99_900)];
    assert_eq!(pool.reason(&chain, &spend(&inputs, &[190_000])), "too-large-cluster");
}

#[test]
fn a_cluster_has_at_most_101_thousand_virtual_bytes() {
    let (mut chain, mut pool) = (Chain::new(), mempool());
    chain.add(outpoint(220), 10_000_000, script(), false);
    let coin = (outpoint(220), 10_000_000);
    let large = spend(&[coin], &[3000; 3000]);
    pool.take(&chain, &large).unwrap();
    let next = (OutPoint::new(large.compute_txid(), 0), 3000);
    let data = |bytes: usize| {
        let mut tx = unsigned(&[next], &[1000]);
        let push = bitcoin::script::PushBytesBuf::try_from(vec![0; bytes]).unwrap();
        tx.output[0] = TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::new_op_return(push) };
        sign(tx, &[next])
    };
    let left = 101_000 - large.vsize();
    assert_eq!(pool.reason(&chain, &data(left)), "too-large-cluster");
    pool.take(&chain, &data(left - 200)).unwrap();
}

#[test]
fn replaceability_is_signalled_by_a_transaction_or_its_ancestors() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let mut signals = unsigned(&[(outpoint(1), 100_000)], &[99_000]);
    signals.input[0].sequence = Sequence::ENABLE_RBF_NO_LOCKTIME;
    let signals = sign(signals, &[(outpoint(1), 100_000)]);
    let heir = child(&signals, 0, 1000);
    let silent = pay(2, 1000);
    assert_eq!(pool.is_rbf_opt_in(&signals), RbfTransactionState::ReplaceableBip125);
    assert_eq!(pool.is_rbf_opt_in(&heir), RbfTransactionState::Unknown);
    for tx in [&signals, &heir, &silent] {
        pool.take(&chain, tx).unwrap();
    }
    assert_eq!(pool.is_rbf_opt_in(&heir), RbfTransactionState::ReplaceableBip125);
    assert_eq!(pool.is_rbf_opt_in(&silent), RbfTransactionState::Final);
}

#[test]
fn a_mempool_comes_back_from_its_records() {
    let (mut chain, mut pool) = (Chain::new(), mempool());
    let parent = pay(1, 1000);
    let txs = [parent.clone(), child(&parent, 0, 9000), pay(2, 500), pay(3, 500)];
    for tx in &txs {
        pool.take(&chain, tx).unwrap();
    }
    let later = NOW + 1000;
    pool.accept(&chain, Arc::new(pay(4, 500)), at(later)).unwrap();
    pool.prioritise(txs[2].compute_txid(), 7);
    pool.prioritise(outpoint(9).txid, -3);
    let records = pool.records();
    // One is spent in the meantime.
    chain.coins.remove(&outpoint(3));
    let mut new = mempool();
    let changes = new.restore(&chain, records.clone(), later);
    assert!(new.holds(&[&txs[0], &txs[1], &txs[2], &pay(4, 500)]));
    assert_eq!(changes.len(), 4);
    assert_eq!(new.get(&txs[1].compute_txid()).unwrap().time, NOW);
    assert_eq!(new.get(&txs[2].compute_txid()).unwrap().modified_fee.to_sat(), 507);
    assert_eq!(new.deltas(), pool.deltas());
    // After two weeks only the last one is not expired.
    let mut late = mempool();
    late.restore(&chain, records, NOW + 336 * 3600);
    assert!(late.holds(&[&pay(4, 500)]));
}
