//! The chain of a node: validated, kept on disk and followed, by Bitcoin Core's kernel.
//!
//! In: blocks. Out: a [`Verdict`] on each, [`ChainEvent`]s, and the chain to read from.

mod directory;
mod error;
mod events;
mod log;
mod reads;
mod salvage;
mod verdict;
mod warnings;

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use bitcoin::block::Header;
use bitcoin::{Block, BlockHash, Network, consensus};
use bitcoin_init::lock::DirectoryLock;
use bitcoinkernel::prelude::*;
use bitcoinkernel::{ChainType, ChainstateManager, Context, ProcessBlockHeaderResult};

use directory::Marker;
pub use error::{Error, Result};
pub use events::ChainEvent;
use events::{KernelNotifications, lock};
pub use reads::Place;
use salvage::{Salvage, Stored};
use verdict::Checked;
pub(crate) use verdict::MAX_FUTURE_BLOCK_TIME;
pub use verdict::{Reject, RejectKind, Verdict};

/// A chain on disk, owned by this process. Share it with `Arc`.
///
/// Dropping it closes it like [`Chainstate::close`], which also says whether that worked.
// The order of the fields is the order in which they are dropped: the kernel flushes, then the
// marker says so, then the directory is free for others.
pub struct Chainstate {
    manager: ChainstateManager,
    context: Context,
    marker: Marker,
    _lock: DirectoryLock,
    notifications: Arc<KernelNotifications>,
    /// One block at a time, so that what callbacks say belongs to it; and the list that it joins.
    importing: Mutex<Stored>,
    /// Headers that were read: the binding leaks a header whenever it gives one, so it is asked once.
    headers: Mutex<HashMap<BlockHash, Header>>,
}

impl Chainstate {
    /// Opens the chain in a directory, which is made if it is missing.
    ///
    /// After an end that was not in order, the newest blocks, which the kernel has not kept track of,
    /// are read from their files again. Where that does not bring all back, the kernel's databases
    /// are wiped and built again from the block files, which takes as long as checking every block.
    /// Progress goes to `tracing`, target `node`. The kernel's own log has the target `kernel`.
    ///
    /// # Errors
    ///
    /// The directory is in use, another program's or of another network, or cannot be read or written;
    /// or the kernel refuses.
    pub fn open(directory: &Path, network: Network) -> Result<Self> {
        Self::open_locked(Self::lock(directory)?, directory, network)
    }

    /// Takes a directory, which is made if it is missing, so that nobody else works there.
    ///
    /// # Errors
    ///
    /// The directory is in use or another program's, or cannot be written. One that is another program's
    /// stays as it is.
    pub fn lock(directory: &Path) -> Result<DirectoryLock> {
        directory::lock(directory)
    }

