//! Copies of the wallet, whole or without its secrets.
//!
//! In: a name. Out: a file that [`Loader::restore`](crate::Loader::restore) takes.

use std::path::{Path, PathBuf};

use super::{Wallet, WalletState, flag};
use crate::keys::Descriptor;
use crate::storage::{
    self, FILE, NewDescriptor, Opening, Store, book, coins, descriptors, put_in_place, remove_database,
    transactions,
};
use crate::{Error, Result};

impl Wallet {
    /// Copies the wallet to a file, which is replaced if it is there, or into a folder.
    ///
    /// # Errors
    ///
    /// It cannot be written, or is the wallet itself.
    pub fn backup(&self, to: &Path) -> Result<()> {
        let inside = to.join(FILE);
        let target = if to.is_dir() { &inside } else { to };
        self.state()?.store.copy_to(target)
    }

    /// Writes a new file with a wallet that watches what this one has: its descriptors without private keys, its
    /// transactions, address book and locked coins.
    ///
    /// # Errors
    ///
    /// There is such a file, it cannot be written, or the wallet has no descriptors.
    pub fn export_watch_only(&self, to: &Path) -> Result<()> {
        let refused = |text: &str| Error::Refused(format!("Error: {text}"));
        if to.as_os_str().is_empty() {
            return Err(refused("Export destination cannot be empty"));
        }
        if to.exists() {
            return Err(refused(&format!("Export destination '{}' already exists", to.display())));
        }
        let mut part = to.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        remove_database(&part)?;
        let mut store = Store::open(&part, Opening::New).map_err(|error| {
            tracing::warn!(target: "wallet", wallet = self.name(), %error, "no export");
            refused(&format!("Could not create file '{}'", to.display()))
        })?;
        let exported = self.state().and_then(|mut state| state.export(&mut store));
        drop(store);
        if let Err(error) = exported {
            remove_database(&part)?;
            return Err(error);
        }
        put_in_place(&part, to)
    }
}

impl WalletState {
    /// Writes everything to a new file but what is secret.
    fn export(&mut self, store: &mut Store) -> Result<()> {
        if self.descriptors.is_empty() && self.unused.is_empty() {
            return Err(Error::Refused("Error: Wallet has no descriptors to export".into()));
        }
        let ledger = self.store.ledger()?;
        store.write(|tx| {
            storage::set_flags(tx, self.flags | flag::DISABLE_PRIVATE_KEYS)?;
            storage::set_tip_time(tx, self.tip_time)?;
            ledger.put(tx)?;
            for descriptor in self.descriptors.iter().cloned() {
                let Descriptor { id, deriver, kind, internal, active, birth, .. } = descriptor;
                let derived = self.ledger.scripts().derived(id);
                let identity = deriver.public().to_compat_text();
                let new = NewDescriptor { identity, deriver, kind, internal, active, birth };
                descriptors::insert(tx, &new, &derived)?;
            }
            for unused in &self.unused {
                descriptors::insert_unused(tx, &unused.public, unused.birth)?;
            }
            for (script, entry) in &self.book {
                book::put(tx, script, entry)?;
            }
            for ((script, id), value) in &self.requests {
                book::put_request(tx, script, id, value)?;
            }
            for (coin, _) in self.locked.iter().filter(|(_, written)| **written) {
                coins::set_locked(tx, *coin, true)?;
            }
            self.metadata.iter().try_for_each(|(txid, metadata)| transactions::put(tx, *txid, metadata))
        })
    }
}
