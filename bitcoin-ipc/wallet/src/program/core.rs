//! Wallets on an unmodified Bitcoin Core.
//!
//! In: settings. Out: the node that they name, as one to follow, and a socket that answers for wallets and node, to
//! programs and to windows.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bitcoin_backend::doctor::{Grade, examine};
use bitcoin_backend::{Core, CoreAddress, CoreOptions, CoreRpc, GuiNode, Host, Login, Present};
use bitcoin_init::arguments::WALLET_SOCKET;
use bitcoin_init::config::{Settings, SharedSettings};
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_init::sockets;
use bitcoin_init::{Error as InitError, Result as InitResult};
use bitcoin_ipc::client::{default_data_dir, network_dir};
use bitcoin_ipc::interfaces::watch::{AnyChain, SplitInit};
use bitcoin_ipc::interfaces::{self, Echo, EchoImpl, Handler, Init, Rpc, WalletLoader};
use bitcoin_ipc::types::{GlobalArgs, WireFeeRate};
use bitcoin_ipc::{Error, ErrorKind, Result};
use mp_runtime::callbacks::News;
use mp_runtime::{EventLoop, Server, ipc_interface};

use super::attached::{Node, Nodes};
use super::settings;
use crate::Loader;

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
    present: Present,
}

impl CoreNodes {
    /// As the settings say.
    pub(super) fn new(
        settings: &SharedSettings,
        address: CoreAddress,
        shutdown: &Shutdown,
        present: Present,
        signals: Signals,
    ) -> InitResult<Self> {
        let shared = settings.clone();
        let settings = &*settings.lock();
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
            settings: shared,
            dust_rate,
            interval: INTERVAL,
            shutdown: shutdown.clone(),
            signals,
        };
        Ok(CoreNodes { options, present })
    }

    /// Says what the node offers and lacks. Gives whether wallets can work with it.
    pub(super) fn examine(&self) -> bool {
        let findings = examine(&self.options);
        findings.iter().for_each(|finding| println!("{finding}"));
        findings.iter().all(|finding| finding.grade != Grade::Bad)
    }

    /// Listens for windows, and for those who ask the wallets, or the node by way of them. They may end what `stop` ends.
    pub(super) fn listen(
        &self,
        event_loop: &EventLoop,
        settings: &Settings,
        loader: &Loader,
        stop: &Shutdown,
    ) -> Result<Vec<Server>> {
        let CoreOptions { signals, dust_rate, settings: shared, .. } = &self.options;
        let host = Found {
            settings: shared.clone(),
            loader: loader.clone(),
            shutdown: stop.clone(),
            dust_rate: *dust_rate,
        };
        let door = Door::new(Arc::new(host), &self.present, signals, stop)?;
        let mut settings = settings.clone();
        settings.force_default("ipcbind", WALLET_SOCKET);
        let directory = settings.network_dir().map_err(settings::failed)?;
        let init: Arc<dyn SplitInit> = Arc::new(door);
        sockets::bind(event_loop, &settings, &directory, &init)
    }

    /// The fee rate that decides which outputs are dust.
    pub(super) fn dust_rate(&self) -> WireFeeRate {
        self.options.dust_rate
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
    present: Present,
    signals: Signals,
}

impl Nodes for CoreNodes {
    type Node = CoreNode;

    fn look(&self) -> Result<std::result::Result<CoreNode, String>> {
        match Core::connect(self.options.clone()) {
            Ok(core) => {
                tracing::info!(target: "node", "The node is {}, its tip {}.", core.name(), core.tip().height);
                self.present.gone("the wallets are being loaded");
                Ok(Ok(CoreNode {
                    core,
                    present: self.present.clone(),
                    signals: self.options.signals.clone(),
                }))
            }
            Err(error) => {
                self.present.gone(error.text());
                match error.kind() {
                    ErrorKind::Disconnected | ErrorKind::Timeout => Ok(Err(error.text().to_owned())),
                    _ => Err(error),
                }
            }
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
        self.present.come(self.core.clone());
        self.signals.init_wallet.tell(News::Once("wallets".into()), |hear| hear());
        Ok(None)
    }

    fn wait_gone(&self) -> Error {
        let error = self.core.wait_lost();
        self.present.gone(error.text());
        // A node that ends waits for those who are connected.
        self.core.stop();
        error
    }

    fn cut_off(&self) {
        self.core.stop();
    }

    fn leave(&self, stop: impl FnOnce() -> Result<()>) -> Result<()> {
        self.present.gone("these wallets are being stopped");
        // Nothing that the wallets do at their end needs it.
        self.core.stop();
        stop()
    }
}

/// What whoever connects finds.
pub(super) struct Door {
    rpc: Arc<CoreRpc>,
    node: GuiNode,
}

impl Door {
    pub(super) fn new(
        host: Arc<dyn Host>,
        present: &Present,
        signals: &Signals,
        stop: &Shutdown,
    ) -> Result<Door> {
        let rpc = Arc::new(CoreRpc::new(present.clone(), stop.clone()));
        let node = GuiNode::new(host, present.clone(), rpc.clone(), signals.clone(), stop.clone())?;
        Ok(Door { rpc, node })
    }

    /// What a window finds.
    pub(super) fn node(&self) -> GuiNode {
        self.node.clone()
    }
}

#[ipc_interface]
impl Init for Door {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(Some(Arc::new(EchoImpl)))
    }

    fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(Some(self.rpc.clone()))
    }

    fn make_node(&self) -> Result<Option<Box<dyn interfaces::Node>>> {
        Ok(Some(Box::new(self.node())))
    }
}

#[ipc_interface]
impl SplitInit for Door {}

/// Wallets that run already, which a window has found.
struct Found {
    settings: SharedSettings,
    loader: Loader,
    shutdown: Shutdown,
    dust_rate: WireFeeRate,
}

impl Host for Found {
    fn base_initialize(&self, _args: &GlobalArgs) -> Result<(), String> {
        Ok(())
    }

    fn app_init_main(&self) -> Result<(), String> {
        Ok(())
    }

    fn app_shutdown(&self) -> Result<()> {
        self.shutdown.request();
        Ok(())
    }

    fn exit_status(&self) -> i32 {
        0
    }

    fn settings(&self) -> Result<SharedSettings> {
        Ok(self.settings.clone())
    }

    fn dust_rate(&self) -> Result<WireFeeRate> {
        Ok(self.dust_rate)
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        Ok(Arc::new(self.loader.clone()))
    }
}
