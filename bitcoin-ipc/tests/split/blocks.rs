//! Looking for blocks, in a chain of a few with a branch.

use bitcoin::block::{Block, Header, Version};
use bitcoin::hashes::Hash;
use bitcoin::{BlockHash, CompactTarget, TxMerkleNode};
use bitcoin_ipc::interfaces::CommonAncestor;
use bitcoin_ipc::types::{BlockLocator, FoundBlock, FoundBlockRequest};

use crate::ends::Ends;
use crate::sample::{block_hash, transaction};

/// The times of the blocks, which do not only rise.
const TIMES: [u32; 7] =
    [1_700_000_000, 1_700_000_900, 1_700_000_600, 1_700_001_500, 1_700_001_400, 1_700_002_000, 1_700_002_100];
/// The block below each. The last two are a branch.
const BELOW: [Option<usize>; 7] = [None, Some(0), Some(1), Some(2), Some(3), Some(2), Some(5)];
/// How many blocks the active chain has.
const ACTIVE: usize = 5;

/// Blocks in memory.
pub(crate) struct Tree(Vec<Block>);

impl Tree {
    pub(crate) fn new() -> Self {
        let mut blocks: Vec<Block> = Vec::new();
        for (number, time) in (1..).zip(TIMES) {
            let below =
                BELOW[blocks.len()].map_or(BlockHash::all_zeros(), |below| blocks[below].block_hash());
            let header = Header {
                version: Version::TWO,
                prev_blockhash: below,
                merkle_root: TxMerkleNode::from_byte_array([number; 32]),
                time,
                bits: CompactTarget::from_consensus(0x207f_ffff),
                nonce: number.into(),
            };
            blocks.push(Block { header, txdata: vec![transaction(number)] });
        }
        Tree(blocks)
    }

    fn hash(&self, index: usize) -> BlockHash {
        self.0[index].block_hash()
    }

    fn index(&self, hash: BlockHash) -> Option<usize> {
        self.0.iter().position(|block| block.block_hash() == hash)
    }

    /// A block and all below, from the top.
    fn line(&self, index: usize) -> Vec<usize> {
        std::iter::successors(Some(index), |index| BELOW[*index]).collect()
    }

    /// The facts that are wanted.
    fn facts(&self, index: usize, wanted: &FoundBlockRequest) -> FoundBlock {
        let line = self.line(index);
        let times = line.iter().map(|index| i64::from(TIMES[*index]));
        let mut median: Vec<i64> = times.clone().take(11).collect();
        median.sort_unstable();
        let next = Some(index + 1).filter(|next| *next < ACTIVE);
        let next = wanted
            .next_block
            .as_ref()
            .map(|wanted| Box::new(next.map_or_else(FoundBlock::default, |next| self.facts(next, wanted))));
        FoundBlock {
            hash: wanted.want_hash.then(|| self.hash(index)),
            height: if wanted.want_height { line.len() as i32 - 1 } else { 0 },
            time: if wanted.want_time { TIMES[index].into() } else { 0 },
            max_time: if wanted.want_max_time { times.max().unwrap_or(0) } else { 0 },
            mtp_time: if wanted.want_mtp_time { median[median.len() / 2] } else { 0 },
            in_active_chain: wanted.want_in_active_chain && index < ACTIVE,
            locator: wanted
                .want_locator
                .then(|| BlockLocator { hashes: line.iter().map(|index| self.hash(*index)).collect() }),
            next_block: next,
            data: wanted.want_data.then(|| self.0[index].clone()),
            found: true,
        }
    }

    pub(crate) fn find(&self, hash: BlockHash, wanted: &FoundBlockRequest) -> Option<FoundBlock> {
        self.index(hash).map(|index| self.facts(index, wanted))
    }

    pub(crate) fn first(&self, time: i64, height: i32, wanted: &FoundBlockRequest) -> Option<FoundBlock> {
        let fits = |index: &usize| i64::from(TIMES[*index]) >= time && *index as i32 >= height;
        (0..ACTIVE).find(fits).map(|index| self.facts(index, wanted))
    }

    pub(crate) fn below(
        &self,
        hash: BlockHash,
        height: i32,
        wanted: &FoundBlockRequest,
    ) -> Option<FoundBlock> {
        let line = self.line(self.index(hash)?);
        let index = line.iter().rev().nth(usize::try_from(height).ok()?)?;
        Some(self.facts(*index, wanted))
    }

    pub(crate) fn ancestor(
        &self,
        hash: BlockHash,
        ancestor: BlockHash,
        wanted: &FoundBlockRequest,
    ) -> Option<FoundBlock> {
        let ancestor = self.index(ancestor)?;
        self.line(self.index(hash)?).contains(&ancestor).then(|| self.facts(ancestor, wanted))
    }

    pub(crate) fn common(&self, hashes: [BlockHash; 2], wanted: [&FoundBlockRequest; 3]) -> CommonAncestor {
        let [first, second] = hashes.map(|hash| self.index(hash));
        let line = |index: Option<usize>| index.map(|index| self.line(index)).unwrap_or_default();
        let other = line(second);
        let common = line(first).into_iter().find(|index| other.contains(index));
        let facts = |index: Option<usize>, wanted| {
            index.map_or_else(FoundBlock::default, |index| self.facts(index, wanted))
        };
        CommonAncestor {
            ancestor: facts(common, wanted[0]),
            block1: facts(first, wanted[1]),
            block2: facts(second, wanted[2]),
            result: common.is_some(),
        }
    }
}

