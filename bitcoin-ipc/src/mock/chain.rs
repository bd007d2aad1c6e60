//! The chain and the mempool of a node in memory.
//!
//! In: blocks, transactions. Out: drafts of blocks, and why a block is refused, with the words of
//! Bitcoin Core's `BlockValidationState`. Checked are the proof of work, the merkle root, the place
//! in the chain, the time, and what the coinbase has to be like; not scripts and coins.

use std::collections::HashSet;
use std::time::{SystemTime, UNIX_EPOCH};

use bitcoin::constants::genesis_block;
use bitcoin::hashes::Hash;
use bitcoin::script::Builder;
use bitcoin::{
    Amount, Block, BlockHash, Network, ScriptBuf, Transaction, TxMerkleNode, TxOut, Txid, WitnessCommitment,
    Wtxid, block,
};

use crate::types::{BlockCheckOptions, BlockCreateOptions, BlockRef, CoinbaseTx, Reject};

/// The reward halves after so many blocks on regtest.
const HALVING: u32 = 150;
/// What the reserved value of a witness commitment is (BIP 141).
const RESERVED: [u8; 32] = [0; 32];
/// How the script of a witness commitment begins (BIP 141).
const COMMITMENT: [u8; 6] = [0x6a, 0x24, 0xaa, 0x21, 0xa9, 0xed];

pub(super) struct Chain {
    blocks: Vec<Block>,
    /// The hashes of all blocks.
    known: HashSet<BlockHash>,
    tip: BlockHash,
    mempool: Vec<(Transaction, Amount)>,
}

/// A block that lacks its coinbase and its proof of work.
#[derive(Clone)]
pub(super) struct Draft {
    height: u32,
    pub(super) header: block::Header,
    pub(super) transactions: Vec<(Transaction, Amount)>,
}

fn reject(reason: &str, debug: impl Into<String>) -> Reject {
    Reject { reason: reason.into(), debug: debug.into() }
}

impl Chain {
    pub(super) fn new() -> Self {
        let first = genesis_block(Network::Regtest);
        let tip = first.block_hash();
        Chain { blocks: vec![first], known: HashSet::from([tip]), tip, mempool: Vec::new() }
    }

    pub(super) fn height(&self) -> usize {
        self.blocks.len() - 1
    }

    pub(super) fn tip(&self) -> BlockRef {
        BlockRef { hash: self.tip, height: i32::try_from(self.height()).unwrap_or(i32::MAX) }
    }

    pub(super) fn block(&self, height: usize) -> Option<&Block> {
        self.blocks.get(height)
    }

    pub(super) fn mempool_size(&self) -> usize {
        self.mempool.len()
    }

    pub(super) fn add_transaction(&mut self, tx: Transaction, fee: Amount) {
        self.mempool.push((tx, fee));
    }

    pub(super) fn by_txid(&self, txid: Txid) -> Option<Transaction> {
        self.mempool.iter().find(|(tx, _)| tx.compute_txid() == txid).map(|(tx, _)| tx.clone())
    }

    pub(super) fn by_wtxid(&self, wtxid: Wtxid) -> Option<Transaction> {
        self.mempool.iter().find(|(tx, _)| tx.compute_wtxid() == wtxid).map(|(tx, _)| tx.clone())
    }

    /// The fees of all transactions of the mempool.
    pub(super) fn fees(&self) -> Amount {
        self.mempool.iter().map(|(_, fee)| *fee).sum()
    }

    /// The median of the last eleven times (BIP 113).
    fn median_time(&self) -> u32 {
        let mut times: Vec<u32> = self.blocks.iter().rev().take(11).map(|block| block.header.time).collect();
        times.sort_unstable();
        times[times.len() / 2]
    }

    pub(super) fn draft(&self, options: &BlockCreateOptions) -> Draft {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        let now = u32::try_from(now).unwrap_or(u32::MAX);
        Draft {
            height: u32::try_from(self.blocks.len()).unwrap_or(u32::MAX),
            header: block::Header {
                version: block::Version::from_consensus(0x2000_0000),
                prev_blockhash: self.tip().hash,
                merkle_root: TxMerkleNode::all_zeros(),
                time: now.max(self.median_time() + 1),
                bits: self.blocks[0].header.bits,
                nonce: 0,
            },
            transactions: if options.use_mempool { self.mempool.clone() } else { Vec::new() },
        }
    }

