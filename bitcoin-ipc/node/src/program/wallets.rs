//! The wallets of a node, in this process or in another one.
//!
//! In: where wallets come from. Out: a loader that has loaded its wallets; when its process ends
//! before the node, a new one.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bitcoin_init::config::Settings;
use bitcoin_init::lock::DirectoryLock;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::{datadir, origin};
use bitcoin_ipc::interfaces::watch::{SplitInit, WatchingChain};
use bitcoin_ipc::interfaces::{Handler, WalletLoader};
use bitcoin_ipc::types::{GlobalArgs, restart};
use mp_runtime::callbacks::News;
use mp_runtime::{
    Child, Connection, Error, ErrorKind, EventLoop, Result, SpawnArgument, sibling, spawn, within,
};

use super::Offer;

/// The pause before an ended wallet process is started again; it doubles when that one ends soon too.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long a wallet process has to live for its end not to be a reason for a longer pause.
const WORKED: Duration = Duration::from_secs(2);
/// How long a wallet process that has stopped its wallets may take for its end.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long wallets may take to answer that they stop.
const GOODBYE: Duration = Duration::from_secs(5);
/// How often whoever waits for wallets looks whether to go on.
const LOOK: Duration = Duration::from_millis(50);

/// Where a node gets its wallets from.
pub trait WalletSource: Send + Sync {
    /// Makes what loads wallets, with these settings and this chain; `None` for no wallets.
    ///
    /// # Errors
    ///
    /// The wallets cannot start; the text says why.
    fn start(
        &self,
        event_loop: &EventLoop,
        settings: GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<StartedWallets>>;
}

/// Wallets that have started.
pub struct StartedWallets {
    /// What loads them.
    pub loader: Arc<dyn WalletLoader>,
    /// Their process, with the connection to it, if they have one of their own.
    pub process: Option<(Child, Connection)>,
}

/// No wallets at all.
pub struct NoWallets;

impl WalletSource for NoWallets {
    fn start(
        &self,
        _: &EventLoop,
        _: GlobalArgs,
        _: Arc<dyn WatchingChain>,
    ) -> Result<Option<StartedWallets>> {
        Ok(None)
    }
}

/// Wallets in a process of their own, which is spawned.
pub struct SpawnedWallets {
    program: PathBuf,
}

impl SpawnedWallets {
    /// The program of this name beside the running one.
    ///
    /// # Errors
    ///
    /// The system cannot tell where the running program is.
    pub fn beside(name: &str) -> Result<Self> {
        Ok(SpawnedWallets { program: sibling(name)? })
    }
}

impl WalletSource for SpawnedWallets {
    fn start(
        &self,
        event_loop: &EventLoop,
        settings: GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<StartedWallets>> {
        let (mut child, init) = spawn::<dyn SplitInit>(event_loop, &self.program, SpawnArgument::default())?;
        tracing::info!(target: "node", "Started {}, process {}.", self.program.display(), child.pid());
        let connection = init.connection().clone();
        let stopping = chain.clone();
        let over = move || stopping.shutdown_requested().unwrap_or(true);
        let made = give_up_after(over, GOODBYE, move || init.any_wallet_loader(&settings, chain));
        let loader = match made {
            Some(loader) => loader?,
            None => {
                connection.close();
                child.kill()?;
                return Err(Error::new(ErrorKind::Cancelled, "the wallet process did not answer"));
            }
        };
        let no_wallets = || Error::failed(format!("{} has no wallets to offer", self.program.display()));
        Ok(Some(StartedWallets {
            loader: loader.ok_or_else(no_wallets)?.into(),
            process: Some((child, connection)),
        }))
    }
}

/// The wallets of a running node.
pub struct Wallets {
    shared: Arc<Shared>,
    watching: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    event_loop: EventLoop,
    source: Box<dyn WalletSource>,
    offer: Offer,
    shutdown: Shutdown,
    /// Whether the wallets did not answer when they were to stop.
    silent: AtomicBool,
}

/// The wallets that a node has at the moment. Clones are the same.
#[derive(Clone, Default)]
pub struct LoadedWallets(Arc<Mutex<Option<Current>>>);

impl LoadedWallets {
    /// What loads the wallets; `None` without wallets, and while their process is being started again.
    #[must_use]
    pub fn loader(&self) -> Option<Arc<dyn WalletLoader>> {
        self.lock().as_ref().map(|current| current.loader.clone())
    }

    /// Passes on a clock that was set, in seconds since 1970; 0 is the real time.
    pub(super) fn set_mock_time(&self, time: i64) {
        if let Some(loader) = self.loader()
            && let Err(error) = loader.set_mock_time(time)
        {
            tracing::warn!(target: "node", "The clock of the wallets was not set: {error}");
        }
    }