/// A request for every fact but the block after.
fn everything() -> FoundBlockRequest {
    FoundBlockRequest {
        want_hash: true,
        want_height: true,
        want_time: true,
        want_max_time: true,
        want_mtp_time: true,
        want_in_active_chain: true,
        want_locator: true,
        next_block: None,
        want_data: true,
    }
}

/// Requests for one fact each.
fn single() -> Vec<FoundBlockRequest> {
    let none = FoundBlockRequest::default;
    vec![
        FoundBlockRequest { want_hash: true, ..none() },
        FoundBlockRequest { want_height: true, ..none() },
        FoundBlockRequest { want_time: true, ..none() },
        FoundBlockRequest { want_max_time: true, ..none() },
        FoundBlockRequest { want_mtp_time: true, ..none() },
        FoundBlockRequest { want_in_active_chain: true, ..none() },
        FoundBlockRequest { want_locator: true, ..none() },
        FoundBlockRequest { next_block: Some(Box::new(none())), ..none() },
        FoundBlockRequest { want_data: true, ..none() },
    ]
}

pub(crate) fn each_fact_of_a_block_comes_when_it_is_wanted(ends: &Ends) {
    let (chain, tree) = (ends.chain(), Tree::new());
    for wanted in single() {
        let found = chain.find_block(tree.hash(2), &wanted).expect("an answer").expect("a block");
        assert_eq!(found, tree.facts(2, &wanted));
        assert_ne!(found, FoundBlock { found: true, ..FoundBlock::default() }, "{wanted:?} gave nothing");
    }
    let found = chain.find_block(tree.hash(2), &everything()).expect("an answer").expect("a block");
    assert_eq!(found, tree.facts(2, &everything()));
    assert_eq!((found.height, found.time), (2, 1_700_000_600));
    assert_eq!((found.max_time, found.mtp_time), (1_700_000_900, 1_700_000_600));
    assert_eq!(found.locator.expect("a locator").hashes.len(), 3);
    assert_eq!(found.data.expect("a block").txdata, [transaction(3)]);
    assert_eq!(chain.find_block(block_hash(9), &everything()), Ok(None));
}

pub(crate) fn blocks_follow_each_other_in_requests(ends: &Ends) {
    let (chain, tree) = (ends.chain(), Tree::new());
    let third = FoundBlockRequest { want_time: true, ..FoundBlockRequest::default() };
    let second = FoundBlockRequest { want_height: true, next_block: Some(Box::new(third)), ..everything() };
    let first =
        FoundBlockRequest { want_hash: true, next_block: Some(Box::new(second)), ..Default::default() };
    let found = chain.find_block(tree.hash(1), &first).expect("an answer").expect("a block");
    assert_eq!(found, tree.facts(1, &first));
    let next = found.next_block.expect("a block");
    assert_eq!((next.hash, next.height), (Some(tree.hash(2)), 2));
    let next = next.next_block.expect("a block");
    assert_eq!(*next, FoundBlock { time: 1_700_001_500, found: true, ..FoundBlock::default() });
    // The highest block has none after it, which is not the same as one that was not asked for.
    let found = chain.find_block(tree.hash(4), &first).expect("an answer").expect("a block");
    assert_eq!(found.next_block, Some(Box::default()));
}

pub(crate) fn blocks_are_found_by_time_and_below_others(ends: &Ends) {
    let (chain, tree) = (ends.chain(), Tree::new());
    let wanted = everything();
    for (time, height, index) in [(1_700_000_700, 0, 1), (1_700_000_700, 2, 3), (0, 2, 2)] {
        let found = chain.find_first_block_with_time_and_height(time, height, &wanted);
        assert_eq!(found, Ok(Some(tree.facts(index, &wanted))));
    }
    assert_eq!(chain.find_first_block_with_time_and_height(1_700_003_000, 0, &wanted), Ok(None));
    assert_eq!(chain.find_ancestor_by_height(tree.hash(6), 3, &wanted), Ok(Some(tree.facts(5, &wanted))));
    assert_eq!(chain.find_ancestor_by_height(tree.hash(6), 5, &wanted), Ok(None));
    let found = chain.find_ancestor_by_hash(tree.hash(6), tree.hash(1), &wanted);
    assert_eq!(found, Ok(Some(tree.facts(1, &wanted))));
    assert_eq!(chain.find_ancestor_by_hash(tree.hash(6), tree.hash(3), &wanted), Ok(None));
}

pub(crate) fn two_branches_have_an_ancestor_in_common(ends: &Ends) {
    let (chain, tree) = (ends.chain(), Tree::new());
    let everything = everything();
    for wanted in single() {
        // Every fact in each of the three places, with the others asked for something else.
        for place in 0..3 {
            let mut requests = [&everything; 3];
            requests[place] = &wanted;
            let [ancestor, first, second] = requests;
            let found = chain.find_common_ancestor(tree.hash(4), tree.hash(6), ancestor, first, second);
            let expected = CommonAncestor {
                ancestor: tree.facts(2, ancestor),
                block1: tree.facts(4, first),
                block2: tree.facts(6, second),
                result: true,
            };
            assert_eq!(found, Ok(expected));
        }
    }
    let found =
        chain.find_common_ancestor(tree.hash(4), block_hash(9), &everything, &everything, &everything);
    let found = found.expect("an answer");
    assert_eq!(found.block1, tree.facts(4, &everything));
    assert_eq!((found.ancestor.found, found.block2.found, found.result), (false, false, false));
}
