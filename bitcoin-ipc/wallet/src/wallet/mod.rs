//! A loaded wallet.
//!
//! In: wishes of a user, a GUI or RPC; blocks and transactions of the node. Out: addresses, balances,
//! transactions. Each concern has its file.

mod addresses;
mod backup;
mod balances;
mod build;
mod bump;
mod chain;
mod choose;
mod coins;
mod commit;
mod details;
mod encryption;
mod events;
mod fees;
mod groupings;
mod hd_keys;
mod import;
mod pool;
mod pruned;
mod psbt;
mod received;
mod recover;
mod resend;
mod reuse;
mod signing;
mod snapshots;
mod solution;
mod solve;
mod spending;
mod state;
mod turns;
mod weights;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use bitcoin::Network;
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::interfaces::watch::AnyChain;

pub(crate) use balances::{signed, total};
pub(crate) use build::sum;
pub(crate) use bump::BumpRequest;
pub(crate) use chain::Known;
pub use coins::AvailableCoin;
pub(crate) use commit::Texts;
pub(crate) use events::{Event, Events};
pub use fees::FeeChoice;
pub(crate) use fees::{dust, fee_for};
pub(crate) use hd_keys::Which;
pub(crate) use pool::{Preset, Presets, TRUC, combined_bump};
pub(crate) use received::Received;
pub(crate) use signing::verify;
pub(crate) use snapshots::{ScriptInfo, TxInfo};
pub(crate) use solution::Solution;
pub(crate) use solve::Solving;
pub(crate) use spending::{SpendRequest, Spending};
pub(in crate::wallet) use state::WalletState;
pub use state::flag;
pub(crate) use weights::{
    InputWeight, InputWeights, MAX_WEIGHT, OutputWeights, TRUC_CHILD_MAX_WEIGHT, TRUC_MAX_WEIGHT,
};

use crate::clock::Clock;
use crate::keys::{Vault, WrappedKey};
use crate::listeners::lock;
use crate::node::Node;
use crate::options::Options;
use crate::storage::{FILE, Store};
use crate::{Error, Result};

/// Whoever follows the chain for a wallet.
pub(crate) trait Follow: Send + Sync {
    /// Scripts were derived, which the node may not watch yet.
    fn derived(self: Arc<Self>);

    /// The file was read again, and what was told since it was written is not known any more.
    fn read_again(self: Arc<Self>);
}

/// A loaded wallet: what it knows, and who listens to it. After it was unloaded, its methods fail.
pub struct Wallet {
    name: String,
    options: Arc<Options>,
    node: Arc<Node>,
    clock: Arc<Clock>,
    /// `None` once it is unloaded. The node must not be asked while this is locked.
    state: Mutex<Option<WalletState>>,
    /// Who spends now. This comes before the state.
    turns: turns::Turns,
    /// Held while the wallet must not be locked. This comes before the state.
    unlocked: Mutex<()>,
    events: Events,
    follower: Option<Weak<dyn Follow>>,
}

impl std::fmt::Debug for Wallet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Wallet").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A wallet that is locked for a while.
struct Guard<'a>(MutexGuard<'a, Option<WalletState>>);

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

impl Wallet {
    /// Fills the file of a new wallet, encrypted if there is a key for that.
    pub(crate) fn create(
        store: Store,
        options: &Options,
        flags: u64,
        now: i64,
        encryption: Option<(Vault, WrappedKey)>,
    ) -> Result<()> {
        WalletState::create(store, options, flags, now, encryption).map(drop)
    }

    /// Whether a file is that of a wallet which can be loaded.
    pub(crate) fn check(store: Store, options: &Options) -> Result<()> {
        WalletState::load(store, options).map(drop)
    }

    /// Reads the file of a wallet.
    pub(crate) fn load(
        name: &str,
        store: Store,
        (options, node, clock): (Arc<Options>, Arc<Node>, Arc<Clock>),
    ) -> Result<Wallet> {
        let state = WalletState::load(store, &options)?;
        Ok(Wallet {
            name: name.to_owned(),
            options,
            node,
            clock,
            state: Mutex::new(Some(state)),
            turns: turns::Turns::default(),
            unlocked: Mutex::default(),
            events: Events::default(),
            follower: None,
        })
    }

    /// Has somebody follow the chain for it.
    pub(crate) fn followed_by(mut self, follower: Weak<dyn Follow>) -> Arc<Wallet> {
        self.follower = Some(follower);
        Arc::new(self)
    }

    /// What the wallet is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file of the wallet.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.options.directory.join(&self.name).join(FILE)
    }

    /// The network that the wallet is for.
    #[must_use]
    pub fn network(&self) -> Network {
        self.options.network
    }

    /// The settings of all wallets.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The node.
    #[must_use]
    pub fn chain(&self) -> Arc<dyn Chain> {
        self.node.chain()
    }

    /// The node, with what it can do.
    pub(crate) fn any_chain(&self) -> AnyChain {
        self.node.any()
    }

    /// Those who listen.
    pub(crate) fn events(&self) -> &Events {
        &self.events
    }

    /// Locks the wallet's state, unless it is unloaded.
    fn state(&self) -> Result<Guard<'_>> {
        let state = self.state.lock().unwrap_or_else(|panicked| self.recover(panicked.into_inner()));
        self.guard(state)
    }

    /// Locks the wallet's state unless it is locked.
    fn try_state(&self) -> Result<Option<Guard<'_>>> {
        match self.state.try_lock() {
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
        self.clock.now()
    }

    pub(crate) fn tell(&self, events: impl IntoIterator<Item = Event>) {
        self.events.tell(events);
    }

    fn follower(&self) -> Option<Arc<dyn Follow>> {
        self.follower.as_ref()?.upgrade()
    }

    /// Scripts were derived.
    fn derived(&self) {
        if let Some(follower) = self.follower() {
            follower.derived();
        }
    }

    /// Lets go of the file, after a last step.
    pub(crate) fn close(&self, last: impl FnOnce()) {
        // A payment is finished first, unless it hangs.
        let _turn = self.turns.take();
        last();
        let state = lock(&self.state).take();
        drop(state);
    }
}
