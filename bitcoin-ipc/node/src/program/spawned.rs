//! A node of a GUI: the GUI gives it its settings, starts it and ends it.
//!
//! In: where wallets come from, and either the socket to a parent or a GUI in the same process. Out: the node's
//! interface; to a parent it is served until that leaves, and then the node ends in order, if the parent has not ended
//! it.

use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bitcoin_init::arguments::Program;
use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::lock::DirectoryLock;
use bitcoin_init::logging::EarlyLog;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::watch::{SplitInit, WatchingChain};
use bitcoin_ipc::interfaces::{Chain, Echo, EchoImpl, Handler, Init, Mining, Node, Rpc, WalletLoader};
use bitcoin_ipc::types::{BilingualStr, GlobalArgs};
use mp_runtime::{Error, ErrorKind, EventLoop, Result, ipc_interface, parent_stream, serve_parent};

use super::wallets::WalletSource;
use super::{Failure, Offer, Running, options, prepare};
use crate::node::{GuiNode, Host, Parts};
use bitcoin_init::signals::{Signals, Style};

/// Serves the parent process until it leaves.
pub(super) fn run(
    program: Program,
    early_log: EarlyLog,
    wallets: Box<dyn WalletSource>,
) -> Result<(), Failure> {
    let stream = parent_stream(std::env::args_os().skip(1))?;
    let stream = stream.ok_or("no parent process has passed a socket")?;
    let event_loop = EventLoop::new(program.name())?;
    let shutdown = Shutdown::new();
    let _signals = shutdown.on_signals_in_child()?;
    let spawned = Arc::new(Spawned::new(program, event_loop.clone(), early_log, wallets, shutdown));
    let served = serve_parent::<dyn SplitInit>(&event_loop, stream, Arc::new(Child(spawned.clone())));
    spawned.app_shutdown()?;
    Ok(served?)
}

/// A node in the process of its GUI, which decides when it starts and ends.
pub struct HostedNode(Arc<Spawned>);

impl HostedNode {
    /// A node that has not started yet: `base_initialize` of its interface gives it its settings, and opens the log of
    /// the process. The name and the sentence are those of the program that it is part of.
    ///
    /// # Errors
    ///
    /// The process has a log already, or there can be no more threads.
    pub fn new(name: &'static str, about: &'static str, wallets: Box<dyn WalletSource>) -> Result<Self> {
        let early_log = EarlyLog::start().map_err(|error| Error::failed(error.to_string()))?;
        let (program, event_loop) = (options::program(name, about), EventLoop::new(name)?);
        Ok(HostedNode(Arc::new(Spawned::new(program, event_loop, early_log, wallets, Shutdown::new()))))
    }

    /// What a GUI calls.
    #[must_use]
    pub fn interface(&self) -> Arc<dyn Node> {
        Arc::new(GuiNode::new(self.0.clone()))
    }
}

impl std::fmt::Debug for HostedNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HostedNode").finish_non_exhaustive()
    }
}

/// A node whose GUI decides when it starts and ends.
struct Spawned {
    program: Program,
    event_loop: EventLoop,
    early_log: EarlyLog,
    /// Until the node starts, which it does once.
    wallets: Mutex<Option<Box<dyn WalletSource>>>,
    signals: Signals,
    shutdown: Shutdown,
    settings: OnceLock<SharedSettings>,
    /// The lock of the directory, from the settings to the start.
    directory: Mutex<Option<DirectoryLock>>,
    /// Never held for long.
    offer: Mutex<Option<Offer>>,
    /// Held while the node starts.
    running: Mutex<Option<Running>>,
    exit_status: AtomicI32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Spawned {
    fn new(
        program: Program,
        event_loop: EventLoop,
        early_log: EarlyLog,
        wallets: Box<dyn WalletSource>,
        shutdown: Shutdown,
    ) -> Self {
        Spawned {
            program,
            event_loop,
            early_log,
            wallets: Mutex::new(Some(wallets)),
            signals: Signals::default(),
            shutdown,
            settings: OnceLock::new(),
            directory: Mutex::default(),
            offer: Mutex::default(),
            running: Mutex::default(),
            exit_status: AtomicI32::new(0),
        }
    }

    /// What a node offers others than a GUI.
    fn offer(&self) -> Result<Offer> {
        lock(&self.offer).clone().ok_or_else(|| Error::failed("the node is not running"))
    }

    /// Tells the GUI when somebody else wants the node to end, as by RPC: it ends the node, and asks whether that is so
    /// (`shutdownRequested`) when it hears something.
    fn tell_of_stop(&self) {
        let (shutdown, signals) = (self.shutdown.clone(), self.signals.clone());
        let told = std::thread::Builder::new().name("stop".to_owned()).spawn(move || {
            shutdown.wait();
            signals.loading("Shutdown requested");
        });
        if let Err(error) = told {
            tracing::warn!(target: "node", "The GUI will not hear that the node is to stop: {error}");
        }
    }

    /// Tells the user why the node cannot start, and gives false.
    fn refuse(&self, text: &str) -> bool {
        tracing::error!(target: "node", "{text}");
        self.exit_status.store(1, Ordering::Relaxed);
        self.signals.message(&BilingualStr::untranslated(text), Style::Error);
        false
    }

    fn prepare(&self, settings: &Settings) -> Result<(), Failure> {
        options::check(settings)?;
        let directory = prepare(&self.program, &self.early_log, settings, false)?;
        *lock(&self.directory) = Some(directory);
        options::state_options(settings)?;
        options::rpc_options(settings, self.shutdown.clone())?;
        Ok(())
    }
}

impl Host for Spawned {
    fn base_initialize(&self, args: &GlobalArgs) -> Result<bool, String> {
        let settings = Settings::from_global_args(&self.program, args.clone());
        let settings = settings.map_err(|error| error.to_string())?;
        if self.settings.get().is_some() {
            return Err("the node has its settings already".to_owned());
        }
        match self.prepare(&settings) {
            Ok(()) => {
                let first = self.settings.set(SharedSettings::new(settings)).is_ok();
                first.then_some(true).ok_or_else(|| "the node has its settings already".to_owned())
            }
            Err(error) => Ok(self.refuse(&error.to_string())),
        }
    }

