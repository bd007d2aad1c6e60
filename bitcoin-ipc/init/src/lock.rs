//! Directories with one owner.
//!
//! In: a directory and the name of a file in it. Out: a [`DirectoryLock`], or who holds it.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::owner;

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
/// It is a lock of the whole file, of the kind of `flock`, and on Linux of that of `fcntl` too, by which
/// Bitcoin Core locks the same file: neither works in a directory of the other. The file holds the
/// process's id and stays behind.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: Locked,
}

/// A file whose locks end when it is dropped.
///
/// Closing alone would not do: a process that is started at the same moment has the open file, and with it the locks,
/// from its fork until its exec.
#[derive(Debug)]
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // Where it fails the system has no such locks.
        let _ = records::unlock(&self.0);
        let _ = self.0.unlock();
    }
}

impl DirectoryLock {
    /// Makes the directory if it is missing, locks the file of this name in it, and writes this
    /// process's id into the file.
    ///
    /// # Errors
    ///
    /// Somebody has the lock, or a file cannot be written.
    pub fn take(directory: &Path, file_name: &str) -> Result<Self, LockError> {
        owner::create_folder(directory).map_err(failed(directory))?;
        let path = directory.join(file_name);
        let opened = owner::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(failed(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held { holder: named(&file) }),
            Err(TryLockError::Error(source)) => return Err(LockError::File { path, source }),
        }
        let locked = Locked(file);
        let mut file = &locked.0;
        if !records::lock(file).map_err(failed(&path))? {
            return Err(LockError::Held { holder: records::holder(file).unwrap_or_else(|| named(file)) });
        }
        let write = owner::restrict(file)
            .and_then(|()| file.set_len(0))
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{}", std::process::id()));
        write.map_err(failed(&path))?;
        Ok(DirectoryLock { _file: locked })
    }

    /// Who has the lock, as [`LockError::Held`] says it; `None` if nobody has it.
    ///
    /// Looking takes a shared lock for a moment, in which nobody can [`take`](Self::take) it.
    #[must_use]
    pub fn holder(directory: &Path, file_name: &str) -> Option<String> {
        let file = File::open(directory.join(file_name)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(named(&file)),
            Ok(()) | Err(TryLockError::Error(_)) => records::holder(&Locked(file).0),
        }
    }
}

/// Locks of records, which span the whole file here. They belong to the open file, so that closing
/// another one of its name does not lose them, but exclude those of processes, which Bitcoin Core takes.
#[cfg(target_os = "linux")]
mod records {
    use std::fs::File;
    use std::io;

    use nix::errno::Errno;
    use nix::fcntl::{FcntlArg, fcntl};
    use nix::libc;

    fn whole(kind: i32) -> libc::flock {
        let short = |value: i32| libc::c_short::try_from(value).unwrap_or_default();
        libc::flock { l_type: short(kind), l_whence: short(libc::SEEK_SET), l_start: 0, l_len: 0, l_pid: 0 }
    }

    /// Lets go of it.
    pub(super) fn unlock(file: &File) -> io::Result<()> {
        fcntl(file, FcntlArg::F_OFD_SETLK(&whole(libc::F_UNLCK))).map(drop).map_err(Into::into)
    }

