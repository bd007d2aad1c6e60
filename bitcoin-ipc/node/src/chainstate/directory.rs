//! A directory with one owner, which knows how it was left.
//!
//! In: a path and a network. Out: its lock, whether the last owner closed in order, and a
//! [`Marker`] for this one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bitcoin::Network;
use bitcoin_init::lock::{DirectoryLock, LockError};
use bitcoin_init::origin::{self, CHAIN_FILE, NETWORK_FILE};
use bitcoin_init::owner;

use super::error::{Error, Result};
use super::events::KernelNotifications;

/// Writes the file that says that the kernel has flushed, when it is dropped after the kernel.
pub(super) struct Marker {
    path: PathBuf,
    notifications: Arc<KernelNotifications>,
    /// Whether a kernel was opened since, and nothing was written yet.
    armed: bool,
}

pub(super) fn file_error(path: &Path) -> impl FnOnce(io::Error) -> Error + '_ {
    |source| Error::File { path: path.to_owned(), source }
}

/// Takes the lock of a directory, which is made if it is missing, unless it is another program's.
pub(super) fn lock(directory: &Path) -> Result<DirectoryLock> {
    origin::check_network_dir(directory).map_err(|error| Error::NotOurs(error.text().to_owned()))?;
    DirectoryLock::take(directory, ".lock").map_err(|error| match error {
        LockError::Held { holder } => Error::InUse { directory: directory.to_owned(), holder },
        LockError::File { path, source } => Error::File { path, source },
        other => Error::File { path: directory.to_owned(), source: io::Error::other(other) },
    })
}

/// Checks that the directory and its blocks are of this network, or new; a new directory is given the network.
pub(super) fn check_network(directory: &Path, network: Network) -> Result<()> {
    check_file(directory, CHAIN_FILE, network, false)?;
    check_file(directory, NETWORK_FILE, network, true)
}

/// Gives the blocks the network, once there are some.
pub(super) fn mark_blocks(directory: &Path, network: Network) -> Result<()> {
    check_file(directory, CHAIN_FILE, network, true)
}

/// Checks that a file names this network, and makes it where it is missing and wanted.
fn check_file(directory: &Path, name: &str, network: Network, wanted: bool) -> Result<()> {
    let path = directory.join(name);
    let write = || {
        let mut file = owner::create(&path)?;
        writeln!(file, "{network}")?;
        file.sync_all()
    };
    match fs::read_to_string(&path) {
        Ok(text) if text.trim() == network.to_string() => {
            owner::restrict_path(&path).map_err(file_error(&path))
        }
        // A crash may have left the file empty.
        Ok(text) if !text.trim().is_empty() => Err(Error::OtherNetwork {
            directory: directory.to_owned(),
            found: text.trim().to_owned(),
            wanted: network,
        }),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(&path)(error)),
        Ok(_) | Err(_) if wanted => write().map_err(file_error(&path)),
        Ok(_) | Err(_) => Ok(()),
    }
}

impl Marker {
    /// Takes the marker of the last owner away, and says whether there was one, or nothing yet to
    /// mark.
    ///
    /// The removal is on disk before this returns: a crash after it is seen.
    pub(super) fn lift(directory: &Path, notifications: Arc<KernelNotifications>) -> Result<(Self, bool)> {
        let path = directory.join("clean");
        let new = !directory.join("blocks").exists();
        let marked = match fs::remove_file(&path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(file_error(&path)(error)),
        };
        File::open(directory).and_then(|file| file.sync_all()).map_err(file_error(directory))?;
        Ok((Marker { path, notifications, armed: false }, new || marked))
    }

    /// From now on dropping writes the marker: the kernel is open.
    pub(super) fn arm(&mut self) {
        self.armed = true;
    }

    /// Writes the marker once, unless the kernel said that it could not flush.
    pub(super) fn write(&mut self) -> Result<()> {
        if !std::mem::take(&mut self.armed) {
            return Ok(());
        }
        self.notifications.healthy()?;
        let write = || {
            let mut file = owner::create(&self.path)?;
            writeln!(file, "closed in order")?;
            file.sync_all()
        };
        write().map_err(file_error(&self.path))
    }
}

impl Drop for Marker {
    fn drop(&mut self) {
        if let Err(error) = self.write() {
            tracing::error!(target: "node", "The chain is rebuilt at the next start: {error}");
        }
    }
}
