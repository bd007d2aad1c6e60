//! Where a data directory is.
//!
//! In: `-datadir` or nothing. Out: an absolute path, and whether a directory is there.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The named directory, or the default one, as an absolute path.
pub(crate) fn named(path: Option<PathBuf>) -> Result<PathBuf> {
    let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
        return bitcoin_ipc::client::default_data_dir()
            .map_err(|error| Error::new(format!("no data directory: {}", error.text())));
    };
    std::path::absolute(&path).map_err(|error| {
        Error::new(format!("the data directory {} has no absolute path: {error}; give one", path.display()))
    })
}

/// A directory that the user named has to be there: a mistyped name must not start an empty node.
pub(crate) fn check(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let problem = if path.exists() { "is not a directory" } else { "does not exist" };
    let text =
        format!("the data directory {} {problem}; create it, or give another with -datadir", path.display());
    Err(Error::new(text))
}
