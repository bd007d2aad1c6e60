//! How a connection's bytes travel: over a socket, or inside this process.
//!
//! In: a stream. Out: its bytes in both directions, without waiting.
//!
//! Linux reports a Unix socket as writable each time the peer has read from it, so a loop that listens for both
//! directions wakes up once for every message it sent. This one listens for room only while a write waits for it,
//! and for that registers the socket anew: a second descriptor for it may not be there when it is needed.

use std::io::{self, IoSlice, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, Interest, ReadBuf};

/// How a connection's bytes are going to travel.
pub(crate) enum Stream {
    /// A connected socket.
    Unix(UnixStream),
    /// One end of a pipe inside this process.
    Memory(DuplexStream),
}

/// A stream that the event loop has taken over.
pub(super) enum Transport {
    Socket(Socket),
    Memory(DuplexStream),
    /// Nothing any more.
    Closed,
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the stream is closed")
}

/// A connected socket on an event loop.
pub(super) struct Socket {
    socket: Arc<UnixStream>,
    watched: Watched,
    /// Whether the loop listens for room.
    for_room: bool,
}

/// Who says when there is something to read.
enum Watched {
    /// The event loop; nothing only while the socket is registered anew, or when that has failed.
    ByLoop(Option<AsyncFd<Arc<UnixStream>>>),
    /// A thread, which has said that there is, or not.
    ByThread { readable: bool },
}

/// Has the event loop watch a socket.
fn register(socket: Arc<UnixStream>, interest: Interest) -> io::Result<AsyncFd<Arc<UnixStream>>> {
    #[allow(unsafe_code)]
    // SAFETY: a `UnixStream` owns its descriptor, always answers with the same one, and closes it only when it is
    // dropped, which `AsyncFd` does, for its part, after it has stopped watching.
    let watched = unsafe { AsyncFd::register_with_interest(socket, interest) };
    Ok(watched?)
}

