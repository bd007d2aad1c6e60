//! SplitInit: what a process offers to a peer that knows the extensions of this library.

use std::sync::Arc;

use mp_runtime::{ErrorKind, Result, ipc_interface};

use super::WatchingChain;
use crate::files::WATCH;
use crate::interfaces::{Chain, Handler, Init, WalletLoader};
use crate::types::{Bitcoin, GlobalArgs};

/// [`Init`] with the objects that Bitcoin Core does not have. To be served and asked instead of it;
/// peers that know only [`Init`] do not notice.
#[ipc_interface(file = WATCH, types = Bitcoin)]
pub trait SplitInit: Init {
    /// What a node offers its wallets, with a watch on their scripts.
    fn make_watching_chain(&self) -> Result<Option<Arc<dyn WatchingChain>>> {
        Ok(None)
    }

    /// A wallet process's wallets, which watch their scripts in `chain` as long as they live.
    fn make_watching_wallet_loader(
        &self,
        #[ipc(secret)] global_args: &GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<Box<dyn WalletLoader>>> {
        let _ = (global_args, chain);
        Ok(None)
    }

    /// Gives a node the wallets of a process that has attached to it by itself, for its windows: they are the node's until
    /// what this gives is dropped or its connection is gone. `None` if the node has wallets already.
    fn offer_wallet_loader(&self, loader: Arc<dyn WalletLoader>) -> Result<Option<Box<dyn Handler>>> {
        let _ = loader;
        Ok(None)
    }

    /// What a node offers its wallets, with a watch on their scripts if it has that.
    ///
    /// # Errors
    ///
    /// What the node answers; also when it has neither kind of chain to offer.
    #[ipc(local)]
    fn any_chain(&self) -> Result<Option<AnyChain>> {
        match or_without(self.make_watching_chain())? {
            Some(chain) => Ok(Some(AnyChain::Watching(chain))),
            None => Ok(self.make_chain()?.map(|chain| AnyChain::Plain(chain.into()))),
        }
    }

    /// A wallet process's wallets, which watch their scripts in `chain` if they can.
    ///
    /// # Errors
    ///
    /// What the wallet process answers; also when it knows no wallets at all.
    #[ipc(local)]
    fn any_wallet_loader(
        &self,
        global_args: &GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<Box<dyn WalletLoader>>> {
        match or_without(self.make_watching_wallet_loader(global_args, chain.clone()))? {
            Some(loader) => Ok(Some(loader)),
            None => self.make_wallet_loader(global_args, chain),
        }
    }
}

/// A node's chain, with what it can do.
#[derive(Clone)]
pub enum AnyChain {
    /// It looks for scripts.
    Watching(Arc<dyn WatchingChain>),
    /// It tells everything.
    Plain(Arc<dyn Chain>),
}

impl std::fmt::Debug for AnyChain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            AnyChain::Watching(_) => "Watching",
            AnyChain::Plain(_) => "Plain",
        })
    }
}

impl AnyChain {
    /// The chain as Bitcoin Core knows it.
    #[must_use]
    pub fn chain(&self) -> Arc<dyn Chain> {
        match self {
            AnyChain::Watching(chain) => chain.clone(),
            AnyChain::Plain(chain) => chain.clone(),
        }
    }
}

impl From<Arc<dyn WatchingChain>> for AnyChain {
    fn from(chain: Arc<dyn WatchingChain>) -> Self {
        AnyChain::Watching(chain)
    }
}

impl From<Arc<dyn Chain>> for AnyChain {
    fn from(chain: Arc<dyn Chain>) -> Self {
        AnyChain::Plain(chain)
    }
}

/// Nothing, where the peer does not know the method.
fn or_without<T>(answer: Result<Option<T>>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.kind() == ErrorKind::Unimplemented => Ok(None),
        answer => answer,
    }
}
