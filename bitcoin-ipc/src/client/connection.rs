//! The client: a connection that comes back.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mp_runtime::{Error, ErrorKind, EventLoop, Json, PeerCredentials, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::address::Address;
use super::echo::ClientEcho;
use super::mining::ClientMining;
use super::options::{ConnectOptions, Reconnect};
use super::rpc::{self, ClientRpc};
use super::session::{Session, Source, Stream};
use super::template::too_many;
use super::templates::{TemplateOptions, Templates};
use super::timer::Deadlines;
use super::tips::Tips;
use crate::interfaces::{Echo, Mining, Rpc};
use crate::release::{Release, Services};

/// How long closing a connection may take.
const CLOSING: Duration = Duration::from_millis(500);

/// Connects to a node of the main network, by an address such as `unix` or `unix:/path/node.sock`.
/// [`ConnectOptions`] has other networks and more.
///
/// # Errors
///
/// When the address makes no sense, or nothing answers there; the text says what to do.
pub async fn connect<A>(address: A) -> Result<Client>
where
    A: TryInto<Address>,
    Error: From<A::Error>,
{
    ConnectOptions::new().connect(address).await
}

/// A client of a running node. Copies are cheap and share the connection, which comes back when it
/// is lost: the next call connects again, with pauses that grow
/// ([`Reconnect`](super::Reconnect)).
#[derive(Clone)]
pub struct Client(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) options: ConnectOptions,
    pub(super) event_loop: EventLoop,
    pub(super) templates: Arc<Semaphore>,
    deadlines: Arc<Deadlines>,
    source: Arc<Source>,
    /// Held while connecting, so that a lost connection is replaced by one other.
    connecting: tokio::sync::Mutex<()>,
    session: Mutex<Option<Arc<Session>>>,
    /// Counts connections; the first has number 1.
    epoch: AtomicU64,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Client({:?}, connection {})", self.0.source, self.connections())
    }
}

impl Client {
    pub(super) async fn open(options: ConnectOptions, socket: PathBuf) -> Result<Client> {
        let trust = options.trust;
        let client = Client::with(options, Source::Socket { path: socket, trust })?;
        client.0.start(client.0.options.call_timeout).await?;
        Ok(client)
    }

    /// A client of services in this process, as if they were a node of this release: for tests.
    ///
    /// # Errors
    ///
    /// When the system has no socket or thread to give.
    pub fn local(options: ConnectOptions, services: Services, release: Release) -> Result<Client> {
        let client = Client::with(options, Source::Local(services, release))?;
        let stream = client.0.source.attempt(&client.0.event_loop)?;
        client.0.begin(stream);
        Ok(client)
    }

    fn with(options: ConnectOptions, source: Source) -> Result<Client> {
        let event_loop = match &options.event_loop {
            Some(event_loop) => event_loop.clone(),
            None => EventLoop::new(&options.name)?,
        };
        if let Some(monitor) = &options.monitor {
            event_loop.set_monitor(monitor.clone());
        }
        Ok(Client(Arc::new(Shared {
            templates: Arc::new(Semaphore::new(options.max_templates.min(Semaphore::MAX_PERMITS))),
            deadlines: Arc::default(),
            options,
            event_loop,
            source: Arc::new(source),
            connecting: tokio::sync::Mutex::default(),
            session: Mutex::default(),
            epoch: AtomicU64::new(0),
        })))
    }

    /// The node's release.
    ///
    /// # Errors
    ///
    /// When the connection is lost and does not come back.
    pub async fn release(&self) -> Result<Release> {
        self.call(async |session| session.release().await).await
    }

    /// Block templates and blocks, in one form for all releases. The handle stays valid when the
    /// connection is lost. A lost call is made again when it only asks for something; it fails when
    /// it gives the node a block.
    #[must_use]
    pub fn mining(&self) -> Arc<dyn Mining> {
        Arc::new(ClientMining(self.clone()))
    }

    /// Block templates one after the other: the first at once, each other one when it is worth more
    /// or builds on a new block. After a lost connection it goes on with a new one.
    pub fn templates(&self, options: TemplateOptions) -> Templates {
        Templates::new(self.clone(), options)
    }

    /// The highest block: the current one at once, then each other one. After a lost connection it
    /// says how long there was none, and goes on.
    pub fn tips(&self) -> Tips {
        Tips::new(self.clone())
    }

    /// The node's echo.
    ///
    /// # Errors
    ///
    /// When the connection is lost and does not come back.
    pub async fn echo(&self) -> Result<Arc<dyn Echo>> {
        let made = self.call(async |session| Ok((session.clone(), session.echo().await?)));
        let (session, echo) = made.await?;
        Ok(Arc::new(ClientEcho { client: self.clone(), session, echo }))
    }

    /// The node's JSON-RPC server as it is on the wire; see [`execute_rpc`](Client::execute_rpc).
    ///
    /// # Errors
    ///
    /// When the node is older than v32, or the connection is lost and does not come back.
    pub async fn rpc(&self) -> Result<Arc<dyn Rpc>> {
        let made = self.call(async |session| Ok((session.clone(), session.rpc().await?)));
        let (session, rpc) = made.await?;
        Ok(Arc::new(ClientRpc { client: self.clone(), session, rpc }))
    }

