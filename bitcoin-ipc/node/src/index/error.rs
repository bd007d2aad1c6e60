//! What can go wrong with an index, and what to do then.
//!
//! In: failures of the database and of the chain. Out: an [`Error`] whose text says the way out.

use std::io;
use std::path::PathBuf;

use bitcoin::BlockHash;

use crate::chainstate;

/// Why an index cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The chain that the index follows cannot be read.
    #[error(transparent)]
    Chain(#[from] chainstate::Error),
    /// The database failed.
    #[error("the index: {0}: check that the disk has room and nothing else has the file open")]
    Database(redb::Error),
    /// A file cannot be made or removed.
    #[error("{}: {source}: check that the directory may be written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What the index holds is damaged, or does not fit the chain.
    #[error("the index is of no use: {0}: start again, if need be without its directory, which rebuilds it")]
    Unusable(String),
    /// An event that does not follow on the index's last block. Nothing was changed.
    #[error("block {event} does not follow on {best}, where the index ends: let it catch up with the chain")]
    OutOfOrder {
        /// The event's block.
        event: BlockHash,
        /// The index's last block.
        best: BlockHash,
    },
    /// The caller asked to stop. The index is at an earlier block than the chain.
    #[error("interrupted")]
    Interrupted,
}

/// A result with this module's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<redb::Error> for Error {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Corrupted(_)
            | redb::Error::UpgradeRequired(_)
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TypeDefinitionChanged { .. }
            | redb::Error::TableDoesNotExist(_) => Error::Unusable(error.to_string()),
            // Also what the database says of a file that was never one.
            redb::Error::Io(ref source) if source.kind() == io::ErrorKind::InvalidData => {
                Error::Unusable(error.to_string())
            }
            error => Error::Database(error),
        }
    }
}

impl From<Error> for mp_runtime::Error {
    fn from(error: Error) -> Self {
        mp_runtime::Error::failed(error.to_string())
    }
}

/// The database has an error type for each step; all of them have a place in its [`redb::Error`].
macro_rules! from_steps {
    ($($step:ident)*) => {
        $(impl From<redb::$step> for Error {
            fn from(error: redb::$step) -> Self {
                redb::Error::from(error).into()
            }
        })*
    };
}

from_steps!(DatabaseError TransactionError TableError StorageError CommitError);
