//! Wallets in a process that a node spawned, or a window.
//!
//! In: the socket that it left open. Out: a [`SplitInit`] at its service. What it sends first says where the log and
//! the wallets are; its end is the end of this process.

use std::sync::{Arc, Mutex};

use bitcoin_init::config::Settings;
use bitcoin_init::datadir;
use bitcoin_init::logging::{EarlyLog, Log, LogOptions};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::watch::{AnyChain, SplitInit, WatchingChain};
use bitcoin_ipc::interfaces::{Chain, ChainClient as _, Echo, EchoImpl, Init, Node, WalletLoader};
use bitcoin_ipc::types::GlobalArgs;
use bitcoin_ipc::{Error, Result};
use mp_runtime::{EventLoop, ipc_interface, parent_stream, serve_stream};

use super::window::Window;
use super::{Failure, settings};
use crate::Loader;
use crate::listeners::lock;

/// Serves the parent until it is gone, or this process is told to end.
pub(super) fn run() -> Result<(), Failure> {
    let early_log = EarlyLog::start()?;
    let shutdown = Shutdown::new();
    let _signals = shutdown.on_signals_in_child()?;
    let stream = parent_stream(std::env::args_os().skip(1))?;
    let stream = stream.ok_or("whoever spawned this process left no socket for it")?;
    let event_loop = EventLoop::new("bitcoin-wallet")?;
    let wallets = Arc::new(Wallets {
        log: Arc::new(LaterLog { early_log, log: Mutex::default() }),
        event_loop: event_loop.clone(),
        shutdown: shutdown.clone(),
        window: Mutex::default(),
        loader: Mutex::default(),
    });
    let connection = serve_stream::<dyn SplitInit>(&event_loop, stream, wallets.clone());
    let (node, end) = (connection.clone(), shutdown.clone());
    event_loop.spawn_task(async move {
        node.closed().await;
        end.request();
    });
    shutdown.wait();
    let why = if connection.is_closed() { "the node is gone" } else { "it was asked for" };
    tracing::info!(target: "wallet", "Shutdown in progress: {why}.");
    // Before the connection: what follows the node says goodbye to it.
    let stopped = super::split::leave(&connection, || match &*lock(&wallets.loader) {
        Some(loader) => loader.stop(),
        None => lock(&wallets.window).as_ref().map_or(Ok(()), Window::stop),
    });
    tracing::info!(target: "wallet", "Shutdown: done");
    Ok(stopped?)
}

/// A log that is opened once it is known where.
struct LaterLog {
    early_log: EarlyLog,
    log: Mutex<Option<Log>>,
}

impl LaterLog {
    /// Opens the log where the settings of the parent say, once.
    fn open(&self, settings: &Settings) -> bitcoin_init::Result<()> {
        let mut log = lock(&self.log);
        if log.is_none() {
            datadir::prepare(settings)?;
            let options = LogOptions::new(settings, settings::LOG_SUFFIX, false)?;
            *log = Some(self.early_log.open(&options)?);
            settings::tell(settings, &options);
        }
        Ok(())
    }
}

struct Wallets {
    log: Arc<LaterLog>,
    event_loop: EventLoop,
    shutdown: Shutdown,
    /// What a window has; a node has the loader.
    window: Mutex<Option<Window>>,
    loader: Mutex<Option<Loader>>,
}

impl Wallets {
    /// The wallets of this process, once.
    fn start(&self, global_args: &GlobalArgs, chain: AnyChain) -> Result<Option<Box<dyn WalletLoader>>> {
        let settings = settings::from_node(global_args.clone())?;
        self.log.open(&settings).map_err(settings::failed)?;
        let mut current = lock(&self.loader);
        if current.is_some() {
            return Err(Error::failed("this process has its wallets already; start another one for more"));
        }
        let loader = settings::loader(&settings, chain, settings::LOCK_PATIENCE).inspect_err(|error| {
            tracing::error!(target: "wallet", "{error}");
        })?;
        *current = Some(loader.clone());
        Ok(Some(Box::new(loader)))
    }
}

#[ipc_interface]
impl Init for Wallets {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(Some(Arc::new(EchoImpl)))
    }

    fn make_node(&self) -> Result<Option<Box<dyn Node>>> {
        let mut window = lock(&self.window);
        let window = window.get_or_insert_with(|| {
            let log = self.log.clone();
            let open_log = Box::new(move |settings: &Settings| log.open(settings));
            Window::new(self.event_loop.clone(), open_log, self.shutdown.clone())
        });
        Ok(Some(Box::new(window.node()?)))
    }

    fn make_wallet_loader(
        &self,
        global_args: &GlobalArgs,
        chain: Arc<dyn Chain>,
    ) -> Result<Option<Box<dyn WalletLoader>>> {
        self.start(global_args, chain.into())
    }
}

#[ipc_interface]
impl SplitInit for Wallets {
    fn make_watching_wallet_loader(
        &self,
        global_args: &GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<Box<dyn WalletLoader>>> {
        self.start(global_args, chain.into())
    }
}