    /// As [`Chainstate::open`], in a directory that was taken before.
    ///
    /// # Errors
    ///
    /// As [`Chainstate::open`].
    pub fn open_locked(lock: DirectoryLock, directory: &Path, network: Network) -> Result<Self> {
        let chain = match network {
            Network::Bitcoin => ChainType::Mainnet,
            Network::Testnet => ChainType::Testnet,
            Network::Testnet4 => ChainType::Testnet4,
            Network::Signet => ChainType::Signet,
            Network::Regtest => ChainType::Regtest,
        };
        let blocks = directory.join("blocks");
        let name = || Error::Name(directory.to_owned());
        let data_name = directory.to_str().ok_or_else(name)?;
        let blocks_name = blocks.to_str().ok_or_else(name)?;

        directory::check_network(directory, network)?;
        log::connect();
        let notifications = Arc::new(KernelNotifications::default());
        let (marker, clean) = Marker::lift(directory, notifications.clone())?;
        let (stored, listed) = Stored::open(directory, clean)?;
        let stored = Mutex::new(stored);
        let open = |error: bitcoinkernel::KernelError| Error::Open(error.to_string());
        let start = |wipe: bool| {
            let context = notifications.attach(Context::builder().chain_type(chain)).build().map_err(open)?;
            let manager = ChainstateManager::builder(&context, data_name, blocks_name)
                .and_then(|builder| builder.wipe_db(wipe, wipe))
                .and_then(|builder| builder.build())
                .map_err(open)?;
            // Reads the block files after a wipe, and makes sure of the genesis block.
            manager.import_blocks().map_err(open)?;
            notifications.healthy()?;
            notifications.begin();
            Ok((manager, context))
        };
        let with = |(manager, context), marker, lock, stored| Chainstate {
            manager,
            context,
            marker,
            _lock: lock,
            notifications: notifications.clone(),
            importing: stored,
            headers: Mutex::default(),
        };
        let mut chain = if clean {
            with(start(false)?, marker, lock, stored)
        } else {
            tracing::warn!(
                target: "node",
                "The last run did not end in order: the newest blocks are read from their files again."
            );
            let salvage = Salvage::take(directory, network)?;
            // What stopped the last attempt would stop the next one too.
            let kernel = (listed && !salvage.failed_before).then(|| start(false).ok()).flatten();
            let chain = match kernel {
                Some(kernel) => {
                    let chain = with(kernel, marker, lock, stored);
                    chain.restore(&salvage)?;
                    if chain.has_stored()? {
                        Ok(chain)
                    } else {
                        // Closes the kernel, and keeps the directory.
                        let Chainstate { marker, _lock, importing, .. } = chain;
                        Err((marker, _lock, importing))
                    }
                }
                None => Err((marker, lock, stored)),
            };
            let chain = match chain {
                Ok(chain) => chain,
                Err((marker, lock, stored)) => {
                    tracing::warn!(target: "node", "That was not enough: the chain is rebuilt from its block files.");
                    notifications.revive();
                    let chain = with(start(true)?, marker, lock, stored);
                    chain.restore(&salvage)?;
                    if !chain.has_stored()? {
                        tracing::error!(target: "node", "Some blocks that were stored are not on disk any more.");
                    }
                    chain
                }
            };
            salvage.done()?;
            chain
        };
        chain.marker.arm();
        directory::mark_blocks(directory, network)?;
        let tip = chain.tip()?;
        tracing::info!(target: "node", "The chain is open at block {} {}.", tip.height, tip.hash);
        Ok(chain)
    }

    /// Checks a block, stores it, and makes its branch the active chain if it has the most work.
    ///
    /// When this returns, every subscriber has been sent the events that came of it.
    ///
    /// # Errors
    ///
    /// The kernel cannot go on, or cannot read a block back that subscribers are to be told of; its
    /// events are told with the next block then. An invalid block is a [`Verdict`], not an error.
    pub fn process_block(&self, block: &Block) -> Result<Verdict> {
        let mut importing = lock(&self.importing);
        self.notifications.healthy()?;
        let hash = block.block_hash();
        // A transaction without inputs, for one, has no bytes that are read back as it was.
        let Ok(raw) = bitcoinkernel::Block::new(&consensus::serialize(block)) else {
            return Ok(Verdict::Invalid(Reject::new(RejectKind::Malformed, None)));
        };
        self.notifications.begin();
        let before = self.tip()?;
        let (result, reason) = log::listen(hash, || self.manager.process_block(&raw));
        let checked = self.notifications.checked(hash);
        let new = !result.is_rejected() && !result.is_duplicate();
        let listed = if new { importing.add(hash) } else { Ok(()) };
        self.tell(before, block, hash)?;
        listed?;
        drop(importing);
        self.notifications.healthy()?;
        match checked {
            Some(Checked::Valid) => Ok(Verdict::Valid),
            Some(Checked::Invalid(kind)) => Ok(Verdict::Invalid(Reject::new(kind, reason.as_deref()))),
            Some(Checked::Failed) => {
                Err(Error::Fatal(reason.unwrap_or_else(|| format!("block {hash} could not be checked"))))
            }
            None if result.is_rejected() => {
                Err(Error::Fatal(reason.unwrap_or_else(|| format!("block {hash} was not taken"))))
            }
            None if result.is_duplicate() => Ok(Verdict::Duplicate),
            None => Ok(Verdict::Inconclusive),
        }
    }

