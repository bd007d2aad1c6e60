//! What happens to the chain, in order, for any number of listeners.
//!
//! In: the kernel's callbacks, on the thread that called the kernel and under its locks. Out:
//! [`ChainEvent`]s in unbounded channels, once the kernel has returned.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bitcoin::hashes::Hash;
use bitcoin::{Block, BlockHash};
use bitcoin_ipc::types::BlockUndo;
use bitcoinkernel::prelude::*;
use bitcoinkernel::{BlockTreeEntry, BlockValidationStateRef, ContextBuilder, Warning};

use super::error::{Error, Result};
use super::verdict::Checked;
use super::warnings::{Kind, Warnings};

/// A change of the active chain.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ChainEvent {
    /// A block became part of the active chain, on top of the one before it.
    BlockConnected {
        /// The block.
        block: Arc<Block>,
        /// Its height in blocks; the genesis block has 0.
        height: u32,
        /// The coins that it spent.
        undo: Arc<BlockUndo>,
    },
    /// The active chain's last block was taken off.
    BlockDisconnected {
        /// The block.
        block: Arc<Block>,
        /// The height that it had.
        height: u32,
        /// The coins that it had spent, which are unspent again.
        undo: Arc<BlockUndo>,
    },
    /// The active chain now ends here, and stays so until the next block comes.
    Tip {
        /// The hash of the last block.
        hash: BlockHash,
        /// Its height.
        height: u32,
    },
}

/// A change that is known by place only: the block is read when it is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) connected: bool,
    pub(super) hash: BlockHash,
    pub(super) height: u32,
}

/// Where callbacks leave what they were told.
#[derive(Debug, Default)]
pub(super) struct KernelNotifications {
    checked: Mutex<Vec<(BlockHash, Checked)>>,
    changes: Mutex<VecDeque<Change>>,
    subscribers: Mutex<Vec<Sender<ChainEvent>>>,
    failure: Mutex<Option<String>>,
    pub(super) warnings: Warnings,
}

/// Locks, also after a panic elsewhere: each value here is whole between any two lines.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of a block in the kernel's tree.
pub(super) fn hash_of(entry: &BlockTreeEntry<'_>) -> BlockHash {
    BlockHash::from_byte_array(entry.block_hash().to_bytes())
}

/// The height of a block in the kernel's tree, which is never negative.
pub(super) fn height_of(entry: &BlockTreeEntry<'_>) -> u32 {
    u32::try_from(entry.height()).unwrap_or(0)
}

impl KernelNotifications {
    /// Adds the callbacks to a kernel's context.
    pub(super) fn attach(self: &Arc<Self>, builder: ContextBuilder) -> ContextBuilder {
        let (checked, connected, disconnected) = (self.clone(), self.clone(), self.clone());
        let (flush, fatal) = (self.clone(), self.clone());
        let (warned, unwarned) = (self.clone(), self.clone());
        builder
            .validation(|registry| {
                registry.register_block_checked(
                    move |block: bitcoinkernel::Block, state: BlockValidationStateRef<'_>| {
                        let hash = BlockHash::from_byte_array(block.hash().to_bytes());
                        lock(&checked.checked).push((hash, Checked::new(state.mode(), state.result())));
                    },
                );
                registry.register_block_connected(
                    move |_: bitcoinkernel::Block, entry: BlockTreeEntry<'_>| connected.change(true, &entry),
                );
                registry.register_block_disconnected(
                    move |_: bitcoinkernel::Block, entry: BlockTreeEntry<'_>| {
                        disconnected.change(false, &entry);
                    },
                );
            })
            .with_progress_notification(|title: String, percent: i32, _: bool| {
                tracing::info!(target: "node", "{title} {percent} %");
            })
            .with_flush_error_notification(move |message: String| flush.fail(message))
            .with_fatal_error_notification(move |message: String| fatal.fail(message))
            .with_warning_set_notification(move |warning: Warning, message: String| {
                warned.warnings.set(warning.into(), message);
            })
            .with_warning_unset_notification(move |warning: Warning| {
                unwarned.warnings.unset(warning.into());
            })
    }

    fn change(&self, connected: bool, entry: &BlockTreeEntry<'_>) {
        let change = Change { connected, hash: hash_of(entry), height: height_of(entry) };
        if connected && change.height.is_multiple_of(10_000) {
            tracing::info!(target: "node", "The chain has reached block {}.", change.height);
        }
        // Without listeners, such as while a chain is rebuilt, there is nobody to read blocks for.
        if !lock(&self.subscribers).is_empty() {
            lock(&self.changes).push_back(change);
        }
    }

    fn fail(&self, message: String) {
        tracing::error!(target: "node", "The kernel cannot go on: {message}");
        self.warnings.set(Kind::Fatal, message.clone());
        lock(&self.failure).get_or_insert(message);
    }

    /// Fails once the kernel has said that it cannot go on.
    pub(super) fn healthy(&self) -> Result<()> {
        lock(&self.failure).clone().map_or(Ok(()), |message| Err(Error::Fatal(message)))
    }

    /// Forgets the failure of a kernel that is closed.
    pub(super) fn revive(&self) {
        *lock(&self.failure) = None;
        self.warnings.unset(Kind::Fatal);
    }

    /// Forgets checks of earlier calls.
    pub(super) fn begin(&self) {
        lock(&self.checked).clear();
    }

    /// What was said of a block since [`KernelNotifications::begin`]; the last word counts.
    pub(super) fn checked(&self, hash: BlockHash) -> Option<Checked> {
        lock(&self.checked).iter().rev().find(|(block, _)| *block == hash).map(|(_, checked)| *checked)
    }

    /// The oldest change that was not told yet.
    pub(super) fn next(&self) -> Option<Change> {
        lock(&self.changes).front().copied()
    }

    /// Takes the oldest change off, after it was told.
    pub(super) fn told(&self) {
        lock(&self.changes).pop_front();
    }

    pub(super) fn subscribe(&self) -> Receiver<ChainEvent> {
        let (sender, receiver) = channel();
        lock(&self.subscribers).push(sender);
        receiver
    }

    /// Tells every listener, and forgets those that have gone.
    pub(super) fn tell(&self, event: &ChainEvent) {
        lock(&self.subscribers).retain(|subscriber| subscriber.send(event.clone()).is_ok());
    }
}
