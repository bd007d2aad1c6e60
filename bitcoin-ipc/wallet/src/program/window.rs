//! Wallets that a window has spawned, for the Bitcoin Core of its `-core`.
//!
//! In: the settings of the window. Out: wallets that follow the node, from the window's start to its end, and a socket
//! at which others find them meanwhile.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use bitcoin_backend::{GuiNode, Host, Present};
use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_init::sockets;
use bitcoin_ipc::interfaces::WalletLoader;
use bitcoin_ipc::types::{GlobalArgs, WireFeeRate};
use bitcoin_ipc::{Error, Result};
use mp_runtime::{EventLoop, Server};

use super::core::{self, CoreNodes, Door};
use super::{attached, settings, socket};
use crate::Loader;
use crate::listeners::lock;

/// How often whoever waits for the node looks for news.
const LOOK: Duration = Duration::from_millis(100);

const NO_SETTINGS: &str = "the wallets have no settings yet: base_initialize comes first";

/// What opens the log, where the settings say.
pub(super) type OpenLog = Box<dyn Fn(&Settings) -> bitcoin_init::Result<()> + Send + Sync>;

/// The wallets of a window. Clones are the same.
#[derive(Clone)]
pub(super) struct Window(Arc<Inner>);

struct Inner {
    event_loop: EventLoop,
    open_log: OpenLog,
    present: Present,
    signals: Signals,
    /// What ends this process.
    process: Shutdown,
    /// What ends the wallets; the process goes on until the window leaves.
    stop: Shutdown,
    prepared: Mutex<Option<Prepared>>,
    running: Mutex<Option<Running>>,
}

#[derive(Clone)]
struct Prepared {
    settings: SharedSettings,
    nodes: Arc<CoreNodes>,
}

struct Running {
    loader: Loader,
    servers: Vec<Server>,
    thread: JoinHandle<Result<()>>,
}

impl Window {
    pub(super) fn new(event_loop: EventLoop, open_log: OpenLog, process: Shutdown) -> Window {
        Window(Arc::new(Inner {
            event_loop,
            open_log,
            present: Present::default(),
            signals: Signals::default(),
            process,
            stop: Shutdown::new(),
            prepared: Mutex::default(),
            running: Mutex::default(),
        }))
    }

    /// What the window finds.
    pub(super) fn node(&self) -> Result<GuiNode> {
        let Inner { present, signals, process, .. } = &*self.0;
        Ok(Door::new(Arc::new(self.clone()), present, signals, process)?.node())
    }

    fn prepared(&self) -> Result<Prepared> {
        lock(&self.0.prepared).clone().ok_or_else(|| Error::failed(NO_SETTINGS))
    }

    fn prepare(&self, args: &GlobalArgs) -> bitcoin_init::Result<Prepared> {
        let failed = |error: Error| bitcoin_init::Error::new(error.text());
        let settings = settings::from_node(args.clone()).map_err(failed)?;
        settings::options(&settings)?;
        let address = core::address(&settings)?
            .ok_or_else(|| bitcoin_init::Error::new("these wallets need a node: give it with -core"))?;
        (self.0.open_log)(&settings)?;
        let settings = SharedSettings::new(settings);
        let Inner { present, signals, stop, .. } = &*self.0;
        let nodes = CoreNodes::new(&settings, address, stop, present.clone(), signals.clone())?;
        Ok(Prepared { settings, nodes: Arc::new(nodes) })
    }

    fn start(&self) -> Result<()> {
        let Prepared { settings, nodes } = self.prepared()?;
        let settings = settings.lock().clone();
        let mut running = lock(&self.0.running);
        if running.is_some() || self.0.stop.requested() {
            return Err(Error::failed("the wallets have been started before"));
        }
        let nobody = socket::nobody(&self.0.event_loop)?;
        let loader = settings::loader(&settings, nobody.into(), settings::LOCK_PATIENCE)?;
        let servers = nodes.listen(&self.0.event_loop, &settings, &loader, &self.0.process)?;
        let (follower, stop) = (loader.clone(), self.0.stop.clone());
        let run = move || attached::run(nodes, follower, &stop);
        let thread = std::thread::Builder::new().name("wallets".into()).spawn(run)?;
        *running = Some(Running { loader, servers, thread });
        Ok(())
    }

    /// Waits until the wallets have their node, and says meanwhile why they have not.
    fn wait(&self) -> Result<()> {
        let mut said = String::new();
        loop {
            match self.0.present.core() {
                Ok(_) => return Ok(()),
                Err(_) if self.0.stop.requested() || self.0.process.requested() => {
                    self.stop()?;
                    return Err(Error::failed("the wallets were stopped before they had their node"));
                }
                Err(why) if why != said => {
                    self.0.signals.loading(&format!("Waiting for the node: {why}"));
                    said = why;
                }
                Err(_) => {}
            }
            self.0.stop.wait_timeout(LOOK);
        }
    }

    /// Ends the wallets. The node stays.
    pub(super) fn stop(&self) -> Result<()> {
        self.0.stop.request();
        let Some(Running { servers, thread, .. }) = lock(&self.0.running).take() else { return Ok(()) };
        let followed =
            thread.join().unwrap_or_else(|_| Err(Error::failed("the thread of the wallets failed")));
        sockets::close(servers);
        followed
    }
}

impl Host for Window {
    fn base_initialize(&self, args: &GlobalArgs) -> Result<(), String> {
        let mut prepared = lock(&self.0.prepared);
        if prepared.is_some() {
            return Err("the wallets have their settings already".to_owned());
        }
        *prepared = Some(self.prepare(args).map_err(|error| error.text().to_owned())?);
        Ok(())
    }

    fn app_init_main(&self) -> Result<(), String> {
        self.start().and_then(|()| self.wait()).map_err(|error| {
            tracing::error!(target: "wallet", "{error}");
            error.text().to_owned()
        })
    }

    fn app_shutdown(&self) -> Result<()> {
        self.stop()
    }

    fn exit_status(&self) -> i32 {
        0
    }

    fn settings(&self) -> Result<SharedSettings> {
        Ok(self.prepared()?.settings)
    }

    fn dust_rate(&self) -> Result<WireFeeRate> {
        Ok(self.prepared()?.nodes.dust_rate())
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        let loader = lock(&self.0.running).as_ref().map(|running| running.loader.clone());
        let loader = loader.ok_or_else(|| Error::failed("the wallets have not been started yet"))?;
        Ok(Arc::new(loader))
    }
}
