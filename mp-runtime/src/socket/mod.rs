//! Unix sockets: binding one safely, and connecting with errors that say what to do.
//!
//! In: a path. Out: a listening or a connected socket, and whose process is at its other end.

mod connect;
mod credentials;
mod lock;

pub use connect::try_connect;
pub(crate) use connect::{Pauses, connect, nobody_accepts, refused};
pub use credentials::{AllowedPeers, PeerCredentials};

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use crate::error::{Error, ErrorKind, Result};

/// How many peers may wait to be accepted.
const BACKLOG: i32 = 128;

/// A listening socket; its file goes with it.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: UnixListener,
    path: PathBuf,
    /// The device and number of the socket's file, to remove no file but our own.
    file: (u64, u64),
    closed: AtomicBool,
}

impl Listener {
    pub(crate) fn std(&self) -> &UnixListener {
        &self.socket
    }

    /// Removes the file, so that nobody finds the socket any more, whoever still has it.
    pub(crate) fn close(&self) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        // As long as the socket is open, no other file can have its number.
        if file_of(&self.path).is_ok_and(|file| file == self.file) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.close();
    }
}

fn file_of(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = std::fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Listens at `path`, for the owner only, or for whoever is asked who it is. A socket there that nobody serves any more
/// is replaced; anything else there is left alone.
pub(crate) fn bind(path: &Path, peers: &AllowedPeers) -> Result<Listener> {
    let at = path.display();
    let refused =
        |error: rustix::io::Errno| Error::io(format!("cannot listen on {at}: {error}"), &error.into());
    let address = address(path)?;
    check_kind(path)?;
    // Until the socket listens.
    let _lock = lock::Lock::take(path)?;
    make_room(path)?;
    let socket: OwnedFd =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .map_err(refused)?;
    // The file gets the mode of the socket, so there is no moment at which it has another one, and no name that could
    // stand for something else meanwhile.
    let owner_only = Mode::RUSR | Mode::WUSR;
    #[cfg(any(target_os = "linux", target_os = "android"))]
    rustix::fs::fchmod(&socket, owner_only).map_err(refused)?;
    rustix::net::bind(&socket, &address).map_err(refused)?;
    // Elsewhere it can only be set by name, and so can a mode that the process's mask would narrow. Nobody can connect
    // before `listen`.
    let all = Mode::from_raw_mode(0o666);
    let mode = if peers.are_own() { owner_only } else { all };
    if mode == all || !cfg!(any(target_os = "linux", target_os = "android")) {
        rustix::fs::chmod(path, mode).map_err(refused)?;
    }
    rustix::net::listen(&socket, BACKLOG).map_err(refused)?;
    Ok(Listener {
        socket: socket.into(),
        path: path.to_owned(),
        file: file_of(path)?,
        closed: AtomicBool::new(false),
    })
}

/// Refuses a path at which there is something else than a socket. Returns whether there is one.
fn check_kind(path: &Path) -> Result<bool> {
    let Ok(metadata) = std::fs::symlink_metadata(path) else { return Ok(false) };
    if metadata.file_type().is_socket() {
        return Ok(true);
    }
    Err(io_error(format!(
        "cannot listen on {}: there is a file that is not a socket; move it away or choose another path",
        path.display()
    )))
}

/// Removes a socket that nobody serves.
fn make_room(path: &Path) -> Result<()> {
    let at = path.display();
    if !check_kind(path)? {
        return Ok(());
    }
    match try_connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            tracing::info!(target: "ipc", path = %at, "IPC stale socket replaced");
            std::fs::remove_file(path)
                .map_err(|error| Error::io(format!("cannot replace {at}: {error}"), &error))
        }
        Ok(_) => Err(io_error(format!(
            "cannot listen on {at}: another process serves it; stop that one or choose another path"
        ))),
        // Its queue is full, so there is one.
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(io_error(format!(
            "cannot listen on {at}: another process has it and does not answer; end that one or choose \
             another path"
        ))),
        Err(error) => Err(Error::io(format!("cannot tell whether {at} is in use: {error}"), &error)),
    }
}

fn address(path: &Path) -> Result<SocketAddrUnix> {
    SocketAddrUnix::new(path).map_err(|error| {
        let text = match error {
            rustix::io::Errno::NAMETOOLONG => format!(
                "{} has {} bytes, too many for a socket's path (at most 107); choose a shorter one",
                path.display(),
                path.as_os_str().len()
            ),
            error => format!("{} cannot be a socket's path: {error}", path.display()),
        };
        Error::io(text, &error.into())
    })
}

