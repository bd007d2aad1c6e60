//! The node that the program talks to.
//!
//! In: the options that say where it is. Out: a client, once it is wanted; the paths of sockets.

use std::path::PathBuf;
use std::time::Duration;

use bitcoin::Network;
use bitcoin_ipc::client::{Address, Reconnect};
use bitcoin_ipc::monitor::SOCKET_NAME;
use bitcoin_ipc::{Client, ConnectOptions, Release, Result};
use serde_json::json;
use tokio::sync::OnceCell;

use crate::arguments::Global;

/// A node, and the connection to it once there is one.
pub(crate) struct Node {
    address: Address,
    options: ConnectOptions,
    network: Option<Network>,
    timeout: Duration,
    client: OnceCell<Client>,
}

impl Node {
    pub(crate) fn new(global: &Global) -> Node {
        let timeout = Duration::from_secs(global.timeout);
        let mut options = ConnectOptions::new()
            .network(global.network().unwrap_or(Network::Bitcoin))
            .call_timeout(Some(timeout))
            .reconnect(Reconnect { give_up: Some(timeout), ..Reconnect::default() });
        if let Some(data_dir) = &global.datadir {
            options = options.data_dir(data_dir);
        }
        if let Some(release) = global.release {
            options = options.release(release);
        }
        Node {
            address: global.connect.clone(),
            options,
            network: global.network(),
            timeout,
            client: OnceCell::new(),
        }
    }

    /// How long a call may take.
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The path of the node's socket.
    pub(crate) fn socket(&self) -> Result<PathBuf> {
        self.options.socket(&self.address)
    }

    /// The path of the monitor's socket beside it.
    pub(crate) fn monitor_socket(&self) -> Result<PathBuf> {
        Ok(self.socket()?.with_file_name(SOCKET_NAME))
    }

    /// The client, which is connected the first time.
    pub(crate) async fn client(&self) -> Result<Client> {
        let connect = || self.options.clone().connect(self.address.clone());
        self.client.get_or_try_init(connect).await.cloned()
    }

    /// The node's network, as far as the options or the node tell it.
    pub(crate) async fn network(&self) -> Result<Option<Network>> {
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
    pub(crate) async fn close(self) {
        if let Some(client) = self.client.into_inner() {
            client.close().await;
        }
    }
}
