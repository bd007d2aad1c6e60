//! Listening for peers on a Unix socket.
//!
//! In: a path and the object that every peer sees first. Out: a server that accepts connections
//! until it is dropped, never more at once than it is allowed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};

use crate::connection::{Connection, Hit, LocalObject, Quota, Stream, blocking_on_loop, shut_down_all};
use crate::error::Result;
use crate::event_loop::EventLoop;
use crate::limits::Limits;
use crate::proxy::{Interface, export};
use crate::socket::{AllowedPeers, Listener, PeerCredentials};

/// A server on a Unix socket. Dropping it stops it from accepting and removes the socket, so that another one can
/// listen there at once; connections that are open stay until their peers leave, or [`Server::close`] ends them.
pub struct Server {
    path: PathBuf,
    seats: Arc<Seats>,
    event_loop: EventLoop,
    stop: Stop,
}

/// What stops a server from accepting. Nobody can connect and the path is free when this is dropped, whatever the
/// loop is at.
struct Stop {
    listener: Arc<Listener>,
    asked: Option<oneshot::Sender<()>>,
    /// Ends when the loop has let go of the socket.
    stopped: Mutex<Receiver<()>>,
}

impl Stop {
    /// Waits until the loop has let go of the socket.
    fn wait(mut self, patience: Duration) {
        self.listener.close();
        drop(self.asked.take());
        // Nothing is sent; or the loop is busy, and lets go of it later.
        let stopped = self.stopped.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = stopped.recv_timeout(patience);
    }
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.listener.close();
    }
}

/// How long [`Server::close`] waits for a busy loop to let go of the socket, at which nobody can connect any more.
const STOPPING: Duration = Duration::from_secs(1);

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Server({})", self.path.display())
    }
}

/// The connections that are open, and the wish to know when one closes.
struct Seats {
    taken: AtomicUsize,
    /// Each with the number of those that were accepted before it; none once they are to be closed.
    open: Mutex<Option<BTreeMap<usize, Connection>>>,
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
        if self.event_loop.is_driven_here() {
            return Err(blocking_on_loop());
        }
        let (Server { seats, stop, .. }, started) = (self, Instant::now());
        stop.wait(patience.min(STOPPING));
        let open = seats.open().take().unwrap_or_default();
        Ok(shut_down_all(open.into_values().collect(), patience.saturating_sub(started.elapsed())))
    }
}

impl Seats {
    fn new() -> Arc<Self> {
        Arc::new(Seats {
            taken: AtomicUsize::new(0),
            open: Mutex::new(Some(BTreeMap::new())),
            accepted: AtomicUsize::new(0),
            freed: Notify::new(),
        })
    }

    fn open(&self) -> MutexGuard<'_, Option<BTreeMap<usize, Connection>>> {
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
    let connections = max_connections.unwrap_or(limits.connections());
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
    listen_for(event_loop, path, root, limits, AllowedPeers::own())
}

/// Does the same as [`listen_with`], for processes of other users too. Whoever else connects to the socket, which anybody
/// may then, is hung up on.
///
/// # Errors
///
/// When the socket cannot be made; the text says why.
pub fn listen_for<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    path: impl AsRef<Path>,
    root: Arc<I>,
    limits: Limits,
    peers: AllowedPeers,
) -> Result<Server> {
    let limits = within_descriptors(limits);
    let listener = Arc::new(crate::socket::bind(path.as_ref(), &peers)?);
    let ((asked, stop), (stopping, stopped)) = (oneshot::channel(), channel());
    let seats = Seats::new();
    let server = Server {
        path: path.as_ref().to_owned(),
        seats: seats.clone(),
        event_loop: event_loop.clone(),
        stop: Stop { listener: listener.clone(), asked: Some(asked), stopped: Mutex::new(stopped) },
    };
    let on_loop = event_loop.clone();
    event_loop.run(move || {
        let accepting = on_loop.clone();
        on_loop.spawn(async move {
            let _stopping: Sender<()> = stopping;
            tokio::select! {
                () = accept(&accepting, listener, root, &seats, &limits, &peers) => {}
                _ = stop => {}
            }
        });
    });
    Ok(server)
}

/// Allows no more connections than leave half of the descriptors for everything else.
fn within_descriptors(limits: Limits) -> Limits {
    let descriptors = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let half = descriptors.and_then(|most| usize::try_from(most / 2).ok()).unwrap_or(usize::MAX).max(1);
    if limits.connections() <= half {
        return limits;
    }
    let wanted = limits.connections();
    tracing::info!(target: "ipc", wanted, most = half, "IPC server serves fewer peers at once: it has few descriptors");
    limits.with_connections(half)
}

async fn accept<I: Interface + ?Sized + 'static>(
    event_loop: &EventLoop,
    listener: Arc<Listener>,
    root: Arc<I>,
    seats: &Arc<Seats>,
    limits: &Limits,
    peers: &AllowedPeers,
) {
    let socket = listener.std().try_clone().and_then(|socket| {
        socket.set_nonblocking(true)?;
        tokio::net::UnixListener::from_std(socket)
    });
    let socket = match socket {
        Ok(socket) => socket,
        Err(error) => return tracing::warn!(target: "ipc", %error, "IPC server cannot listen"),
    };
    let quota = Quota::new(0);
    loop {
        while seats.taken.load(Ordering::SeqCst) >= limits.connections() {
            seats.freed.notified().await;
        }
        let stream = match socket.accept().await.and_then(|(stream, _)| stream.into_std()) {
            Ok(stream) => stream,
            Err(error) => {
                // A peer that left at once, or no descriptor to be had: neither lasts.
                if let Some(missing) = quota.allows(Hit::Accept) {
                    tracing::info!(target: "ipc", missing, %error, "IPC server could not accept a connection");
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                continue;
            }
        };
        let peer = PeerCredentials::of(&stream);
        if !peer.as_ref().is_ok_and(|peer| peers.allow(peer)) {
            if let Some(missing) = quota.allows(Hit::Stranger) {
                tracing::warn!(target: "ipc", missing, ?peer, "IPC server hung up on a process of another user");
            }
            continue;
        }
        seats.taken.fetch_add(1, Ordering::SeqCst);
        let number = seats.accepted.fetch_add(1, Ordering::SeqCst);
        let seat = seats.clone();
        let object: Arc<LocalObject> = export(root.clone());
        let connection =
            Connection::serve(event_loop, Stream::Unix(stream), object, limits.clone(), move || {
                seat.taken.fetch_sub(1, Ordering::SeqCst);
                if let Some(open) = &mut *seat.open() {
                    open.remove(&number);
                }
                seat.freed.notify_one();
            });
        match &mut *seats.open() {
            Some(open) if !connection.is_closed() => {
                open.insert(number, connection.clone());
            }
            Some(_) => {}
            None => connection.close(),
        }
        tracing::info!(target: "ipc", ?connection, "IPC connection accepted");
    }
}
