//! How to connect, and what to do when the connection is lost.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bitcoin::Network;
use mp_runtime::monitor::Monitor;
use mp_runtime::{EventLoop, Result};

use super::address::{Address, default_data_dir, network_dir};
use super::trust::Trust;
use crate::release::Release;

/// How a [`Client`](super::Client) connects.
///
/// ```no_run
/// # async fn example() -> bitcoin_ipc::Result<()> {
/// use bitcoin::Network;
/// use bitcoin_ipc::ConnectOptions;
///
/// let node = ConnectOptions::new().network(Network::Regtest).connect("unix").await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ConnectOptions {
    pub(super) network: Network,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) name: String,
    pub(super) release: Option<Release>,
    pub(super) call_timeout: Option<Duration>,
    pub(super) rpc_timeout: Option<Duration>,
    pub(super) trust: Trust,
    pub(super) reconnect: Reconnect,
    pub(super) one_connection: bool,
    pub(super) max_templates: usize,
    pub(super) monitor: Option<Arc<dyn Monitor>>,
    pub(super) event_loop: Option<EventLoop>,
}

/// How to connect again after a connection is lost. The pauses between attempts double from the
/// first to the longest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The first pause.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// When to give up, so that the call that wanted the connection fails; `None` never.
    pub give_up: Option<Duration>,
}

impl Default for Reconnect {
    /// From 100 milliseconds to 10 seconds, for a minute.
    fn default() -> Self {
        Reconnect {
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(10),
            give_up: Some(Duration::from_secs(60)),
        }
    }
}

impl std::fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("network", &self.network)
            .field("data_dir", &self.data_dir)
            .field("release", &self.release)
            .field("call_timeout", &self.call_timeout)
            .field("rpc_timeout", &self.rpc_timeout)
            .field("trust", &self.trust)
            .field("reconnect", &self.reconnect)
            .field("max_templates", &self.max_templates)
            .finish_non_exhaustive()
    }
}

impl Default for ConnectOptions {
    fn default() -> Self {
        ConnectOptions {
            network: Network::Bitcoin,
            data_dir: None,
            name: "bitcoin-ipc".into(),
            release: None,
            call_timeout: Some(Duration::from_secs(60)),
            rpc_timeout: Some(Duration::from_secs(900)),
            trust: Trust::default(),
            reconnect: Reconnect::default(),
            one_connection: false,
            max_templates: 100,
            monitor: None,
            event_loop: None,
        }
    }
}

impl ConnectOptions {
    /// The main network, Bitcoin Core's data directory, a minute for calls that do not wait.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The network, whose directory has the default socket and is where relative paths begin.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// The node's data directory (`-datadir`), if not Bitcoin Core's default.
    #[must_use]
    pub fn data_dir(mut self, data_dir: impl Into<PathBuf>) -> Self {
        self.data_dir = Some(data_dir.into());
        self
    }

    /// The name of this program, which the node's log shows.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The release of the node, so that it need not be found out. It is not checked: with a wrong
    /// one, calls run other methods than they name.
    #[must_use]
    pub fn release(mut self, release: Release) -> Self {
        self.release = Some(release);
        self
    }

    /// How long a call may take that does not wait for a block or a template, and how long one that does may
    /// take beside its own time; `None` for ever. A minute by default.
    ///
    /// A wait without an end asks the node for something else that often: a node that does not answer that
    /// within this time either has hung, which is an error of kind
    /// [`Timeout`](mp_runtime::ErrorKind::Timeout) for who waits, and the end of the connection.
    #[must_use]
    pub fn call_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// How long a JSON-RPC method may take, beside the time that it waits by its own argument
    /// (`waitfornewblock`, `waitforblock`, `waitforblockheight`); `None` for ever. By default a quarter of an
    /// hour, as for `bitcoin-cli`. A node that hangs is noticed by the [`call_timeout`](Self::call_timeout).
    #[must_use]
    pub fn rpc_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.rpc_timeout = timeout;
        self
    }

    /// Whose processes are taken for a node.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// How to connect again.
    #[must_use]
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.reconnect = reconnect;
        self
    }

    /// Has the client keep to one connection: when that is lost, or closed, every call fails. For whoever makes another
    /// client then, and must not hold on to a node that is ending: Bitcoin Core waits for whoever is connected.
    #[must_use]
    pub fn one_connection(mut self) -> Self {
        self.one_connection = true;
        self
    }

    /// How many block templates may be held at once; 100 by default. The node keeps each of them in memory,
    /// with its transactions, until it is dropped, and beside them the last one of each stream. A stream goes
    /// on when so many are held ([`WhenFull`](super::WhenFull)); other ways to a template are errors then.
    #[must_use]
    pub fn max_templates(mut self, max: usize) -> Self {
        self.max_templates = max;
        self
    }

    /// Hears of every call.
    #[must_use]
    pub fn monitor(mut self, monitor: Arc<dyn Monitor>) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// The event loop to use, if not one of the client's own. One that runs on the caller's thread
    /// ([`EventLoop::with_driver`]) spares an asynchronous call two changes of thread.
    #[must_use]
    pub fn event_loop(mut self, event_loop: EventLoop) -> Self {
        self.event_loop = Some(event_loop);
        self
    }

    /// The path of the socket that an address means with these options.
    ///
    /// # Errors
    ///
    /// When the path is too long for a socket, or there is no home directory to look in.
    pub fn socket(&self, address: &Address) -> Result<PathBuf> {
        if let Address::Path(path) = address
            && path.is_absolute()
        {
            return address.socket(path);
        }
        let data_dir = match &self.data_dir {
            Some(data_dir) => data_dir.clone(),
            None => default_data_dir()?,
        };
        address.socket(&network_dir(&data_dir, self.network))
    }
}