    /// Calls a method of the node's JSON-RPC server and gives its result. `params` is a list or an
    /// object, as a [`serde_json::Value`] or, where a field may come twice, as [`Json`]; `wallet` names the
    /// wallet for methods of one.
    ///
    /// # Errors
    ///
    /// When the method fails ([`RpcError::Rpc`](super::RpcError::Rpc)), the node is older than v32,
    /// or the connection is lost: the call is not made again, for it may have been executed.
    pub async fn execute_rpc(
        &self,
        method: &str,
        params: impl Into<Json>,
        wallet: Option<&str>,
    ) -> Result<serde_json::Value, super::RpcError> {
        rpc::execute(self, method, params.into(), wallet).await
    }

    /// How many connections there have been so far.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.0.epoch.load(Ordering::SeqCst)
    }

    /// Whether the connection stands now.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.0.live().is_some()
    }

    /// Whose process serves the connection that stands now; `None` without one, and for a client of this
    /// process's own services.
    #[must_use]
    pub fn peer(&self) -> Option<PeerCredentials> {
        self.0.live()?.peer()
    }

    /// The event loop of the client.
    #[must_use]
    pub fn event_loop(&self) -> &EventLoop {
        &self.0.event_loop
    }

    /// Closes the connection when what was sent has gone out, such as the end of a wait whose future
    /// was dropped. Waits for that at most half a second.
    pub async fn close(self) {
        if let Some(session) = self.0.live() {
            let limit = std::pin::pin!(self.pause(CLOSING));
            futures::future::select(std::pin::pin!(session.settle()), limit).await;
        }
        self.disconnect();
    }

    /// Closes the connection at once. The next call opens another one.
    pub fn disconnect(&self) {
        if let Some(session) = self.0.live() {
            session.close();
            self.0.forget(&session);
        }
    }

    /// The connection, which is opened again if it is lost.
    pub(super) async fn session(&self) -> Result<Arc<Session>> {
        let shared = &self.0;
        if let Some(session) = shared.live() {
            return Ok(session);
        }
        let _turn = shared.connecting.lock().await;
        if let Some(session) = shared.live() {
            return Ok(session);
        }
        let policy = shared.options.reconnect;
        let lost = Instant::now();
        let mut pause = policy.first_pause;
        loop {
            match shared.start(Some(Duration::ZERO)).await {
                Ok(session) => {
                    tracing::info!(target: "ipc", gap = ?lost.elapsed(), "IPC client connected again");
                    return Ok(session);
                }
                Err(error) if policy.give_up.is_some_and(|limit| lost.elapsed() + pause > limit) => {
                    return Err(error);
                }
                Err(error) => tracing::info!(target: "ipc", %error, ?pause, "IPC client could not connect"),
            }
            self.pause(pause).await;
            pause = (pause * 2).min(policy.longest_pause);
        }
    }

    /// Makes a call that only asks for something: when the connection is lost it is made once more.
    pub(super) async fn call<T>(&self, call: impl AsyncFn(&Arc<Session>) -> Result<T>) -> Result<T> {
        let session = self.session().await?;
        match self.noticed(&session, self.limited(call(&session)).await) {
            Err(error) if error.kind() == ErrorKind::Disconnected => {
                let session = self.session().await?;
                self.noticed(&session, self.limited(call(&session)).await)
            }
            result => result,
        }
    }

    /// Notices from a call's outcome that the connection is lost, so that the next call opens
    /// another one.
    pub(super) fn noticed<T>(&self, session: &Arc<Session>, result: Result<T>) -> Result<T> {
        if result.as_ref().is_err_and(|error| error.kind() == ErrorKind::Disconnected) {
            self.0.forget(session);
        }
        result
    }

    /// Awaits a call within the time for calls that do not wait.
    pub(super) async fn limited<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        self.within(self.0.options.call_timeout, call).await
    }

    /// Awaits a call, at most for `limit`.
    pub(super) async fn within<T>(
        &self,
        limit: Option<Duration>,
        call: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        self.0.deadlines.within(&self.0.event_loop, limit, call).await
    }

    /// A seat for a template, if one is free.
    pub(super) fn free_seat(&self) -> Result<OwnedSemaphorePermit> {
        let Shared { templates, options, .. } = &*self.0;
        templates.clone().try_acquire_owned().map_err(|_| too_many(options.max_templates))
    }

    /// A seat for a template, once one is free.
    pub(super) async fn seat(&self) -> Result<OwnedSemaphorePermit> {
        let Shared { templates, options, .. } = &*self.0;
        let none = || too_many(options.max_templates);
        if options.max_templates == 0 {
            return Err(none());
        }
        templates.clone().acquire_owned().await.map_err(|_| none())
    }

    /// The pause before a stream tries again after another error.
    pub(super) fn longer_pause(&self, last: Option<Duration>) -> Duration {
        let Reconnect { first_pause, longest_pause, .. } = self.0.options.reconnect;
        last.map_or(first_pause, |last| (last * 2).min(longest_pause))
    }

    pub(super) async fn pause(&self, duration: Duration) {
        self.0.deadlines.sleep(&self.0.event_loop, duration).await;
    }
}

impl Shared {
    fn live(&self) -> Option<Arc<Session>> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.clone().filter(|session| !session.is_closed())
    }

    pub(super) fn forget(&self, session: &Arc<Session>) {
        let mut current = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
            *current = None;
        }
    }

    /// Connects, and waits so long for a node that is slow to accept.
    async fn start(&self, patience: Option<Duration>) -> Result<Arc<Session>> {
        Ok(self.begin(self.source.stream(&self.event_loop, patience).await?))
    }

    fn begin(&self, stream: Stream) -> Arc<Session> {
        let Shared { source, event_loop, options, .. } = self;
        let session = Arc::new(Session::new(source, event_loop, stream, options));
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
        self.epoch.fetch_add(1, Ordering::SeqCst);
        session
    }
}
