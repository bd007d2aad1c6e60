//! Blocks outside the active chain.
//!
//! In: what became of blocks, and blocks that left the chain. Out: those that are in it no more or never
//! were, with how far they came.
//!
//! The kernel has no list of all blocks, so only those are known that came since the start.

use std::sync::Mutex;

use bitcoin::BlockHash;

use super::lock;
use crate::chainstate::{RejectKind, Verdict};

/// Blocks that are remembered; of more the oldest are forgotten.
const MOST: usize = 1000;

/// How far a block outside the active chain came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BranchStatus {
    /// It breaks a rule.
    Invalid,
    /// Its header is known; no block came with it, or another one's.
    HeadersOnly,
    /// It is stored, but has not been checked to the end: its branch never had the most work.
    ValidHeaders,
    /// It was in the active chain.
    ValidFork,
}

impl BranchStatus {
    /// The name that `getchaintips` has for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            BranchStatus::Invalid => "invalid",
            BranchStatus::HeadersOnly => "headers-only",
            BranchStatus::ValidHeaders => "valid-headers",
            BranchStatus::ValidFork => "valid-fork",
        }
    }

    /// What a verdict means for a block whose header is stored; none for one of the active chain, and
    /// for one that changes nothing.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        match verdict {
            Verdict::Valid | Verdict::Duplicate => None,
            Verdict::Inconclusive => Some(BranchStatus::ValidHeaders),
            Verdict::Invalid(why) if why.kind == RejectKind::Mutated => Some(BranchStatus::HeadersOnly),
            Verdict::Invalid(_) => Some(BranchStatus::Invalid),
        }
    }
}

/// The blocks, the oldest first.
#[derive(Debug, Default)]
pub(super) struct Branches(Mutex<Vec<(BlockHash, BranchStatus)>>);

impl Branches {
    pub(super) fn note(&self, hash: BlockHash, status: BranchStatus) {
        let mut known = lock(&self.0);
        known.retain(|(other, _)| *other != hash);
        known.push((hash, status));
        if known.len() > MOST {
            known.remove(0);
        }
    }

    pub(super) fn all(&self) -> Vec<(BlockHash, BranchStatus)> {
        lock(&self.0).clone()
    }
}
