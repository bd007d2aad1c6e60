//! The node that the wallets follow, which may be lost and found again.
//!
//! In: a [`Chain`], local or remote, with a watch on scripts or without. Out: whichever is the current one.

use std::sync::{Arc, PoisonError, RwLock};

use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::interfaces::watch::AnyChain;

/// The current node. No wallet may be locked while it is asked, as it may be asking back.
pub(crate) struct Node(RwLock<AnyChain>);

impl Node {
    pub(crate) fn new(chain: AnyChain) -> Self {
        Node(RwLock::new(chain))
    }

    /// The current node, as Bitcoin Core knows it.
    pub(crate) fn chain(&self) -> Arc<dyn Chain> {
        self.any().chain()
    }

    /// The current node, with what it can do.
    pub(crate) fn any(&self) -> AnyChain {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces it.
    pub(crate) fn attach(&self, chain: AnyChain) {
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *slot, chain);
        drop(slot);
        // Dropping a remote one is a call, for which nothing may be locked.
        drop(old);
    }
}
