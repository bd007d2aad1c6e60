//! The loader as the node and the GUI see it.
//!
//! In: calls of [`ChainClient`] and [`WalletLoader`]. Out: calls of [`Loader`]'s own methods, and the commands of RPC,
//! which the loader itself does not know.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bitcoin_ipc::interfaces::watch::AnyChain;
use bitcoin_ipc::interfaces::{
    Chain, ChainClient, Handler, LoadWalletFn, LoadedWallet, RestoredWallet, Wallet, WalletLoader,
    WalletMigrationResult,
};
use bitcoin_ipc::types::{BilingualStr, Secret};
use bitcoin_ipc::{ErrorKind, Result};

use crate::interface::answer;
use crate::listeners::lock;
use crate::loader::{Loader, NO_MIGRATION, Schedule};
use crate::sync::WalletHandle;
use crate::{Error, rpc};

impl Loader {
    /// Gives all wallets another node, for instance after the last one was lost. Each catches up.
    ///
    /// # Errors
    ///
    /// A wallet could not catch up; the others did.
    pub fn attach(&self, chain: impl Into<AnyChain>) -> crate::Result<()> {
        self.0.node.attach(chain.into());
        let registered = !lock(&self.0.registered).is_empty();
        if registered {
            self.register_rpcs()?;
        }
        let results: Vec<crate::Result<()>> = self.wallets().iter().map(WalletHandle::follow).collect();
        results.into_iter().collect()
    }

    /// Keeps registrations with the node in place of older ones.
    fn keep_registered(&self, handlers: Vec<Box<dyn Handler>>) {
        // Dropping a handler is a call, for which nothing may be locked.
        let old = std::mem::replace(&mut *lock(&self.0.registered), handlers);
        drop(old);
    }
}

impl ChainClient for Loader {
    fn register_rpcs(&self) -> Result<()> {
        self.keep_registered(rpc::register(self)?);
        Ok(())
    }

    fn verify(&self) -> Result<bool> {
        let chain = self.chain();
        for name in self.load_on_start()? {
            match self.folder(&name) {
                Ok(folder) if !self.has_file(&name) => {
                    let text = format!("Skipping -wallet path that doesn't exist. {}", folder.display());
                    warn(&*chain, text)?;
                }
                Ok(_) => {}
                Err(error) if self.is_asked_for(&name)? => return fail(&*chain, &error),
                // `load` says so.
                Err(_) => {}
            }
        }
        Ok(true)
    }

    fn load(&self) -> Result<bool> {
        let chain = self.chain();
        for name in self.load_on_start()? {
            if self.wallet(&name).is_some() {
                continue;
            }
            chain.init_message("Loading wallet…")?;
            // What goes wrong in one wallet does not concern others.
            let loaded = catch_unwind(AssertUnwindSafe(|| Loader::load(self, &name)));
            let failed = || Err(Error::File("an error in this program; the log says more".into()));
            match loaded.unwrap_or_else(|_| failed()) {
                Ok(wallet) => {
                    // Those that load later tell whoever asked for it.
                    let warnings = wallet.warnings()?;
                    if !warnings.is_empty() {
                        warn(&*chain, warnings.join("\n"))?;
                    }
                }
                // As `verify` has said.
                Err(Error::NotFound(_)) if !self.has_file(&name) => {}
                Err(Error::Node(error)) if error.kind() == ErrorKind::Disconnected => return Err(error),
                Err(_) if self.is_stopped() => return Ok(false),
                Err(error) if self.is_asked_for(&name)? => return fail(&*chain, &error),
                Err(error) => {
                    let text = format!("Wallet \"{name}\" of the settings file cannot be loaded: {error}");
                    warn(&*chain, text)?;
                }
            }
            if self.is_stopped() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn start(&self, (): ()) -> Result<()> {
        let mut schedule = lock(&self.0.schedule);
        if schedule.is_none() {
            let failed = |error| bitcoin_ipc::Error::failed(format!("no thread for wallets: {error}"));
            *schedule = Some(Schedule::start(self).map_err(failed)?);
        }
        Ok(())
    }

    fn stop(&self) -> Result<()> {
        let schedule = lock(&self.0.schedule).take();
        drop(schedule);
        self.0.stopped.store(true, Ordering::SeqCst);
        self.keep_registered(Vec::new());
        self.unload_all();
        Ok(())
    }

    fn set_mock_time(&self, time: i64) -> Result<()> {
        Loader::set_mock_time(self, time);
        Ok(())
    }

    fn scheduler_mock_forward(&self, delta_seconds: Duration) -> Result<()> {
        if let Some(schedule) = &*lock(&self.0.schedule) {
            schedule.forward(delta_seconds);
        }
        Ok(())
    }
}

impl WalletLoader for Loader {
    fn create_wallet(&self, name: &str, passphrase: &Secret, flags: u64) -> Result<LoadedWallet> {
        loaded(self.create(name, passphrase, flags))
    }

    fn load_wallet(&self, name: &str) -> Result<LoadedWallet> {
        loaded(Loader::load(self, name))
    }

    fn get_wallet_dir(&self) -> Result<String> {
        Ok(self.options().directory.display().to_string())
    }

    fn restore_wallet(
        &self,
        backup_file: &Path,
        name: &str,
        load_after_restore: bool,
    ) -> Result<RestoredWallet> {
        let restored = self.restore(backup_file, name, load_after_restore);
        let warning = restored.as_ref().ok().and_then(Option::as_ref).map(warnings).unwrap_or_default();
        Ok(RestoredWallet {
            warning,
            result: answer(restored.map(|wallet| wallet.map(|wallet| wallet.interface())))?,
        })
    }

    fn migrate_wallet(
        &self,
        _name: &str,
        _passphrase: &Secret,
    ) -> Result<Result<WalletMigrationResult, BilingualStr>> {
        Ok(Err(BilingualStr::untranslated(NO_MIGRATION)))
    }

    fn is_encrypted(&self, name: &str) -> Result<bool> {
        Ok(Loader::is_encrypted(self, name)?)
    }

    fn list_wallet_dir(&self) -> Result<Vec<(String, String)>> {
        Ok(self.list()?.into_iter().map(|name| (name, "sqlite".to_owned())).collect())
    }

    fn get_wallets(&self) -> Result<Vec<Box<dyn Wallet>>> {
        Ok(self.wallets().iter().map(WalletHandle::interface).collect())
    }

    fn handle_load_wallet(&self, callback: LoadWalletFn) -> Result<Box<dyn Handler>> {
        Ok(Box::new(self.0.loaded.add(callback)))
    }
}

/// Says something to our log and to the node's user.
fn warn(chain: &dyn Chain, text: String) -> Result<()> {
    tracing::warn!(target: "wallet", "{text}");
    chain.init_warning(&BilingualStr::untranslated(text))
}

/// As [`warn`], for what keeps the wallets from being loaded.
fn fail(chain: &dyn Chain, error: &Error) -> Result<bool> {
    tracing::error!(target: "wallet", "{error}");
    chain.init_error(&BilingualStr::untranslated(error.to_string()))?;
    Ok(false)
}

fn loaded(result: crate::Result<WalletHandle>) -> Result<LoadedWallet> {
    let warning = result.as_ref().map(warnings).unwrap_or_default();
    Ok(LoadedWallet { warning, result: answer(result.map(|wallet| wallet.interface()))? })
}

/// What the user has to know of a wallet that was loaded.
fn warnings(wallet: &WalletHandle) -> Vec<BilingualStr> {
    wallet.warnings().unwrap_or_default().into_iter().map(BilingualStr::untranslated).collect()
}
