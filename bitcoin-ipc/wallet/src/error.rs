//! What can go wrong in a wallet.
//!
//! In: failures of the file, the node, and wishes that cannot be met. Out: [`Error`], with a kind that
//! RPC turns into Bitcoin Core's codes.

use bdk_wallet::rusqlite;

/// Why something did not work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The wallet's file cannot be read or written.
    #[error("the wallet's database: {0}")]
    Database(#[from] rusqlite::Error),
    /// The file of a wallet cannot be used: it is in use, damaged, or of something else.
    #[error("{0}")]
    File(String),
    /// A folder or file of the system.
    #[error("{path}: {source}")]
    Io {
        /// Which one.
        path: String,
        /// What happened.
        source: std::io::Error,
    },
    /// The node does not answer, or answers with an error.
    #[error("the node: {0}")]
    Node(bitcoin_ipc::Error),
    /// There are not enough coins.
    #[error("Insufficient funds")]
    InsufficientFunds,
    /// The wallet is encrypted and locked.
    #[error("Please enter the wallet passphrase with walletpassphrase first.")]
    Locked,
    /// The wallet is not encrypted, or already is.
    #[error("{0}")]
    EncryptionState(String),
    /// There is no such wallet, or it is not loaded (any more).
    #[error("{0}")]
    NotFound(String),
    /// The wallet is loaded, or its place is taken.
    #[error("{0}")]
    AlreadyThere(String),
    /// An address, a key, a descriptor or a number that cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// Something that this wallet does not do.
    #[error("{0}")]
    Unsupported(String),
    /// A search of the chain was aborted. It goes on when the wallet is loaded again.
    #[error("Rescan aborted by user.")]
    Aborted,
    /// The node does not have a block that is to be searched.
    #[error("Rescan failed. Potentially corrupted data files or pruned blocks: the node lacks block {0}")]
    Unreadable(bitcoin::BlockHash),
    /// Blocks could not be read that may have coins of an imported descriptor.
    #[error("{0}")]
    Unsearched(String),
    /// A wish that the wallet cannot meet, in words for the user.
    #[error("{0}")]
    Refused(String),
    /// A descriptor that the wallet has cannot become what an import says.
    #[error("Could not add descriptor: {0}")]
    Update(String),
    /// The node refuses a transaction, for this reason.
    #[error("The node refused the transaction: {0}")]
    Rejected(String),
    /// A replacement that cannot be, with all reasons.
    #[error("{}", .0.join("; "))]
    Bump(Vec<String>),
}

/// A result of this package.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<bitcoin_ipc::Error> for Error {
    fn from(error: bitcoin_ipc::Error) -> Self {
        Error::Node(error)
    }
}

impl From<Error> for bitcoin_ipc::Error {
    /// Keeps the node's error as it is, so that a lost node is a lost node for the caller as well.
    fn from(error: Error) -> Self {
        match error {
            Error::Node(error) => error,
            other => bitcoin_ipc::Error::failed(other.to_string()),
        }
    }
}

impl Error {
    /// A failure of the system at a path.
    pub(crate) fn io(path: &std::path::Path, source: std::io::Error) -> Self {
        Error::Io { path: path.display().to_string(), source }
    }
}
