//! A node with wallets in this process, and a connection to it.

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bitcoin::{Address, BlockHash};
use bitcoin_init::arguments::{
    LOG_OPTIONS, NETWORK_OPTIONS, NODE_OPTIONS, Program, SHARED_OPTIONS, WALLET_OPTIONS,
};
use bitcoin_init::config::Settings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::watch::{SplitInit, WatchingChain};
use bitcoin_ipc::interfaces::{Chain, Node, WalletLoader};
use bitcoin_ipc::types::{self, GlobalArgs};
use bitcoin_node::program::{Running, StartedWallets, WalletSource};
use bitcoin_wallet::{Loader, Options};
use mp_methods::Calls;
use mp_runtime::{Connection, EventLoop, Remote, Result, pair};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Wallets in this process.
struct LocalWallets {
    options: Options,
    loader: Arc<Mutex<Option<Loader>>>,
}

impl WalletSource for LocalWallets {
    fn start(
        &self,
        _: &EventLoop,
        _: GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<StartedWallets>> {
        let loader = Loader::new(self.options.clone(), chain);
        *self.loader.lock().unwrap() = Some(loader.clone());
        Ok(Some(StartedWallets { loader: Arc::new(loader), process: None }))
    }
}

/// A running node, and a client of it.
pub(crate) struct Setup {
    pub(crate) calls: Arc<Calls>,
    pub(crate) init: Remote<dyn SplitInit>,
    pub(crate) chain: Box<dyn Chain>,
    pub(crate) node: Box<dyn Node>,
    pub(crate) wallets: Arc<dyn WalletLoader>,
    /// The wallets themselves, for what has no method.
    pub(crate) loader: Loader,
    pub(crate) directory: TempDir,
    runtime: tokio::runtime::Runtime,
    running: Running,
    served: Connection,
}

impl Setup {
    pub(crate) fn new() -> Setup {
        let directory = tempfile::tempdir().unwrap();
        let network = directory.path().join("regtest");
        std::fs::create_dir(&network).unwrap();
        let loader = Arc::default();
        let options = Options {
            keypool: 20,
            fallback_fee: 20_000,
            ..Options::new(network.join("wallets"), bitcoin::Network::Regtest)
        };
        let wallets = LocalWallets { options, loader: Arc::clone(&loader) };
        let running =
            Running::start("node", settings(directory.path()), Box::new(wallets), Shutdown::new()).unwrap();

        let event_loop = EventLoop::new("methods").unwrap();
        let calls = Arc::new(Calls::default());
        event_loop.set_monitor(calls.clone());
        let (init, served) = pair::<dyn SplitInit>(&event_loop, Arc::new(running.door().clone()));
        let node = init.make_node().unwrap().unwrap();
        let loader = loader.lock().unwrap().take().unwrap();
        Setup {
            chain: init.make_chain().unwrap().unwrap(),
            wallets: node.wallet_loader().unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap(),
            calls,
            init,
            node,
            loader,
            directory,
            running,
            served,
        }
    }

    /// Waits for an asynchronous call.
    pub(crate) fn wait<T>(&self, call: impl Future<Output = T>) -> T {
        self.runtime.block_on(call)
    }

    /// Notes an error, which ends nothing.
    pub(crate) fn note<T>(&self, result: Result<T>) -> Option<T> {
        self.calls.note(result)
    }

    /// Runs a command of RPC.
    pub(crate) fn rpc(&self, method: &str, params: Value) -> Value {
        self.node.execute_rpc(method, &params.into(), "/").unwrap().unwrap()
    }

    pub(crate) fn mine_to(&self, address: &Address, blocks: u32) {
        let made = self.rpc("generatetoaddress", json!([blocks, address.to_string()]));
        assert_eq!(made.as_array().map(Vec::len), usize::try_from(blocks).ok());
        self.note(self.chain.wait_for_notifications());
    }

    pub(crate) fn tip(&self) -> BlockHash {
        self.running.offer().state.tip().hash
    }

    /// A path in the directory of the node.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn running(&self) -> &Running {
        &self.running
    }

    pub(crate) fn stop(self) {
        let Setup { init, chain, node, wallets, loader, running, served, directory, .. } = self;
        drop((init, chain, node, wallets, loader));
        served.close();
        served.wait_closed(None).unwrap();
        running.stop().unwrap();
        drop(directory);
    }
}

fn settings(directory: &std::path::Path) -> Settings {
    let program = Program::new("bitcoin-node", "1", "A node.")
        .options(SHARED_OPTIONS)
        .options(NETWORK_OPTIONS)
        .options(NODE_OPTIONS)
        .options(WALLET_OPTIONS)
        .options(LOG_OPTIONS);
    let mut sources = types::Settings::default();
    for (name, value) in [("datadir", json!(directory.to_str().unwrap())), ("regtest", json!("1"))] {
        sources.command_line_options.insert(name.to_owned(), vec![value]);
    }
    let args = GlobalArgs { settings: sources, config_path: directory.join("bitcoin.conf") };
    Settings::from_global_args(&program, args).unwrap()
}
