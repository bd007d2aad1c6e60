//! Directories with one owner.
//!
//! In: a directory and the name of a file in it. Out: a [`DirectoryLock`], or who holds it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Why a directory cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process, or this one, has it.
    #[error("it is in use by {holder}")]
    Held {
        /// Who: `process 17`, or what else is known.
        holder: String,
    },
    /// The directory cannot be made, or its file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The directory or the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// The lock of a directory, held until it is dropped; the system lets go of it with the process.
///
/// It is a lock of the whole file, of the kind of `flock`. The file holds the process's id and stays
/// behind.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Makes the directory if it is missing, locks the file of this name in it, and writes this
    /// process's id into the file.
    ///
    /// # Errors
    ///
    /// Somebody has the lock, or a file cannot be written.
    pub fn take(directory: &Path, file_name: &str) -> Result<Self, LockError> {
        fs::create_dir_all(directory).map_err(failed(directory))?;
        let path = directory.join(file_name);
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(failed(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { holder: named(&mut file) }),
            Err(TryLockError::Error(source)) => return Err(LockError::File { path, source }),
        }
        let write = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{}", std::process::id()));
        write.map_err(failed(&path))?;
        Ok(DirectoryLock { _file: file })
    }

    /// Who has the lock, as [`LockError::Held`] says it; `None` if nobody has it.
    ///
    /// Looking takes a shared lock for a moment, in which nobody can [`take`](Self::take) it.
    #[must_use]
    pub fn holder(directory: &Path, file_name: &str) -> Option<String> {
        let mut file = File::open(directory.join(file_name)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(named(&mut file)),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> LockError + '_ {
    |source| LockError::File { path: path.to_owned(), source }
}

fn named(file: &mut File) -> String {
    let mut text = String::new();
    // Without its id the holder is still there.
    let _ = file.read_to_string(&mut text);
    match text.trim() {
        "" => "another process".to_owned(),
        id if id == std::process::id().to_string() => format!("process {id}, which is this one"),
        id => format!("process {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner() {
        let above = tempfile::tempdir().expect("a directory");
        let directory = above.path().join("new");
        assert_eq!(DirectoryLock::holder(&directory, ".lock"), None);
        let lock = DirectoryLock::take(&directory, ".lock").expect("a free directory");
        let this = format!("process {}, which is this one", std::process::id());
        let error = DirectoryLock::take(&directory, ".lock").expect_err("a second owner");
        assert_eq!(error.to_string(), format!("it is in use by {this}"));
        assert_eq!(DirectoryLock::holder(&directory, ".lock"), Some(this));
        DirectoryLock::take(&directory, ".other").expect("another lock");
        drop(lock);
        assert_eq!(DirectoryLock::holder(&directory, ".lock"), None);
        DirectoryLock::take(&directory, ".lock").expect("a free directory again");
    }

    #[test]
    fn a_holder_without_an_id_is_still_one() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(".lock");
        for (text, holder) in [("", "another process"), ("0\n", "process 0")] {
            fs::write(&path, text).expect("a file");
            let held = File::open(&path).expect("a file");
            held.lock().expect("a lock");
            assert_eq!(DirectoryLock::holder(directory.path(), ".lock").as_deref(), Some(holder));
        }
    }

    #[test]
    fn a_file_in_the_place_of_a_directory_is_named() {
        let above = tempfile::tempdir().expect("a directory");
        let file = above.path().join("file");
        fs::write(&file, "").expect("a file");
        let error = DirectoryLock::take(&file, ".lock").expect_err("a file");
        assert!(error.to_string().starts_with(&file.display().to_string()), "{error}");
    }
}
