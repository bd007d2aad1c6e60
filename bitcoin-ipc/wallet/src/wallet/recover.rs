//! After a panic in the middle of a change.
//!
//! In: a wallet that may have in memory what is not in its file. Out: one that has what is in its file, and
//! follows the node anew.

use std::sync::MutexGuard;

use super::{Wallet, WalletState};
use crate::Result;
use crate::options::Options;
use crate::storage::{Opening, Store};

#[cfg(test)]
mod tests;

impl Wallet {
    /// Reads a wallet's file again. A file that cannot be read any more ends the wallet.
    pub(super) fn recover<'a>(
        &'a self,
        mut state: MutexGuard<'a, Option<WalletState>>,
    ) -> MutexGuard<'a, Option<WalletState>> {
        self.state.clear_poison();
        let Some(old) = state.take() else { return state };
        let name = self.name();
        tracing::error!(target: "wallet", wallet = name, "a change failed in the middle; the file is read again");
        match old.read_again(&self.options) {
            Ok(new) => *state = Some(new),
            Err(error) => tracing::error!(target: "wallet", wallet = name, %error, "the file cannot be read"),
        }
        if let Some(follower) = self.follower() {
            follower.read_again();
        }
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
        let mut new = WalletState::load(Store::open(&path, Opening::Existing)?, options)?;
        new.ledger.take_mempool_of(&mut ledger);
        let view = new.ledger.view();
        let unwritten =
            locked.into_iter().filter(|(coin, written)| !written && view.spender(*coin).is_none());
        new.locked.extend(unwritten);
        Ok(WalletState { vault, unlocks, relock, unlocked_until, ..new })
    }
}
