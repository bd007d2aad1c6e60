//! The node's watch on the wallet's scripts.
//!
//! In: scripts that the wallet derives, as it needs them. Out: a node that tells what concerns them, and a
//! search of the blocks that it told before it knew them.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use bdk_wallet::chain::BlockId;
use bitcoin::BlockHash;
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::interfaces::watch::{ScriptWatch, WatchedBlock};
use bitcoin_ipc::types::BlockRef;

use super::scan::{Purpose, ScanResult, Search, again, height, wanted};
use super::{Link, WalletHandle};
use crate::ledger::BlockPart;
use crate::listeners::lock;
use crate::{Error, Result};

/// How many scripts go in one message.
const PIECE: usize = 100_000;
/// How many blocks one call looks through: between two calls a search can be aborted, and shows how far
/// it is.
const STEP: u32 = 200;

/// A watch, and what the node was given of it.
pub(super) struct Watch {
    pub(super) remote: Box<dyn ScriptWatch>,
    given: Mutex<Given>,
}

#[derive(Default)]
struct Given {
    /// How many scripts, in the order in which the wallet derived them.
    count: usize,
    /// Heights, from and to, of blocks that were told without some of them and are still to be searched.
    owed: Option<(u32, u32)>,
}

impl Given {
    fn owe(&mut self, from: u32, to: u32) {
        let (low, high) = self.owed.unwrap_or((from, to));
        self.owed = Some((low.min(from), high.max(to)));
    }
}

impl Watch {
    pub(super) fn new(remote: Box<dyn ScriptWatch>) -> Self {
        Watch { remote, given: Mutex::default() }
    }

    /// Notes that blocks are still to be searched.
    fn owe(&self, from: u32, to: u32) {
        lock(&self.given).owe(from, to);
    }
}

impl WalletHandle {
    /// The node's watch, if it has one for this wallet.
    pub(super) fn watch(&self) -> Option<Arc<Watch>> {
        match &*lock(&self.0.link) {
            Some(Link::Watching(watch)) => Some(watch.clone()),
            _ => None,
        }
    }

    /// Has the node watch new scripts too. That it cannot be asked is no error: whoever follows it again
    /// gives it all scripts.
    pub(crate) fn watch_new_scripts(&self) {
        let settled = match self.watch() {
            Some(watch) => self.settle(&watch, u32::MAX).and_then(|_| self.settled()),
            // The node tells everything, and that is applied in its order.
            None => self.take_new_scripts(usize::MAX).and_then(|_| self.settled()),
        };
        if let Err(error) = settled {
            tracing::warn!(target: "wallet", wallet = self.name(), %error, "new scripts are not watched yet");
        }
    }

    /// Has the node watch new scripts too, and searches the blocks up to a height that were told without
    /// them since they were derived. Gives the highest block that was told without some of them, which may
    /// be above that height.
    pub(super) fn settle(&self, watch: &Watch, up_to: u32) -> Result<Option<u32>> {
        let mut highest = None;
        loop {
            self.give(watch)?;
            let owed = lock(&watch.given).owed.take();
            let Some((from, to)) = owed else { return Ok(highest) };
            highest = highest.max(Some(to));
            if let Err(error) = self.search(watch, from, to.min(up_to)) {
                watch.owe(from, to);
                return Err(error);
            }
        }
    }

    fn give(&self, watch: &Watch) -> Result<()> {
        // Held during the call, so that scripts are given once.
        let mut given = lock(&watch.given);
        let (scripts, count, derived) = self.take_new_scripts(given.count)?;
        if scripts.is_empty() {
            return Ok(());
        }
        let mut last: Option<BlockRef> = None;
        for piece in scripts.chunks(PIECE) {
            match watch.remote.add_scripts(piece) {
                Ok(told) => last = [last, told].into_iter().flatten().max_by_key(|block| block.height),
                Err(error) => {
                    if let Some(from) = derived {
                        // One that is unloaded needs none any more.
                        let _ = self.derive_from(from);
                    }
                    return Err(error.into());
                }
            }
        }
        given.count = count;
        if let (Some(from), Some(last)) = (derived, last) {
            let to = height(last.height)?;
            if from <= to {
                given.owe(from, to);
            }
        }
        Ok(())
    }

