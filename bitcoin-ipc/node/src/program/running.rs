//! A node from its start to its end.
//!
//! In: settings and where wallets come from. Out: a node that is loaded, has its wallets and listens;
//! later, all of that taken down in order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::lock::DirectoryLock;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::sockets;
use bitcoin_ipc::interfaces::watch::SplitInit;
use bitcoin_ipc::types::BilingualStr;
use mp_runtime::{Error, ErrorKind, EventLoop, Result, Server};

use super::options::{block_options, rpc_options, state_options, warnings};
use super::wallets::{WalletSource, Wallets};
use super::{Door, Offer, echo, notify};
use crate::chainstate::Chainstate;
use crate::rpc::RpcServer;
use crate::state::{Registration, State};
use bitcoin_init::signals::{Signals, Style};

/// How long the end waits for whoever still uses the chain.
const PATIENCE: Duration = Duration::from_secs(10);

/// A node that runs. Stop it with [`Running::stop`]: dropping it leaves the chain to be repaired by the
/// next start.
pub struct Running {
    offer: Offer,
    wallets: Wallets,
    door: Door,
    servers: Vec<Server>,
    /// Runs a command of the user.
    on_blocks: Option<Registration>,
    shutdown: Shutdown,
}

impl Running {
    /// Starts a node: its sockets, then chain, index and mempool, then its wallets. Whoever comes before all is
    /// there is told what is being done.
    ///
    /// # Errors
    ///
    /// A part cannot start, or `shutdown` is set meanwhile; what had started is stopped again.
    pub fn start(
        name: &'static str,
        settings: Settings,
        wallets: Box<dyn WalletSource>,
        shutdown: Shutdown,
    ) -> Result<Running> {
        let directory = settings.network_dir().map_err(failed)?;
        let lock = Chainstate::lock(&directory)?;
        let event_loop = EventLoop::new(name)?;
        Self::start_in(lock, event_loop, Signals::default(), SharedSettings::new(settings), wallets, shutdown)
    }

    /// As [`Running::start`], in a directory that was taken, on an event loop and with signals that are
    /// there already. An end that was
    /// wished for during the start is an error of the kind [`ErrorKind::Cancelled`].
    pub(super) fn start_in(
        lock: DirectoryLock,
        event_loop: EventLoop,
        signals: Signals,
        settings: SharedSettings,
        wallets: Box<dyn WalletSource>,
        shutdown: Shutdown,
    ) -> Result<Running> {
        let told = |error: Error| {
            if !shutdown.requested() {
                return error;
            }
            Error::new(ErrorKind::Cancelled, format!("the start was interrupted: {}", error.text()))
        };
        let given = settings.lock().clone();
        let options = state_options(&given).map_err(failed)?;
        let blocks = block_options(&given).map_err(failed)?;
        let mock_time = given.int("mocktime", 0).map_err(failed)?;
        for warning in warnings(&given) {
            tracing::warn!(target: "node", "{warning}");
            signals.message(&BilingualStr::untranslated(warning), Style::Warning);
        }
        let rpc = RpcServer::new(rpc_options(&given, shutdown.clone()).map_err(failed)?);
        let warmup = warm_up(&rpc, &signals);
        let door = Door::new(rpc.clone(), settings.clone(), signals.clone(), shutdown.clone());
        // Whoever comes early is told what is being done, and what cannot be listened at is said at once.
        let init: Arc<dyn SplitInit> = Arc::new(door.clone());
        let servers = sockets::bind(&event_loop, &given, &options.directory, &init)?;
        let opened = State::open_locked(lock, &options, signals, shutdown.clone());
        let state = match opened {
            Ok(state) => state,
            Err(error) => {
                door.shut();
                sockets::close(servers);
                return Err(told(error));
            }
        };
        state.clock().set_mock_time(u64::try_from(mock_time).unwrap_or(0));
        let notified = notify::on_blocks(&given, &state);
        let offer = Offer::new(state, rpc, settings, blocks);
        let loaded = offer.wallets.clone();
        offer.rpc.on_mock_time(Box::new(move |time| loaded.set_mock_time(time)));
        let loaded = offer.wallets.clone();
        offer.rpc.on_mock_forward(Box::new(move |time| loaded.mock_forward(time)));
        if echo::is_split() {
            let event_loop = event_loop.clone();
            offer.rpc.on_echo(Box::new(move |text| echo::echo(&event_loop, text)));
        }
        let wallets = Wallets::new(event_loop, wallets, offer.clone(), shutdown.clone());
        let mut running =
            Running { wallets, offer, door, servers, on_blocks: None, shutdown: shutdown.clone() };
        let started = notified.and_then(|registration| {
            running.on_blocks = registration;
            running.wallets.start()
        });
        if let Err(error) = started {
            let error = told(error);
            if let Err(also) = running.stop() {
                tracing::error!(target: "node", "{also}");
            }
            return Err(error);
        }
        drop(warmup);
        running.offer.rpc.set_ready(running.offer.state.clone());
        running.door.open(running.offer.clone());
        tracing::info!(target: "node", "Done loading");
        notify::started(&given);
        Ok(running)
    }