    /// Takes it; false if somebody has it.
    pub(super) fn lock(file: &File) -> io::Result<bool> {
        match fcntl(file, FcntlArg::F_OFD_SETLK(&whole(libc::F_WRLCK))) {
            Ok(_) => Ok(true),
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            // A file system that has no such locks has none for Bitcoin Core either.
            Err(Errno::EINVAL | Errno::ENOLCK | Errno::EOPNOTSUPP) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Who has it.
    pub(super) fn holder(file: &File) -> Option<String> {
        let mut found = whole(libc::F_WRLCK);
        fcntl(file, FcntlArg::F_OFD_GETLK(&mut found)).ok()?;
        if i32::from(found.l_type) == libc::F_UNLCK {
            return None;
        }
        Some(if found.l_pid > 0 { format!("process {}", found.l_pid) } else { "another process".to_owned() })
    }
}

/// Where `flock` and `fcntl` are one lock, or there is none of the other kind.
#[cfg(not(target_os = "linux"))]
mod records {
    use std::fs::File;
    use std::io;

    pub(super) fn lock(_: &File) -> io::Result<bool> {
        Ok(true)
    }

    pub(super) fn unlock(_: &File) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn holder(_: &File) -> Option<String> {
        None
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> LockError + '_ {
    |source| LockError::File { path: path.to_owned(), source }
}

fn named(mut file: &File) -> String {
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
    use std::fs;

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
    fn what_was_forked_meanwhile_keeps_no_lock() {
        let directory = tempfile::tempdir().expect("a directory");
        let lock = DirectoryLock::take(directory.path(), ".lock").expect("a free directory");
        // What a process has between its fork and its exec.
        let forked = lock._file.0.try_clone().expect("the open file once more");
        drop(lock);
        assert_eq!(DirectoryLock::holder(directory.path(), ".lock"), None);
        let lock = DirectoryLock::take(directory.path(), ".lock").expect("a free directory again");
        drop(forked);
        assert!(DirectoryLock::take(directory.path(), ".lock").is_err());
        drop(lock);
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

    /// Bitcoin Core's way: a lock of the process, taken by `fcntl`.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_with_the_other_kind_of_lock_is_an_owner_too() {
        use nix::fcntl::{FcntlArg, fcntl};
        use nix::libc;

        const HELPER: &str = "LOCK_TEST_HELPER";
        if let Some(path) = std::env::var_os(HELPER) {
            // This is the other process, started below.
            let file = File::options().write(true).open(path).expect("the file");
            let (kind, whence) = (libc::F_WRLCK as libc::c_short, libc::SEEK_SET as libc::c_short);
            let lock = libc::flock { l_type: kind, l_whence: whence, l_start: 0, l_len: 0, l_pid: 0 };
            println!("locked: {}", fcntl(&file, FcntlArg::F_SETLK(&lock)).is_ok());
            let _ = io::stdin().read(&mut [0]);
            return;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(".lock");
        fs::write(&path, "").expect("a file");
        let other = || {
            let name = "lock::tests::a_process_with_the_other_kind_of_lock_is_an_owner_too";
            let mut child = std::process::Command::new(std::env::current_exe().expect("this program"))
                .args(["--exact", name, "--nocapture"])
                .env(HELPER, &path)
                .stdin(std::process::Stdio::piped())
                .stdout(std::process::Stdio::piped())
                .spawn()
                .expect("another process");
            let mut output = io::BufRead::lines(io::BufReader::new(child.stdout.take().expect("its output")));
            let said = output.find_map(|line| Some(line.ok()?.split_once("locked: ")?.1 == "true"));
            (said.expect("an answer"), (child, output))
        };

        let (locked, (mut child, _output)) = other();
        assert!(locked);
        let holder = format!("process {}", child.id());
        assert_eq!(DirectoryLock::holder(directory.path(), ".lock"), Some(holder.clone()));
        let error = DirectoryLock::take(directory.path(), ".lock").expect_err("another owner");
        assert_eq!(error.to_string(), format!("it is in use by {holder}"));
        assert_eq!(fs::read(&path).expect("a file"), b"", "it is as it was");
        drop(child.stdin.take());
        child.wait().expect("its end");

        let lock = DirectoryLock::take(directory.path(), ".lock").expect("a free directory");
        // Looking at the file lets go of nothing.
        assert!(DirectoryLock::holder(directory.path(), ".lock").is_some());
        let (locked, (mut child, _output)) = other();
        assert!(!locked);
        drop(child.stdin.take());
        child.wait().expect("its end");
        drop(lock);
    }
}
