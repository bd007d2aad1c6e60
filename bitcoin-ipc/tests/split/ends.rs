//! Two processes in one.
//!
//! Out: a connection to a [`Peer`], its interfaces, and the numbers of calls.

use std::sync::Arc;

use bitcoin_ipc::Result;
use bitcoin_ipc::interfaces::watch::{SplitInit, WatchingChain};
use bitcoin_ipc::interfaces::{Chain, Echo, Handler, Init, Mining, Node, Rpc, Wallet, WalletLoader};
use bitcoin_ipc::mock::MemoryNode;
use bitcoin_ipc::types::GlobalArgs;
use mp_runtime::monitor::CallCounts;
use mp_runtime::{Connection, EventLoop, Remote, pair};

use crate::peer::Peer;
use crate::wallet_client::Loader;
use crate::watch::Deaf;

/// A connection with both of its ends.
pub(crate) struct Ends {
    pub(crate) init: Remote<dyn SplitInit>,
    pub(crate) peer: Peer,
    pub(crate) counts: Arc<CallCounts>,
    _served: Connection,
}

impl Ends {
    pub(crate) fn new() -> Self {
        let event_loop = EventLoop::new("split").expect("a loop");
        let counts = Arc::new(CallCounts::default());
        event_loop.set_monitor(counts.clone());
        let peer = Peer::new();
        let (init, served) = pair::<dyn SplitInit>(&event_loop, Arc::new(peer.clone()));
        Ends { init, peer, counts, _served: served }
    }

    pub(crate) fn chain(&self) -> Box<dyn Chain> {
        self.init.make_chain().expect("an answer").expect("a chain")
    }

    pub(crate) fn node(&self) -> Box<dyn Node> {
        self.init.make_node().expect("an answer").expect("a node")
    }

    /// The loader of a wallet process that uses `chain`.
    pub(crate) fn loader(&self, chain: Arc<dyn Chain>) -> Arc<dyn WalletLoader> {
        let args = GlobalArgs::default();
        self.peer.script.expect("make_wallet_loader", format!("{args:?}"), ());
        self.init.make_wallet_loader(&args, chain).expect("an answer").expect("a loader").into()
    }

    /// A wallet of the node.
    pub(crate) fn wallet(&self) -> Box<dyn Wallet> {
        let wallets: Vec<Box<dyn Wallet>> = vec![Box::new(self.peer.named("hot"))];
        self.peer.script.expect("get_wallets", "()".into(), wallets);
        let loader = self.node().wallet_loader().expect("a loader");
        loader.get_wallets().expect("wallets").remove(0)
    }
}

impl Init for Peer {
    fn make_echo(&self) -> Result<Option<Arc<dyn Echo>>> {
        Ok(MemoryNode::new().services().echo)
    }

    fn make_mining(&self) -> Result<Option<Arc<dyn Mining>>> {
        Ok(MemoryNode::new().services().mining)
    }

    fn make_rpc(&self) -> Result<Option<Arc<dyn Rpc>>> {
        Ok(MemoryNode::new().services().rpc)
    }

    fn make_chain(&self) -> Result<Option<Box<dyn Chain>>> {
        Ok(Some(Box::new(self.clone())))
    }

    fn make_node(&self) -> Result<Option<Box<dyn Node>>> {
        Ok(Some(Box::new(self.clone())))
    }

    fn make_wallet_loader(
        &self,
        global_args: &GlobalArgs,
        chain: Arc<dyn Chain>,
    ) -> Result<Option<Box<dyn WalletLoader>>> {
        let () = self.script.play("make_wallet_loader", format!("{global_args:?}"));
        Ok(Some(Box::new(Loader::new(self.clone(), chain))))
    }
}

impl SplitInit for Peer {
    fn make_watching_chain(&self) -> Result<Option<Arc<dyn WatchingChain>>> {
        Ok(Some(Arc::new(self.clone())))
    }

    fn make_watching_wallet_loader(
        &self,
        global_args: &GlobalArgs,
        chain: Arc<dyn WatchingChain>,
    ) -> Result<Option<Box<dyn WalletLoader>>> {
        let () = self.script.play("make_watching_wallet_loader", format!("{global_args:?}"));
        drop(chain.watch_scripts(Arc::new(Deaf))?);
        Ok(Some(Box::new(Loader::new(self.clone(), chain))))
    }

    fn offer_wallet_loader(&self, loader: Arc<dyn WalletLoader>) -> Result<Option<Box<dyn Handler>>> {
        Ok(Some(self.keep("offer_wallet_loader", loader)))
    }
}
