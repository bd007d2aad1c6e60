//! What became of a transaction or a package.
//!
//! In: what was found. Out: an [`Accepted`] for one transaction; for a package a [`PackageVerdict`] with an
//! [`Outcome`] for each, and a [`PackageRefused`] if not all was taken, in Bitcoin Core's words.

use std::collections::HashMap;
use std::fmt;

use bitcoin::{Amount, Transaction, Txid, Wtxid};

use crate::entry::{Change, Entry};
use crate::rate::Rate;
use crate::reject::{RejectKind, Rejected};

/// A transaction that was taken, or would be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Accepted {
    /// What it became.
    pub entry: Entry,
    /// What it replaces.
    pub replaced: Vec<Txid>,
    /// What changed, in order: those that it replaced or that had to go leave, then it comes. Empty
    /// when it was only tested.
    pub changes: Vec<Change>,
}

/// What became of one transaction of a package: Bitcoin Core's `MempoolAcceptResult`.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was taken, or would be.
    Taken {
        /// Its size in virtual bytes, as [`Entry::vsize`].
        vsize: u64,
        /// What it pays.
        fee: Amount,
        /// The rate by which it was judged.
        rate: Rate,
        /// The transactions whose fees and sizes make up that rate.
        together: Vec<Wtxid>,
        /// What it replaces. What a package replaces stands with its first transaction.
        replaced: Vec<Txid>,
    },
    /// It was there before.
    Present {
        /// Its size in virtual bytes, as [`Entry::vsize`].
        vsize: u64,
        /// What it pays.
        fee: Amount,
    },
    /// One with the same id and this witness was there before, and stays.
    OtherWitness(Wtxid),
    /// It was refused.
    Refused(Rejected),
}

/// Why not all of a package was taken: Bitcoin Core's `PackageValidationState`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackageRefused {
    /// Whether the package as such breaks a rule; otherwise a transaction of it does.
    pub by_policy: bool,
    /// Bitcoin Core's word for it, such as `package-not-sorted`.
    pub reason: String,
    /// Bitcoin Core's longer words; often empty.
    pub details: String,
}

impl PackageRefused {
    pub(super) fn policy(reason: impl Into<String>, details: impl Into<String>) -> Self {
        PackageRefused { by_policy: true, reason: reason.into(), details: details.into() }
    }

    pub(super) fn transaction(reason: &str) -> Self {
        PackageRefused { by_policy: false, reason: reason.to_owned(), details: String::new() }
    }
}

impl fmt::Display for PackageRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        if self.details.is_empty() { Ok(()) } else { write!(f, ", {}", self.details) }
    }
}

/// What became of a package.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct PackageVerdict {
    /// Why not all of it was taken; `None` when all of it is in the mempool, or would be.
    pub refused: Option<PackageRefused>,
    /// What became of each transaction. Empty when the package was refused before any was looked at;
    /// a test leaves out those that it did not come to.
    pub outcomes: HashMap<Wtxid, Outcome>,
    /// What changed, in order, also when the package as a whole was refused.
    pub changes: Vec<Change>,
}

impl PackageVerdict {
    pub(super) fn refused(refused: PackageRefused, outcome: Option<(Wtxid, Rejected)>) -> Self {
        let outcomes = outcome.map(|(wtxid, rejected)| (wtxid, Outcome::Refused(rejected)));
        let outcomes = outcomes.into_iter().collect();
        PackageVerdict { refused: Some(refused), outcomes, changes: Vec::new() }
    }

    /// One transaction of it breaks a rule.
    pub(super) fn failed(wtxid: Wtxid, rejected: Rejected) -> Self {
        Self::refused(PackageRefused::transaction("transaction failed"), Some((wtxid, rejected)))
    }

    /// The verdict on one transaction by itself.
    #[must_use]
    pub fn of_one(tx: &Transaction, result: Result<Accepted, Rejected>) -> Self {
        match result {
            Ok(Accepted { entry, replaced, changes }) => {
                let outcome = taken(&entry, own_rate(&entry), vec![entry.wtxid], replaced);
                PackageVerdict { refused: None, outcomes: [(entry.wtxid, outcome)].into(), changes }
            }
            Err(rejected) => Self::failed(tx.compute_wtxid(), rejected),
        }
    }

    /// Why the chain could not be read, if that is why a transaction was refused.
    #[must_use]
    pub fn unread(&self) -> Option<&str> {
        self.outcomes.values().find_map(|outcome| match outcome {
            Outcome::Refused(rejected) if rejected.kind == RejectKind::Unread => Some(&*rejected.details),
            _ => None,
        })
    }
}

pub(super) fn taken(entry: &Entry, rate: Rate, together: Vec<Wtxid>, replaced: Vec<Txid>) -> Outcome {
    Outcome::Taken { vsize: entry.vsize, fee: entry.fee, rate, together, replaced }
}

/// The rate of a transaction by itself.
pub(super) fn own_rate(entry: &Entry) -> Rate {
    Rate::of(entry.modified_fee.to_sat(), entry.vsize)
}