    /// Has what they do later happen so much earlier, for tests.
    pub(super) fn mock_forward(&self, time: Duration) {
        if let Some(loader) = self.loader()
            && let Err(error) = loader.scheduler_mock_forward(time)
        {
            tracing::warn!(target: "node", "The wallets did not go forward in time: {error}");
        }
    }

    /// Takes the wallets of a process that has attached by itself, unless there are any.
    pub(super) fn offered(&self, loader: Arc<dyn WalletLoader>) -> Option<Offered> {
        let mut current = self.lock();
        if current.is_some() {
            return None;
        }
        *current = Some(Current { loader: loader.clone(), connection: None, attached: true });
        Some(Offered { wallets: self.clone(), loader })
    }

    fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Current {
    loader: Arc<dyn WalletLoader>,
    connection: Option<Connection>,
    /// Whether their process has attached by itself: it goes on without the node.
    attached: bool,
}

/// The wallets of a process that has attached by itself, until this is dropped.
pub(super) struct Offered {
    wallets: LoadedWallets,
    loader: Arc<dyn WalletLoader>,
}

impl Offered {
    /// The node has these wallets no more. Others that came meanwhile stay.
    fn take_back(&self) {
        let mut current = self.wallets.lock();
        if current.as_ref().is_some_and(|current| Arc::ptr_eq(&current.loader, &self.loader)) {
            *current = None;
        }
    }
}

impl Drop for Offered {
    fn drop(&mut self) {
        self.take_back();
    }
}

impl Handler for Offered {
    fn disconnect(&self) -> Result<()> {
        self.take_back();
        Ok(())
    }
}

impl Wallets {
    pub(super) fn new(
        event_loop: EventLoop,
        source: Box<dyn WalletSource>,
        offer: Offer,
        shutdown: Shutdown,
    ) -> Self {
        let shared = Shared { event_loop, source, offer, shutdown, silent: AtomicBool::default() };
        Wallets { shared: Arc::new(shared), watching: Mutex::default() }
    }

    /// What loads the wallets; `None` without wallets, and while their process is being started again.
    #[must_use]
    pub fn loader(&self) -> Option<Arc<dyn WalletLoader>> {
        self.shared.offer.wallets.loader()
    }

    /// Starts them, and watches their process if they have one.
    pub(super) fn start(&self) -> Result<()> {
        if self.shared.offer.settings.lock().bool("disablewallet", false) {
            tracing::info!(target: "node", "Wallet disabled!");
            return Ok(());
        }
        if let Some(child) = self.shared.start()? {
            let shared = self.shared.clone();
            let thread =
                std::thread::Builder::new().name("wallets".to_owned()).spawn(move || shared.watch(child))?;
            *self.watching.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        }
        Ok(())
    }

