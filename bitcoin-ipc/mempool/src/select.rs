//! Which transactions go into a block.
//!
//! In: a mempool and limits. Out: transactions whose rate is best, with all that they spend from
//! before them.

use std::collections::HashSet;
use std::sync::Arc;

use bitcoin::{Amount, Transaction};
use bitcoin_ipc::types::BlockCreateOptions;

use crate::mempool::{Mempool, Package};
use crate::policy::check;
use crate::rate::Rate;

const MAX_BLOCK_WEIGHT: u64 = 4_000_000;
const MAX_BLOCK_SIGOPS_COST: u64 = 80_000;
const MIN_RESERVED_WEIGHT: u64 = 2000;
/// After so many packages that do not fit, a block that lacks less than the next number is full.
const MAX_FAILURES: u32 = 1000;
const FULL_ENOUGH: u64 = 4000;

/// Limits of a block: what a caller asks, and what the user set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectOptions {
    /// What the caller asks.
    pub create: BlockCreateOptions,
    /// The most weight of a block, with header and coinbase: `-blockmaxweight`.
    pub max_weight: u64,
    /// The lowest rate that goes into a block: `-blockmintxfee`.
    pub min_rate: Rate,
}

impl Default for SelectOptions {
    fn default() -> Self {
        SelectOptions {
            create: BlockCreateOptions::default(),
            max_weight: MAX_BLOCK_WEIGHT,
            min_rate: Rate::from_sat_per_kvb(1),
        }
    }
}

/// Limits that no block can keep to. The texts are Bitcoin Core's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Header and coinbase need more.
    #[error("block_reserved_weight ({0}) is lower than minimum safety value of (2000)")]
    ReservedTooLow(u64),
    /// More than a block may have.
    #[error("{0} ({1}) exceeds consensus maximum block weight (4000000)")]
    TooHeavy(&'static str, u64),
    /// More is kept free than there is.
    #[error("block_reserved_weight ({0}) exceeds block_max_weight ({1})")]
    ReservedAboveMax(u64, u64),
    /// More signature operations are kept free than a block may have.
    #[error(
        "coinbase_output_max_additional_sigops ({0}) exceeds consensus maximum block sigops cost (80000)"
    )]
    TooManySigops(u64),
}

impl SelectOptions {
    /// Checks that a block can keep to the limits: Bitcoin Core's `CheckMiningOptions`.
    ///
    /// # Errors
    ///
    /// It cannot.
    pub fn check(&self) -> Result<(), OptionsError> {
        let reserved = self.create.block_reserved_weight;
        let sigops = self.create.coinbase_output_max_additional_sigops;
        if reserved < MIN_RESERVED_WEIGHT {
            return Err(OptionsError::ReservedTooLow(reserved));
        }
        for (name, weight) in [("block_reserved_weight", reserved), ("block_max_weight", self.max_weight)] {
            if weight > MAX_BLOCK_WEIGHT {
                return Err(OptionsError::TooHeavy(name, weight));
            }
        }
        if reserved > self.max_weight {
            return Err(OptionsError::ReservedAboveMax(reserved, self.max_weight));
        }
        if sigops > MAX_BLOCK_SIGOPS_COST {
            return Err(OptionsError::TooManySigops(sigops));
        }
        Ok(())
    }
}

/// A transaction for a block.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The transaction.
    pub tx: Arc<Transaction>,
    /// What it pays, without what the user added.
    pub fee: Amount,
    /// Its signature operations, as blocks count them.
    pub sigops_cost: u64,
}

/// The transactions for a block.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The transactions, parents first, without a coinbase.
    pub transactions: Vec<Selected>,
    /// The sum of their fees.
    pub fees: Amount,
    /// Their weight, and what is kept free for header and coinbase.
    pub weight: u64,
    /// Their signature operations, and what is kept free for the coinbase.
    pub sigops_cost: u64,
}

impl Selection {
    /// Adds a package if it fits below the limits.
    fn add(&mut self, package: &Package<'_>, max_weight: u64) -> bool {
        let sigops: u64 = package.entries.iter().map(|entry| entry.sigops_cost).sum();
        // The adjusted weight counts, which is never less.
        let weight = self.weight.saturating_add(u64::try_from(package.size.weight).unwrap_or(u64::MAX));
        if weight >= max_weight || self.sigops_cost + sigops >= MAX_BLOCK_SIGOPS_COST {
            return false;
        }
        self.sigops_cost += sigops;
        for entry in &package.entries {
            self.weight += entry.weight;
            self.fees += entry.fee;
            let (tx, fee, sigops_cost) = (entry.tx.clone(), entry.fee, entry.sigops_cost);
            self.transactions.push(Selected { tx, fee, sigops_cost });
        }
        true
    }
}

/// Selects transactions for a block at a height above a block with a median time.
///
/// # Errors
///
/// The limits contradict each other.
pub fn select(
    mempool: &Mempool,
    options: &SelectOptions,
    height: u32,
    median_time_past: u32,
) -> Result<Selection, OptionsError> {
    options.check()?;
    let mut selection = Selection {
        weight: options.create.block_reserved_weight,
        sigops_cost: options.create.coinbase_output_max_additional_sigops,
        ..Selection::default()
    };
    if !options.create.use_mempool {
        return Ok(selection);
    }
    // Later packages of these clusters may spend from what was left out.
    let mut skipped = HashSet::new();
    let mut failures = 0;
    for package in mempool.packages() {
        if package.size.fee < options.min_rate.fee(package.size.vsize()) {
            break;
        }
        if skipped.contains(&package.cluster) {
            continue;
        }
        let is_final =
            package.entries.iter().all(|entry| check::is_final(&entry.tx, height, median_time_past));
        if is_final && selection.add(&package, options.max_weight) {
            failures = 0;
            continue;
        }
        skipped.insert(package.cluster);
        failures += 1;
        if failures > MAX_FAILURES && selection.weight + FULL_ENOUGH > options.max_weight {
            break;
        }
    }
    Ok(selection)
}
