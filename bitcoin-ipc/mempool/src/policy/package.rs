//! The form of a package: transactions that are judged together.
//!
//! In: transactions. Out: whether they can be a package at all, and of which form, without a look at
//! the mempool or the chain: Bitcoin Core's `policy/packages`.

use std::collections::HashSet;
use std::sync::Arc;

use bitcoin::{OutPoint, Transaction, Txid};

/// Transactions of a package: Bitcoin Core's `MAX_PACKAGE_COUNT`.
pub const MAX_COUNT: usize = 25;
/// Weight units of a package: Bitcoin Core's `MAX_PACKAGE_WEIGHT`.
const MAX_WEIGHT: u64 = 404_000;

fn spends(tx: &Transaction, txids: &HashSet<Txid>) -> bool {
    tx.input.iter().any(|input| txids.contains(&input.previous_output.txid))
}

fn txids(txs: &[Arc<Transaction>]) -> HashSet<Txid> {
    txs.iter().map(|tx| tx.compute_txid()).collect()
}

/// Whether parents come before their children.
fn is_sorted(txs: &[Arc<Transaction>]) -> bool {
    let mut later = txids(txs);
    txs.iter().all(|tx| !spends(tx, &later) && later.remove(&tx.compute_txid()))
}

/// Whether no two transactions spend the same. What one of them spends twice is its own mistake.
fn is_consistent(txs: &[Arc<Transaction>]) -> bool {
    let mut spent: HashSet<OutPoint> = HashSet::new();
    txs.iter().all(|tx| {
        let inputs: Vec<_> = tx.input.iter().map(|input| input.previous_output).collect();
        let fresh = !inputs.is_empty() && inputs.iter().all(|input| !spent.contains(input));
        spent.extend(inputs);
        fresh
    })
}

/// Checks what holds for every package: Bitcoin Core's `IsWellFormedPackage`.
///
/// # Errors
///
/// Bitcoin Core's word for the rule that it breaks.
pub fn check(txs: &[Arc<Transaction>]) -> Result<(), &'static str> {
    if txs.len() > MAX_COUNT {
        return Err("package-too-many-transactions");
    }
    let weight: u64 = txs.iter().map(|tx| tx.weight().to_wu()).sum();
    if txs.len() > 1 && weight > MAX_WEIGHT {
        return Err("package-too-large");
    }
    if txids(txs).len() != txs.len() {
        return Err("package-contains-duplicates");
    }
    if !is_sorted(txs) {
        return Err("package-not-sorted");
    }
    if !is_consistent(txs) {
        return Err("conflict-in-package");
    }
    Ok(())
}

/// Whether the last transaction spends from each of the others, and there are others.
#[must_use]
pub fn is_child_with_parents(txs: &[Arc<Transaction>]) -> bool {
    let Some((child, parents)) = txs.split_last() else { return false };
    let spent: HashSet<_> = child.input.iter().map(|input| input.previous_output.txid).collect();
    !parents.is_empty() && parents.iter().all(|parent| spent.contains(&parent.compute_txid()))
}

/// Whether the last transaction spends from each of the others, and none of these from another.
#[must_use]
pub fn is_child_with_parents_tree(txs: &[Arc<Transaction>]) -> bool {
    let Some((_, parents)) = txs.split_last() else { return false };
    let others = txids(parents);
    is_child_with_parents(txs) && parents.iter().all(|parent| !spends(parent, &others))
}
