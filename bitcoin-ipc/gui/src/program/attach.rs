//! A node that runs already.
//!
//! In: the path of a socket. Out: the node that listens there, if it is of the right network and to be trusted.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bitcoin::Network;
use bitcoin_ipc::Trust;
use bitcoin_ipc::interfaces::{Init, Node};
use bitcoin_ipc::types::RpcFailure;
use mp_runtime::{ErrorKind, EventLoop, PeerCredentials, connect_stream, try_connect, within};
use serde_json::{Value, json};

use super::{Missing, NodeSource, Opened};
use crate::text::words::{mark, say};

/// The pause between two looks for the node.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the node may take to say who it is.
const PATIENCE: Duration = Duration::from_secs(15);
/// How long the end waits for calls that are under way.
const GOODBYE: Duration = Duration::from_secs(1);
/// Bitcoin Core's code for a node that is starting.
const WARMING_UP: i64 = -28;

/// A node that runs already, or will.
pub(super) struct Attach {
    event_loop: EventLoop,
    socket: PathBuf,
    trust: Trust,
    network: Network,
}

impl Attach {
    pub(super) fn new(event_loop: EventLoop, socket: PathBuf, trust: Trust, network: Network) -> Attach {
        Attach { event_loop, socket, trust, network }
    }
}

/// The name that Bitcoin Core gives a network in `getblockchaininfo`.
fn chain_name(network: Network) -> &'static str {
    match network {
        Network::Bitcoin => "main",
        Network::Testnet => "test",
        Network::Testnet4 => "testnet4",
        Network::Signet => "signet",
        Network::Regtest => "regtest",
    }
}

impl NodeSource for Attach {
    fn open(&mut self, _: &dyn Fn(&str)) -> Result<Opened, Missing> {
        let later = |why: &str| Missing::Later(why.to_owned());
        // Why it is not there is seen by looking again; what is said does not change with each look.
        let stream = try_connect(&self.socket).map_err(|_| later(mark!("There is no node.")))?;
        let credentials = PeerCredentials::of(&stream).map_err(|_| later(mark!("There is no node.")))?;
        self.trust
            .check(&self.socket, credentials)
            .map_err(|error| Missing::Never(error.text().to_owned()))?;
        let init = connect_stream::<dyn Init>(&self.event_loop, stream);
        let connection = init.connection().clone();
        let failed = |error: mp_runtime::Error| match error.kind() {
            ErrorKind::Unimplemented => Missing::Never(say!(
                "The node at {place} offers nothing to windows (makeNode): releases of Bitcoin Core do not, it takes a \
                 build that is split into processes, such as this project's bitcoin-node.",
                place = self.socket.display()
            )),
            ErrorKind::Timeout => later(mark!("The node does not answer.")),
            _ => later(mark!("The node has gone.")),
        };
        let node = within(PATIENCE, || init.make_node()).map_err(failed)?;
        let node: Arc<dyn Node> =
            node.ok_or_else(|| failed(mp_runtime::Error::unimplemented("makeNode")))?.into();
        let info = within(PATIENCE, || node.execute_rpc("getblockchaininfo", &json!([]).into(), "/"));
        match info.map_err(failed)? {
            Ok(info) => {
                let found = info.get("chain").and_then(Value::as_str).unwrap_or("unknown");
                if found != chain_name(self.network) {
                    return Err(Missing::Never(say!(
                        "The node at {place} is of the network {found}, and this window of {expected}.",
                        place = self.socket.display(),
                        found,
                        expected = chain_name(self.network)
                    )));
                }
            }
            Err(RpcFailure::RpcError(error))
                if error.get("code").and_then(Value::as_i64) == Some(WARMING_UP) =>
            {
                let text = error.get("message").and_then(Value::as_str).unwrap_or_default();
                return Err(Missing::Later(say!("The node is not ready yet: {text}", text)));
            }
            Err(_) => return Err(later(mark!("The node does not say what network it is of."))),
        }
        let (closed, waited, left) = (connection.clone(), connection.clone(), connection);
        Ok(Opened {
            node,
            gone: Arc::new(move || closed.is_closed()),
            pid: credentials.pid,
            start: None,
            wait: Box::new(move || {
                // The root keeps the connection as long as it is waited for.
                let _init = init;
                let _ = waited.wait_closed(None);
                mark!("The node has gone.").to_owned()
            }),
            end: Box::new(move || {
                let _ = left.shut_down(GOODBYE);
                0
            }),
            force: None,
        })
    }

    fn pause(&self) -> Option<Duration> {
        Some(PAUSE)
    }
}
