//! What loads wallets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use bitcoin_ipc::interfaces::{
    Handler, LoadWalletFn, LoadedWallet, RestoredWallet, Wallet, WalletLoader, WalletMigrationResult,
};
use bitcoin_ipc::types::{BilingualStr, Secret};
use mp_runtime::Result;
use mp_runtime::callbacks::{Callbacks, News};

use super::wallet_calls::Handle;
use super::{FakeWallet, Gate, absent, lock};

/// What loads wallets.
pub(crate) struct FakeLoader {
    pub(crate) gate: Gate,
    pub(crate) wallets: Mutex<BTreeMap<String, Arc<FakeWallet>>>,
    /// Wallets of the folder that are not loaded.
    pub(crate) files: Mutex<BTreeMap<String, Arc<FakeWallet>>>,
    loaded: Callbacks<LoadWalletFn>,
}

impl FakeLoader {
    pub(super) fn new(wallets: Vec<Arc<FakeWallet>>) -> FakeLoader {
        let wallets = wallets.into_iter().map(|wallet| (wallet.name.clone(), wallet)).collect();
        FakeLoader {
            gate: Gate::default(),
            wallets: Mutex::new(wallets),
            files: Mutex::default(),
            loaded: Callbacks::new("a fake"),
        }
    }

    /// Tells the windows of a wallet.
    pub(super) fn tell_loaded(&self, wallet: &Arc<FakeWallet>) {
        let wallet = wallet.clone();
        self.loaded.tell(News::Each, move |hear| hear(Box::new(Handle(wallet.clone()))));
    }

    fn add(&self, wallet: Arc<FakeWallet>) -> LoadedWallet {
        lock(&self.wallets).insert(wallet.name.clone(), wallet.clone());
        self.tell_loaded(&wallet);
        LoadedWallet { warning: Vec::new(), result: Ok(Box::new(Handle(wallet))) }
    }
}

impl WalletLoader for FakeLoader {
    fn create_wallet(&self, name: &str, passphrase: &Secret, flags: u64) -> Result<LoadedWallet> {
        self.gate.pass("createWallet");
        if lock(&self.wallets).contains_key(name) {
            let why = BilingualStr::untranslated("The wallet is there already.");
            return Ok(LoadedWallet { warning: Vec::new(), result: Err(why) });
        }
        let wallet = FakeWallet::new(name);
        wallet.no_keys(flags & (1 << 32) != 0);
        if !passphrase.is_empty() {
            wallet.encrypt(passphrase.expose());
        }
        Ok(self.add(wallet))
    }

    fn load_wallet(&self, name: &str) -> Result<LoadedWallet> {
        self.gate.pass("loadWallet");
        let file = lock(&self.files).remove(name);
        Ok(match file {
            Some(wallet) => self.add(wallet),
            None => {
                let why = BilingualStr::untranslated("There is no such wallet.");
                LoadedWallet { warning: Vec::new(), result: Err(why) }
            }
        })
    }

    fn list_wallet_dir(&self) -> Result<Vec<(String, String)>> {
        self.gate.pass("listWalletDir");
        let (wallets, files) = (lock(&self.wallets), lock(&self.files));
        Ok(wallets.keys().chain(files.keys()).map(|name| (name.clone(), "sqlite".to_owned())).collect())
    }

    fn get_wallets(&self) -> Result<Vec<Box<dyn Wallet>>> {
        self.gate.pass("getWallets");
        let wallets = lock(&self.wallets);
        Ok(wallets.values().map(|wallet| Box::new(Handle(wallet.clone())) as Box<dyn Wallet>).collect())
    }

    fn handle_load_wallet(&self, callback: LoadWalletFn) -> Result<Box<dyn Handler>> {
        self.gate.pass("handleLoadWallet");
        Ok(Box::new(self.loaded.add(callback)))
    }

    fn restore_wallet(&self, _: &Path, name: &str, _: bool) -> Result<RestoredWallet> {
        self.gate.pass("restoreWallet");
        let LoadedWallet { warning, result } = self.add(FakeWallet::new(name));
        Ok(RestoredWallet { warning, result: result.map(Some) })
    }

    absent! {
        fn get_wallet_dir(&self) -> String;
        fn migrate_wallet(&self, name: &str, passphrase: &Secret) -> Result<WalletMigrationResult, BilingualStr>;
        fn is_encrypted(&self, name: &str) -> bool;
    }
}