    fn app_init_main(&self) -> Result<bool, String> {
        let settings =
            self.settings.get().ok_or("the node has no settings yet: base_initialize comes first")?;
        let mut running = lock(&self.running);
        let wallets = lock(&self.wallets).take().ok_or("the node has been started before")?;
        let directory = lock(&self.directory).take().ok_or("the node has no directory yet")?;
        let (event_loop, signals) = (self.event_loop.clone(), self.signals.clone());
        let (settings, shutdown) = (settings.clone(), self.shutdown.clone());
        match Running::start_in(directory, event_loop, signals, settings, wallets, shutdown) {
            Ok(node) => {
                *lock(&self.offer) = Some(node.offer().clone());
                *running = Some(node);
                self.tell_of_stop();
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::Cancelled => {
                tracing::info!(target: "node", "{}", error.text());
                self.exit_status.store(1, Ordering::Relaxed);
                Ok(false)
            }
            Err(error) => Ok(self.refuse(error.text())),
        }
    }

    fn app_shutdown(&self) -> Result<()> {
        // A start that is under way ends early.
        self.shutdown.request();
        let running = lock(&self.running).take();
        *lock(&self.offer) = None;
        let Some(running) = running else { return Ok(()) };
        running.stop().inspect_err(|error| {
            tracing::error!(target: "node", "{error}");
            self.exit_status.store(1, Ordering::Relaxed);
        })?;
        tracing::info!(target: "node", "Shutdown: done");
        Ok(())
    }

    fn exit_status(&self) -> i32 {
        self.exit_status.load(Ordering::Relaxed)
    }

    fn signals(&self) -> &Signals {
        &self.signals
    }

    fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    fn settings(&self) -> Result<SharedSettings> {
        let settings = self.settings.get().cloned();
        settings.ok_or_else(|| Error::failed("the node has no settings yet: baseInitialize brings them"))
    }

    fn started(&self) -> Option<Parts> {
        lock(&self.offer).as_ref().map(Offer::parts)
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        self.offer()?.wallet_loader()
    }
}

/// What the process offers its parent. A parent that holds a chain, a mining interface or a server of
/// RPC lets go of it before it ends the node, which otherwise cannot close its chain.
struct Child(Arc<Spawned>);

#[ipc_interface]
impl Init for Child {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(Some(Arc::new(EchoImpl)))
    }

    fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>> {
        Ok(Some(Arc::new(self.0.offer()?.mining.another())))
    }

    fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(Some(Arc::new(self.0.offer()?.rpc)))
    }

    fn make_chain(&self) -> Result<Option<Box<dyn Chain>>> {
        Ok(Some(Box::new(self.0.offer()?.chain())))
    }

    fn make_node(&self) -> Result<Option<Box<dyn Node>>> {
        Ok(Some(Box::new(GuiNode::new(self.0.clone()))))
    }
}

#[ipc_interface]
impl SplitInit for Child {
    fn make_watching_chain(&self) -> Result<Option<Arc<dyn WatchingChain>>> {
        Ok(Some(Arc::new(self.0.offer()?.chain())))
    }

    fn offer_wallet_loader(&self, loader: Arc<dyn WalletLoader>) -> Result<Option<Box<dyn Handler>>> {
        Ok(self.0.offer()?.take_wallets(loader).map(|offered| Box::new(offered) as Box<dyn Handler>))
    }
}
