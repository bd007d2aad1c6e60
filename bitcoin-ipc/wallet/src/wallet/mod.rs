//! A loaded wallet.
//!
//! In: wishes of a user, a GUI or RPC; blocks and transactions of the node. Out: addresses, balances,
//! transactions. Each concern has its file; [`interface`] puts them behind the trait.

mod addresses;
mod backup;
mod balances;
mod build;
mod bump;
mod choose;
mod coins;
mod commit;
mod details;
mod encryption;
mod events;
mod fees;
mod hd_keys;
mod import;
mod interface;
mod pool;
mod pruned;
mod psbt;
mod recover;
mod reuse;
mod solution;
mod solve;
mod spending;
pub(crate) mod state;
mod turns;
mod weights;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use bitcoin::Network;
use bitcoin_ipc::interfaces::Chain;

pub(crate) use balances::{Trust, signed, total};
pub(crate) use build::sum;
pub(crate) use bump::BumpRequest;
pub use coins::AvailableCoin;
pub(crate) use commit::Texts;
pub(crate) use events::{Event, Events};
pub use fees::FeeChoice;
pub(crate) use fees::{dust, fee_for};
pub(crate) use hd_keys::Which;
pub(crate) use pool::{Preset, Presets, TRUC, combined_bump};
pub(crate) use solution::Solution;
pub(crate) use solve::Solving;
pub(crate) use spending::{SpendRequest, Spending};
pub(crate) use state::WalletState;
pub use state::flag;
pub(crate) use weights::{
    InputWeight, InputWeights, MAX_WEIGHT, OutputWeights, TRUC_CHILD_MAX_WEIGHT, TRUC_MAX_WEIGHT,
};

use crate::clock::Clock;
use crate::listeners::lock;
use crate::node::Node;
use crate::options::Options;
use crate::storage::FILE;
use crate::sync::Follow;
use crate::{Error, Result};

/// A loaded wallet. Clones are the same wallet; after it was unloaded, their methods fail.
#[derive(Clone)]
pub struct WalletHandle(pub(crate) Arc<Shared>);

/// Takes a wallet out of its loader, and closes it.
pub(crate) type Unload = Box<dyn Fn(&WalletHandle) -> Result<()> + Send + Sync>;

/// What all handles of a wallet share.
pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) options: Arc<Options>,
    pub(crate) node: Arc<Node>,
    pub(crate) clock: Arc<Clock>,
    /// `None` once it is unloaded. The node must not be asked while this is locked.
    pub(crate) state: Mutex<Option<WalletState>>,
    /// Who spends now. This comes before the state.
    pub(crate) turns: turns::Turns,
    pub(crate) events: Events,
    pub(crate) follow: Follow,
    /// Takes it out of its loader.
    pub(crate) unload: Unload,
}

impl std::fmt::Debug for WalletHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WalletHandle").field("name", &self.0.name).finish_non_exhaustive()
    }
}

/// A wallet that is locked for a while.
pub(crate) struct Guard<'a>(MutexGuard<'a, Option<WalletState>>);

impl std::ops::Deref for Guard<'_> {
    type Target = WalletState;

    fn deref(&self) -> &WalletState {
        self.0.as_ref().expect("a guard is made only where there is a state")
    }
}

impl std::ops::DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut WalletState {
        self.0.as_mut().expect("a guard is made only where there is a state")
    }
}

impl WalletHandle {
    /// What the wallet is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The file of the wallet.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.0.options.directory.join(&self.0.name).join(FILE)
    }

    /// The network that the wallet is for.
    #[must_use]
    pub fn network(&self) -> Network {
        self.0.options.network
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

    /// What of the wallet's file cannot be used, and what of the chain is still to be searched, in words for the
    /// user.
    ///
    /// # Errors
    ///
    /// The wallet is unloaded.
    pub fn warnings(&self) -> Result<Vec<String>> {
        let scanning = self.scan_progress().is_some();
        let mut warnings = self.0.options.warnings.clone();
        warnings.extend(self.state()?.warnings(scanning));
        Ok(warnings)
    }

    /// Locks the wallet's state.
    ///
    /// # Errors
    ///
    /// It is unloaded.
    pub(crate) fn state(&self) -> Result<Guard<'_>> {
        let state = self.0.state.lock().unwrap_or_else(|panicked| self.recover(panicked.into_inner()));
        self.guard(state)
    }

    /// Locks the wallet's state unless it is locked.
    pub(crate) fn try_state(&self) -> Result<Option<Guard<'_>>> {
        match self.0.state.try_lock() {
            Ok(state) => self.guard(state).map(Some),
            Err(std::sync::TryLockError::Poisoned(state)) => {
                self.guard(self.recover(state.into_inner())).map(Some)
            }
            Err(std::sync::TryLockError::WouldBlock) => Ok(None),
        }
    }

    fn guard<'a>(&self, state: MutexGuard<'a, Option<WalletState>>) -> Result<Guard<'a>> {
        match *state {
            Some(_) => Ok(Guard(state)),
            None => Err(Error::NotFound(format!("the wallet \"{}\" is not loaded any more", self.name()))),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.0.clock.now()
    }

    pub(crate) fn tell(&self, events: impl IntoIterator<Item = Event>) {
        self.0.events.tell(events);
    }

    pub(crate) fn downgrade(&self) -> Weak<Shared> {
        Arc::downgrade(&self.0)
    }

    /// Closes the wallet, whose file is free then. Its handles remain, and fail.
    ///
    /// # Errors
    ///
    /// It is closed already.
    pub fn unload(&self) -> Result<()> {
        (self.0.unload)(self)
    }

    /// Lets go of the node and the file.
    pub(crate) fn close(&self) {
        // A payment is finished first, unless it hangs.
        let _turn = self.0.turns.take();
        self.0.follow.stop();
        let state = lock(&self.0.state).take();
        drop(state);
    }
}
