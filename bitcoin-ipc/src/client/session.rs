//! One connection to a node, from connecting to finding out its release.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mp_runtime::{
    Connection, Error, ErrorKind, EventLoop, PeerCredentials, Remote, Result, connect_stream, serve_stream,
    try_connect,
};
use tokio::sync::OnceCell;

use super::options::ConnectOptions;
use super::trust::Trust;
use crate::interfaces::{Echo, Mining, Rpc};
use crate::release::{Release, Services, v30, v31, v32};

/// Where connections come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A node's socket.
    Socket {
        /// Its path.
        path: PathBuf,
        /// Who may serve it.
        trust: Trust,
    },
    /// Services of this process, as a node of this release.
    Local(Services, Release),
}

/// A connected socket, and whose process is at its other end if that is not this one.
pub(super) type Stream = (UnixStream, Option<PeerCredentials>);

impl Source {
    /// One attempt to connect, which does not wait.
    pub(super) fn attempt(&self, event_loop: &EventLoop) -> Result<Stream> {
        match self {
            Source::Socket { path, trust } => {
                let stream = try_connect(path).map_err(|error| refused(path, &error))?;
                let peer = PeerCredentials::of(&stream)?;
                trust.check(path, peer)?;
                Ok((stream, Some(peer)))
            }
            Source::Local(services, release) => {
                let (near, far) = UnixStream::pair()?;
                let services = Arc::new(services.clone());
                match release {
                    Release::V30 => serve_stream::<dyn v30::Init>(event_loop, far, services),
                    Release::V31 => serve_stream::<dyn v31::Init>(event_loop, far, services),
                    Release::V32 => serve_stream::<dyn v32::Init>(event_loop, far, services),
                };
                Ok((near, None))
            }
        }
    }

    /// Connects, and waits so long for a node that is slow to accept.
    pub(super) async fn stream(&self, event_loop: &EventLoop, patience: Option<Duration>) -> Result<Stream> {
        let started = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            match self.attempt(event_loop) {
                // Its queue is full.
                Err(error)
                    if error.kind() == ErrorKind::Timeout
                        && patience.is_none_or(|patience| started.elapsed() < patience) =>
                {
                    event_loop.sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                result => return result,
            }
        }
    }
}

/// The first pause while a node does not accept.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_millis(50);

/// What to do when nothing answers.
fn refused(path: &Path, error: &std::io::Error) -> Error {
    let at = path.display();
    let text = match error.kind() {
        std::io::ErrorKind::NotFound => format!(
            "no socket at {at}: start bitcoin-node with -ipcbind=unix (bitcoind has no IPC), and check the \
             network and the data directory"
        ),
        std::io::ErrorKind::ConnectionRefused => format!(
            "nobody answers at {at}: the node that made this socket is gone; start bitcoin-node with \
             -ipcbind=unix"
        ),
        std::io::ErrorKind::PermissionDenied => {
            format!("no permission for {at}: only the user that runs the node may connect; run as that user")
        }
        // As many wait to be accepted as may.
        std::io::ErrorKind::WouldBlock => {
            let text = format!(
                "nobody accepts connections at {at}: its queue is full, so the node hangs or is very busy; see \
                 its debug.log, and start it again if it does not recover"
            );
            return Error::new(ErrorKind::Timeout, text);
        }
        _ => format!("cannot connect to {at}: {error}"),
    };
    Error::new(ErrorKind::Io, text)
}

/// The first interface in the form of the node's release.
enum Root {
    V30(Remote<dyn v30::Init>),
    V31(Remote<dyn v31::Init>),
    /// The node's own connection does.
    V32,
}

/// The longest that one call waits; a longer wait is several calls.
const SLICE: Duration = Duration::from_secs(60);
/// The same for v30, whose waits nothing ends before.
const SHORT_SLICE: Duration = Duration::from_secs(1);

/// One connection to a node.
pub(super) struct Session {
    source: Arc<Source>,
    event_loop: EventLoop,
    /// The first connection. Echo has one form in all releases, and this form tells them apart.
    init: Remote<dyn v32::Init>,
    root: OnceCell<Root>,
    known: Option<Release>,
    /// How long the second connection may wait to be accepted.
    patience: Option<Duration>,
    peer: Option<PeerCredentials>,
    mining: OnceCell<Arc<dyn Mining>>,
}