impl Socket {
    fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let socket = Arc::new(socket);
        let watched = Watched::ByLoop(Some(register(socket.clone(), Interest::READABLE)?));
        Ok(Socket { socket, watched, for_room: false })
    }

    /// Has the loop watch the socket, for room too or not. Whoever waits for bytes has to ask again.
    fn watch(&mut self, for_room: bool) -> io::Result<()> {
        // A socket is registered once at a time.
        self.watched = Watched::ByLoop(None);
        let interest = if for_room { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE };
        self.watched = Watched::ByLoop(Some(register(self.socket.clone(), interest)?));
        self.for_room = for_room;
        Ok(())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut socket = &*self.socket;
        loop {
            let watched = match &mut self.watched {
                Watched::ByLoop(Some(watched)) => watched,
                Watched::ByLoop(None) => return Poll::Ready(Err(unwatched())),
                Watched::ByThread { readable: false } => return Poll::Pending,
                Watched::ByThread { readable } => match socket.read(buffer) {
                    Ok(count) => {
                        *readable = count == buffer.len();
                        return Poll::Ready(Ok(count));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        *readable = false;
                        return Poll::Pending;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Poll::Ready(Err(error)),
                },
            };
            let mut ready = ready!(watched.poll_read_ready(cx))?;
            match ready.try_io(|_| socket.read(buffer)) {
                Ok(Ok(count)) => {
                    // A read that did not fill the buffer has emptied the socket; more bytes, or the end, will be
                    // reported anew.
                    if 0 < count && count < buffer.len() {
                        ready.clear_ready_matching(tokio::io::Ready::READABLE);
                    }
                    return Poll::Ready(Ok(count));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }

    fn try_write(&self, parts: &[IoSlice<'_>]) -> io::Result<Option<usize>> {
        loop {
            match (&*self.socket).write_vectored(parts) {
                Ok(count) => return Ok(Some(count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            if !self.for_room {
                if let Some(count) = self.try_write(parts)? {
                    return Poll::Ready(Ok(count));
                }
                self.watch(true)?;
            }
            let Watched::ByLoop(Some(watched)) = &self.watched else {
                return Poll::Ready(Err(unwatched()));
            };
            let mut ready = ready!(watched.poll_write_ready(cx))?;
            match self.try_write(parts)? {
                Some(count) => return Poll::Ready(Ok(count)),
                None => ready.clear_ready_matching(tokio::io::Ready::WRITABLE),
            }
        }
    }
}

fn unwatched() -> io::Error {
    io::Error::other("the socket is not watched any more")
}

impl Transport {
    pub(super) fn new(stream: Stream) -> io::Result<Self> {
        match stream {
            Stream::Unix(socket) => Socket::new(socket).map(Transport::Socket),
            Stream::Memory(pipe) => Ok(Transport::Memory(pipe)),
        }
    }

    /// Reads what there is; 0 bytes at the end.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Transport::Socket(socket) => socket.poll_read(cx, buffer),
            Transport::Memory(pipe) => {
                let mut buffer = ReadBuf::new(buffer);
                ready!(Pin::new(pipe).poll_read(cx, &mut buffer))?;
                Poll::Ready(Ok(buffer.filled().len()))
            }
            Transport::Closed => Poll::Ready(Err(closed())),
        }
    }

    /// Writes as much as there is room for.
    pub(super) fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Transport::Socket(socket) => socket.poll_write(cx, parts),
            Transport::Memory(pipe) => Pin::new(pipe).poll_write_vectored(cx, parts),
            Transport::Closed => Poll::Ready(Err(closed())),
        }
    }

    /// Says that everything is written: whether whoever waits for bytes has to ask again.
    pub(super) fn all_written(&mut self) -> io::Result<bool> {
        match self {
            Transport::Socket(socket) if socket.for_room => socket.watch(false).map(|()| true),
            _ => Ok(false),
        }
    }

    /// Whether the loop listens for room since a write did not find any, so that whoever waits for bytes has to
    /// ask again.
    pub(super) fn listens_for_room(&self) -> bool {
        matches!(self, Transport::Socket(Socket { for_room: true, .. }))
    }

    /// Gives the socket to a thread, which says from now on when there is something to read; nothing where the loop has
    /// to listen for room.
    pub(super) fn give(&mut self) -> Option<Arc<UnixStream>> {
        match self {
            Transport::Socket(socket) if !socket.for_room => {
                socket.watched = Watched::ByThread { readable: false };
                Some(socket.socket.clone())
            }
            _ => None,
        }
    }

    /// Whether a thread has the socket, and has said of something that it was not read.
    pub(super) fn given(&self) -> Option<bool> {
        match self {
            Transport::Socket(Socket { watched: Watched::ByThread { readable }, .. }) => Some(*readable),
            _ => None,
        }
    }

    /// Says that there is something to read, for the thread that has the socket.
    pub(super) fn is_readable(&mut self) {
        if let Transport::Socket(Socket { watched: Watched::ByThread { readable }, .. }) = self {
            *readable = true;
        }
    }

    /// Has the loop watch the socket again. Whoever waits for bytes has to ask again.
    pub(super) fn take_back(&mut self) -> io::Result<()> {
        match self {
            Transport::Socket(socket @ Socket { watched: Watched::ByThread { .. }, .. }) => {
                socket.watch(false)
            }
            _ => Ok(()),
        }
    }

    /// Tells the peer that nothing more will come.
    pub(super) fn end(&mut self, cx: &mut Context<'_>) {
        match self {
            Transport::Socket(socket) => {
                // A peer that has gone needs not be told.
                let _ = socket.socket.shutdown(std::net::Shutdown::Write);
            }
            Transport::Memory(pipe) => {
                let _ = Pin::new(pipe).poll_shutdown(cx);
            }
            Transport::Closed => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    fn pair() -> (Transport, Transport) {
        let (near, far) = UnixStream::pair().expect("a socket pair");
        let transport = |stream| Transport::new(Stream::Unix(stream)).expect("a transport");
        (transport(near), transport(far))
    }

    fn descriptors() -> usize {
        std::fs::read_dir("/proc/self/fd").expect("a list").count()
    }

    #[tokio::test]
    async fn bytes_that_the_socket_cannot_hold_arrive_and_then_nobody_listens_for_room() {
        let (mut near, mut far) = pair();
        let sent: Vec<u8> = (0..3 << 20).map(|index: u32| index as u8).collect();
        let mut received = Vec::new();
        let write = async {
            let mut rest = &sent[..];
            while !rest.is_empty() {
                let count = poll_fn(|cx| near.poll_write(cx, &[IoSlice::new(rest)])).await.expect("a write");
                rest = &rest[count..];
            }
        };
        let read = async {
            let mut buffer = vec![0; 1 << 16];
            while received.len() < sent.len() {
                let count = poll_fn(|cx| far.poll_read(cx, &mut buffer)).await.expect("a read");
                received.extend_from_slice(&buffer[..count]);
            }
        };
        tokio::join!(write, read);
        assert!(received == sent);
        assert!(near.listens_for_room());
        assert!(near.all_written().expect("a socket"));
        assert!(!near.listens_for_room());
        near.end(&mut Context::from_waker(std::task::Waker::noop()));
        assert_eq!(poll_fn(|cx| far.poll_read(cx, &mut [0; 8])).await.expect("the end"), 0);
    }

    #[tokio::test]
    async fn waiting_for_room_takes_no_descriptor() {
        let (mut near, _far) = pair();
        let before = descriptors();
        let bytes = vec![0; 1 << 20];
        let full = poll_fn(|cx| {
            while near.poll_write(cx, &[IoSlice::new(&bytes)]).is_ready() {}
            Poll::Ready(near.listens_for_room())
        });
        assert!(full.await);
        assert_eq!(descriptors(), before);
    }
}
