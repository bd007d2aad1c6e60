//! Listening for peers on a Unix socket.
//!
//! In: a path and the object that every peer sees first. Out: a server that accepts connections
//! until it is dropped, never more at once than it is allowed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use crate::connection::{Connection, LocalObject, Stream};
use crate::error::Result;
use crate::event_loop::EventLoop;
use crate::limits::Limits;
use crate::proxy::{Interface, export};
use crate::socket::Listener;

/// A server on a Unix socket. Dropping it stops it from accepting; connections that are open stay
/// until their peers leave, or [`Server::close`] ends them.
pub struct Server {
    path: PathBuf,
    seats: Arc<Seats>,
    _stop: oneshot::Sender<()>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.path.display())
    }
}

/// The connections that are open, and the wish to know when one closes.
#[derive(Default)]
struct Seats {
    taken: AtomicUsize,
    /// Each with the number of those that were accepted before it.
    open: Mutex<BTreeMap<usize, Connection>>,
    accepted: AtomicUsize,
    freed: Notify,
}

impl Server {
    /// The path of the socket.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.seats.taken.load(Ordering::SeqCst)
    }

    /// How many connections were accepted so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.seats.accepted.load(Ordering::SeqCst)
    }

    /// Stops accepting, and closes all connections, each once no call is under way or after
    /// `patience` in any case. Returns whether all calls had ended.
    ///
    /// # Errors
    ///
    /// When called on an event-loop thread, where waiting would keep the calls from ending.
    pub fn close(self, patience: Duration) -> Result<bool> {
        let Server { seats, _stop, .. } = self;
        drop(_stop);
        let until = Instant::now() + patience;
        let open = std::mem::take(&mut *seats.open());
        open.into_values().try_fold(true, |ended, connection| {
            Ok(connection.shut_down(until.saturating_duration_since(Instant::now()))? && ended)
        })
    }
}

impl Seats {
    fn open(&self) -> MutexGuard<'_, BTreeMap<usize, Connection>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Listens on the Unix socket at `path` and serves `root` to every peer that connects.
///
/// A stale socket at `path` is replaced, anything else there is left alone. Only the owner may
/// connect. Of more peers than `max_connections`, or without it than [`Limits::connections`], the
/// further ones wait in the socket's queue until a connection closes.
///
/// # Errors
///
/// When the socket cannot be made; the text says why.
pub fn listen<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    path: impl AsRef<Path>,
    root: Arc<I>,
    max_connections: Option<usize>,
) -> Result<Server> {
    let limits = event_loop.limits();
    let connections = max_connections.unwrap_or_else(|| default_connections(&limits));
    listen_with(event_loop, path, root, limits.with_connections(connections))
}

/// Does the same as [`listen`], with limits of its own.
///
/// # Errors
///
/// When the socket cannot be made; the text says why.
pub fn listen_with<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    path: impl AsRef<Path>,
    root: Arc<I>,
    limits: Limits,
) -> Result<Server> {
    let listener = crate::socket::bind(path.as_ref())?;
    let (stop, stopped) = oneshot::channel();
    let seats = Arc::new(Seats::default());
    let server = Server { path: path.as_ref().to_owned(), seats: seats.clone(), _stop: stop };
    let on_loop = event_loop.clone();
    event_loop.run(move || {
        let accepting = on_loop.clone();
        on_loop.spawn(async move {
            tokio::select! {
                () = accept(&accepting, listener, root, &seats, &limits) => {}
                _ = stopped => {}
            }
        });
    });
    Ok(server)
}

/// As many connections as leave half of the descriptors for everything else.
fn default_connections(limits: &Limits) -> usize {
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let half = descriptors.and_then(|most| usize::try_from(most / 2).ok()).unwrap_or(usize::MAX);
    limits.connections().min(half.max(1))
}

async fn accept<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    listener: Listener,
    root: Arc<I>,
    seats: &Arc<Seats>,
    limits: &Limits,
) {
    let socket = listener.std().try_clone().and_then(|socket| {
        socket.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(socket)
    });
    let socket = match socket {
        Ok(socket) => socket,
        Err(error) => return tracing::warn!(target: "ipc", %error, "IPC server cannot listen"),
    };
    loop {
        while seats.taken.load(Ordering::SeqCst) >= limits.connections() {
            seats.freed.notified().await;
        }
        let stream = match socket.accept().await.and_then(|(stream, _)| stream.into_std()) {
            Ok(stream) => stream,
            Err(error) => {
                // A peer that left at once, or no descriptor to be had: neither lasts.
                tracing::info!(target: "ipc", %error, "IPC server could not accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                continue;
            }
        };
        seats.taken.fetch_add(1, Ordering::SeqCst);
        let number = seats.accepted.fetch_add(1, Ordering::SeqCst);
        let seat = seats.clone();
        let object: Arc<LocalObject> = export(root.clone());
        let connection =
            Connection::serve(event_loop, Stream::Unix(stream), object, limits.clone(), move || {
                seat.taken.fetch_sub(1, Ordering::SeqCst);
                seat.open().remove(&number);
                seat.freed.notify_one();
            });
        if !connection.is_closed() {
            seats.open().insert(number, connection.clone());
        }
        tracing::info!(target: "ipc", ?connection, "IPC connection accepted");
    }
}
