//! A connection that comes back.
//!
//! In: options and a source of connections. Out: a [`Link`], which everything that calls the node shares:
//! the session that stands now, or the next one, and the time that a call may take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use mp_runtime::{Error, ErrorKind, EventLoop, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::options::{ConnectOptions, Reconnect};
use super::session::{Session, Source, Stream};
use super::timer::Deadlines;

/// A connection that comes back when it is lost. Copies share it.
#[derive(Clone)]
pub(super) struct Link(Arc<Shared>);

struct Shared {
    options: ConnectOptions,
    event_loop: EventLoop,
    /// Seats for block templates.
    templates: Arc<Semaphore>,
    deadlines: Arc<Deadlines>,
    source: Arc<Source>,
    /// Held while connecting, so that a lost connection is replaced by one other.
    connecting: tokio::sync::Mutex<()>,
    session: Mutex<Option<Arc<Session>>>,
    /// Counts connections; the first has number 1.
    epoch: AtomicU64,
}

impl Link {
    /// A link without a connection yet.
    pub(super) fn new(options: ConnectOptions, source: Source) -> Result<Link> {
        let event_loop = match &options.event_loop {
            Some(event_loop) => event_loop.clone(),
            None => EventLoop::new(&options.name)?,
        };
        if let Some(monitor) = &options.monitor {
            event_loop.set_monitor(monitor.clone());
        }
        Ok(Link(Arc::new(Shared {
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

    /// Opens the first connection. Waits for a node that is slow to accept as long as a call may take.
    pub(super) async fn open(&self) -> Result<()> {
        self.0.start(self.0.options.call_timeout).await.map(drop)
    }

    /// Opens the first connection where that waits for nobody.
    pub(super) fn open_now(&self) -> Result<()> {
        let stream = self.0.source.attempt(&self.0.event_loop)?;
        self.0.begin(stream);
        Ok(())
    }

    pub(super) fn options(&self) -> &ConnectOptions {
        &self.0.options
    }

    pub(super) fn event_loop(&self) -> &EventLoop {
        &self.0.event_loop
    }

    pub(super) fn source(&self) -> &Source {
        &self.0.source
    }

    /// How many connections there have been so far.
    pub(super) fn connections(&self) -> u64 {
        self.0.epoch.load(Ordering::SeqCst)
    }

    /// The connection that stands now.
    pub(super) fn live(&self) -> Option<Arc<Session>> {
        let session = self.0.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.clone().filter(|session| !session.is_closed())
    }

    /// Has the next call open another connection than this one.
    pub(super) fn forget(&self, session: &Arc<Session>) {
        let mut current = self.0.session.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(current, session)) {
            *current = None;
        }
    }

    /// The connection, which is opened again if it is lost.
    pub(super) async fn session(&self) -> Result<Arc<Session>> {
        let shared = &self.0;
        if let Some(session) = self.live() {
            return Ok(session);
        }
        let _turn = shared.connecting.lock().await;
        if let Some(session) = self.live() {
            return Ok(session);
        }
        if shared.options.one_connection && self.connections() > 0 {
            return Err(Error::disconnected("the connection is lost, and was to be the only one"));
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
            self.forget(session);
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

fn too_many(max: usize) -> Error {
    Error::new(
        ErrorKind::Limit,
        format!(
            "{max} block templates are held; drop some, or raise ConnectOptions::max_templates: the node \
             keeps each with its transactions"
        ),
    )
}

impl Shared {
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
