//! A connection whose bytes are counted.
//!
//! In: what a process serves. Out: a connection to it through two sockets, and how many bytes went
//! through.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bitcoin_ipc::interfaces::watch::SplitInit;
use mp_runtime::{Connection, EventLoop, Remote, Result, connect_stream, serve_stream};

/// A client of a process, and what was said between them.
pub struct Counted {
    /// What the process serves, as the client sees it.
    pub init: Remote<dyn SplitInit>,
    bytes: Arc<AtomicU64>,
    _served: Connection,
}

impl Counted {
    /// Serves `root` on a socket, and connects to it through another one.
    ///
    /// # Errors
    ///
    /// The system has no sockets or threads to give.
    pub fn new(event_loop: &EventLoop, root: Arc<dyn SplitInit>) -> Result<Counted> {
        let (client, near) = UnixStream::pair()?;
        let (far, server) = UnixStream::pair()?;
        let bytes = Arc::new(AtomicU64::new(0));
        relay(near.try_clone()?, far.try_clone()?, bytes.clone())?;
        relay(far, near, bytes.clone())?;
        let served = serve_stream::<dyn SplitInit>(event_loop, server, root);
        Ok(Counted { init: connect_stream(event_loop, client), bytes, _served: served })
    }

    /// The bytes in both directions since the last time.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.swap(0, Ordering::SeqCst)
    }
}

/// Carries bytes from one socket to another, until one of them is closed.
fn relay(mut from: UnixStream, mut to: UnixStream, bytes: Arc<AtomicU64>) -> Result<()> {
    std::thread::Builder::new().name("relay".to_owned()).spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            bytes.fetch_add(count as u64, Ordering::SeqCst);
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        // One end is gone, or both; the other is told.
        let _ = to.shutdown(Shutdown::Both);
    })?;
    Ok(())
}
