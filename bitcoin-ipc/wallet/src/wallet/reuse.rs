//! Addresses that were spent from, in wallets that avoid their reuse (Bitcoin Core's `avoid_reuse`).
//!
//! In: the wallet's transactions. Out: the scripts whose coins are left aside, as spending them would link
//! what others sent there again to what was spent before.
//!
//! Which these are is seen in the transactions at any time and stored nowhere, so that it is right as soon as
//! the flag is set, also after a crash.

use std::collections::HashSet;

use bitcoin::ScriptBuf;

use super::{Wallet, WalletState, flag};
use crate::{Result, storage};

impl Wallet {
    /// Whether the wallet leaves coins of addresses aside that were spent from.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn avoids_reuse(&self) -> Result<bool> {
        Ok(self.state()?.avoids_reuse())
    }

    /// Has the wallet leave such coins aside, or use them like others.
    ///
    /// # Errors
    ///
    /// It could not be written.
    pub fn set_avoid_reuse(&self, avoid: bool) -> Result<()> {
        let mut state = self.state()?;
        let flags = if avoid { state.flags | flag::AVOID_REUSE } else { state.flags & !flag::AVOID_REUSE };
        state.save(|tx| storage::set_flags(tx, flags))?;
        state.flags = flags;
        Ok(())
    }
}

impl WalletState {
    pub(crate) fn avoids_reuse(&self) -> bool {
        self.flags & flag::AVOID_REUSE != 0
    }

    /// The scripts that any known transaction spent from; none in a wallet that uses all alike.
    pub(crate) fn reused(&self) -> HashSet<ScriptBuf> {
        let mut reused = HashSet::new();
        if self.avoids_reuse() {
            for (_, tx) in self.ledger.txs() {
                let spent = tx.input.iter().filter_map(|input| self.ledger.own_txout(input.previous_output));
                reused.extend(spent.map(|output| output.script_pubkey.clone()));
            }
        }
        reused
    }
}
