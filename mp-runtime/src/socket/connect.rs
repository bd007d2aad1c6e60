//! Connecting without being held up.
//!
//! In: a path, and how long to wait for a server that is slow to accept. Out: a connected socket, or an
//! error that says what to do. An ordinary `connect` waits for ever where the queue of a socket is full.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::address;
use crate::error::{Error, ErrorKind, Result};

/// One attempt to connect to the Unix socket at `path`, which never waits.
///
/// # Errors
///
/// What the system says; [`WouldBlock`](io::ErrorKind::WouldBlock) when as many peers wait to be accepted
/// as may, so that the server may accept a later attempt.
pub fn try_connect(path: &Path) -> io::Result<UnixStream> {
    let address = rustix::net::SocketAddrUnix::new(path)?;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket: OwnedFd = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &address)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

/// The pauses between attempts at a full queue, from a millisecond to a twentieth of a second, as long as
/// there is patience.
pub(crate) struct Pauses {
    until: Instant,
    next: Duration,
}

impl Pauses {
    pub(crate) fn new(patience: Duration) -> Self {
        let now = Instant::now();
        // A time that no clock reaches is as good as any other.
        let until = now.checked_add(patience).unwrap_or_else(|| now + Duration::from_secs(1 << 30));
        Pauses { until, next: Duration::from_millis(1) }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        let pause = self.next.min(left);
        self.next = (self.next * 2).min(Duration::from_millis(50));
        (!left.is_zero()).then_some(pause)
    }
}

/// Connects to the socket at `path`, and waits so long for a server that is slow to accept.
pub(crate) fn connect(path: &Path, patience: Duration) -> Result<UnixStream> {
    let mut pauses = Pauses::new(patience);
    loop {
        match try_connect(path) {
            Ok(stream) => return Ok(stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => match pauses.next() {
                Some(pause) => std::thread::sleep(pause),
                None => return Err(nobody_accepts(path, patience)),
            },
            Err(error) => return Err(refused(path, &error)),
        }
    }
}

/// The error for a queue that stays full.
pub(crate) fn nobody_accepts(path: &Path, patience: Duration) -> Error {
    Error::new(
        ErrorKind::Timeout,
        format!(
            "cannot connect to {}: its queue is full and nobody has accepted a connection within \
             {patience:?}; does the server hang?",
            path.display()
        ),
    )
}

/// The error for what the system says.
pub(crate) fn refused(path: &Path, error: &io::Error) -> Error {
    let at = path.display();
    if let Err(error) = address(path) {
        return error;
    }
    let text = match error.kind() {
        io::ErrorKind::NotFound => {
            format!("cannot connect to {at}: no such socket; is the server running, and is the path right?")
        }
        io::ErrorKind::ConnectionRefused => {
            format!("cannot connect to {at}: nobody serves this socket any more; start the server")
        }
        io::ErrorKind::PermissionDenied => {
            format!("cannot connect to {at}: permission denied; only the owner of the socket may")
        }
        _ => format!("cannot connect to {at}: {error}"),
    };
    Error::io(text, error)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{full_queue, text};
    use super::*;

    #[test]
    fn a_full_queue_is_waited_for_as_long_as_there_is_patience() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("node.sock");
        let (listener, waiting) = full_queue(&path);
        let started = Instant::now();
        let error = connect(&path, Duration::from_millis(80)).expect_err("nobody accepts");
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert!(error.text().contains("nobody has accepted a connection within 80ms"), "{error}");
        let waited = started.elapsed();
        assert!(waited >= Duration::from_millis(80) && waited < Duration::from_secs(5), "{waited:?}");

        let accepting = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            let accepted: Vec<_> =
                (0..=waiting.len()).map(|_| rustix::net::accept(&listener).expect("a peer")).collect();
            accepted.len()
        });
        connect(&path, Duration::from_secs(20)).expect("a place in the queue");
        assert!(accepting.join().expect("a number") > 1);
    }

    #[test]
    fn what_is_no_socket_is_refused_at_once() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("file");
        std::fs::write(&path, "").expect("a file");
        let patience = Duration::from_secs(1000);
        assert!(text(connect(&path, patience)).contains("nobody serves this socket"));
        assert!(text(connect(&folder.path().join("none"), patience)).contains("no such socket"));
    }

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<_> = Pauses::new(Duration::from_secs(u64::MAX)).take(8).collect();
        assert_eq!(pauses[..3], [1, 2, 4].map(Duration::from_millis));
        assert_eq!(pauses[7], Duration::from_millis(50));
        assert_eq!(Pauses::new(Duration::ZERO).next(), None);
    }
}