    /// Stops them, and waits for the end of their process.
    pub(super) fn stop(&self) {
        self.shared.shutdown.request();
        self.shared.stop();
        let thread = self.watching.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic there has been reported.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Starts the wallets and has them load; gives their process.
    fn start(&self) -> Result<Option<Child>> {
        let settings = self.offer.settings.lock().clone();
        if let Some(holder) = attached(&settings)? {
            tracing::info!(
                target: "node",
                "The wallet directory is in use by {holder}: no wallets are started, it attaches by itself."
            );
            return Ok(None);
        }
        let chain: Arc<dyn WatchingChain> = Arc::new(self.offer.chain());
        let Some(started) = self.source.start(&self.event_loop, settings.into(), chain)? else {
            return Ok(None);
        };
        let StartedWallets { loader, process } = started;
        let (child, connection) = process.unzip();
        *self.offer.wallets.lock() = Some(Current { loader: loader.clone(), connection, attached: false });
        let mock_time = self.offer.state.clock().mock_time();
        if mock_time != 0 {
            self.offer.wallets.set_mock_time(i64::try_from(mock_time).unwrap_or(i64::MAX));
        }
        self.offer.state.signals().init_wallet.tell(News::Each, |hear| hear());
        match self.begin(loader) {
            Ok(()) => Ok(child),
            Err(error) => {
                self.stop();
                if let Some(child) = child {
                    self.wait_for(child);
                }
                Err(error)
            }
        }
    }

    /// Has wallets load and begin their work. A wish to stop that comes meanwhile stops them, however far they are.
    fn begin(&self, loader: Arc<dyn WalletLoader>) -> Result<()> {
        let mut asked = false;
        let over = || {
            if self.shutdown.requested() && !std::mem::replace(&mut asked, true) {
                self.stop();
            }
            asked
        };
        let cancelled = || Error::new(ErrorKind::Cancelled, "the wallets did not load in time");
        give_up_after(over, PATIENCE, move || begin(&*loader)).unwrap_or_else(|| Err(cancelled()))
    }

    /// Stops the wallets. Those that do not answer are left alone.
    fn stop(&self) {
        let Some(Current { loader, connection, attached }) = self.offer.wallets.lock().take() else { return };
        if attached {
            return;
        }
        if let Err(error) = within(GOODBYE, || loader.stop()) {
            tracing::warn!(target: "node", "The wallets did not stop in order: {error}");
            self.silent.store(error.kind() == ErrorKind::Timeout, Ordering::SeqCst);
        }
        drop(loader);
        if let Some(connection) = connection {
            connection.close();
        }
    }

    /// Waits for the end of the process; one that ends before the node is started again.
    fn watch(&self, mut child: Child) {
        let mut pause = FIRST_PAUSE;
        loop {
            let started = Instant::now();
            let (pid, program) = (child.pid(), child.program().display().to_string());
            let status = self.wait_for(child);
            if self.shutdown.requested() {
                return;
            }
            *self.offer.wallets.lock() = None;
            if started.elapsed() > WORKED {
                pause = FIRST_PAUSE;
            }
            tracing::error!(
                target: "node",
                "The wallet process {pid} has ended ({status}). The node goes on; {program} is started again in {} s.",
                pause.as_secs_f32()
            );
            // Windows count it down.
            let tell = |pause| self.offer.state.signals().loading(&restart::message(pause));
            tell(pause);
            child = loop {
                if self.shutdown.wait_timeout(pause) {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
                match self.start() {
                    Ok(Some(child)) => break child,
                    Ok(None) => return,
                    Err(error) => {
                        tracing::error!(
                            target: "node",
                            "The wallets could not be started again: {error}. Next attempt in {} s.",
                            pause.as_secs_f32()
                        );
                        tell(pause);
                    }
                }
            };
            tracing::info!(target: "node", "The wallets are back, as process {}.", child.pid());
        }
    }

    /// The status with which the process ends. Once nobody uses it any more it has to end soon.
    fn wait_for(&self, mut child: Child) -> String {
        let mut patience = None;
        loop {
            match child.wait_timeout(Duration::from_millis(200)) {
                Ok(Some(status)) => return status.to_string(),
                Err(error) => return error.to_string(),
                Ok(None) => {}
            }
            if self.shutdown.requested() || self.offer.wallets.lock().is_none() {
                let silent = self.silent.load(Ordering::SeqCst);
                let time = if silent { Duration::ZERO } else { PATIENCE };
                let until = *patience.get_or_insert_with(|| Instant::now() + time);
                if Instant::now() > until {
                    tracing::warn!(target: "node", "The wallet process {} does not end: it is killed.", child.pid());
                    if let Err(error) = child.kill() {
                        return error.to_string();
                    }
                }
            }
        }
    }
}

/// Does something that may hang, on a thread of its own. Once `over` says that it is not wanted any more, which is
/// asked now and then, it may go on for so long; then it is left to itself, and the result is `None`.
fn give_up_after<T: Send + 'static>(
    mut over: impl FnMut() -> bool,
    patience: Duration,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Option<Result<T>> {
    let (tell, told) = mpsc::channel();
    let thread = std::thread::Builder::new().name("wallets".to_owned()).spawn(move || {
        // Nobody may be left to take it.
        let _ = tell.send(work());
    });
    if let Err(error) = thread {
        return Some(Err(error.into()));
    }
    let mut until = None;
    loop {
        match told.recv_timeout(LOOK) {
            Ok(result) => return Some(result),
            Err(RecvTimeoutError::Disconnected) => {
                return Some(Err(Error::failed("the wallets failed; the log says why")));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if over() && Instant::now() > *until.get_or_insert_with(|| Instant::now() + patience) {
            return None;
        }
    }
}

/// Who has the wallet directory already, and can attach to this node because it listens.
fn attached(settings: &Settings) -> Result<Option<String>> {
    if settings.list("ipcbind").is_empty() {
        return Ok(None);
    }
    let directory = datadir::wallets(settings).map_err(|error| Error::failed(error.to_string()))?;
    Ok(DirectoryLock::holder(&directory, origin::WALLET_LOCK))
}

/// Has wallets load and begin their work.
fn begin(loader: &dyn WalletLoader) -> Result<()> {
    loader.register_rpcs()?;
    if !loader.verify()? || !loader.load()? {
        return Err(Error::failed("the wallets could not be loaded; the log of the wallets says why"));
    }
    loader.start(())
}