    /// What is wrong with a block that is to be the next one.
    pub(super) fn check(&self, block: &Block, options: &BlockCheckOptions) -> Result<(), Reject> {
        if block.header.prev_blockhash != self.tip().hash {
            return Err(reject("inconclusive-not-best-prevblk", ""));
        }
        let limit = self.blocks[0].header.target();
        let target = block.header.target();
        if options.check_pow && (target > limit || block.header.validate_pow(target).is_err()) {
            return Err(reject("high-hash", "proof of work failed"));
        }
        if options.check_merkle_root && !block.check_merkle_root() {
            return Err(reject("bad-txnmrklroot", "hashMerkleRoot mismatch"));
        }
        let Some((coinbase, others)) = block.txdata.split_first() else {
            return Err(reject("bad-blk-length", "size limits failed"));
        };
        if !coinbase.is_coinbase() {
            return Err(reject("bad-cb-missing", "first tx is not coinbase"));
        }
        if target != limit {
            return Err(reject("bad-diffbits", "incorrect proof of work"));
        }
        if block.header.time <= self.median_time() {
            return Err(reject("time-too-old", "block's timestamp is too early"));
        }
        let height = u32::try_from(self.blocks.len()).unwrap_or(u32::MAX);
        if !coinbase.input[0].script_sig.as_bytes().starts_with(height_push(height).as_bytes()) {
            return Err(reject("bad-cb-height", "block height mismatch in coinbase"));
        }
        let witness = others.iter().any(|tx| tx.input.iter().any(|input| !input.witness.is_empty()));
        let committed =
            coinbase.output.iter().any(|out| out.script_pubkey.as_bytes().starts_with(&COMMITMENT));
        // Without any witness a commitment is optional (BIP 141).
        if (witness || committed) && !block.check_witness_commitment() {
            return Err(reject("bad-witness-merkle-match", "witness merkle commitment mismatch"));
        }
        let fees = others.iter().filter_map(|tx| self.fee(tx)).sum::<Amount>();
        let paid: Amount = coinbase.output.iter().map(|output| output.value).sum();
        if paid > subsidy(height) + fees {
            return Err(reject("bad-cb-amount", "coinbase pays too much"));
        }
        Ok(())
    }

    fn fee(&self, tx: &Transaction) -> Option<Amount> {
        self.mempool.iter().find(|(known, _)| known == tx).map(|(_, fee)| *fee)
    }

    pub(super) fn accept(&mut self, block: Block) -> Result<(), Reject> {
        let hash = block.block_hash();
        if self.known.contains(&hash) {
            return Err(reject("duplicate", ""));
        }
        if !self.known.contains(&block.header.prev_blockhash) {
            return Err(reject("prev-blk-not-found", ""));
        }
        self.check(&block, &BlockCheckOptions::default())?;
        self.known.insert(hash);
        self.tip = hash;
        self.mempool.retain(|(tx, _)| !block.txdata.contains(tx));
        self.blocks.push(block);
        Ok(())
    }
}

fn subsidy(height: u32) -> Amount {
    let halvings = height / HALVING;
    if halvings >= 64 { Amount::ZERO } else { Amount::from_sat((50 * 100_000_000) >> halvings) }
}

/// What the script of a coinbase's input begins with (BIP 34).
fn height_push(height: u32) -> ScriptBuf {
    let script = Builder::new().push_int(i64::from(height)).into_script();
    if script.len() < 2 { Builder::from(script.into_bytes()).push_int(0).into_script() } else { script }
}

impl Draft {
    fn fees(&self) -> Amount {
        self.transactions.iter().map(|(_, fee)| *fee).sum()
    }

    fn commitment(&self) -> TxOut {
        let mut ids = vec![Wtxid::all_zeros()];
        ids.extend(self.transactions.iter().map(|(tx, _)| tx.compute_wtxid()));
        let root = bitcoin::merkle_tree::calculate_root(ids.into_iter().map(|id| id.to_raw_hash()));
        let root = root.map_or(RESERVED, |root| root.to_byte_array());
        let commitment = WitnessCommitment::hash(&[root, RESERVED].concat());
        let script = [COMMITMENT.as_slice(), &commitment.to_byte_array()].concat();
        TxOut { value: Amount::ZERO, script_pubkey: ScriptBuf::from_bytes(script) }
    }

    /// What the coinbase has to be like.
    pub(super) fn requirements(&self) -> CoinbaseTx {
        CoinbaseTx {
            version: 2,
            sequence: 0xffff_fffe,
            script_sig_prefix: height_push(self.height),
            witness: Some(RESERVED.to_vec()),
            block_reward_remaining: subsidy(self.height) + self.fees(),
            required_outputs: vec![self.commitment()],
            lock_time: self.height - 1,
        }
    }

    /// A coinbase that anybody can spend.
    pub(super) fn coinbase(&self) -> Transaction {
        let anybody = Builder::new().push_int(1).into_script();
        self.requirements().transaction(&[0], anybody)
    }

