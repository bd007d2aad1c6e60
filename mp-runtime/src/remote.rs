//! Peers: connecting, serving, listening, spawning, each in one call.
//!
//! In: an address, a socket, a program. Out: the first interface of the peer, or ours at its
//! service.

use std::ops::Deref;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;

use crate::connection::{Connection, Stream};
use crate::error::Result;
use crate::event_loop::EventLoop;
use crate::proxy::{Interface, Proxy, export};

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

/// Connects to the Unix socket at `path`.
///
/// # Errors
///
/// When nothing answers there; the text says what to do.
pub fn connect<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    path: impl AsRef<Path>,
) -> Result<Remote<I>> {
    Ok(connect_stream(event_loop, crate::socket::connect(path.as_ref())?))
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
    Connection::serve(event_loop, Stream::Unix(stream), export(root), || ())
}

/// Serves `root` and connects to it, all inside this process: for tests, and for parts of one
/// program that should not know whether they share a process.
#[must_use]
pub fn pair<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    root: Arc<I>,
) -> (Remote<I>, Connection) {
    let (client, server) = tokio::io::duplex(256 * 1024);
    let served = Connection::serve(event_loop, Stream::Memory(server), export(root), || ());
    (Remote::open(event_loop, Stream::Memory(client)), served)
}
