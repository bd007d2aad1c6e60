//! Wallets on an unmodified Bitcoin Core.
//!
//! In: settings. Out: the node that they name, as one to follow, and a socket that answers for wallets and node.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bitcoin_backend::doctor::{Grade, examine};
use bitcoin_backend::{Core, CoreAddress, CoreOptions, CoreRpc, Login};
use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::sockets;
use bitcoin_init::{Error as InitError, Result as InitResult};
use bitcoin_ipc::client::{default_data_dir, network_dir};
use bitcoin_ipc::interfaces::watch::{AnyChain, SplitInit};
use bitcoin_ipc::interfaces::{Echo, EchoImpl, Handler, Init, Rpc};
use bitcoin_ipc::types::WireFeeRate;
use bitcoin_ipc::{Error, ErrorKind, Result};
use mp_runtime::{EventLoop, Server, ipc_interface};

use super::attached::{Node, Nodes};
use super::settings;
use crate::Loader;

/// Where the wallets listen unless told otherwise.
const SOCKET: &str = "unix:wallet.sock";
/// Bitcoin Core's `-dustrelayfee`, in satoshi for 1000 virtual bytes.
const DUST_RATE: i64 = 3000;
/// How often a large mempool is searched.
const INTERVAL: Duration = Duration::from_secs(5);

/// The node that the settings name with `-core`, if they do.
pub(super) fn address(settings: &Settings) -> InitResult<Option<CoreAddress>> {
    if !settings.is_set("core") || settings.is_negated("core") {
        return Ok(None);
    }
    let address: Result<CoreAddress> = settings.text("core", "").parse();
    address.map(Some).map_err(|error| InitError::new(format!("-core: {}", error.text())))
}

/// A Bitcoin Core that comes and goes.
pub(super) struct CoreNodes {
    options: CoreOptions,
    rpc: Arc<CoreRpc>,
}

impl CoreNodes {
    /// As the settings say.
    pub(super) fn new(settings: &Settings, address: CoreAddress, shutdown: &Shutdown) -> InitResult<Self> {
        let failed = |error: Error| InitError::new(error.text());
        let data_dir = match settings.path("coredatadir", "").filter(|path| !path.as_os_str().is_empty()) {
            Some(path) => std::path::absolute(&path)
                .map_err(|error| InitError::new(format!("-coredatadir={}: {error}", path.display())))?,
            None => default_data_dir().map_err(failed)?,
        };
        let network = settings.network();
        let dust_rate = settings.fee_rate("dustrelayfee", WireFeeRate::from_sat_per_kvb(DUST_RATE))?;
        let options = CoreOptions {
            login: login(settings, network_dir(&data_dir, network))?,
            address,
            network,
            data_dir,
            trust: settings::trust(settings)?,
            settings: SharedSettings::new(settings.clone()),
            dust_rate,
            interval: INTERVAL,
            shutdown: shutdown.clone(),
        };
        Ok(CoreNodes { options, rpc: Arc::new(CoreRpc::new(shutdown.clone())) })
    }

    /// Says what the node offers and lacks. Gives whether wallets can work with it.
    pub(super) fn examine(&self) -> bool {
        let findings = examine(&self.options);
        findings.iter().for_each(|finding| println!("{finding}"));
        findings.iter().all(|finding| finding.grade != Grade::Bad)
    }

    /// Listens for those who ask the wallets, or the node by way of them.
    pub(super) fn listen(&self, event_loop: &EventLoop, settings: &Settings) -> Result<Vec<Server>> {
        let mut settings = settings.clone();
        settings.force_default("ipcbind", SOCKET);
        let directory = settings.network_dir().map_err(settings::failed)?;
        let init: Arc<dyn SplitInit> = Arc::new(Door { rpc: self.rpc.clone() });
        sockets::bind(event_loop, &settings, &directory, &init)
    }
}

fn login(settings: &Settings, network_dir: PathBuf) -> InitResult<Login> {
    let cookie = settings.path("rpccookiefile", "").filter(|path| !path.as_os_str().is_empty());
    match (settings.text("rpcuser", ""), settings.text("rpcpassword", ""), cookie) {
        (name, password, None) if !name.is_empty() => Ok(Login::User { name, password: password.into() }),
        (name, _, Some(_)) if !name.is_empty() => {
            Err(InitError::new("-rpcuser and -rpccookiefile are two ways to the same node: choose one"))
        }
        (_, _, Some(path)) => Ok(Login::Cookie(network_dir.join(path))),
        (_, _, None) => Ok(Login::cookie_in(&network_dir)),
    }
}

/// A node that is there.
#[derive(Clone)]
pub(super) struct CoreNode {
    core: Core,
    rpc: Arc<CoreRpc>,
}

impl Nodes for CoreNodes {
    type Node = CoreNode;

    fn look(&self) -> Result<std::result::Result<CoreNode, String>> {
        match Core::connect(self.options.clone()) {
            Ok(core) => {
                tracing::info!(target: "node", "The node is {}, its tip {}.", core.name(), core.tip().height);
                Ok(Ok(CoreNode { core, rpc: self.rpc.clone() }))
            }
            Err(error) if matches!(error.kind(), ErrorKind::Disconnected | ErrorKind::Timeout) => {
                Ok(Err(error.text().to_owned()))
            }
            Err(error) => Err(error),
        }
    }

    fn address(&self) -> String {
        self.options.address.to_string()
    }
}

impl Node for CoreNode {
    fn chain(&self) -> Result<AnyChain> {
        Ok(AnyChain::Watching(Arc::new(self.core.clone())))
    }

    fn offer(&self, _loader: &Loader) -> Result<Option<Box<dyn Handler>>> {
        // Only now are all wallets there that are loaded at the start.
        self.rpc.attach(Some(self.core.clone()));
        Ok(None)
    }

    fn wait_gone(&self) -> Error {
        let error = self.core.wait_lost();
        self.rpc.attach(None);
        // A node that ends waits for those who are connected.
        self.core.stop();
        error
    }

    fn cut_off(&self) {
        self.core.stop();
    }

    fn leave(&self, stop: impl FnOnce() -> Result<()>) -> Result<()> {
        self.rpc.attach(None);
        // Nothing that the wallets do at their end needs it.
        self.core.stop();
        stop()
    }
}

/// What whoever connects finds.
struct Door {
    rpc: Arc<CoreRpc>,
}

#[ipc_interface]
impl Init for Door {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(Some(Arc::new(EchoImpl)))
    }

    fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(Some(self.rpc.clone()))
    }
}

#[ipc_interface]
impl SplitInit for Door {}
