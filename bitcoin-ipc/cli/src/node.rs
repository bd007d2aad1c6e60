//! The node that the program talks to.
//!
//! In: the options that say where it is. Out: a client, once it is wanted; the paths of sockets.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bitcoin::Network;
use bitcoin_init::config::Settings;
use bitcoin_ipc::client::{Address, Reconnect};
use bitcoin_ipc::monitor::SOCKET_NAME;
use bitcoin_ipc::{Client, ConnectOptions, Error, ErrorKind, Release, Result as CallResult};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::arguments::{Chain, Global};
use crate::failure::Failure;

/// The settings that choose a chain.
const CHOICES: [&str; 5] = ["chain", "regtest", "signet", "testnet", "testnet4"];

/// A setting, as a value of the library.
fn parsed<T: FromStr<Err = bitcoin_ipc::Error>>(
    settings: &Settings,
    name: &str,
    default: &str,
) -> Result<T, Failure> {
    let text = settings.text(name, default);
    text.parse().map_err(|error: T::Err| Failure::plain(format!("error: -{name}: {}", error.text())))
}

/// A node, and the connection to it once there is one.
pub(crate) struct Node {
    address: Address,
    options: ConnectOptions,
    network: Option<Network>,
    timeout: Duration,
    client: OnceCell<Client>,
}

impl Node {
    /// The node that the settings name.
    pub(crate) fn new(global: &Global, settings: Option<&Settings>) -> Result<Node, Failure> {
        let named = |name: &str| settings.filter(|settings| settings.on_command_line(name));
        let timeout = match named("timeout").map(|settings| settings.text("timeout", "")) {
            Some(text) => text.parse().map_err(|_| {
                Failure::plain(format!(
                    "error: --timeout={text}: how many seconds a call may take, is a number"
                ))
            })?,
            None => global.timeout,
        };
        let timeout = Duration::from_secs(timeout);
        let mut options = ConnectOptions::new()
            .call_timeout(Some(timeout))
            .reconnect(Reconnect { give_up: Some(timeout), ..Reconnect::default() });
        let mut network = global.network();
        let mut address = global.connect.clone().unwrap_or_default();
        if let Some(settings) = settings {
            let seconds = settings.int("rpcclienttimeout", 900).map_err(Failure::from_settings)?;
            let seconds = u64::try_from(seconds).ok().filter(|&seconds| seconds > 0);
            options = options
                .network(settings.network())
                .rpc_timeout(seconds.map(Duration::from_secs))
                .trust(parsed(settings, "ipctrust", "own")?);
            // Without a home directory an address alone may do.
            if let Ok(data_dir) = settings.data_dir() {
                options = options.data_dir(data_dir);
            }
            if CHOICES.iter().any(|name| settings.is_set(name)) {
                network = Some(settings.network());
            }
            let name = if named("connect").is_some() { "connect" } else { "ipcconnect" };
            address = match settings.text(name, "auto").as_str() {
                "0" => {
                    return Err(Failure::plain(
                        "error: without IPC (-noipcconnect) this program reaches no node; Bitcoin Core's bitcoin-cli \
                         speaks HTTP",
                    ));
                }
                // As when nothing is said.
                "" | "1" => Address::Auto,
                _ => parsed(settings, name, "auto")?,
            };
        }
        if let Some(release) = global.release {
            options = options.release(release);
        }
        Ok(Node { address, options, network, timeout, client: OnceCell::new() })
    }

    /// How long a call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The path of the node's socket.
    pub(crate) fn socket(&self) -> CallResult<PathBuf> {
        self.options.socket(&self.address)
    }

    /// The path of the monitor's socket beside it.
    pub(crate) fn monitor_socket(&self) -> CallResult<PathBuf> {
        Ok(self.socket()?.with_file_name(SOCKET_NAME))
    }

    /// The client, which is connected the first time.
    pub(crate) async fn client(&self) -> CallResult<Client> {
        let connect = async || {
            let connected = self.options.clone().connect(self.address.clone()).await;
            connected.map_err(|error| self.missing().map_or(error, |text| Error::new(ErrorKind::Io, text)))
        };
        self.client.get_or_try_init(connect).await.cloned()
    }

    /// What to do where there is no socket.
    fn missing(&self) -> Option<String> {
        let socket = self.socket().ok().filter(|socket| !socket.exists())?;
        let other = |network: &Network| {
            let options = self.options.clone().network(*network);
            options.socket(&self.address).is_ok_and(|other| other != socket && other.exists())
        };
        let at = socket.display();
        let start =
            self.network.map_or(String::new(), |network| format!("-chain={} ", network.to_core_arg()));
        Some(match Chain::ALL.into_iter().find(|chain| other(&chain.network())).map(Chain::name) {
            Some(chain) => format!(
                "no socket at {at}, but there is one of the {chain} chain: use it with -chain={chain} (--chain \
                 {chain} before a command), or start one here with `bitcoin-node {start}-ipcbind=unix`"
            ),
            None => format!(
                "no socket at {at}: start a node that listens there with `bitcoin-node {start}-ipcbind=unix` \
                 (bitcoind has no IPC), and check the chain and the data directory"
            ),
        })
    }

    /// The node's network, as far as the options or the node tell it.
    pub(crate) async fn network(&self) -> CallResult<Option<Network>> {
        if self.network.is_some() {
            return Ok(self.network);
        }
        let client = self.client().await?;
        if !client.mining().is_test_chain().await? {
            return Ok(Some(Network::Bitcoin));
        }
        if client.release().await? < Release::V32 {
            return Ok(None);
        }
        let answer = client.execute_rpc("getblockchaininfo", json!([]), None).await;
        Ok(answer.ok().and_then(|info| Network::from_core_arg(info["chain"].as_str()?).ok()))
    }

    /// Closes the connection, after the node has heard of waits that were dropped.
    pub(crate) async fn close(&self) {
        if let Some(client) = self.client.get() {
            client.clone().close().await;
        }
    }
}
