//! A chain in memory.
//!
//! In: blocks on top and off again. Out: the coins that are there, as a mempool asks for them.

use std::collections::{HashMap, HashSet};

use bitcoin::block::{Header, Version};
use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxMerkleNode,
    TxOut, Txid, Witness, absolute, transaction,
};
use bitcoin_ipc::types::Coin;
use bitcoin_mempool::{View, ViewError};

const FIRST_COINS: u8 = 12;

/// A script of a key's hash.
pub fn script() -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&bitcoin::WPubkeyHash::from_byte_array([7; 20]))
}

pub struct Chain {
    pub coins: HashMap<OutPoint, Coin>,
    pub height: u32,
    /// Blocks that can be taken off, with the coins of before.
    blocks: Vec<(Block, HashMap<OutPoint, Coin>)>,
    /// Blocks made so far: no two have one coinbase.
    made: u32,
}

impl View for Chain {
    fn coin(&self, outpoint: &OutPoint) -> Result<Option<Coin>, ViewError> {
        Ok(self.coins.get(outpoint).cloned())
    }

    fn height(&self) -> u32 {
        self.height
    }

    fn median_time_past_at(&self, height: u32) -> Result<u32, ViewError> {
        Ok(1_700_000_000 + 600 * height)
    }
}

impl Chain {
    /// A chain with a dozen coins of 100,000 satoshi.
    pub fn new() -> Self {
        let coin = |number: u8| {
            let output = TxOut { value: Amount::from_sat(100_000), script_pubkey: script() };
            let outpoint = OutPoint::new(Txid::from_byte_array([number; 32]), 0);
            (outpoint, Coin { output, height: 500, coinbase: false })
        };
        Chain { coins: (0..FIRST_COINS).map(coin).collect(), height: 1000, blocks: Vec::new(), made: 0 }
    }

    /// A block of these transactions; of those that conflict with earlier ones, or whose coins are not there, none.
    pub fn block(&mut self, txs: &[Transaction]) -> Block {
        let mut coins: HashSet<OutPoint> = self.coins.keys().copied().collect();
        self.made += 1;
        let coinbase = Transaction {
            version: transaction::Version::TWO,
            lock_time: absolute::LockTime::from_consensus(self.made),
            input: vec![TxIn {
                previous_output: OutPoint::null(),
                script_sig: ScriptBuf::from_bytes(vec![0; 2]),
                sequence: Sequence::MAX,
                witness: Witness::new(),
            }],
            output: vec![TxOut { value: Amount::from_sat(50_000), script_pubkey: script() }],
        };
        let mut txdata = vec![coinbase];
        for tx in txs {
            if tx.input.iter().all(|input| coins.contains(&input.previous_output)) {
                for input in &tx.input {
                    coins.remove(&input.previous_output);
                }
                let outputs = (0..).take(tx.output.len());
                coins.extend(outputs.map(|index| OutPoint::new(tx.compute_txid(), index)));
                txdata.push(tx.clone());
            }
        }
        let header = Header {
            version: Version::TWO,
            prev_blockhash: BlockHash::all_zeros(),
            merkle_root: TxMerkleNode::all_zeros(),
            time: 0,
            bits: CompactTarget::from_consensus(0),
            nonce: 0,
        };
        Block { header, txdata }
    }

    pub fn connect(&mut self, block: &Block) {
        self.blocks.push((block.clone(), self.coins.clone()));
        self.height += 1;
        for tx in &block.txdata {
            for input in &tx.input {
                self.coins.remove(&input.previous_output);
            }
            for (output, index) in tx.output.iter().zip(0..) {
                let coin = Coin { output: output.clone(), height: self.height, coinbase: tx.is_coinbase() };
                self.coins.insert(OutPoint::new(tx.compute_txid(), index), coin);
            }
        }
    }

    /// Takes the last block off.
    pub fn disconnect(&mut self) -> Option<Block> {
        let (block, coins) = self.blocks.pop()?;
        self.coins = coins;
        self.height -= 1;
        Some(block)
    }
}
