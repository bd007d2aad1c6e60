//! Blocks that come and go.

use bitcoin::block::{Header, Version};
use bitcoin::{Block, BlockHash, CompactTarget, TxMerkleNode};

use super::*;

fn block(txs: &[&Transaction]) -> Block {
    let coinbase = unsigned(&[(OutPoint::null(), 0)], &[5_000_000_000]);
    let header = Header {
        version: Version::TWO,
        prev_blockhash: BlockHash::all_zeros(),
        merkle_root: TxMerkleNode::all_zeros(),
        time: 0,
        bits: CompactTarget::from_consensus(0),
        nonce: 0,
    };
    Block { header, txdata: std::iter::once(coinbase).chain(txs.iter().map(|tx| (*tx).clone())).collect() }
}

impl Chain {
    fn connect(&mut self, block: &Block) {
        self.height += 1;
        for tx in &block.txdata {
            for input in &tx.input {
                self.coins.remove(&input.previous_output);
            }
            for (index, output) in (0..).zip(&tx.output) {
                let coin = Coin { output: output.clone(), height: self.height, coinbase: tx.is_coinbase() };
                self.coins.insert(OutPoint::new(tx.compute_txid(), index), coin);
            }
        }
    }
}

#[test]
fn a_block_takes_its_transactions_and_their_conflicts_out() {
    let (chain, mut pool) = (Chain::new(), mempool());
    let mined = pay(1, 1000);
    let heir = child(&mined, 0, 1000);
    let loser = pay(2, 1000);
    let losers_child = child(&loser, 0, 1000);
    for tx in [&mined, &heir, &loser, &losers_child] {
        pool.take(&chain, tx).unwrap();
    }
    pool.prioritise(mined.compute_txid(), 5);
    let removed = pool.block_connected(&block(&[&mined, &pay(2, 2000)]), NOW);
    let short: Vec<_> = removed.iter().map(|gone| (gone.reason, gone.entry.txid, gone.sequence)).collect();
    use MempoolRemovalReason::{Block, Conflict};
    let expected = [(Block, &mined, 5), (Conflict, &loser, 5), (Conflict, &losers_child, 6)];
    assert_eq!(short, expected.map(|(reason, tx, sequence)| (reason, tx.compute_txid(), sequence)));
    assert!(pool.holds(&[&heir]) && pool.deltas().is_empty());
    assert!(pool.ancestors(&heir.compute_txid()).is_empty());
}

#[test]
fn transactions_of_a_lost_block_come_back_below_their_children() {
    let before = Chain::new();
    let (mut chain, mut pool) = (Chain::new(), mempool());
    // The free one would not be taken on its own.
    let (first, free, last) = (pay(1, 1000), pay(2, 0), pay(3, 1000));
    let lost = block(&[&first, &free, &last]);
    chain.connect(&lost);
    pool.block_connected(&lost, NOW);
    let heir = child(&first, 0, 1000);
    let heir_of_last = child(&last, 0, 1000);
    for tx in [&heir, &heir_of_last] {
        pool.take(&chain, tx).unwrap();
    }
    assert!(pool.block_disconnected(&lost).is_empty());
    // The other branch has one of them.
    let other = block(&[&last]);
    pool.block_connected(&other, NOW);
    let mut chain = Chain { coins: before.coins, height: before.height };
    chain.connect(&other);
    let changes = pool.after_reorg(&chain, NOW).unwrap();
    assert_eq!(told(&changes), [(None, first.compute_txid()), (None, free.compute_txid())]);
    assert!(pool.holds(&[&first, &free, &heir, &heir_of_last]));
    assert_eq!(pool.ancestors(&heir.compute_txid())[0].txid, first.compute_txid());
    assert_eq!(pool.get(&first.compute_txid()).unwrap().sequence, 0);
    assert!(pool.after_reorg(&chain, NOW).unwrap().is_empty());
}

#[test]
fn what_is_invalid_after_a_reorganisation_leaves() {
    let (mut chain, mut pool) = (Chain::new(), mempool());
    chain.coins.get_mut(&outpoint(1)).unwrap().coinbase = true;
    chain.coins.get_mut(&outpoint(1)).unwrap().height = 901;
    let young = pay(1, 1000);
    let below = child(&young, 0, 1000);
    let mut locked = unsigned(&[(outpoint(2), 100_000)], &[99_000]);
    locked.lock_time = absolute::LockTime::from_consensus(1000);
    locked.input[0].sequence = Sequence::ZERO;
    let locked = sign(locked, &[(outpoint(2), 100_000)]);
    let mut relative = unsigned(&[(outpoint(3), 100_000)], &[99_000]);
    relative.input[0].sequence = Sequence(501);
    let relative = sign(relative, &[(outpoint(3), 100_000)]);
    let lost = block(&[]);
    let heir = spend(&[(OutPoint::new(lost.txdata[0].compute_txid(), 0), 5_000_000_000)], &[4_000_000_000]);
    let fine = pay(4, 1000);
    for tx in [&young, &below, &locked, &relative, &fine] {
        pool.take(&chain, tx).unwrap();
    }
    // As if the coinbase had been old enough: it is gone with its block.
    chain.add(heir.input[0].previous_output, 5_000_000_000, script(), false);
    pool.take(&chain, &heir).unwrap();
    chain.coins.remove(&heir.input[0].previous_output);
    chain.height -= 1;
    pool.block_disconnected(&lost);
    let changes = pool.after_reorg(&chain, NOW).unwrap();
    assert!(told(&changes).iter().all(|(reason, _)| *reason == Some(MempoolRemovalReason::Reorg)));
    assert_eq!(changes.len(), 5);
    assert!(pool.holds(&[&fine]));
}

#[test]
fn a_cluster_that_a_reorganisation_makes_too_large_is_cut() {
    let before = Chain::new();
    let (mut chain, mut pool) = (Chain::new(), mempool());
    let root = spend(&[(outpoint(1), 100_000)], &[1000; 90]);
    let lost = block(&[&root]);
    chain.connect(&lost);
    pool.block_connected(&lost, NOW);
    for index in 0..90 {
        pool.take(&chain, &child(&root, index, 100 + u64::from(index))).unwrap();
    }
    pool.block_disconnected(&lost);
    let changes = pool.after_reorg(&before, NOW).unwrap();
    assert_eq!(told(&changes)[0], (None, root.compute_txid()));
    assert_eq!((changes.len(), pool.len()), (1 + 27, 64));
    assert!(pool.get(&child(&root, 89, 189).compute_txid()).is_some(), "the best stay");
    assert!(pool.get(&child(&root, 0, 100).compute_txid()).is_none());
}
