//! Peers: connecting, serving, listening, spawning, each in one call.
//!
//! In: an address, a socket, a program. Out: the first interface of the peer, or ours at its
//! service.

use std::ops::Deref;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::connection::{Connection, Stream};
use crate::error::Result;
use crate::event_loop::EventLoop;
use crate::proxy::{Interface, Proxy, export};
use crate::socket::{Pauses, PeerCredentials, nobody_accepts, refused, try_connect};

/// The first interface of a peer, with the connection to it. Dropping it, and every object that
/// came through it, closes the connection.
pub struct Remote<I: ?Sized> {
    object: Arc<I>,
    connection: Connection,
}

impl<I: ?Sized> std::fmt::Debug for Remote<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote({:?})", self.connection)
    }
}

impl<I: ?Sized> Deref for Remote<I> {
    type Target = I;

    fn deref(&self) -> &I {
        &self.object
    }
}

/// The object without its connection, which lives as long as the object.
impl<I: Interface + ?Sized + 'static> From<Remote<I>> for Arc<I> {
    fn from(remote: Remote<I>) -> Arc<I> {
        remote.object()
    }
}

impl<I: Interface + ?Sized + 'static> Remote<I> {
    /// The peer's first object, to share.
    #[must_use]
    pub fn object(&self) -> Arc<I> {
        self.object.clone()
    }

    /// The connection.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    fn open(event_loop: &EventLoop, stream: Stream) -> Self {
        let construct = I::NODE.constructor().map(|(interface, ordinal)| (interface.id, ordinal));
        let (connection, cap) = Connection::open(event_loop, stream, None, construct);
        Remote { object: I::shared(Proxy::new(cap, I::NODE)), connection }
    }
}

/// How long [`connect`] waits for a server that is slow to accept.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connects to the Unix socket at `path`. The process that serves it has to be of this process's own user
/// or of root; for others, look at [`PeerCredentials`] and use [`connect_stream`].
///
/// Where as many peers wait to be accepted as may, this waits up to five seconds, but not on the thread of
/// an event loop; [`connect_within`] waits without a thread.
///
/// # Errors
///
/// When nothing answers there, or somebody else; the text says what to do.
pub fn connect<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    path: impl AsRef<Path>,
) -> Result<Remote<I>> {
    let patience = if event_loop.is_driven_here() { Duration::ZERO } else { PATIENCE };
    trusted(event_loop, crate::socket::connect(path.as_ref(), patience)?)
}

/// Does the same as [`connect`], in any executor, and waits as long as it is told for a server that is slow
/// to accept.
///
/// # Errors
///
/// When nothing answers there, or somebody else; the text says what to do.
pub async fn connect_within<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    path: impl AsRef<Path>,
    patience: Duration,
) -> Result<Remote<I>> {
    let path = path.as_ref();
    let mut pauses = Pauses::new(patience);
    loop {
        match try_connect(path) {
            Ok(stream) => return trusted(event_loop, stream),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => match pauses.next() {
                Some(pause) => event_loop.sleep(pause).await,
                None => return Err(nobody_accepts(path, patience)),
            },
            Err(error) => return Err(refused(path, &error)),
        }
    }
}

fn trusted<I: Interface + ?Sized + 'static>(event_loop: &EventLoop, stream: UnixStream) -> Result<Remote<I>> {
    PeerCredentials::of(&stream)?.check()?;
    Ok(connect_stream(event_loop, stream))
}

/// Uses a connected socket as the client: the peer serves its first interface on it.
#[must_use]
pub fn connect_stream<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    stream: UnixStream,
) -> Remote<I> {
    Remote::open(event_loop, Stream::Unix(stream))
}

/// Serves `root` on a connected socket, until the peer leaves or the connection is closed.
pub fn serve_stream<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    stream: UnixStream,
    root: Arc<I>,
) -> Connection {
    Connection::serve(event_loop, Stream::Unix(stream), export(root), event_loop.limits(), || ())
}

/// Serves `root` and connects to it, all inside this process: for tests, and for parts of one
/// program that should not know whether they share a process.
#[must_use]
pub fn pair<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    root: Arc<I>,
) -> (Remote<I>, Connection) {
    let (client, server) = tokio::io::duplex(256 * 1024);
    let stream = Stream::Memory(server);
    let served = Connection::serve(event_loop, stream, export(root), event_loop.limits(), || ());
    (Remote::open(event_loop, Stream::Memory(client)), served)
}
