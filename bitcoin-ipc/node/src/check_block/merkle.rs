//! Merkle trees of blocks.
//!
//! In: the ids of a block's transactions. Out: the root, and the path from the coinbase to it.

use bitcoin::hashes::Hash;
use bitcoin::{Transaction, TxMerkleNode};

/// The lowest level of a block's tree.
pub(crate) fn leaves<'a>(transactions: impl IntoIterator<Item = &'a Transaction>) -> Vec<TxMerkleNode> {
    let leaf = |tx: &Transaction| TxMerkleNode::from_raw_hash(tx.compute_txid().to_raw_hash());
    transactions.into_iter().map(leaf).collect()
}

/// Goes up the tree, and shows each level below the root.
fn climb(mut level: Vec<TxMerkleNode>, mut show: impl FnMut(&[TxMerkleNode])) -> Option<TxMerkleNode> {
    while level.len() > 1 {
        show(&level);
        // A node without a neighbour is its own.
        let parent = |pair: &[TxMerkleNode]| {
            let (left, right) = (pair.first()?, pair.last()?);
            Some(TxMerkleNode::hash(&[left.to_byte_array(), right.to_byte_array()].concat()))
        };
        level = level.chunks(2).filter_map(parent).collect();
    }
    level.first().copied()
}

/// The root, and whether two equal neighbours stand somewhere: then another list of transactions has
/// the same root (CVE-2012-2459).
pub(crate) fn root(leaves: Vec<TxMerkleNode>) -> (Option<TxMerkleNode>, bool) {
    let mut mutated = false;
    let root =
        climb(leaves, |level| mutated |= level.chunks_exact(2).any(|pair| pair.first() == pair.last()));
    (root, mutated)
}

/// The nodes beside the way from the first leaf to the root, from below.
pub(crate) fn path(leaves: Vec<TxMerkleNode>) -> Vec<TxMerkleNode> {
    let mut path = Vec::new();
    climb(leaves, |level| path.extend(level.get(1)));
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(number: u8) -> TxMerkleNode {
        TxMerkleNode::from_byte_array([number; 32])
    }

    #[test]
    fn roots_are_the_librarys_and_paths_lead_to_them() {
        assert_eq!(root(Vec::new()), (None, false));
        for count in 1..20 {
            let leaves: Vec<_> = (0..count).map(leaf).collect();
            let expected = bitcoin::merkle_tree::calculate_root(leaves.iter().copied());
            assert_eq!(root(leaves.clone()), (expected, false));
            let climbed = path(leaves).iter().fold(leaf(0), |node, beside| {
                TxMerkleNode::hash(&[node.to_byte_array(), beside.to_byte_array()].concat())
            });
            assert_eq!(Some(climbed), expected);
        }
    }

    #[test]
    fn a_repeated_end_is_noticed_at_any_level() {
        for (short, long) in
            [(vec![0, 1, 2], vec![0, 1, 2, 2]), (vec![0, 1, 2, 3, 4, 5], vec![0, 1, 2, 3, 4, 5, 4, 5])]
        {
            let root = |numbers: &[u8]| root(numbers.iter().map(|number| leaf(*number)).collect());
            assert_eq!(root(&short).0, root(&long).0);
            assert_eq!((root(&short).1, root(&long).1), (false, true));
        }
    }
}
