//! What can go wrong with a chain, and what to do then.
//!
//! In: failures of files and of the kernel. Out: an [`Error`] whose text says the way out.

use std::io;
use std::path::PathBuf;

use bitcoin::{BlockHash, Network};

/// Why a chain cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process, or this one, has the directory open.
    #[error(
        "Cannot obtain a lock on directory {}. It is in use by {holder}: stop that one, or choose another \
         directory with -datadir",
        directory.display()
    )]
    InUse {
        /// The directory.
        directory: PathBuf,
        /// Who holds it: `process 17`, or what else is known.
        holder: String,
    },
    /// The directory is another program's, and was left as it is.
    #[error("{0}")]
    NotOurs(String),
    /// The directory belongs to another network.
    #[error("{} holds blocks of {found}, not of {wanted}: choose another directory", directory.display())]
    OtherNetwork {
        /// The directory.
        directory: PathBuf,
        /// The network in the directory.
        found: String,
        /// The network asked for.
        wanted: Network,
    },
    /// The directory's name is not UTF-8, which the kernel wants.
    #[error("{} is not a UTF-8 path: rename the directory", .0.display())]
    Name(PathBuf),
    /// A file of the directory cannot be read or written.
    #[error("{}: {source}: check that the disk has room and the directory may be written", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The kernel refuses to open the directory.
    #[error("the kernel cannot open the chain: {0}: start again, which rebuilds it from its blocks")]
    Open(String),
    /// A block is known by its header, but its data or undo data cannot be read.
    #[error("block {0} is not on disk, or cannot be read: fetch it from a peer")]
    NotStored(BlockHash),
    /// The kernel gave bytes that do not parse.
    #[error("the kernel gave a malformed {0}: report this as a bug")]
    Malformed(&'static str),
    /// The kernel could not go on.
    #[error("the kernel stopped: {0}: check the disk, then restart")]
    Fatal(String),
}

/// A result with this module's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Error> for mp_runtime::Error {
    fn from(error: Error) -> Self {
        mp_runtime::Error::failed(error.to_string())
    }
}
