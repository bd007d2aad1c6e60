//! The node that the wallets follow, which may be lost and found again.
//!
//! In: a [`Chain`], local or remote. Out: whichever is the current one.

use std::sync::{Arc, PoisonError, RwLock};

use bitcoin_ipc::interfaces::Chain;

/// The current node. No wallet may be locked while it is asked, as it may be asking back.
pub(crate) struct Node(RwLock<Arc<dyn Chain>>);

impl Node {
    pub(crate) fn new(chain: Arc<dyn Chain>) -> Self {
        Node(RwLock::new(chain))
    }

    /// The current node.
    pub(crate) fn chain(&self) -> Arc<dyn Chain> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces it.
    pub(crate) fn attach(&self, chain: Arc<dyn Chain>) {
        let mut slot = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *slot, chain);
        drop(slot);
        // Dropping a remote one is a call, for which nothing may be locked.
        drop(old);
    }
}