    /// The parts of the node.
    #[must_use]
    pub fn offer(&self) -> &Offer {
        &self.offer
    }

    /// What whoever connects gets.
    #[must_use]
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// The wallets of the node.
    #[must_use]
    pub fn wallets(&self) -> &Wallets {
        &self.wallets
    }

    /// Blocks until the node is to stop.
    pub fn wait(&self) {
        self.shutdown.wait();
    }

    /// Stops the node: RPC first, then wallets, then connections, then the chain.
    ///
    /// # Errors
    ///
    /// Something could not be written; the next start repairs it as after a crash.
    pub fn stop(self) -> Result<()> {
        let Running { offer, wallets, door, servers, on_blocks, shutdown } = self;
        shutdown.request();
        tracing::info!(target: "node", "Shutdown in progress...");
        let settings = offer.settings.lock().clone();
        notify::stopping(&settings);
        offer.rpc.stop();
        door.shut();
        let closed = offer.state.close();
        wallets.stop();
        sockets::close(servers);
        drop((wallets, on_blocks, door));
        let Offer { state, rpc, mining, .. } = offer;
        drop((rpc, mining));
        close_chain(state)?;
        closed
    }
}

/// What is being done, and how far that is. Both are heard on threads of their own, so neither may hide the other.
#[derive(Default)]
struct Doing {
    message: String,
    progress: Option<String>,
}

/// Has the server tell what is being done, and how far it is, until what this gives is dropped.
#[must_use]
fn warm_up(rpc: &RpcServer, signals: &Signals) -> impl Sized + use<> {
    let (rpc, doing) = (rpc.clone(), Mutex::new(Doing::default()));
    let tell = Arc::new(move |change: &dyn Fn(&mut Doing)| {
        let mut doing = doing.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut doing);
        rpc.set_warmup(doing.progress.as_ref().unwrap_or(&doing.message));
        Ok(())
    });
    let also = tell.clone();
    let message = signals
        .init_message
        .add(Box::new(move |message| tell(&|doing| message.clone_into(&mut doing.message))));
    let progress = signals.show_progress.add(Box::new(move |title, hundredths, _| {
        let text = (hundredths < 100).then(|| format!("{title} {hundredths} %"));
        also(&|doing| doing.progress.clone_from(&text))
    }));
    (message, progress)
}

fn failed(error: bitcoin_init::Error) -> Error {
    Error::failed(error.to_string())
}

/// Flushes the chain once nobody uses it any more.
fn close_chain(mut state: Arc<State>) -> Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        state = match Arc::try_unwrap(state) {
            Ok(state) => return state.finish(),
            Err(state) if Instant::now() < until => state,
            Err(_) => {
                return Err(Error::failed(
                    "somebody still uses the chain: it is not flushed, and the next start reads its newest blocks again",
                ));
            }
        };
        std::thread::sleep(Duration::from_millis(5));
    }
}
