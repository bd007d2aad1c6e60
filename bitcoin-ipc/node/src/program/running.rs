//! A node from its start to its end.
//!
//! In: settings and where wallets come from. Out: a node that is loaded, has its wallets and listens;
//! later, all of that taken down in order.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bitcoin_init::config::Settings;
use bitcoin_init::lock::DirectoryLock;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::types::BilingualStr;
use mp_runtime::{Error, ErrorKind, EventLoop, Result, Server};

use super::options::{block_options, rpc_options, state_options, warnings};
use super::wallets::{WalletSource, Wallets};
use super::{Offer, echo, sockets};
use crate::chainstate::Chainstate;
use crate::rpc::RpcServer;
use crate::settings::SharedSettings;
use crate::signals::{Signals, Style};
use crate::state::State;

/// How long the end waits for whoever still uses the chain.
const PATIENCE: Duration = Duration::from_secs(10);

/// A node that runs. Stop it with [`Running::stop`]: dropping it leaves the chain to be repaired by the
/// next start.
pub struct Running {
    offer: Offer,
    wallets: Wallets,
    servers: Mutex<Vec<Server>>,
    shutdown: Shutdown,
}

impl Running {
    /// Starts a node: chain, index and mempool, then its wallets, then its sockets.
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
        let state = State::open_locked(lock, &options, signals, shutdown.clone()).map_err(told)?;
        state.clock().set_mock_time(u64::try_from(mock_time).unwrap_or(0));
        let offer = Offer::new(state, rpc, settings, blocks);
        let loaded = offer.wallets.clone();
        offer.rpc.on_mock_time(Box::new(move |time| loaded.set_mock_time(time)));
        let loaded = offer.wallets.clone();
        offer.rpc.on_mock_forward(Box::new(move |time| loaded.mock_forward(time)));
        if echo::is_split() {
            let event_loop = event_loop.clone();
            offer.rpc.on_echo(Box::new(move |text| echo::echo(&event_loop, text)));
        }
        let running = Running {
            wallets: Wallets::new(event_loop.clone(), wallets, offer.clone(), shutdown.clone()),
            offer,
            servers: Mutex::default(),
            shutdown: shutdown.clone(),
        };
        let listening = running.wallets.start().and_then(|()| {
            running.offer.rpc.set_ready(running.offer.state.clone());
            sockets::bind(&event_loop, &given, &options.directory, &running.offer)
        });
        match listening {
            Ok(servers) => *running.servers.lock().unwrap_or_else(PoisonError::into_inner) = servers,
            Err(error) => {
                let error = told(error);
                if let Err(also) = running.stop() {
                    tracing::error!(target: "node", "{also}");
                }
                return Err(error);
            }
        }
        tracing::info!(target: "node", "Done loading");
        Ok(running)
    }

    /// The parts of the node.
    #[must_use]
    pub fn offer(&self) -> &Offer {
        &self.offer
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
        let Running { offer, wallets, servers, shutdown } = self;
        shutdown.request();
        tracing::info!(target: "node", "Shutdown in progress...");
        offer.rpc.stop();
        let closed = offer.state.close();
        wallets.stop();
        sockets::close(servers.into_inner().unwrap_or_else(PoisonError::into_inner));
        drop(wallets);
        let Offer { state, rpc, .. } = offer;
        drop(rpc);
        close_chain(state)?;
        closed
    }
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
