//! Two processes that are about to listen at one path.
//!
//! In: the socket's path. Out: a lock that one of them has until it listens, or has given up. Otherwise both could find
//! a stale socket, and the second would remove the socket of the first; and one that is bound but does not listen yet
//! looks stale too.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;

use super::{Pauses, file_of, io_error};
use crate::error::{Error, Result};

/// How long one waits for another one to listen.
const PATIENCE: Duration = Duration::from_secs(5);

/// The lock. Its file is there while somebody has it; one that was killed may leave it behind, which harms nobody.
pub(super) struct Lock {
    _file: File,
    path: PathBuf,
    /// Whether we have made the file. Others' files stay.
    made: bool,
}

impl Lock {
    /// Takes the lock of a socket.
    ///
    /// # Errors
    ///
    /// When another process keeps it, or its file cannot be made.
    pub(super) fn take(socket: &Path) -> Result<Self> {
        let mut path = socket.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let at = socket.display();
        let refused = |error: Errno| {
            let text = match error {
                Errno::NOENT => format!("cannot listen on {at}: its directory does not exist"),
                error => format!("cannot listen on {at}: {}: {error}", path.display()),
            };
            Error::io(text, &error.into())
        };
        let mut pauses = Pauses::new(PATIENCE);
        loop {
            let (file, made) = open_or_make(&path).map_err(refused)?;
            let locked = loop {
                match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                    Err(Errno::WOULDBLOCK | Errno::INTR) => match pauses.next() {
                        Some(pause) => std::thread::sleep(pause),
                        None => {
                            return Err(io_error(format!(
                                "cannot listen on {at}: another process is about to, and has not begun within \
                                 {PATIENCE:?}; end that one or choose another path"
                            )));
                        }
                    },
                    locked => break locked,
                }
            };
            // A file system without locks: then the last one wins.
            if let Err(error) = locked {
                tracing::warn!(target: "ipc", path = %path.display(), %error, "IPC lock of the socket not to be had");
            }
            // Otherwise the one who had it before has removed it meanwhile.
            if locked.is_err() || is_at(&file, &path) {
                return Ok(Lock { _file: file, path, made });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.made {
            // While it is locked: whoever waits for it looks whether it is still there.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn open_or_make(path: &Path) -> rustix::io::Result<(File, bool)> {
    let flags = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    loop {
        match open(path, flags | OFlags::RDWR | OFlags::CREATE | OFlags::EXCL, Mode::RUSR | Mode::WUSR) {
            Ok(made) => return Ok((made.into(), true)),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        match open(path, flags | OFlags::RDONLY, Mode::empty()) {
            Ok(found) => return Ok((found.into(), false)),
            // It was removed meanwhile.
            Err(Errno::NOENT) => {}
            Err(error) => return Err(error),
        }
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata().map(|metadata| (metadata.dev(), metadata.ino()));
    matches!((open, file_of(path)), (Ok(open), Ok(named)) if open == named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_it_at_a_time_and_nothing_stays() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let socket = folder.path().join("node.sock");
        let inside = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let lock = Lock::take(&socket).expect("the lock");
                        assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0);
                        std::thread::yield_now();
                        inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
        assert_eq!(std::fs::read_dir(folder.path()).expect("a list").count(), 0);
    }

    #[test]
    fn a_file_of_somebody_else_stays() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = folder.path().join("node.sock.lock");
        std::fs::write(&file, "notes").expect("a file");
        drop(Lock::take(&folder.path().join("node.sock")).expect("the lock"));
        assert_eq!(std::fs::read_to_string(&file).expect("the file"), "notes");
        // A link is followed nowhere.
        std::fs::remove_file(&file).expect("the file");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &file).expect("a link");
        let error = Lock::take(&folder.path().join("node.sock")).map(drop).expect_err("a link");
        assert!(error.text().contains("node.sock.lock"), "{error}");
        assert!(!folder.path().join("elsewhere").exists());
    }
}
