//! Nodes that offer wallets their chain by themselves, at a socket.
//!
//! In: a path. Out: such a node, as one to follow.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bitcoin_ipc::interfaces::Handler;
use bitcoin_ipc::interfaces::watch::{AnyChain, SplitInit};
use bitcoin_ipc::{Error, ErrorKind, Result, Trust};
use mp_runtime::{Connection, EventLoop, Remote, connect_stream, within};

use super::attached::{Node, Nodes};
use super::socket::{self, Answer};
use crate::Loader;

/// How long the end waits for calls that are under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// A socket at which nodes come and go.
pub(super) struct SplitNodes {
    pub(super) event_loop: EventLoop,
    pub(super) socket: PathBuf,
    pub(super) trust: Trust,
}

/// A node at the socket.
#[derive(Clone)]
pub(super) struct SplitNode {
    init: Arc<Remote<dyn SplitInit>>,
    address: String,
}

impl SplitNode {
    fn connection(&self) -> &Connection {
        self.init.connection()
    }
}

impl Nodes for SplitNodes {
    type Node = SplitNode;

    fn look(&self) -> Result<std::result::Result<SplitNode, String>> {
        Ok(match socket::connect(&self.socket, self.trust)? {
            Answer::Node(stream) => {
                let init = Arc::new(connect_stream::<dyn SplitInit>(&self.event_loop, stream));
                Ok(SplitNode { init, address: self.address() })
            }
            Answer::Nobody(reason) => Err(reason.to_owned()),
        })
    }

    fn address(&self) -> String {
        format!("unix:{}", self.socket.display())
    }
}

impl Node for SplitNode {
    fn chain(&self) -> Result<AnyChain> {
        match self.init.any_chain() {
            Ok(Some(chain)) => Ok(chain),
            Err(error) if error.kind() != ErrorKind::Unimplemented => Err(error),
            Ok(None) | Err(_) => Err(Error::unimplemented(format!(
                "the node at {} offers no chain to wallets (makeChain), as releases of Bitcoin Core do not: attach \
                 to one of these with -core={0} instead of -ipcconnect",
                self.address
            ))),
        }
    }

    fn offer(&self, loader: &Loader) -> Result<Option<Box<dyn Handler>>> {
        match self.init.offer_wallet_loader(Arc::new(loader.clone())) {
            // It is older, or another program's.
            Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(None),
            offered => offered,
        }
    }

    fn wait_gone(&self) -> Error {
        match self.connection().wait_closed(None) {
            Ok(_) => Error::disconnected("its connection is closed"),
            Err(error) => error,
        }
    }

    fn cut_off(&self) {
        self.connection().close();
    }

    fn leave(&self, stop: impl FnOnce() -> Result<()>) -> Result<()> {
        leave(self.connection(), stop)
    }
}

/// Stops something that uses a connection, while it can still say goodbye, and then closes it. What the node held of
/// this process is dropped when this returns.
pub(super) fn leave(connection: &Connection, stop: impl FnOnce() -> Result<()>) -> Result<()> {
    let stopped = within(PATIENCE, stop);
    if !connection.shut_down(PATIENCE)? {
        tracing::warn!(target: "wallet", "Calls of the node were cut off.");
    }
    if !connection.wait_for_drops(PATIENCE)? {
        tracing::warn!(target: "wallet", "What the node held is still in use.");
    }
    stopped
}
