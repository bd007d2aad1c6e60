//! The folder of all wallets.
//!
//! In: names. Out: a folder each, below the folder of all.

use std::path::{Path, PathBuf};

use bitcoin_init::lock::{DirectoryLock, LockError};
use bitcoin_init::origin::{CORE_WALLET_FILE, WALLET_LOCK};
use bitcoin_init::owner;

use crate::storage::{FILE, put_in_place, remove_database, sync_folder};
use crate::{Error, Result};

/// The folder of a wallet.
///
/// # Errors
///
/// The name is no path in its shortest form, or leads out of the folder of all wallets.
pub(super) fn folder(all: &Path, name: &str) -> Result<PathBuf> {
    let invalid = |text: &str| Err(Error::Invalid(format!("Wallet file verification failed. {text}")));
    if !is_normal(name) {
        return invalid("Wallet name given as a path must be normalized");
    }
    if name.split('/').next().is_some_and(|first| matches!(first, "." | "..")) {
        return invalid(
            "Wallet name given as a relative path cannot begin with ./ or ../, for wallets not in the walletdir, \
             please use an absolute path.",
        );
    }
    match name {
        "" => Ok(all.to_owned()),
        "/" => invalid("Wallet name cannot be the root path"),
        _ if name.starts_with('/') || name.contains('\0') => {
            invalid(&format!("\"{name}\" is no name of a wallet: it has to be below the folder of wallets"))
        }
        _ => Ok(all.join(name)),
    }
}

/// Whether a path says the same in no shorter way, as C++'s `lexically_normal` would.
fn is_normal(path: &str) -> bool {
    let mut named = path.starts_with('/');
    let parts: Vec<&str> = path.split('/').collect();
    parts.iter().enumerate().all(|(position, part)| {
        let edge = position == 0 || position + 1 == parts.len();
        let normal = match *part {
            "" => edge,
            "." => path == ".",
            ".." => !named,
            _ => true,
        };
        named |= !matches!(*part, "" | "." | "..");
        normal
    })
}

/// Why there is no wallet at a path.
pub(super) fn missing(folder: &Path) -> Error {
    if folder.symlink_metadata().is_err() {
        return not_loaded(folder, "Path does not exist.");
    }
    if folder.join(CORE_WALLET_FILE).exists() {
        return Error::NotFound(format!(
            "{} Its {CORE_WALLET_FILE} is Bitcoin Core's: export its descriptors there and import them here",
            unrecognized(folder)
        ));
    }
    unrecognized(folder)
}

/// What is, or was to be, at a path is no database.
pub(super) fn unrecognized(folder: &Path) -> Error {
    not_loaded(folder, "Data is not in recognized format.")
}

fn not_loaded(folder: &Path, why: &str) -> Error {
    Error::NotFound(format!(
        "Wallet file verification failed. Failed to load database path '{}'. {why}",
        folder.display()
    ))
}

/// What stands where a wallet was to be made.
pub(super) fn taken(folder: &Path) -> Error {
    Error::AlreadyThere(format!(
        "Wallet file verification failed. Failed to create database path '{}'. Database already exists.",
        folder.display()
    ))
}

/// Makes the folder of all wallets if it is missing, and keeps others out of it.
pub(super) fn take(all: &Path) -> Result<DirectoryLock> {
    DirectoryLock::take(all, WALLET_LOCK).map_err(|error| match error {
        LockError::Held { holder } => Error::File(format!(
            "the wallet directory {} is in use by {holder}: stop that one, or choose another with -walletdir",
            all.display()
        )),
        LockError::File { path, source } => Error::io(&path, source),
        other => Error::File(format!("the wallet directory {}: {other}", all.display())),
    })
}

/// Makes the folder of a wallet, which is the owner's alone. One that holds a wallet of another program is
/// left to it.
///
/// # Errors
///
/// There is such a wallet, or the folder cannot be made.
pub(super) fn make(folder: &Path) -> Result<()> {
    if folder.join(CORE_WALLET_FILE).exists() {
        return Err(Error::AlreadyThere(format!(
            "{} It is a {CORE_WALLET_FILE} of Bitcoin Core: choose another name",
            taken(folder)
        )));
    }
    let made = owner::create_folder(folder).and_then(|()| owner::restrict_path(folder));
    made.map_err(|error| Error::io(folder, error))
}

/// The folder of a wallet that is being made. Unless it is kept, what was made of it goes again; what was there
/// stays.
pub(super) struct NewFolder {
    /// The highest one first.
    made: Vec<PathBuf>,
}

impl NewFolder {
    /// Makes it, as [`make`], with the file of a wallet, which gets its name when all is in it: a crash leaves no half
    /// of a wallet.
    pub(super) fn with_file(
        folder: &Path,
        all: &Path,
        fill: impl FnOnce(&Path) -> Result<()>,
    ) -> Result<Self> {
        let missing = folder.ancestors().take_while(|one| *one != all && !one.exists());
        let mut made: Vec<PathBuf> = missing.map(Path::to_owned).collect();
        made.reverse();
        make(folder)?;
        let new = NewFolder { made };
        let part = folder.join("wallet.sqlite.new");
        remove_database(&part)?;
        if let Err(error) = fill(&part) {
            remove_database(&part)?;
            return Err(error);
        }
        // It is closed, so that it has no log.
        put_in_place(&part, &folder.join(FILE))?;
        // The folder may be new as well.
        sync_folder(folder)?;
        Ok(new)
    }

    pub(super) fn keep(mut self) {
        self.made.clear();
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        // Only empty ones can be removed.
        for folder in self.made.iter().rev() {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// The names of the wallets that are there.
pub(super) fn list(all: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if all.join(FILE).is_file() {
        names.push(String::new());
    }
    let entries = match std::fs::read_dir(all) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(names),
        Err(error) => return Err(Error::io(all, error)),
    };
    for entry in entries {
        let entry = entry.map_err(|error| Error::io(all, error))?;
        let is_wallet = entry.path().join(FILE).is_file();
        names.extend(entry.file_name().into_string().ok().filter(|_| is_wallet));
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_folder() {
        let all = Path::new("/wallets");
        assert_eq!(folder(all, "hot").unwrap(), Path::new("/wallets/hot"));
        assert_eq!(folder(all, "a/b").unwrap(), Path::new("/wallets/a/b"));
        for name in ["..", "../x", ".", "/", "/etc", "a/../../b", "a/..", "a//b", "./a", "a/./b", "a\0b"] {
            assert!(folder(all, name).is_err(), "{name}");
        }
        for (name, why) in [
            ("a/../b", "Wallet name given as a path must be normalized"),
            ("../../b", "Wallet name given as a relative path cannot begin with ./ or ../"),
            ("/", "Wallet name cannot be the root path"),
        ] {
            let error = folder(all, name).unwrap_err().to_string();
            assert!(error.starts_with(&format!("Wallet file verification failed. {why}")), "{error}");
        }
        assert_eq!(folder(all, "").unwrap(), all);
        assert_eq!(folder(all, "a/").unwrap(), Path::new("/wallets/a/"));
    }
}
