//! Why a transaction is not taken.
//!
//! In: a rule that was broken. Out: a [`Rejected`] in Bitcoin Core's words.

use std::fmt;

use crate::entry::Change;
use crate::view::ViewError;

/// A transaction was refused.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Rejected {
    /// The kind of rule that it broke.
    pub kind: RejectKind,
    /// Bitcoin Core's reject reason, such as `txn-already-in-mempool`.
    pub reason: String,
    /// Bitcoin Core's longer words; often empty.
    pub details: String,
    /// What changed all the same: transactions that were replaced or evicted before this one turned
    /// out to have no room. Empty unless the reason is `mempool full`.
    pub changes: Vec<Change>,
}

/// The kind of rule that a transaction broke: Bitcoin Core's `TxValidationResult`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectKind {
    /// A consensus rule.
    Consensus,
    /// The inputs are not standard.
    InputsNotStandard,
    /// The transaction is not standard.
    NotStandard,
    /// An input is spent or unknown.
    MissingInputs,
    /// A lock, or a coinbase that is too young.
    PrematureSpend,
    /// The witness may have been changed by others.
    WitnessMutated,
    /// The witness was cut off.
    WitnessStripped,
    /// It, or one with its id, is there already or in the chain.
    Conflict,
    /// A rule of the mempool.
    MempoolPolicy,
    /// Its fee, which other transactions could make up for.
    Reconsiderable,
    /// The chain could not be read: nothing is said of the transaction.
    Unread,
}

impl Rejected {
    pub(crate) fn new(kind: RejectKind, reason: impl Into<String>, details: impl Into<String>) -> Self {
        Rejected { kind, reason: reason.into(), details: details.into(), changes: Vec::new() }
    }

    /// A refusal without more words.
    pub(crate) fn plain(kind: RejectKind, reason: &str) -> Self {
        Rejected::new(kind, reason, "")
    }
}

impl From<ViewError> for Rejected {
    fn from(error: ViewError) -> Self {
        Rejected::new(RejectKind::Unread, "the chain cannot be read", error.to_string())
    }
}

impl fmt::Display for Rejected {
    /// Reason, comma, details, as Bitcoin Core's `ValidationState::ToString`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        if !self.details.is_empty() {
            write!(f, ", {}", self.details)?;
        }
        Ok(())
    }
}

impl std::error::Error for Rejected {}
