//! WalletLoader: the wallets of a process.

use std::path::{Path, PathBuf};

use mp_runtime::{IpcStruct, Result, ipc_interface};

use super::{ChainClient, Handler, Wallet};
use crate::files::WALLET;
use crate::types::{BilingualStr, Bitcoin, Secret, secret_text};

/// The wallets of a process: making, loading and finding them.
#[ipc_interface(file = WALLET, types = Bitcoin, cxx = "interfaces::WalletLoader")]
pub trait WalletLoader: ChainClient {
    /// Makes a wallet, encrypted unless the passphrase is empty. The flags are bits of Core's
    /// `WalletFlags`.
    #[ipc(results)]
    fn create_wallet(
        &self,
        name: &str,
        #[ipc(with = secret_text, secret)] passphrase: &Secret,
        flags: u64,
    ) -> Result<LoadedWallet>;

    /// Loads a wallet.
    #[ipc(results)]
    fn load_wallet(&self, name: &str) -> Result<LoadedWallet>;

    /// The folder of all wallets.
    fn get_wallet_dir(&self) -> Result<String>;

    /// Makes a wallet of a backup, and loads it if that is wanted.
    #[ipc(results)]
    fn restore_wallet(
        &self,
        backup_file: &Path,
        name: &str,
        load_after_restore: bool,
    ) -> Result<RestoredWallet>;

    /// Turns a wallet of the old kind into one with descriptors. The passphrase is empty for one that
    /// is not encrypted.
    fn migrate_wallet(
        &self,
        name: &str,
        #[ipc(with = secret_text, secret)] passphrase: &Secret,
    ) -> Result<Result<WalletMigrationResult, BilingualStr>>;

    /// Whether a wallet of the folder is encrypted.
    fn is_encrypted(&self, name: &str) -> Result<bool>;

    /// The wallets of the folder: the name of each, and the format of its file.
    fn list_wallet_dir(&self) -> Result<Vec<(String, String)>>;

    /// The wallets that are loaded.
    fn get_wallets(&self) -> Result<Vec<Box<dyn Wallet>>>;

    /// Tells when a wallet is loaded, until the handler is dropped.
    fn handle_load_wallet(
        &self,
        #[ipc(callback = LoadWalletCallback)] callback: LoadWalletFn,
    ) -> Result<Box<dyn Handler>>;
}

/// What came of making or loading a wallet.
#[derive(IpcStruct)]
#[ipc(types = Bitcoin)]
pub struct LoadedWallet {
    /// What the user should know of.
    pub warning: Vec<BilingualStr>,
    /// The wallet, or why there is none.
    pub result: Result<Box<dyn Wallet>, BilingualStr>,
}

impl std::fmt::Debug for LoadedWallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let result = self.result.as_ref().map(|_| "Wallet");
        f.debug_struct("LoadedWallet").field("warning", &self.warning).field("result", &result).finish()
    }
}

/// What came of restoring a wallet.
#[derive(IpcStruct)]
#[ipc(types = Bitcoin)]
pub struct RestoredWallet {
    /// What the user should know of.
    pub warning: Vec<BilingualStr>,
    /// The wallet, if it was to be loaded, or why it was not restored.
    pub result: Result<Option<Box<dyn Wallet>>, BilingualStr>,
}

impl std::fmt::Debug for RestoredWallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let result = self.result.as_ref().map(|wallet| wallet.as_ref().map(|_| "Wallet"));
        f.debug_struct("RestoredWallet").field("warning", &self.warning).field("result", &result).finish()
    }
}

/// What came of migrating a wallet.
#[derive(IpcStruct)]
#[ipc(file = WALLET, types = Bitcoin, cxx = "interfaces::WalletMigrationResult")]
pub struct WalletMigrationResult {
    /// The wallet.
    pub wallet: Box<dyn Wallet>,
    /// The name of the wallet that holds what was only watched, if there is one.
    #[ipc(cxx_name = "watchonly_wallet_name")]
    pub watchonly_wallet_name: Option<String>,
    /// The name of the wallet that holds what could be solved but was not watched, if there is one.
    #[ipc(cxx_name = "solvables_wallet_name")]
    pub solvables_wallet_name: Option<String>,
    /// The backup that was made.
    #[ipc(cxx_name = "backup_path", with = mp_runtime::with::path_text)]
    pub backup_path: PathBuf,
}

impl std::fmt::Debug for WalletMigrationResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WalletMigrationResult")
            .field("backup_path", &self.backup_path)
            .finish_non_exhaustive()
    }
}

/// Hears of a wallet that was loaded.
pub type LoadWalletFn = Box<dyn Fn(Box<dyn Wallet>) -> Result<()> + Send + Sync>;

/// Hears of a wallet that was loaded. See [`LoadWalletFn`].
#[ipc_interface(
    file = WALLET,
    callback,
    types = Bitcoin,
    cxx = "ProxyCallback<interfaces::WalletLoader::LoadWalletFn>"
)]
pub trait LoadWalletCallback: Send + Sync {
    /// The wallet is loaded, and the callee's to keep.
    fn call(&self, wallet: Box<dyn Wallet>) -> Result<()>;
}
