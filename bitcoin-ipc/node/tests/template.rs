//! Blocks that are assembled from a mempool, and the kernel's word on them.
//!
//! In: a regtest chain and transactions. Out: blocks that the kernel connects.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

#[allow(dead_code, reason = "assembled blocks take the place of its own")]
mod mine;

use std::collections::HashMap;
use std::sync::Arc;

use bitcoin::hashes::Hash;
use bitcoin::key::{CompressedPublicKey, Keypair};
use bitcoin::secp256k1::{Message, Secp256k1, SecretKey};
use bitcoin::sighash::{EcdsaSighashType, SighashCache};
use bitcoin::{Amount, Block, Network, OutPoint, ScriptBuf, Transaction, Witness};
use bitcoin_ipc::types::Coin;
use bitcoin_node::chainstate::{Chainstate, Verdict};
use bitcoin_node::mempool::{AcceptOptions, Mempool, MempoolOptions, View, ViewError};
use bitcoin_node::scripts::KernelScripts;
use bitcoin_node::template::{NextBlock, SelectOptions, next_bits, select};

/// The kernel's chain, with the coins of blocks beside it.
struct Chain<'a> {
    chain: &'a Chainstate,
    coins: HashMap<OutPoint, Coin>,
}

impl View for Chain<'_> {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        Ok(self.coins.get(outpoint).cloned())
    }

    fn height(&self) -> u32 {
        self.chain.tip().unwrap().height
    }

    fn median_time_past_at(&self, height: u32) -> Result<u32, ViewError> {
        let hash = self.chain.hash_at(height).ok_or("no such height")?;
        Ok(self.chain.median_time_past(hash)?.ok_or("no such block")?)
    }
}

impl Chain<'_> {
    fn connect(&mut self, block: &Block) {
        assert_eq!(self.chain.process_block(block).unwrap(), Verdict::Valid);
        let height = self.height();
        for tx in &block.txdata {
            for input in &tx.input {
                self.coins.remove(&input.previous_output);
            }
            for (index, output) in (0..).zip(&tx.output) {
                let coin = Coin { output: output.clone(), height, coinbase: tx.is_coinbase() };
                self.coins.insert(OutPoint::new(tx.compute_txid(), index), coin);
            }
        }
    }

    /// A block of the mempool's best transactions that pays to a script.
    fn assemble(&self, pool: &Mempool, now: u64, pay_to: ScriptBuf) -> Block {
        let tip = self.chain.tip().unwrap();
        let header = |height| self.chain.header(self.chain.hash_at(height).unwrap()).map(Option::unwrap);
        let next = NextBlock {
            network: Network::Regtest,
            parent: tip.hash,
            parent_time: header(tip.height).unwrap().time,
            median_time_past: self.median_time_past().unwrap(),
            height: tip.height + 1,
            version: bitcoin::block::Version::from_consensus(0x2000_0000),
        };
        let selection = select(pool, &SelectOptions::default(), next.height, next.median_time_past).unwrap();
        let time = next.time(now);
        let bits = next_bits(Network::Regtest, tip.height, time, header).unwrap();
        let mut block = next.assemble(&selection, time, bits, pay_to).block;
        block.header.merkle_root = block.compute_merkle_root().unwrap();
        mine::grind(&mut block, true);
        block
    }
}

/// Spends the first output of a transaction, which pays to the key's hash, to the same.
fn spend(key: &Keypair, from: &Transaction, fee: u64) -> Transaction {
    let mut tx = mine::spend(from, fee);
    let script = from.output[0].script_pubkey.clone();
    tx.output[0].script_pubkey = script.clone();
    let mut cache = SighashCache::new(&tx);
    let all = EcdsaSighashType::All;
    let hash = cache.p2wpkh_signature_hash(0, &script, from.output[0].value, all).unwrap();
    let signature = Secp256k1::new().sign_ecdsa(&Message::from(hash), &key.secret_key());
    tx.input[0].witness =
        Witness::p2wpkh(&bitcoin::ecdsa::Signature { signature, sighash_type: all }, &key.public_key());
    tx
}

#[test]
fn assembled_blocks_are_valid_from_the_first_on() {
    let directory = tempfile::tempdir().unwrap();
    let chain = Chainstate::open(directory.path(), Network::Regtest).unwrap();
    let mut chain = Chain { chain: &chain, coins: HashMap::new() };
    let key = Keypair::from_secret_key(&Secp256k1::new(), &SecretKey::from_slice(&[9; 32]).unwrap());
    let script = ScriptBuf::new_p2wpkh(&CompressedPublicKey(key.public_key()).wpubkey_hash());
    let mut pool = Mempool::new(MempoolOptions::default(), Arc::new(KernelScripts));
    // Far behind: the times are those that the rules allow at least.
    let mut first = None;
    for _ in 0..100 {
        let block = chain.assemble(&pool, 0, script.clone());
        chain.connect(&block);
        first.get_or_insert(block.txdata[0].clone());
    }
    let coinbase = first.unwrap();
    let options = AcceptOptions { now: 1_800_000_000, ..AcceptOptions::default() };
    let parent = spend(&key, &coinbase, 1000);
    let child = spend(&key, &parent, 20_000);
    for tx in [&parent, &child] {
        let accepted = pool.accept(&chain, Arc::new(tx.clone()), options).unwrap();
        assert_eq!(accepted.entry.sigops_cost, 1);
    }
    let block = chain.assemble(&pool, 1_600_000_000, script.clone());
    assert_eq!(block.header.time, 1_600_000_000);
    assert_eq!(block.txdata[1..], [parent.clone(), child.clone()]);
    assert_eq!(block.txdata[0].output[0].value, Amount::from_sat(mine::REWARD + 21_000));
    chain.connect(&block);
    assert_eq!(pool.block_connected(&block, 1_800_000_000).len(), 2);
    assert!(pool.is_empty());
    let rejected = pool.accept(&chain, Arc::new(child), options).unwrap_err();
    assert_eq!(rejected.reason, "txn-already-known");
    let empty = chain.assemble(&pool, 1_600_000_000, script);
    assert_eq!(empty.txdata.len(), 1);
    assert_ne!(empty.header.merkle_root.to_byte_array(), [0; 32]);
    chain.connect(&empty);
}
