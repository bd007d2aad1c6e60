//! What wallets do later can be had now.
//!
//! In: a node with wallets that only note what they are told. Out: times.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::watch::WatchingChain;
use bitcoin_ipc::interfaces::{
    ChainClient, Handler, LoadWalletFn, LoadedWallet, RestoredWallet, Wallet, WalletLoader,
    WalletMigrationResult,
};
use bitcoin_ipc::types::{BilingualStr, GlobalArgs, Secret};
use bitcoin_node::program::{Running, StartedWallets, WalletSource};
use mp_runtime::{Error, EventLoop, Result, ipc_interface};
use serde_json::{Value, json};

use crate::running::settings;

/// What wallets do when they are to load, with the chain.
type Load = Arc<dyn Fn(&dyn WatchingChain) -> bool + Send + Sync>;

/// Wallets that note how far they were sent into the future.
#[derive(Clone, Default)]
pub(crate) struct Noted {
    pub(crate) seconds: Arc<Mutex<Vec<u64>>>,
    /// What they do when they are to load, with the chain, and when they are to stop.
    pub(crate) load: Option<Load>,
    pub(crate) stop: Option<Arc<dyn Fn() + Send + Sync>>,
    pub(crate) chain: Arc<Mutex<Option<Arc<dyn WatchingChain>>>>,
}

fn none<T>() -> Result<T> {
    Err(Error::unimplemented("there is no wallet"))
}

#[ipc_interface]
impl ChainClient for Noted {
    fn register_rpcs(&self) -> Result<()> {
        Ok(())
    }

    fn verify(&self) -> Result<bool> {
        Ok(true)
    }

    fn load(&self) -> Result<bool> {
        let chain = self.chain.lock().unwrap().clone().unwrap();
        Ok(self.load.as_ref().is_none_or(|load| load(&*chain)))
    }

    fn start(&self, _scheduler: ()) -> Result<()> {
        Ok(())
    }

    fn stop(&self) -> Result<()> {
        if let Some(stop) = &self.stop {
            stop();
        }
        // The node cannot close its chain while it is used.
        *self.chain.lock().unwrap() = None;
        Ok(())
    }

    fn set_mock_time(&self, _time: i64) -> Result<()> {
        Ok(())
    }

    fn scheduler_mock_forward(&self, delta_seconds: Duration) -> Result<()> {
        self.seconds.lock().unwrap().push(delta_seconds.as_secs());
        Ok(())
    }
}

#[ipc_interface]
impl WalletLoader for Noted {
    fn create_wallet(&self, _: &str, _: &Secret, _: u64) -> Result<LoadedWallet> {
        none()
    }

    fn load_wallet(&self, _: &str) -> Result<LoadedWallet> {
        none()
    }

    fn get_wallet_dir(&self) -> Result<String> {
        none()
    }

    fn restore_wallet(&self, _: &Path, _: &str, _: bool) -> Result<RestoredWallet> {
        none()
    }

    fn migrate_wallet(&self, _: &str, _: &Secret) -> Result<Result<WalletMigrationResult, BilingualStr>> {
        none()
    }

    fn is_encrypted(&self, _: &str) -> Result<bool> {
        none()
    }

    fn list_wallet_dir(&self) -> Result<Vec<(String, String)>> {
        none()
    }

    fn get_wallets(&self) -> Result<Vec<Box<dyn Wallet>>> {
        none()
    }

    fn handle_load_wallet(&self, _: LoadWalletFn) -> Result<Box<dyn Handler>> {
        none()
    }
}

impl WalletSource for Noted {
    fn start(
        &self,
        _: &EventLoop,
        _: GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<StartedWallets>> {
        *self.chain.lock().unwrap() = Some(chain);
        Ok(Some(StartedWallets { loader: Arc::new(self.clone()), process: None }))
    }
}

#[test]
fn the_schedulers_of_wallets_go_forward() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("regtest")).unwrap();
    let settings = settings(directory.path(), &[("disablewallet", json!("0"))]);
    let wallets = Noted::default();
    let running = Running::start("node", settings, Box::new(wallets.clone()), Shutdown::new()).unwrap();
    let ask = |seconds: Value| running.offer().rpc.execute("mockscheduler", json!([seconds]), "/");
    assert_eq!(ask(json!(3600)), Ok(Value::Null));
    for seconds in [0, -1, 3601] {
        let error = ask(json!(seconds)).unwrap_err();
        let text = "delta_time must be between 1 and 3600 seconds (1 hr)";
        assert_eq!((error.code(), error.message()), (-1, text));
    }
    assert_eq!(ask(json!(1)), Ok(Value::Null));
    assert_eq!(*wallets.seconds.lock().unwrap(), [3600, 1]);
    running.stop().unwrap();
}
