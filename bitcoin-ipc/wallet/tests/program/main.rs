//! The program `bitcoin-wallet`, run for real with a node that is in the test.
//!
//! In: directories, a chain in memory, signals. Out: logs, exit codes and what the wallets know.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why")]

mod at_once;
mod attached;
#[allow(dead_code, reason = "not every test of wallets uses all of it")]
#[path = "../chain/mod.rs"]
mod chain;
mod offline;
mod process;
mod refused;
mod spawned;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::{Chain, Echo, Init};
use bitcoin_ipc::mp_runtime::{EventLoop, Server, ipc_interface, listen};

use chain::TestChain;

/// How long something may take that has to happen.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that offers a chain, or says that it has none.
pub(crate) struct TestNode(pub(crate) Option<TestChain>);

#[ipc_interface]
impl Init for TestNode {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(None)
    }

    fn make_chain(&self) -> Result<Option<Box<dyn Chain>>> {
        Ok(self.0.clone().map(|chain| Box::new(chain) as Box<dyn Chain>))
    }
}

impl TestNode {
    /// A node with this chain, at the socket of a regtest node with this data directory.
    pub(crate) fn listen(chain: Option<&TestChain>, event_loop: &EventLoop, directory: &Path) -> Server {
        let network = directory.join("regtest");
        std::fs::create_dir_all(&network).unwrap();
        let node: Arc<dyn Init> = Arc::new(TestNode(chain.cloned()));
        listen(event_loop, network.join("node.sock"), node, None).unwrap()
    }
}

/// Waits until something is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The settings of a node on regtest, as they travel.
pub(crate) fn settings(directory: &Path, more: &[(&str, &str)]) -> bitcoin_ipc::types::GlobalArgs {
    let own = [("datadir", directory.to_str().unwrap()), ("regtest", "1"), ("keypool", "20")];
    let options = own.iter().chain(more).map(|(name, value)| ((*name).to_owned(), vec![(*value).into()]));
    let command_line_options: BTreeMap<_, _> = options.collect();
    bitcoin_ipc::types::GlobalArgs {
        settings: bitcoin_ipc::types::Settings { command_line_options, ..Default::default() },
        config_path: Default::default(),
    }
}