    /// Searches blocks of the chain, from a height to a height.
    fn search(&self, watch: &Watch, from: u32, to: u32) -> Result<()> {
        if from > to {
            return Ok(());
        }
        let mut known = self.hash_at(from)?;
        let [from, to] = [from, to].map(|height| i32::try_from(height).unwrap_or(i32::MAX));
        again(|| {
            let first = match known.take() {
                Some(hash) => hash,
                // What comes there is told with all scripts.
                None if self.chain().get_height()?.unwrap_or_default() < from => return Ok(Some(())),
                None => self.chain().get_block_hash(from)?,
            };
            self.search_once(watch, first, to)
        })
    }

    /// `None` if the chain changed meanwhile.
    fn search_once(&self, watch: &Watch, mut start: BlockHash, to: i32) -> Result<Option<()>> {
        loop {
            let Some(scanned) = watch.remote.scan_blocks(start, Some(to), STEP)? else { return Ok(None) };
            self.take_blocks(scanned.blocks)?;
            if let Some(block) = scanned.unreadable {
                return Err(Error::Unreadable(block.hash));
            }
            match scanned.next {
                Some(next) => start = next,
                None => return Ok(Some(())),
            }
        }
    }

    /// Searches the chain, as the search says. `None` if the chain changed meanwhile.
    pub(super) fn scan_watched(&self, watch: &Watch, search: &Search<'_>) -> Result<Option<ScanResult>> {
        let known = self.tip()?.0;
        let mut hidden = None;
        let result = self.scan_steps(watch, search, &mut hidden);
        // Blocks that were told during the search, without some scripts that it had derived.
        if let Some(hidden) =
            hidden.filter(|hidden| matches!(search.purpose, Purpose::Again(_)) && *hidden > known)
        {
            watch.owe(known + 1, hidden);
            if result.is_ok() {
                self.settle(watch, u32::MAX)?;
            }
        }
        result
    }

    /// Notes in `hidden` the highest block that was told without some scripts meanwhile.
    fn scan_steps(
        &self,
        watch: &Watch,
        search: &Search<'_>,
        hidden: &mut Option<u32>,
    ) -> Result<Option<ScanResult>> {
        let Search { chain, from, to, purpose, show } = *search;
        *hidden = self.settle(watch, height(from)?.saturating_sub(1))?;
        let end = matches!(purpose, Purpose::Again(_)).then_some(to);
        let mut start = chain.get_block_hash(from)?;
        loop {
            let Some(scanned) = watch.remote.scan_blocks(start, end, STEP)? else { return Ok(None) };
            let Some(last) = scanned.last else { return Ok(Some(ScanResult::Done(to))) };
            self.take_blocks(scanned.blocks)?;
            if let Some(block) = scanned.unreadable {
                search.lacks(block.hash)?;
            }
            let at = last.height;
            *hidden = (*hidden).max(self.settle(watch, height(at)?)?);
            // When all is found in it, also for scripts that were derived.
            match purpose {
                Purpose::CatchUp if !self.note_block(chain, last)? => return Ok(None),
                Purpose::CatchUp => self.settled()?,
                Purpose::Again(progress) => self.searched(progress, at)?,
            }
            let Some(next) = scanned.next else { return Ok(Some(ScanResult::Done(at))) };
            if self.0.abort.load(Ordering::SeqCst) {
                return Ok(Some(ScanResult::Aborted(at)));
            }
            start = next;
            show(at + 1 - from, to.max(at) - from + 1);
        }
    }

    /// Notes that a block is in the chain, and that all of the wallet's up to it was found. Gives false if
    /// it is not there any more.
    fn note_block(&self, chain: &dyn Chain, block: BlockRef) -> Result<bool> {
        let id = BlockId { height: height(block.height)?, hash: block.hash };
        if self.tip()? == (id.height, id.hash) {
            return Ok(true);
        }
        let found = chain.find_block(block.hash, &wanted(false))?.filter(|found| found.in_active_chain);
        let Some(found) = found else { return Ok(false) };
        self.connect_empty(id, found.time)?;
        Ok(true)
    }

    /// Takes in what was found in blocks of the chain.
    fn take_blocks(&self, blocks: Vec<WatchedBlock>) -> Result<()> {
        for block in blocks {
            let max_time = block.max_time.into();
            self.connect(BlockPart::try_from(block)?.searched(max_time))?;
        }
        Ok(())
    }
}
