//! What whoever connects finds at a node's sockets, from the first moment on.
//!
//! In: a node that starts, runs and stops. Out: the first interface of its process. Echo, RPC and the interface of a
//! GUI are there at once: RPC answers with an error of code -28 and what is being done, and a GUI hears of it. Mining
//! and the chain are waited for.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bitcoin_init::config::SharedSettings;
use bitcoin_init::shutdown::Shutdown;
use bitcoin_ipc::interfaces::watch::{SplitInit, WatchingChain};
use bitcoin_ipc::interfaces::{Chain, Echo, EchoImpl, Handler, Init, Mining, Node, Rpc, WalletLoader};
use bitcoin_ipc::types::GlobalArgs;
use mp_runtime::{Error, Result, ipc_interface};

use super::Offer;
use crate::node::{GuiNode, Host, Parts};
use crate::rpc::RpcServer;
use bitcoin_init::signals::Signals;

/// How often whoever waits for the node looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(100);

/// The [`Init`] and [`SplitInit`] of a node. Clones are the same.
#[derive(Clone)]
pub struct Door(Arc<Shared>);

struct Shared {
    rpc: RpcServer,
    settings: SharedSettings,
    signals: Signals,
    shutdown: Shutdown,
    inside: Mutex<Inside>,
    changed: Condvar,
}

/// What is behind the door.
enum Inside {
    /// A node that starts.
    Starting,
    /// A node.
    Open(Offer),
    /// Nothing any more.
    Shut,
}

impl Door {
    /// The door of a node that runs.
    #[must_use]
    pub fn of(offer: Offer) -> Door {
        let (signals, shutdown) = (offer.state.signals().clone(), offer.state.shutdown().clone());
        let door = Door::new(offer.rpc.clone(), offer.settings.clone(), signals, shutdown);
        door.open(offer);
        door
    }

    /// The door of a node that starts.
    pub(super) fn new(
        rpc: RpcServer,
        settings: SharedSettings,
        signals: Signals,
        shutdown: Shutdown,
    ) -> Door {
        let (inside, changed) = (Mutex::new(Inside::Starting), Condvar::new());
        Door(Arc::new(Shared { rpc, settings, signals, shutdown, inside, changed }))
    }

    /// From now on there is a node, for those who waited for it too.
    pub(super) fn open(&self, offer: Offer) {
        *self.inside() = Inside::Open(offer);
        self.0.changed.notify_all();
    }

    /// From now on there is none; nobody waits any more.
    pub(super) fn shut(&self) {
        let before = std::mem::replace(&mut *self.inside(), Inside::Shut);
        self.0.changed.notify_all();
        drop(before);
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.0.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The node, once it has started.
    fn offer(&self) -> Result<Offer> {
        let mut inside = self.inside();
        loop {
            match &*inside {
                Inside::Open(offer) => return Ok(offer.clone()),
                Inside::Starting if !self.0.shutdown.requested() => {}
                Inside::Starting | Inside::Shut => return Err(Error::failed("the node is stopping")),
            }
            let waited = self.0.changed.wait_timeout(inside, LOOK);
            inside = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A node that runs by itself, and that a GUI has found.
impl Host for Door {
    fn base_initialize(&self, _args: &GlobalArgs) -> Result<bool, String> {
        Ok(true)
    }

    fn app_init_main(&self) -> Result<bool, String> {
        self.offer().map(|_| true).map_err(|error| error.text().to_owned())
    }

    fn app_shutdown(&self) -> Result<()> {
        // Whoever started the node ends it; the connection of this call ends with it.
        self.0.shutdown.request();
        Ok(())
    }

    fn exit_status(&self) -> i32 {
        0
    }

    fn signals(&self) -> &Signals {
        &self.0.signals
    }

    fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    fn settings(&self) -> Result<SharedSettings> {
        Ok(self.0.settings.clone())
    }

    fn started(&self) -> Option<Parts> {
        match &*self.inside() {
            Inside::Open(offer) => Some(offer.parts()),
            Inside::Starting | Inside::Shut => None,
        }
    }

    fn wallet_loader(&self) -> Result<Arc<dyn WalletLoader>> {
        self.offer()?.wallet_loader()
    }
}

#[ipc_interface]
impl Init for Door {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(Some(Arc::new(EchoImpl)))
    }

    fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>> {
        Ok(Some(Arc::new(self.offer()?.mining.another())))
    }

    fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(Some(Arc::new(self.0.rpc.clone())))
    }

    fn make_chain(&self) -> Result<Option<Box<dyn Chain>>> {
        Ok(Some(Box::new(self.offer()?.chain())))
    }

    fn make_node(&self) -> Result<Option<Box<dyn Node>>> {
        Ok(Some(Box::new(GuiNode::new(Arc::new(self.clone())))))
    }
}

#[ipc_interface]
impl SplitInit for Door {
    fn make_watching_chain(&self) -> Result<Option<Arc<dyn WatchingChain>>> {
        Ok(Some(Arc::new(self.offer()?.chain())))
    }

    fn offer_wallet_loader(&self, loader: Arc<dyn WalletLoader>) -> Result<Option<Box<dyn Handler>>> {
        Ok(self.offer()?.take_wallets(loader).map(|offered| Box::new(offered) as Box<dyn Handler>))
    }
}
