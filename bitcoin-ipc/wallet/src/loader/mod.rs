//! The wallets of a process.
//!
//! In: a folder, a node. Out: wallets, made, loaded, found and followed.

mod directory;
mod schedule;
mod settings;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bitcoin_init::lock::DirectoryLock;
use bitcoin_ipc::interfaces::watch::AnyChain;
use bitcoin_ipc::interfaces::{Chain, Handler, LoadWalletFn};
use bitcoin_ipc::types::Secret;

use crate::clock::Clock;
use crate::keys::Vault;
use crate::listeners::{Callbacks, News, WALLET, lock};
use crate::node::Node;
use crate::options::Options;
use crate::storage::{self, FILE, Opening, Store, remove_database};
use crate::sync::WalletHandle;
use crate::wallet::{Event, Wallet, flag};
use crate::{Error, Result};
pub(crate) use schedule::Schedule;

/// Why wallets are not migrated.
pub(crate) const NO_MIGRATION: &str = "wallets of the old kind are Berkeley DB files, which this program does not read; migrate them with Bitcoin Core, and import the descriptors";

/// The wallets of a process. Clones are the same loader.
#[derive(Clone)]
pub struct Loader(pub(crate) Arc<Inner>);

/// What all handles of a loader share.
pub(crate) struct Inner {
    options: Arc<Options>,
    pub(crate) node: Arc<Node>,
    clock: Arc<Clock>,
    wallets: Mutex<BTreeMap<String, WalletHandle>>,
    /// Held while a wallet is made or loaded, so that nobody loads it twice.
    loading: Mutex<()>,
    pub(crate) loaded: Callbacks<LoadWalletFn>,
    pub(crate) schedule: Mutex<Option<Schedule>>,
    /// Whether the wallets were stopped, so that one that is being loaded stops too.
    pub(crate) stopped: AtomicBool,
    _lock: Option<DirectoryLock>,
    /// The commands that are registered with the node; they end with it.
    pub(crate) registered: Mutex<Vec<Box<dyn Handler>>>,
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loader").field("directory", &self.0.options.directory).finish_non_exhaustive()
    }
}

impl Loader {
    /// A loader without wallets yet. The folder is made when it is needed.
    ///
    /// `chain` is an `Arc<dyn WatchingChain>`, with which the wallets hear of what concerns them only, or
    /// an `Arc<dyn Chain>`.
    #[must_use]
    pub fn new(options: Options, chain: impl Into<AnyChain>) -> Self {
        Loader::with(options, chain.into(), None)
    }

    /// A loader without wallets yet, which keeps other processes out of its folder as long as it lives.
    /// The folder is made if it is missing.
    ///
    /// # Errors
    ///
    /// Another loader has the folder, or it cannot be written.
    pub fn locked(options: Options, chain: impl Into<AnyChain>) -> Result<Self> {
        let lock = directory::take(&options.directory)?;
        Ok(Loader::with(options, chain.into(), Some(lock)))
    }

    fn with(options: Options, chain: AnyChain, lock: Option<DirectoryLock>) -> Self {
        Loader(Arc::new(Inner {
            options: Arc::new(options),
            node: Arc::new(Node::new(chain)),
            clock: Arc::default(),
            wallets: Mutex::default(),
            loading: Mutex::default(),
            loaded: Callbacks::new(WALLET),
            schedule: Mutex::default(),
            stopped: AtomicBool::default(),
            _lock: lock,
            registered: Mutex::default(),
        }))
    }

