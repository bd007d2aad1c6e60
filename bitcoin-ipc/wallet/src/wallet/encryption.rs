//! Passphrases.
//!
//! In: a passphrase. Out: a wallet whose private keys nobody reads without it.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use bitcoin_ipc::types::Secret;
use zeroize::Zeroizing;

use super::{Event, Wallet, flag};
use crate::keys::{Vault, WrappedKey};
use crate::listeners::lock;
use crate::storage::{self, Stored, secrets};
use crate::{Error, Result};

impl Wallet {
    /// Whether the wallet is encrypted.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn is_encrypted(&self) -> Result<bool> {
        Ok(self.state()?.wrapped.is_some())
    }

    /// Whether the wallet is encrypted and locked.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn is_locked(&self) -> Result<bool> {
        Ok(self.state()?.is_locked())
    }

    /// Encrypts the private keys; the wallet is locked then. New addresses come from a new master key,
    /// since the old one may be in backups that are not encrypted; a blank wallet gets none.
    ///
    /// # Errors
    ///
    /// It is encrypted already, has no private keys by choice, the passphrase is empty, or the file
    /// could not be written.
    pub fn encrypt(&self, passphrase: &Secret) -> Result<()> {
        if passphrase.is_empty() {
            return Err(Error::Invalid("passphrase cannot be empty".into()));
        }
        // This takes a while, which nobody else has to wait for.
        let (vault, wrapped) = Vault::create(passphrase)?;
        {
            let _unneeded = self.keep_unlocked();
            let mut state = self.state()?;
            if state.private_keys_disabled() {
                return Err(Error::EncryptionState(
                    "Error: wallet does not contain private keys, nothing to encrypt.".into(),
                ));
            }
            if state.wrapped.is_some() {
                return Err(Error::EncryptionState(
                    "Error: running with an encrypted wallet, but encryptwallet was called.".into(),
                ));
            }
            let mut sealed = Vec::new();
            for (id, stored) in state.store.secrets()? {
                let Stored::Open(bytes) = stored else { continue };
                let damaged = |_| Error::File("a private descriptor is damaged".into());
                sealed.push((id, vault.seal(id, std::str::from_utf8(&bytes).map_err(damaged)?)?));
            }
            let blank = state.flags & flag::BLANK != 0;
            let write = |tx: &bdk_wallet::rusqlite::Transaction<'_>| {
                for (id, sealed) in &sealed {
                    secrets::put_sealed(tx, *id, sealed)?;
                }
                secrets::put_wrapped_key(tx, &wrapped)?;
                storage::set_scrub_due(tx, true)
            };
            // From here on, new keys are sealed. Until the one transaction is through, nothing is on disk.
            state.wrapped = Some(wrapped.clone());
            state.vault = Some(vault);
            let now = self.now();
            let done = if blank { state.save(write) } else { state.add_fresh_keys(now, write) };
            state.vault = None;
            if done.is_ok() {
                state.close_hardened();
            }
            if done.is_err() {
                state.wrapped = state.store.wrapped_key()?;
            }
            done?;
            state.store.scrub()?;
        }
        self.derived();
        self.tell([Event::Status, Event::CanGetAddresses]);
        Ok(())
    }

    /// Unlocks the wallet until it is locked. Gives false for a wrong passphrase.
    ///
    /// # Errors
    ///
    /// It is not encrypted.
    pub fn unlock(&self, passphrase: &Secret) -> Result<bool> {
        Ok(self.open_vault(passphrase)?.is_some())
    }

    /// Unlocks the wallet for a time, or until it is locked or unlocked again. Gives false for a wrong
    /// passphrase.
    ///
    /// # Errors
    ///
    /// It is not encrypted.
    pub fn unlock_for(self: &Arc<Self>, passphrase: &Secret, time: Duration) -> Result<bool> {
        let Some(number) = self.open_vault(passphrase)? else { return Ok(false) };
        let (keep, ended) = mpsc::channel::<()>();
        let mut state = self.state()?;
        if state.unlocks == number {
            state.relock = Some(keep);
            state.unlocked_until =
                self.now().saturating_add(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
        }
        drop(state);
        let wallet = Arc::downgrade(self);
        std::thread::spawn(move || {
            // Whoever locks or unlocks meanwhile drops the other end, and the wait is over.
            if ended.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
                && let Some(wallet) = wallet.upgrade()
            {
                // An error means that it is unloaded.
                let _ = wallet.lock_if(Some(number));
            }
        });
        Ok(true)
    }

    fn wrapped_key(&self, method: &str) -> Result<WrappedKey> {
        self.state()?.wrapped.clone().ok_or_else(|| {
            let text = format!("Error: running with an unencrypted wallet, but {method} was called.");
            Error::EncryptionState(text)
        })
    }

    fn open_vault(&self, passphrase: &Secret) -> Result<Option<u64>> {
        let wrapped = self.wrapped_key("walletpassphrase")?;
        // This takes a while, which nobody else has to wait for.
        let Some(vault) = Vault::unwrap(&wrapped, passphrase)? else { return Ok(None) };
        let number = {
            let mut state = self.state()?;
            state.vault = Some(vault);
            state.relock = None;
            state.unlocked_until = 0;
            state.unlocks += 1;
            if let Err(error) = state.open_hardened() {
                state.vault = None;
                return Err(error);
            }
            state.unlocks
        };
        self.derived();
        self.tell([Event::Status]);
        Ok(Some(number))
    }

    /// Has whoever would lock the wallet wait until this is dropped: a search of the chain derives with private keys,
    /// too (Bitcoin Core's `m_relock_mutex`).
    pub(crate) fn keep_unlocked(&self) -> MutexGuard<'_, ()> {
        lock(&self.unlocked)
    }

    /// Locks the wallet: the key is wiped from memory. Gives false for one that is not encrypted.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn lock(&self) -> Result<bool> {
        self.lock_if(None)
    }

    fn lock_if(&self, number: Option<u64>) -> Result<bool> {
        {
            let _unneeded = self.keep_unlocked();
            let mut state = self.state()?;
            if state.wrapped.is_none() {
                return Ok(false);
            }
            if number.is_some_and(|number| number != state.unlocks) {
                return Ok(true);
            }
            state.unlocks += 1;
            state.relock = None;
            state.unlocked_until = 0;
            state.vault = None;
            state.close_hardened();
        }
        self.tell([Event::Status]);
        Ok(true)
    }

    /// Replaces the passphrase. Gives false if the old one is wrong. The wallet stays locked or unlocked.
    ///
    /// # Errors
    ///
    /// The wallet is not encrypted, the new passphrase is empty, or the file could not be written.
    pub fn change_passphrase(&self, old: &Secret, new: &Secret) -> Result<bool> {
        if new.is_empty() {
            return Err(Error::Invalid("passphrase cannot be empty".into()));
        }
        let wrapped = self.wrapped_key("walletpassphrasechange")?;
        let Some(vault) = Vault::unwrap(&wrapped, old)? else { return Ok(false) };
        let changed = vault.wrap(new)?;
        let mut state = self.state()?;
        if state.wrapped.as_ref() != Some(&wrapped) {
            return Err(Error::Refused("the passphrase was changed by somebody else meanwhile".into()));
        }
        state.save(|tx| {
            secrets::put_wrapped_key(tx, &changed)?;
            storage::set_scrub_due(tx, true)
        })?;
        state.wrapped = Some(changed);
        // The old passphrase must not open what is left in free parts of the file.
        state.store.scrub()?;
        Ok(true)
    }

    /// The descriptors with private keys, by their place in [`descriptors`](Self::descriptors)' numbers.
    ///
    /// # Errors
    ///
    /// The wallet is locked, or has no private keys by choice.
    pub fn private_descriptors(&self) -> Result<Vec<(u32, Zeroizing<String>)>> {
        let state = self.state()?;
        if state.private_keys_disabled() {
            return Err(Error::Refused("Can't get private descriptor string for watch-only wallets".into()));
        }
        let mut texts = Vec::new();
        for (id, stored) in state.store.secrets()? {
            texts.push((id, state.open_secret(id, stored)?));
        }
        Ok(texts)
    }
}
