//! A connected socket that wakes the event loop only for bytes to read.
//!
//! In: a socket. Out: its bytes in both directions.
//!
//! Linux reports a Unix socket as writable each time the peer has read from it, so a loop that
//! listens for both directions wakes up once for every message it sent. This one listens for
//! writability only while a write waits for room, by way of a second descriptor.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

/// A connected socket on an event loop.
pub(crate) struct QuietStream {
    socket: AsyncFd<UnixStream>,
    /// The same socket, while a message is on its way that was too long for one write.
    full: Option<AsyncFd<UnixStream>>,
}

/// Has the event loop watch a socket.
fn register(socket: UnixStream, interest: Interest) -> io::Result<AsyncFd<UnixStream>> {
    #[allow(unsafe_code)]
    // SAFETY: a `UnixStream` owns its descriptor, always answers with the same one, and closes it
    // only when it is dropped, which `AsyncFd` does after it has stopped watching.
    let watched = unsafe { AsyncFd::register_with_interest(socket, interest) };
    Ok(watched?)
}

impl QuietStream {
    pub(crate) fn new(socket: UnixStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(QuietStream { socket: register(socket, Interest::READABLE)?, full: None })
    }

    /// Writes without waiting; `None` when the socket has no room.
    fn try_write(&self, bytes: &[u8]) -> io::Result<Option<usize>> {
        loop {
            match self.socket.get_ref().write(bytes) {
                Ok(count) => return Ok(Some(count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl AsyncRead for QuietStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut ready = ready!(self.socket.poll_read_ready(cx))?;
            let room = buffer.initialize_unfilled();
            let length = room.len();
            match ready.try_io(|socket| socket.get_ref().read(room)) {
                Ok(Ok(count)) => {
                    // A read that did not fill the buffer has emptied the socket; more bytes, or
                    // the end, will be reported anew.
                    if 0 < count && count < length {
                        ready.clear_ready();
                    }
                    buffer.advance(count);
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}

impl AsyncWrite for QuietStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        loop {
            let mut ready = match &self.full {
                Some(full) => Some(ready!(full.poll_write_ready(cx))?),
                None => None,
            };
            if let Some(count) = self.try_write(bytes)? {
                if count == bytes.len() {
                    self.full = None;
                }
                return Poll::Ready(Ok(count));
            }
            match &mut ready {
                Some(ready) => ready.clear_ready(),
                None => {
                    let second = self.socket.get_ref().try_clone()?;
                    self.full = Some(register(second, Interest::WRITABLE)?);
                }
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.get_ref().shutdown(std::net::Shutdown::Write))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_message_longer_than_the_socket_holds_arrives_and_then_nobody_listens_for_room() {
        let (near, far) = UnixStream::pair().expect("a socket pair");
        let mut near = QuietStream::new(near).expect("a stream");
        let mut far = QuietStream::new(far).expect("a stream");
        let sent: Vec<u8> = (0..3 << 20).map(|index: u32| index as u8).collect();
        let mut received = vec![0; sent.len()];
        let (written, read) = tokio::join!(near.write_all(&sent), far.read_exact(&mut received));
        written.expect("a write");
        read.expect("a read");
        assert!(received == sent);
        assert!(near.full.is_none());
        near.shutdown().await.expect("a shutdown");
        assert_eq!(far.read(&mut received).await.expect("the end"), 0);
    }
}