    /// The block with a coinbase, without its merkle root.
    pub(super) fn block(&self, coinbase: Transaction) -> Block {
        let others = self.transactions.iter().map(|(tx, _)| tx.clone());
        Block { header: self.header, txdata: std::iter::once(coinbase).chain(others).collect() }
    }

    /// The block with a coinbase and its merkle root.
    pub(super) fn rooted(&self, coinbase: Transaction) -> Block {
        let mut block = self.block(coinbase);
        block.header.merkle_root = block.compute_merkle_root().unwrap_or(TxMerkleNode::all_zeros());
        block
    }

    /// The block with a coinbase and its proof of work, which takes two attempts on regtest.
    pub(super) fn mined(&self, coinbase: Transaction) -> Block {
        let mut block = self.rooted(coinbase);
        while block.header.validate_pow(block.header.target()).is_err() {
            block.header.nonce += 1;
        }
        block
    }

    /// The nodes beside the way from the coinbase to the root, from below.
    pub(super) fn merkle_path(&self) -> Vec<TxMerkleNode> {
        let mut path = Vec::new();
        let mut level: Vec<TxMerkleNode> = std::iter::once(TxMerkleNode::all_zeros())
            .chain(self.transactions.iter().map(|(tx, _)| tx.compute_txid().to_raw_hash().into()))
            .collect();
        while level.len() > 1 {
            if level.len() % 2 == 1 {
                level.extend(level.last().copied());
            }
            path.push(level[1]);
            level = level
                .chunks(2)
                .map(|pair| TxMerkleNode::hash(&[pair[0].to_byte_array(), pair[1].to_byte_array()].concat()))
                .collect();
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::{TxIn, absolute, transaction};

    use bitcoin::CompactTarget;

    use super::*;

    fn transaction(lock_time: u32) -> Transaction {
        Transaction {
            version: transaction::Version::TWO,
            lock_time: absolute::LockTime::from_consensus(lock_time),
            input: vec![TxIn::default()],
            output: vec![TxOut { value: Amount::from_sat(1), script_pubkey: ScriptBuf::new() }],
        }
    }

    #[test]
    fn the_merkle_path_leads_to_the_root() {
        for count in 0..6 {
            let mut chain = Chain::new();
            (0..count).for_each(|number| chain.add_transaction(transaction(number), Amount::from_sat(10)));
            let draft = chain.draft(&BlockCreateOptions::default());
            let block = draft.mined(draft.coinbase());
            let start: TxMerkleNode = block.txdata[0].compute_txid().to_raw_hash().into();
            let root = draft.merkle_path().into_iter().fold(start, |node, beside| {
                TxMerkleNode::hash(&[node.to_byte_array(), beside.to_byte_array()].concat())
            });
            assert_eq!(root, block.header.merkle_root);
            assert_eq!(chain.accept(block), Ok(()));
            assert_eq!(chain.mempool_size(), 0);
        }
    }

    #[test]
    fn bad_blocks_are_refused_with_cores_words() {
        let mut chain = Chain::new();
        let draft = chain.draft(&BlockCreateOptions::default());
        let good = draft.mined(draft.coinbase());
        let reason = |result: Result<(), Reject>| result.expect_err("a reason").reason;
        let mut changed = good.clone();
        changed.txdata[0].output[0].value = Amount::from_sat(1);
        assert_eq!(reason(chain.accept(changed)), "bad-txnmrklroot");
        let mut greedy = draft.coinbase();
        greedy.output[0].value += Amount::from_sat(1);
        assert_eq!(reason(chain.accept(draft.mined(greedy))), "bad-cb-amount");
        let mut easier = draft.clone();
        easier.header.bits = CompactTarget::from_consensus(0x2100_ffff);
        assert_eq!(reason(chain.accept(easier.mined(easier.coinbase()))), "high-hash");
        let mut harder = draft.clone();
        harder.header.bits = CompactTarget::from_consensus(0x203f_ffff);
        assert_eq!(reason(chain.accept(harder.mined(harder.coinbase()))), "bad-diffbits");
        let mut empty = good.clone();
        empty.txdata.clear();
        assert_eq!(reason(chain.accept(empty)), "bad-txnmrklroot");
        let mut old = draft.clone();
        old.header.time = 1;
        assert_eq!(reason(chain.accept(old.mined(old.coinbase()))), "time-too-old");
        assert_eq!(chain.accept(good.clone()), Ok(()));
        assert_eq!(
            chain.check(&good, &BlockCheckOptions::default()),
            Err(reject("inconclusive-not-best-prevblk", ""))
        );
        assert_eq!(reason(chain.accept(good)), "duplicate");
    }
}