    /// The settings of all wallets.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.0.options
    }

    /// The node.
    #[must_use]
    pub fn chain(&self) -> Arc<dyn Chain> {
        self.0.node.chain()
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    /// The wallets that are loaded, by name.
    #[must_use]
    pub fn wallets(&self) -> Vec<WalletHandle> {
        lock(&self.0.wallets).values().cloned().collect()
    }

    /// A loaded wallet.
    #[must_use]
    pub fn wallet(&self, name: &str) -> Option<WalletHandle> {
        lock(&self.0.wallets).get(name).cloned()
    }

    /// Makes a wallet, encrypted unless the passphrase is empty, and loads it.
    ///
    /// `flags` are bits of Bitcoin Core's `WalletFlags`; see [`flag`].
    ///
    /// # Errors
    ///
    /// The name cannot be one or is taken, a flag is not supported, or the file cannot be written.
    pub fn create(&self, name: &str, passphrase: &Secret, flags: u64) -> Result<WalletHandle> {
        let known = flag::AVOID_REUSE | flag::DISABLE_PRIVATE_KEYS | flag::BLANK | flag::DESCRIPTORS;
        if flags & !known != 0 {
            return Err(Error::Unsupported("this wallet supports no external signers".into()));
        }
        if !passphrase.is_empty() && flags & flag::DISABLE_PRIVATE_KEYS != 0 {
            let text = "Passphrase provided but private keys are disabled. A passphrase is only used to encrypt private keys, so cannot be used for wallets with private keys disabled.";
            return Err(Error::Refused(text.into()));
        }
        let folder = self.folder(name)?;
        let loading = lock(&self.0.loading);
        if folder.join(FILE).exists() {
            return Err(directory::taken(&folder));
        }
        let new = directory::NewFolder::with_file(&folder, &self.0.options.directory, |part| {
            let vault = if passphrase.is_empty() { None } else { Some(Vault::create(passphrase)?) };
            let store = Store::open(part, Opening::New)?;
            Wallet::create(store, &self.0.options, flags, self.0.clock.now(), vault)
        })?;
        new.keep();
        let wallet = self.open(name)?;
        drop(loading);
        self.begin(wallet)
    }

    /// Loads a wallet.
    ///
    /// # Errors
    ///
    /// There is none of this name, it is loaded or in use, or its file is damaged.
    pub fn load(&self, name: &str) -> Result<WalletHandle> {
        let loading = lock(&self.0.loading);
        let wallet = self.open(name)?;
        drop(loading);
        self.begin(wallet)
    }

    fn open(&self, name: &str) -> Result<WalletHandle> {
        if self.wallet(name).is_some() {
            return Err(Error::AlreadyThere(format!("Wallet \"{name}\" is already loaded.")));
        }
        let folder = self.folder(name)?;
        let path = folder.join(FILE);
        if !storage::is_database(&path) {
            return Err(directory::missing(&folder));
        }
        if !name.is_empty() {
            directory::make(&folder)?;
        }
        let store = Store::open(&path, Opening::Existing)?;
        let shared = (self.0.options.clone(), self.0.node.clone(), self.0.clock.clone());
        let loader = Arc::downgrade(&self.0);
        let wallet = Wallet::load(name, store, shared)?;
        let wallet = WalletHandle::new(wallet, Box::new(move |wallet| unload(&loader, wallet)));
        lock(&self.0.wallets).insert(name.to_owned(), wallet.clone());
        Ok(wallet)
    }

    /// Lets a wallet follow the chain, and tells that it is there. A wallet whose node is lost is there
    /// as well, and waits for [`attach`](Self::attach).
    fn begin(&self, wallet: WalletHandle) -> Result<WalletHandle> {
        let followed = if self.is_stopped() {
            Err(Error::Refused("the wallets are being stopped".into()))
        } else {
            wallet.follow()
        };
        match followed {
            Err(Error::Node(error)) if error.kind() == bitcoin_ipc::ErrorKind::Disconnected => {
                tracing::warn!(target: "wallet", wallet = wallet.name(), %error, "loaded without a node");
            }
            Err(error) => {
                // It may have been unloaded meanwhile.
                let _ = unload(&Arc::downgrade(&self.0), &wallet);
                return Err(match error {
                    Error::Aborted => {
                        let text = "Wallet loading failed. Failed to rescan the wallet during initialization";
                        Error::Refused(text.into())
                    }
                    error => error,
                });
            }
            Ok(()) => {}
        }
        let loaded = wallet.clone();
        self.0.loaded.tell(News::Each, move |call| call(loaded.interface()));
        Ok(wallet)
    }

    /// Makes a wallet of a backup, and loads it if that is wanted.
    ///
    /// # Errors
    ///
    /// As [`create`](Self::create) and [`load`](Self::load); nothing of the wallet is left then.
    pub fn restore(&self, backup: &Path, name: &str, load: bool) -> Result<Option<WalletHandle>> {
        if !backup.exists() {
            return Err(Error::NotFound("Backup file does not exist".into()));
        }
        let folder = self.folder(name)?;
        let path = folder.join(FILE);
        let new = {
            let _loading = lock(&self.0.loading);
            if path.exists() {
                let text = format!("Failed to restore wallet. Database file exists in '{}'.", path.display());
                return Err(Error::AlreadyThere(text));
            }
            if backup.is_file() && !storage::is_database(backup) {
                return Err(directory::unrecognized(&folder));
            }
            directory::NewFolder::with_file(&folder, &self.0.options.directory, |part| {
                storage::copy(backup, part)?;
                Wallet::check(Store::open(part, Opening::Existing)?, &self.0.options)
            })?
        };
        let loaded = if load { self.load(name).map(Some) } else { Ok(None) };
        match loaded {
            Ok(_) => new.keep(),
            // The backup is still there.
            Err(_) => remove_database(&path)?,
        }
        loaded
    }

    /// Closes all wallets.
    pub fn unload_all(&self) {
        for wallet in self.wallets() {
            let _ = wallet.unload();
        }
    }

    /// Whether a wallet of the folder is encrypted.
    ///
    /// # Errors
    ///
    /// There is none of this name, or its file cannot be read.
    pub fn is_encrypted(&self, name: &str) -> Result<bool> {
        if let Some(wallet) = self.wallet(name) {
            return wallet.is_encrypted();
        }
        let path = self.folder(name)?.join(FILE);
        Ok(Store::open(&path, Opening::Existing)?.wrapped_key()?.is_some())
    }

    /// The names of the wallets of the folder, loaded or not.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn list(&self) -> Result<Vec<String>> {
        directory::list(&self.0.options.directory)
    }

    /// Sets the clock, for tests: seconds since 1970, or 0 for the real time.
    pub fn set_mock_time(&self, time: i64) {
        self.0.clock.set(time);
    }
}

fn unload(loader: &Weak<Inner>, wallet: &WalletHandle) -> Result<()> {
    if let Some(loader) = loader.upgrade() {
        let mut wallets = lock(&loader.wallets);
        let same = wallets.get(wallet.name()).is_some_and(|found| found.is(wallet));
        let removed = if same { wallets.remove(wallet.name()) } else { None };
        drop(wallets);
        drop(removed);
    }
    // Whether it is loaded, before others are told.
    wallet.tip()?;
    wallet.tell([Event::Unload]);
    wallet.close();
    Ok(())
}

impl Drop for Inner {
    fn drop(&mut self) {
        let schedule = self.schedule.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        drop(schedule);
        let wallets = self.wallets.get_mut().unwrap_or_else(PoisonError::into_inner);
        for wallet in std::mem::take(wallets).into_values() {
            wallet.close();
        }
    }
}