fn io_error(text: String) -> Error {
    Error::new(ErrorKind::Io, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::time::{Duration, Instant};

    /// A listener that accepts nobody, and those who wait in its queue, which is full.
    pub(super) fn full_queue(path: &Path) -> (OwnedFd, Vec<std::os::unix::net::UnixStream>) {
        let listener = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).expect("a socket");
        rustix::net::bind(&listener, &address(path).expect("an address")).expect("a name");
        rustix::net::listen(&listener, 1).expect("a queue");
        let waiting = std::iter::from_fn(|| try_connect(path).ok()).collect();
        (listener, waiting)
    }

    pub(super) fn text(result: Result<impl Sized>) -> String {
        match result {
            Ok(_) => "no error".into(),
            Err(error) => error.text().to_owned(),
        }
    }

    fn bind(path: &Path) -> Result<Listener> {
        super::bind(path, &AllowedPeers::own())
    }

    #[test]
    fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("node.sock");
        drop(UnixListener::bind(&path).expect("a socket"));
        assert!(path.exists());
        assert!(text(connect(&path, Duration::ZERO)).contains("nobody serves"));
        let listener = bind(&path).expect("a listener");
        assert!(connect(&path, Duration::ZERO).is_ok());
        assert!(text(bind(&path)).contains("another process serves it"));
        drop(listener);
        assert!(!path.exists());
        assert!(text(connect(&path, Duration::ZERO)).contains("no such socket"));
    }

    #[test]
    fn a_socket_whose_queue_is_full_is_somebodys() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("node.sock");
        let _full = full_queue(&path);
        let started = Instant::now();
        assert!(text(bind(&path)).contains("does not answer"));
        assert!(started.elapsed() < Duration::from_secs(1));
        assert!(path.exists());
    }

    #[test]
    fn a_file_that_is_no_socket_stays() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("wallet.dat");
        std::fs::write(&path, "keys").expect("a file");
        assert!(text(bind(&path)).contains("not a socket"));
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), "keys");
    }

    #[test]
    fn only_the_owner_may_connect() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("node.sock");
        let _listener = bind(&path).expect("a listener");
        let mode = std::fs::metadata(&path).expect("the socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // Others may, where they are asked who they are.
        let path = folder.path().join("shared.sock");
        let _listener = super::bind(&path, &AllowedPeers::own().with_user(1)).expect("a listener");
        let mode = std::fs::metadata(&path).expect("the socket").permissions().mode();
        assert_eq!(mode & 0o777, 0o666);
    }

    #[test]
    fn of_many_that_start_at_a_stale_socket_one_listens_and_stays() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("node.sock");
        for _ in 0..50 {
            drop(UnixListener::bind(&path).expect("a socket"));
            let start = std::sync::Barrier::new(4);
            let outcomes: Vec<Result<Listener>> = std::thread::scope(|scope| {
                let starters: Vec<_> = (0..4)
                    .map(|_| {
                        scope.spawn(|| {
                            start.wait();
                            bind(&path)
                        })
                    })
                    .collect();
                starters.into_iter().map(|starter| starter.join().expect("an outcome")).collect()
            });
            let (listening, refused): (Vec<_>, Vec<_>) = outcomes.into_iter().partition(Result::is_ok);
            assert_eq!((listening.len(), refused.len()), (1, 3));
            assert!(connect(&path, Duration::ZERO).is_ok(), "the one that listens is the one at the path");
            for other in refused {
                assert!(text(other).contains("another process serves it"));
            }
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("a list").count(), 0);
    }

    #[test]
    fn a_path_that_cannot_be_bound_says_why() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        assert!(text(bind(&folder.path().join("none/node.sock"))).contains("directory does not exist"));
        let long = folder.path().join("x".repeat(120));
        assert!(text(bind(&long)).contains("too many for a socket's path"));
        assert!(text(connect(&long, Duration::ZERO)).contains("too many for a socket's path"));
    }

    #[test]
    fn a_socket_that_took_our_place_is_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("node.sock");
        let ours = bind(&path).expect("a listener");
        std::fs::remove_file(&path).expect("the socket");
        let _theirs = UnixListener::bind(&path).expect("a socket");
        drop(ours);
        assert!(path.exists());
    }
}