    /// Checks a header and keeps it, so that its block may follow.
    ///
    /// # Errors
    ///
    /// The kernel cannot go on. An invalid header is a [`Verdict`], not an error.
    pub fn process_header(&self, header: &Header) -> Result<Verdict> {
        let _importing = lock(&self.importing);
        self.notifications.healthy()?;
        let fatal = |error: bitcoinkernel::KernelError| Error::Fatal(error.to_string());
        let raw = bitcoinkernel::BlockHeader::new(&consensus::serialize(header)).map_err(fatal)?;
        let known = self.height(header.block_hash()).is_some();
        let result = self.manager.process_block_header(&raw).map_err(fatal)?;
        self.notifications.healthy()?;
        Ok(match result {
            ProcessBlockHeaderResult::Valid if known => Verdict::Duplicate,
            ProcessBlockHeaderResult::Valid => Verdict::Inconclusive,
            ProcessBlockHeaderResult::Invalid(state) => match Checked::new(state.mode(), state.result()) {
                Checked::Invalid(kind) => Verdict::Invalid(Reject::new(kind, None)),
                _ => return Err(Error::Fatal("the header could not be checked".to_owned())),
            },
        })
    }

    /// Like [`Chainstate::process_block`], from a block's bytes; bytes that are not a block, and
    /// bytes behind it, are a [`RejectKind::Malformed`].
    ///
    /// # Errors
    ///
    /// As [`Chainstate::process_block`].
    pub fn process_bytes(&self, bytes: &[u8]) -> Result<Verdict> {
        match consensus::deserialize(bytes) {
            Ok(block) => self.process_block(&block),
            Err(_) => Ok(Verdict::Invalid(Reject::new(RejectKind::Malformed, None))),
        }
    }

    /// What the user should know: rules that miners have activated and this node does not know, a long
    /// invalid branch, or that the kernel cannot go on. The texts are Bitcoin Core's.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.notifications.warnings.texts()
    }

    /// Whether the warnings have changed since this was asked last.
    pub(crate) fn take_warning_change(&self) -> bool {
        self.notifications.warnings.take_change()
    }

    /// The changes of the active chain from now on, in order and without gaps.
    ///
    /// The channel has no bound: a subscriber that does not read lets memory grow.
    pub fn subscribe(&self) -> Receiver<ChainEvent> {
        // Not in the middle of a block's events.
        let _importing = lock(&self.importing);
        self.notifications.subscribe()
    }

    /// Flushes the chain to disk, and marks the directory as left in order.
    ///
    /// # Errors
    ///
    /// The kernel could not flush, or the marker cannot be written: the chain will be rebuilt when
    /// it is opened again.
    pub fn close(self) -> Result<()> {
        let Chainstate { manager, context, mut marker, _lock, .. } = self;
        drop(manager);
        drop(context);
        marker.write()
    }

    /// Gives the kernel the blocks that it has forgotten, each after its parent.
    fn restore(&self, salvage: &Salvage) -> Result<()> {
        loop {
            let mut restored = 0;
            salvage.for_each(|block| {
                let hash = block.block_hash();
                if !self.is_stored(hash) && self.height(block.header.prev_blockhash).is_some() {
                    self.process_block(&block)?;
                    restored += u32::from(self.is_stored(hash));
                }
                Ok(())
            })?;
            if restored == 0 {
                return Ok(());
            }
            tracing::info!(target: "node", "{restored} blocks were read from their files again.");
        }
    }

    /// Whether the kernel knows every block that it was given since the last end in order.
    fn has_stored(&self) -> Result<bool> {
        let hashes = lock(&self.importing).hashes()?;
        Ok(hashes.into_iter().all(|hash| self.is_stored(hash)))
    }

    /// Sends what the kernel's callbacks have left.
    fn tell(&self, before: Place, given: &Block, given_hash: BlockHash) -> Result<()> {
        while let Some(change) = self.notifications.next() {
            let missing = Error::NotStored(change.hash);
            let block = if change.hash == given_hash {
                given.clone()
            } else {
                self.block(change.hash)?.ok_or(missing)?
            };
            let undo = self.undo(change.hash)?.ok_or(Error::NotStored(change.hash))?;
            let (block, undo, height) = (Arc::new(block), Arc::new(undo), change.height);
            self.notifications.tell(&if change.connected {
                ChainEvent::BlockConnected { block, height, undo }
            } else {
                ChainEvent::BlockDisconnected { block, height, undo }
            });
            self.notifications.told();
        }
        let tip = self.tip()?;
        if tip != before {
            self.notifications.tell(&ChainEvent::Tip { hash: tip.hash, height: tip.height });
        }
        Ok(())
    }
}
