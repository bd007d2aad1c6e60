//! What the kernel says of a block.
//!
//! In: the kernel's kinds of failure, and the texts of its log. Out: a [`Verdict`].

use bitcoinkernel::{BlockValidationResult, ValidationMode};

/// What became of a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The block is valid, and was connected to the active chain.
    Valid,
    /// The block was there already; whether it is valid was said the first time.
    Duplicate,
    /// The block is stored, but not checked to the end: its branch has not the most work.
    /// Bitcoin Core's `submitblock` says `inconclusive`.
    Inconclusive,
    /// The block is invalid, or its parent is unknown.
    Invalid(Reject),
}

/// Why a block was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Bitcoin Core's reject reason, such as `high-hash` or `bad-cb-amount`; where the kernel does
    /// not give it, a phrase for the kind.
    pub reason: String,
    /// Bitcoin Core's longer words, such as `proof of work failed`; often empty.
    pub details: String,
    /// The kind of rule that the block broke.
    pub kind: RejectKind,
}

/// How far ahead of the clock a block may be, in seconds: Bitcoin Core's `MAX_FUTURE_BLOCK_TIME`.
pub(crate) const MAX_FUTURE_BLOCK_TIME: u64 = 2 * 60 * 60;

impl Reject {
    /// For a block further ahead of the clock than [`MAX_FUTURE_BLOCK_TIME`].
    pub(crate) fn time_too_new() -> Self {
        Reject {
            reason: "time-too-new".to_owned(),
            details: "block timestamp too far in the future".to_owned(),
            kind: RejectKind::TimeFuture,
        }
    }
}

/// The kind of rule that a block broke: Bitcoin Core's `BlockValidationResult`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectKind {
    /// The bytes are not a block.
    Malformed,
    /// A consensus rule.
    Consensus,
    /// The block was found invalid before.
    CachedInvalid,
    /// The proof of work, the time or the version of the header.
    InvalidHeader,
    /// Data that does not belong to the header: another block of this hash may be valid.
    Mutated,
    /// The parent is unknown.
    MissingParent,
    /// The parent is invalid.
    InvalidParent,
    /// The time is more than two hours ahead.
    TimeFuture,
    /// A chain of headers with too little work.
    LowWork,
    /// The kernel gave no kind.
    Unknown,
}

impl RejectKind {
    /// A phrase for blocks of which nothing more is known.
    fn phrase(self) -> &'static str {
        match self {
            RejectKind::Malformed => "block-malformed",
            RejectKind::Consensus => "consensus rule broken",
            RejectKind::CachedInvalid => "duplicate-invalid",
            RejectKind::InvalidHeader => "invalid header",
            RejectKind::Mutated => "block data does not match its header",
            RejectKind::MissingParent => "prev-blk-not-found",
            RejectKind::InvalidParent => "bad-prevblk",
            RejectKind::TimeFuture => "time-too-new",
            RejectKind::LowWork => "too-little-chainwork",
            RejectKind::Unknown => "rejected",
        }
    }

    fn of(result: BlockValidationResult) -> Self {
        match result {
            BlockValidationResult::Unset => RejectKind::Unknown,
            BlockValidationResult::Consensus => RejectKind::Consensus,
            BlockValidationResult::CachedInvalid => RejectKind::CachedInvalid,
            BlockValidationResult::InvalidHeader => RejectKind::InvalidHeader,
            BlockValidationResult::Mutated => RejectKind::Mutated,
            BlockValidationResult::MissingPrev => RejectKind::MissingParent,
            BlockValidationResult::InvalidPrev => RejectKind::InvalidParent,
            BlockValidationResult::TimeFuture => RejectKind::TimeFuture,
            BlockValidationResult::HeaderLowWork => RejectKind::LowWork,
        }
    }
}

impl Reject {
    /// From the kind, and from what the log says: a reason, or a reason, a comma and details.
    pub(super) fn new(kind: RejectKind, text: Option<&str>) -> Self {
        let text = text.filter(|text| !text.is_empty()).unwrap_or_else(|| kind.phrase());
        let (reason, details) = text.split_once(", ").unwrap_or((text, ""));
        Reject { reason: reason.to_owned(), details: details.to_owned(), kind }
    }
}

/// What the kernel's check of one block said, before the log is asked for the reason.
#[derive(Clone, Copy, Debug)]
pub(super) enum Checked {
    Valid,
    Invalid(RejectKind),
    /// The disk or the memory failed, not the block.
    Failed,
}

impl Checked {
    pub(super) fn new(mode: ValidationMode, result: BlockValidationResult) -> Self {
        match mode {
            ValidationMode::Valid => Checked::Valid,
            ValidationMode::Invalid => Checked::Invalid(RejectKind::of(result)),
            ValidationMode::InternalError => Checked::Failed,
        }
    }
}
