//! After a panic in the middle of a change.
//!
//! In: a wallet that may have in memory what is not in its file. Out: one that has what is in its file.

use std::sync::MutexGuard;

use super::{WalletHandle, WalletState};
use crate::Result;
use crate::options::Options;
use crate::storage::{Opening, Store};

#[cfg(test)]
mod tests;

impl WalletHandle {
    /// Reads a wallet's file again, and follows the node anew. A file that cannot be read any more ends the wallet.
    pub(super) fn recover<'a>(
        &'a self,
        mut state: MutexGuard<'a, Option<WalletState>>,
    ) -> MutexGuard<'a, Option<WalletState>> {
        self.0.state.clear_poison();
        let Some(old) = state.take() else { return state };
        let name = self.name();
        tracing::error!(target: "wallet", wallet = name, "a change failed in the middle; the file is read again");
        match old.read_again(&self.0.options) {
            Ok(new) => *state = Some(new),
            Err(error) => tracing::error!(target: "wallet", wallet = name, %error, "the file cannot be read"),
        }
        let wallet = self.clone();
        std::thread::spawn(move || {
            if let Err(error) = wallet.follow() {
                tracing::warn!(target: "wallet", wallet = wallet.name(), %error, "the node is not followed");
            }
        });
        state
    }
}

impl WalletState {
    /// What the file says; an unlocked wallet stays so, and its locks of coins that are not in the file stay as well.
    fn read_again(self, options: &Options) -> Result<WalletState> {
        let WalletState { store, mut ledger, locked, vault, unlocks, relock, unlocked_until, .. } = self;
        let path = store.path().to_owned();
        // Only one at a time has the file.
        drop(store);
        let mut new = WalletState::load(Store::open(&path, Opening::Existing)?, options, ledger.genesis())?;
        new.ledger.take_mempool_of(&mut ledger);
        let view = new.ledger.view();
        let unwritten =
            locked.into_iter().filter(|(coin, written)| !written && view.spender(*coin).is_none());
        new.locked.extend(unwritten);
        Ok(WalletState { vault, unlocks, relock, unlocked_until, ..new })
    }
}
