//! Whether an index agrees with its chain.
//!
//! In: a chain and its index. Out: a panic where the index says something else than the blocks.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::Receiver;

use bitcoin::bip158::FilterHeader;
use bitcoin::hashes::{Hash, sha256d};
use bitcoin::{Amount, Block, Network, OutPoint, Transaction};
use bitcoin_ipc::types::Coin;
use bitcoin_node::chainstate::{ChainEvent, Chainstate, Verdict};
use bitcoin_node::index::{Index, Options, View};

use crate::mine::{self, REWARD};

pub(crate) const ALL: Options = Options { filters: true, txindex: true };

pub(crate) fn open_chain(directory: &Path) -> Chainstate {
    Chainstate::open(directory, Network::Regtest).unwrap()
}

pub(crate) fn open_index(directory: &Path, chain: &Chainstate) -> Index {
    Index::open(&directory.join("index"), chain, ALL, &|_, _| false).unwrap()
}

/// A chain of its own, its index, and the events between them.
pub(crate) struct Node {
    pub(crate) directory: tempfile::TempDir,
    pub(crate) chain: Chainstate,
    pub(crate) index: Index,
    pub(crate) events: Receiver<ChainEvent>,
}

impl Node {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let chain = open_chain(directory.path());
        let index = open_index(directory.path(), &chain);
        let events = chain.subscribe();
        Node { directory, chain, index, events }
    }

    pub(crate) fn follow(&self) {
        let events: Vec<_> = self.events.try_iter().collect();
        self.index.apply(&events).unwrap();
        assert_eq!(self.index.best(), self.chain.tip().unwrap());
    }

    pub(crate) fn mine(&self, branch: i64, fees: u64, rest: &[Transaction]) -> Block {
        let tip = self.chain.tip().unwrap();
        let block = mine::block(tip.hash, tip.height + 1, branch, REWARD + fees, rest);
        assert_eq!(self.chain.process_block(&block).unwrap(), Verdict::Valid);
        block
    }

    pub(crate) fn grow(&self, count: u32, branch: i64) -> Vec<Block> {
        (0..count).map(|_| self.mine(branch, 0, &[])).collect()
    }

    /// Puts a heavier branch on a block; the last block makes it the active one.
    pub(crate) fn fork(&self, from: u32, count: u32, branch: i64) -> Vec<Block> {
        let mut parent = self.chain.hash_at(from).unwrap();
        let block = |height| {
            let block = mine::block(parent, height, branch, REWARD, &[]);
            parent = block.block_hash();
            self.chain.process_block(&block).unwrap();
            block
        };
        let blocks = (from + 1..=from + count).map(block).collect();
        assert_eq!(self.chain.tip().unwrap().hash, parent);
        blocks
    }

    /// Everything that the index says agrees with the blocks of the chain, read one by one.
    pub(crate) fn check(&self) {
        check(&self.chain, &self.index);
    }
}

/// The coins of a chain, by its blocks alone.
pub(crate) fn coins(chain: &Chainstate) -> BTreeMap<OutPoint, Coin> {
    let mut coins = BTreeMap::new();
    for height in 1..=chain.tip().unwrap().height {
        let block = chain.block(chain.hash_at(height).unwrap()).unwrap().unwrap();
        for (position, transaction) in block.txdata.iter().enumerate() {
            for input in transaction.input.iter().filter(|_| position > 0) {
                coins.remove(&input.previous_output).unwrap();
            }
            for (vout, output) in (0..).zip(&transaction.output) {
                let script = output.script_pubkey.as_bytes();
                if script.first() != Some(&0x6a) && script.len() <= 10_000 {
                    let coin = Coin { output: output.clone(), height, coinbase: position == 0 };
                    coins.insert(OutPoint::new(transaction.compute_txid(), vout), coin);
                }
            }
        }
    }
    coins
}

pub(crate) fn all(index: &Index) -> BTreeMap<OutPoint, Coin> {
    all_of(&index.view().unwrap())
}

pub(crate) fn all_of(view: &View) -> BTreeMap<OutPoint, Coin> {
    let mut coins = BTreeMap::new();
    let give = |outpoint, coin| {
        assert_eq!(coins.insert(outpoint, coin), None);
        ControlFlow::Continue(())
    };
    view.for_each_coin(give).unwrap();
    coins
}

pub(crate) fn check(chain: &Chainstate, index: &Index) {
    let tip = chain.tip().unwrap();
    assert_eq!(index.best(), tip);
    let expected = coins(chain);
    assert_eq!(all(index), expected);
    for (outpoint, coin) in &expected {
        assert_eq!(index.coin(outpoint).unwrap().as_ref(), Some(coin));
    }
    let totals = index.totals().unwrap();
    let amount: Amount = expected.values().map(|coin| coin.output.value).sum();
    let scripts: usize = expected.values().map(|coin| coin.output.script_pubkey.len()).sum();
    assert_eq!((totals.outputs, totals.amount), (expected.len() as u64, amount));
    assert_eq!(totals.bogosize, (50 * expected.len() + scripts) as u64);

    let view = index.view().unwrap();
    let mut header = [0; 32];
    let mut chain_tx_count = 0;
    for height in 0..=tip.height {
        let hash = chain.hash_at(height).unwrap();
        assert_eq!(view.hash_at(height).unwrap(), Some(hash));
        let block = chain.block(hash).unwrap().unwrap();
        let facts = view.block(hash).unwrap().unwrap();
        chain_tx_count += block.txdata.len() as u64;
        assert_eq!((facts.height, facts.tx_count as usize), (height, block.txdata.len()));
        assert_eq!(facts.chain_tx_count, chain_tx_count);
        assert_eq!(facts.size as usize, bitcoin::consensus::serialize(&block).len());
        assert_eq!(u64::from(facts.weight), block.weight().to_wu());
        let bare = |transaction: &Transaction| transaction.base_size();
        let count_length = if block.txdata.len() < 253 { 1 } else { 3 };
        let stripped = 80 + count_length + block.txdata.iter().map(bare).sum::<usize>();
        assert_eq!(facts.stripped_size() as usize, stripped);
        let reward: Amount = block.txdata[0].output.iter().map(|output| output.value).sum();
        assert_eq!(facts.fees, reward - Amount::from_sat(REWARD));
        assert_eq!(Some(facts.chain_work), chain.chain_work(hash).unwrap());
        for transaction in block.txdata.iter().filter(|_| height > 0) {
            assert_eq!(view.transaction(transaction.compute_txid()).unwrap(), Some(hash));
        }

        let filter = view.filter(hash).unwrap().unwrap();
        // BIP 157, by hand.
        let filter_hash = sha256d::Hash::hash(&filter.content).to_byte_array();
        header = sha256d::Hash::hash(&[filter_hash, header].concat()).to_byte_array();
        assert_eq!(view.filter_header(hash).unwrap(), Some(FilterHeader::from_byte_array(header)));
    }
    assert_eq!(view.hash_at(tip.height + 1).unwrap(), None);
}

/// The same index made anew from the chain.
pub(crate) fn check_against_rebuilt(chain: &Chainstate, index: &Index) {
    let directory = tempfile::tempdir().unwrap();
    let rebuilt = open_index(directory.path(), chain);
    assert_eq!(all(index), all(&rebuilt));
    assert_eq!(index.totals().unwrap(), rebuilt.totals().unwrap());
    check(chain, &rebuilt);
}

/// A chain of 101 blocks, and the first coin that can be spent.
pub(crate) fn matured() -> (Node, Vec<Block>) {
    let node = Node::new();
    let blocks = node.grow(101, 0);
    node.follow();
    (node, blocks)
}
