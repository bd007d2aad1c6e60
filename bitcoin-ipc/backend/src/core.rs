//! A Bitcoin Core that is followed.
//!
//! In: an address, a login. Out: a [`Core`], whose interfaces are in `chain`, `watching` and `rpc`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitcoin::Network;
use bitcoin_init::config::SharedSettings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_init::signals::Signals;
use bitcoin_ipc::client::{ConnectOptions, network_dir};
use bitcoin_ipc::types::{BlockRef, WireFeeRate};
use bitcoin_ipc::{Error, Result, Trust};
use serde_json::json;

use crate::address::{CoreAddress, Login, default_port};
use crate::ask::{Ask, Failure};
use crate::commands::Commands;
use crate::follow::Follow;
use crate::method::Method;
use crate::transport::{Http, Ipc, Transport};

/// The oldest release that has all that is asked for, as `getnetworkinfo` writes it.
pub(crate) const OLDEST: i64 = 290_000;

/// How to come to a node, and what it does not say itself.
#[derive(Clone)]
pub struct CoreOptions {
    /// Where it is.
    pub address: CoreAddress,
    /// How it knows who asks over HTTP.
    pub login: Login,
    /// The network that it should be of.
    pub network: Network,
    /// The node's data directory, where a relative socket counts from.
    pub data_dir: PathBuf,
    /// Whose processes are taken for it, over IPC.
    pub trust: Trust,
    /// Settings of this process, which wallets may change.
    pub settings: SharedSettings,
    /// The fee rate that decides which outputs are dust.
    pub dust_rate: WireFeeRate,
    /// How often a large mempool is searched.
    pub interval: Duration,
    /// What ends this process.
    pub shutdown: Shutdown,
    /// What windows hear, among it what is loaded and searched.
    pub signals: Signals,
}

impl CoreOptions {
    pub(crate) fn transport(&self) -> Result<Box<dyn Transport>> {
        Ok(match &self.address {
            CoreAddress::Ipc(address) => {
                let options = ConnectOptions::new()
                    .name("bitcoin-backend")
                    .network(self.network)
                    .data_dir(&self.data_dir)
                    .trust(self.trust);
                Box::new(Ipc::connect(options, address)?)
            }
            CoreAddress::Http { host, port } => {
                let port = port.unwrap_or_else(|| default_port(self.network));
                Box::new(Http::new(format!("http://{host}:{port}"), self.login.clone()))
            }
        })
    }

    /// The cookie of a node whose data directory this is.
    #[must_use]
    pub fn cookie(data_dir: &std::path::Path, network: Network) -> Login {
        Login::cookie_in(&network_dir(data_dir, network))
    }
}

/// An unmodified Bitcoin Core, as the interfaces of its chain. Clones are the same one. When it is gone this one
/// stays gone: whoever waits for it ([`wait_lost`](Core::wait_lost)) makes another, and gives that to the wallets.
#[derive(Clone)]
pub struct Core(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) ask: Arc<Ask>,
    pub(crate) follow: Arc<Follow>,
    pub(crate) options: CoreOptions,
    pub(crate) commands: Arc<Commands>,
    /// What the node calls itself.
    pub(crate) name: String,
    /// Held from the check of a transaction to its sending.
    pub(crate) sending: Mutex<()>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.follow.stop();
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Core({} at {})", self.0.name, self.0.options.address)
    }
}

impl Core {
    /// Connects to a node and begins to follow it.
    ///
    /// # Errors
    ///
    /// Of kind `Disconnected` where nobody answers yet, or the node is still starting. Otherwise it will not do: it
    /// is too old, of another network, or lets nobody in; the text says what to do.
    pub fn connect(options: CoreOptions) -> Result<Self> {
        let ask = Arc::new(Ask::new(options.transport()?));
        let info = ask.fields(Method::GetNetworkInfo, json!([])).map_err(|failure| match failure {
            Failure::Refused(_, error) if error.code() == -28 => {
                Error::disconnected(format!("it is starting: {}", error.message()))
            }
            failure => failure.into(),
        })?;
        let name: String = info.text("subversion")?;
        if info.int::<i64>("version")? < OLDEST {
            let name = name.trim_matches('/');
            return Err(Error::unimplemented(format!(
                "the node at {} is {name}; wallets need Bitcoin Core 29 or later",
                options.address
            )));
        }
        let follow = Follow::start(ask.clone(), options.interval, options.address.host())?;
        let inner = Inner { ask, follow, options, commands: Arc::default(), name, sending: Mutex::default() };
        Ok(Core(Arc::new(inner)))
    }

    /// What the node calls itself, such as `/Satoshi:31.0.0/`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The highest block that was told.
    #[must_use]
    pub fn tip(&self) -> BlockRef {
        self.0.follow.tip()
    }

    /// The names of all commands, of the wallets and of the node.
    pub(crate) fn list_commands(&self) -> Result<Vec<String>> {
        let page = self.0.ask.ask(Method::Help, json!([]))?;
        let lines = page.as_str().unwrap_or_default().lines().filter(|line| !line.starts_with("=="));
        let mut names: Vec<String> =
            lines.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
        names.extend(self.0.commands.names());
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// How often the node was asked each method, without what users asked it.
    #[must_use]
    pub fn asked(&self) -> BTreeMap<Method, u64> {
        self.0.ask.asked()
    }

    /// Waits until the node is gone, or [`stop`](Core::stop) was called, and says why.
    pub fn wait_lost(&self) -> Error {
        self.0.follow.wait_lost()
    }

    /// Lets go of the node. What waits for it is cut off.
    pub fn stop(&self) {
        self.0.follow.stop();
    }
}