impl Session {
    pub(super) fn new(
        source: &Arc<Source>,
        event_loop: &EventLoop,
        (stream, peer): Stream,
        options: &ConnectOptions,
    ) -> Session {
        Session {
            init: connect_stream(event_loop, stream),
            source: source.clone(),
            event_loop: event_loop.clone(),
            root: OnceCell::new(),
            known: options.release,
            patience: options.call_timeout,
            peer,
            mining: OnceCell::new(),
        }
    }

    /// Whose process serves the connection.
    pub(super) fn peer(&self) -> Option<PeerCredentials> {
        self.peer
    }

    /// The connections to the node: the first, and the one of an older release.
    fn connections(&self) -> impl Iterator<Item = &Connection> {
        let second = match self.root.get() {
            Some(Root::V30(init)) => Some(init.connection()),
            Some(Root::V31(init)) => Some(init.connection()),
            Some(Root::V32) | None => None,
        };
        std::iter::once(self.init.connection()).chain(second)
    }

    /// Waits for an answer of the node. It reads what comes through a connection in order, so then it
    /// has read everything before.
    pub(super) async fn settle(&self) -> Result<()> {
        match self.mining.get() {
            Some(mining) => mining.is_test_chain().await.map(drop),
            None => self.init.make_echo().await.map(drop),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.connections().any(Connection::is_closed)
    }

    pub(super) fn close(&self) {
        self.connections().for_each(Connection::close);
    }

    /// Finds out the release by what the first interface can do. No method is called that another
    /// release has under the same number in another form.
    async fn root(&self) -> Result<&Root> {
        self.root
            .get_or_try_init(|| async {
                let release = match self.known {
                    Some(release) => release,
                    // Only v32 has makeRpc.
                    None => match self.init.make_rpc().await {
                        Ok(_) => Release::V32,
                        Err(error) if error.kind() == ErrorKind::Unimplemented => self.before_v32().await?,
                        Err(error) => return Err(error),
                    },
                };
                tracing::debug!(target: "ipc", %release, "IPC node found");
                // A node that is gone by now was there a moment ago: the connection is lost.
                let stream = async || {
                    let stream = self.source.stream(&self.event_loop, self.patience).await;
                    stream.map(|(stream, _)| stream).map_err(|error| Error::disconnected(error.text()))
                };
                Ok(match release {
                    Release::V30 => Root::V30(connect_stream(&self.event_loop, stream().await?)),
                    Release::V31 => Root::V31(connect_stream(&self.event_loop, stream().await?)),
                    Release::V32 => Root::V32,
                })
            })
            .await
    }

    /// The first interface, whatever form it has.
    async fn released(&self) -> Result<&dyn v32::Init> {
        Ok(match self.root().await? {
            Root::V30(init) => &**init as &dyn v32::Init,
            Root::V31(init) => &**init as &dyn v32::Init,
            Root::V32 => &*self.init,
        })
    }

    /// The longest that one call may wait.
    pub(super) fn slice(&self) -> Duration {
        if let Some(Root::V30(_)) = self.root.get() { SHORT_SLICE } else { SLICE }
    }

    /// Only since v31 `makeMining` has ordinal 3.
    async fn before_v32(&self) -> Result<Release> {
        match self.init.make_mining().await {
            Ok(_) => Ok(Release::V31),
            Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(Release::V30),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn release(&self) -> Result<Release> {
        Ok(match self.root().await? {
            Root::V30(_) => Release::V30,
            Root::V31(_) => Release::V31,
            Root::V32 => Release::V32,
        })
    }

    /// The mining object that all calls share which do not wait.
    pub(super) async fn mining(&self) -> Result<Arc<dyn Mining>> {
        self.mining.get_or_try_init(|| self.make_mining()).await.cloned()
    }

    /// A mining object of one's own. An interrupt concerns all waits of one object, so each wait
    /// has its own.
    pub(super) async fn make_mining(&self) -> Result<Arc<dyn Mining>> {
        let mining = self.released().await?.make_mining().await?;
        mining.ok_or_else(|| {
            Error::disconnected("the node has no mining interface to give; it may be shutting down")
        })
    }

    pub(super) async fn echo(&self) -> Result<Arc<dyn Echo>> {
        let echo = self.init.make_echo().await?;
        echo.ok_or_else(|| Error::unimplemented("the node has no echo interface"))
    }

    pub(super) async fn rpc(&self) -> Result<Arc<dyn Rpc>> {
        let rpc = self.released().await?.make_rpc().await?;
        rpc.ok_or_else(|| Error::unimplemented("the node has no RPC interface"))
    }
}
