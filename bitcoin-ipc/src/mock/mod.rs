//! A node in memory, for tests of programs that use one.
//!
//! In: blocks and transactions of a chain like regtest's. Out: everything that a node offers its
//! clients, in the form of any release, through a [`Client`] in this process or on a socket. A
//! [`Mining`](crate::interfaces::Mining) of your own does as well: [`Services`] serves it.
//!
//! ```
//! use bitcoin_ipc::{Release, mock::MemoryNode};
//! # futures::executor::block_on(async {
//! let node = MemoryNode::new();
//! node.mine(3)?;
//! let client = node.client(Release::V31)?;
//! let tip = client.mining().get_tip().await?.expect("a tip");
//! assert_eq!(tip.height, 3);
//! # Ok::<(), bitcoin_ipc::Error>(()) }).unwrap();
//! ```

mod chain;
mod mining;
mod rpc;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bitcoin::{Amount, Block, BlockHash, Transaction};
use mp_runtime::{Error, EventLoop, Result, Server, ipc_interface, listen};
use tokio::sync::watch;

use crate::client::{Client, ConnectOptions};
use crate::interfaces::Echo;
use crate::release::{Release, Services, v30, v31, v32};
use crate::types::{BlockCreateOptions, BlockRef, Reject};
use chain::Chain;

/// A node in memory: a chain like regtest's, a mempool that takes anything, and a few RPC methods
/// (`getblockcount`, `getbestblockhash`, `getblockhash`, `getmempoolinfo`).
///
/// Its methods that wait need tokio's timers, which they have wherever they are served.
#[derive(Clone)]
pub struct MemoryNode(Arc<Shared>);

struct Shared {
    chain: Mutex<Chain>,
    /// Changes whenever the chain or the mempool does.
    changed: watch::Sender<u64>,
}

impl std::fmt::Debug for MemoryNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MemoryNode({:?})", self.tip())
    }
}

impl Default for MemoryNode {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryNode {
    /// A node with the first block only.
    #[must_use]
    pub fn new() -> Self {
        MemoryNode(Arc::new(Shared { chain: Mutex::new(Chain::new()), changed: watch::Sender::new(0) }))
    }

    fn chain(&self) -> MutexGuard<'_, Chain> {
        self.0.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_change(&self) {
        self.0.changed.send_modify(|changes| *changes += 1);
    }

    /// The highest block.
    #[must_use]
    pub fn tip(&self) -> BlockRef {
        self.chain().tip()
    }

    /// The block at a height.
    #[must_use]
    pub fn block(&self, height: usize) -> Option<Block> {
        self.chain().block(height).cloned()
    }

    /// Puts a transaction into the mempool, with this fee. Nothing of it is checked.
    pub fn add_transaction(&self, tx: Transaction, fee: Amount) {
        self.chain().add_transaction(tx, fee);
        self.note_change();
    }

    /// Mines blocks with all transactions of the mempool, and gives their hashes.
    ///
    /// # Errors
    ///
    /// When a block is not accepted, for example because of what is in the mempool.
    pub fn mine(&self, blocks: usize) -> Result<Vec<BlockHash>> {
        (0..blocks).map(|_| self.mine_one()).collect()
    }

    fn mine_one(&self) -> Result<BlockHash> {
        let draft = self.chain().draft(&BlockCreateOptions::default());
        let block = draft.mined(draft.coinbase());
        let hash = block.block_hash();
        self.accept(block).map_err(|reject| Error::failed(format!("the block was refused: {reject}")))?;
        Ok(hash)
    }

    fn accept(&self, block: Block) -> Result<(), Reject> {
        self.chain().accept(block)?;
        self.note_change();
        Ok(())
    }

    /// What the node offers its clients.
    #[must_use]
    pub fn services(&self) -> Services {
        Services {
            echo: Some(Arc::new(self.clone())),
            mining: Some(Arc::new(mining::MemoryMining::new(self.clone()))),
            rpc: Some(Arc::new(self.clone())),
        }
    }

    /// A client of the node, as if it were of this release.
    ///
    /// # Errors
    ///
    /// When the system has no socket or thread to give.
    pub fn client(&self, release: Release) -> Result<Client> {
        Client::local(ConnectOptions::new().name("mock"), self.services(), release)
    }

    /// Listens on a socket, as a node of this release.
    ///
    /// # Errors
    ///
    /// When the socket cannot be made; the text says why.
    pub fn listen(&self, event_loop: &EventLoop, path: impl AsRef<Path>, release: Release) -> Result<Server> {
        let services = Arc::new(self.services());
        match release {
            Release::V30 => listen::<dyn v30::Init>(event_loop, path, services, None),
            Release::V31 => listen::<dyn v31::Init>(event_loop, path, services, None),
            Release::V32 => listen::<dyn v32::Init>(event_loop, path, services, None),
        }
    }
}

#[ipc_interface]
impl Echo for MemoryNode {
    async fn echo(&self, echo: &str) -> Result<String> {
        Ok(echo.to_owned())
    }
}
