//! Searching the chain.
//!
//! In: a range of blocks of the node. Out: the wallet's transactions in them. With an index of block
//! filters (BIP 158), only blocks that may have any are read; a node that watches the wallet's scripts
//! searches itself.

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::{Duration, Instant};

use bdk_wallet::chain::BlockId;
use bitcoin::BlockHash;
use bitcoin_ipc::interfaces::Chain;
use bitcoin_ipc::types::{BlockFilterType, BlockLocator, FoundBlock, FoundBlockRequest};

use super::WalletHandle;
use crate::ledger::BlockPart;
use crate::listeners::lock;
use crate::storage::Owed;
use crate::wallet::{Event, Known};
use crate::{Error, Result};

/// How long before a key's birth its first coin may be dated, as blocks' times are not exact: Bitcoin
/// Core's `TIMESTAMP_WINDOW`, in seconds.
pub(crate) const WINDOW: i64 = 2 * 60 * 60;

/// How many blocks without anything are searched before the wallet notes that they are.
const NOTE_EVERY: i32 = 1000;

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScanResult {
    /// All blocks were searched, up to this height.
    Done(i32),
    /// It was aborted after this height.
    Aborted(i32),
}

/// How a search notes how far it came.
pub(super) struct Progress {
    /// Whether it goes to the tip and over all that is owed, so that what is behind it is not owed any more.
    pub(super) all: bool,
    /// The last block that could not be read.
    pub(super) unreadable: Cell<Option<bitcoin::BlockHash>>,
}

/// What a search is for.
#[derive(Clone, Copy)]
pub(super) enum Purpose<'a> {
    /// To bring the wallet to the tip.
    CatchUp,
    /// To find what was missed in blocks that the wallet knows.
    Again(&'a Progress),
}

/// A search, from a height to a height.
pub(super) struct Search<'a> {
    pub(super) chain: &'a dyn Chain,
    pub(super) from: i32,
    pub(super) to: i32,
    pub(super) purpose: Purpose<'a>,
    /// Shows how many blocks of how many are done.
    pub(super) show: &'a dyn Fn(i32, i32),
}

impl Search<'_> {
    /// The node does not have a block. What comes after it is searched as well, unless the wallet has to know
    /// all before.
    pub(super) fn lacks(&self, block: BlockHash) -> Result<()> {
        match self.purpose {
            Purpose::CatchUp => Err(Error::Unreadable(block)),
            Purpose::Again(progress) => {
                progress.unreadable.set(Some(block));
                Ok(())
            }
        }
    }
}

impl WalletHandle {
    /// Searches from the wallet's best block to the node's.
    pub(super) fn scan_to_tip(&self) -> Result<()> {
        let _scanning = lock(&self.0.scanning);
        match again(|| self.scan_once())? {
            ScanResult::Done(_) => self.set_behind(false),
            ScanResult::Aborted(_) => {
                self.set_behind(true)?;
                Err(Error::Aborted)
            }
        }
    }

    /// `None` if the chain changed meanwhile.
    fn scan_once(&self) -> Result<Option<ScanResult>> {
        let chain = self.chain();
        let Known { locator, genesis, birth } = self.known()?;
        let Some(tip) = chain.get_height()? else { return Ok(Some(ScanResult::Done(0))) };
        if chain.get_block_hash(0)? != genesis {
            return Err(Error::Refused("the node follows another network than the wallet".into()));
        }
        let fork = chain.find_locator_fork(&BlockLocator { hashes: locator })?.unwrap_or(0);
        self.disconnect_from(height(fork)? + 1)?;
        let mut from = fork + 1;
        if fork == 0 {
            // A wallet that has seen nothing begins where its keys do.
            let wanted = FoundBlockRequest { want_height: true, ..FoundBlockRequest::default() };
            let time = birth.unwrap_or(i64::MAX).saturating_sub(WINDOW);
            let first = chain.find_first_block_with_time_and_height(time, 0, &wanted)?;
            from = first.map_or(tip, |found| found.height).max(1).min(tip.max(1));
        }
        if from > tip {
            return Ok(Some(ScanResult::Done(tip)));
        }
        self.scan(&*chain, from, tip, Purpose::CatchUp)
    }

    /// Stops a search. Gives whether there is one.
    #[must_use = "whether there was anything to abort"]
    pub fn abort_rescan(&self) -> bool {
        let running = self.0.is_scanning.load(Ordering::SeqCst);
        self.0.abort.store(running, Ordering::SeqCst);
        running
    }

    /// How far a search is, in hundredths, if there is one.
    #[must_use]
    pub fn scan_progress(&self) -> Option<u64> {
        let running = self.0.is_scanning.load(Ordering::SeqCst);
        running.then(|| self.0.progress.load(Ordering::SeqCst))
    }

    /// How long a search has been running, if there is one.
    #[must_use]
    pub fn scan_duration(&self) -> Option<Duration> {
        let since = *lock(&self.0.since);
        since.filter(|_| self.scan_progress().is_some()).map(|since| since.elapsed())
    }

    /// `None` if the chain changed so that there is another block at some height.
    pub(super) fn scan(
        &self,
        chain: &dyn Chain,
        from: i32,
        to: i32,
        purpose: Purpose<'_>,
    ) -> Result<Option<ScanResult>> {
        let follow = &self.0;
        follow.abort.store(false, Ordering::SeqCst);
        follow.progress.store(0, Ordering::SeqCst);
        *lock(&follow.since) = Some(Instant::now());
        follow.is_scanning.store(true, Ordering::SeqCst);
        let long = to - from > 10;
        let title = || format!("[{}] Rescanning…", self.name());
        // Before the wallet is there to be asked, the node says how far it is.
        let tell = |hundredths| {
            self.tell([Event::Progress(title(), hundredths)]);
            if matches!(purpose, Purpose::CatchUp)
                && let Err(error) = chain.show_progress(&title(), hundredths, false)
            {
                tracing::debug!(target: "wallet", %error, "progress was not shown");
            }
        };
        if long {
            tell(0);
        }
        let shown = AtomicI32::new(0);
        let show = |done: i32, of: i32| {
            let hundredths = (i64::from(done) * 100 / i64::from(of)).clamp(0, 99);
            let hundredths = i32::try_from(hundredths).unwrap_or_default();
            if shown.swap(hundredths, Ordering::Relaxed) == hundredths {
                return;
            }
            follow.progress.store(u64::from(hundredths.unsigned_abs()), Ordering::SeqCst);
            if long {
                tell(hundredths);
            }
        };
        let search = Search { chain, from, to, purpose, show: &show };
        let result = match self.watch() {
            Some(watch) => self.scan_watched(&watch, &search),
            None => self.scan_range(&search),
        };
        follow.is_scanning.store(false, Ordering::SeqCst);
        if self.watch().is_none() {
            self.watch_new_scripts();
        }
        if long {
            tell(100);
        }
        result
    }

    fn scan_range(&self, search: &Search<'_>) -> Result<Option<ScanResult>> {
        let Search { chain, from, to, purpose, show } = *search;
        let filters = chain.has_block_filter_index(BlockFilterType::Basic)?;
        let filter_set = || if filters { self.filter_set() } else { Ok(HashSet::new()) };
        let mut scripts = filter_set()?;
        let mut hash = chain.get_block_hash(from)?;
        let mut at = from;
        loop {
            let skip = filters
                && chain.block_filter_matches_any(BlockFilterType::Basic, hash, &scripts)? == Some(false);
            let Some(found) = chain.find_block(hash, &wanted(!skip))?.filter(|found| found.in_active_chain)
            else {
                return Ok(None);
            };
            let next = next_hash(&found);
            let note = at == to || at % NOTE_EVERY == 0;
            if self.scan_block(found, hash, at, skip, search, note)? {
                scripts = filter_set()?;
            }
            if let (Purpose::Again(progress), true) = (purpose, note) {
                self.searched(progress, at)?;
            }
            // Of blocks that came meanwhile the node tells; searching for them would never end while blocks
            // come faster than they are searched.
            if at >= to {
                return Ok(Some(ScanResult::Done(at)));
            }
            if self.0.abort.load(Ordering::SeqCst) {
                return Ok(Some(ScanResult::Aborted(at)));
            }
            let Some(next) = next else { return Ok(None) };
            (hash, at) = (next, at + 1);
            show(at - from, to - from + 1);
        }
    }

    /// Whether the wallet found something, after which it watches more scripts.
    fn scan_block(
        &self,
        found: FoundBlock,
        hash: BlockHash,
        at: i32,
        skip: bool,
        search: &Search<'_>,
        note: bool,
    ) -> Result<bool> {
        let id = BlockId { height: height(at)?, hash };
        if !skip {
            let Some(block) = found.data else {
                search.lacks(hash)?;
                return Ok(false);
            };
            if self.may_concern(&block)? {
                return self.connect(BlockPart::whole(block, id.height).searched(found.max_time));
            }
        }
        if note && matches!(search.purpose, Purpose::CatchUp) {
            self.connect_empty(id, found.time)?;
        }
        Ok(false)
    }

    /// Notes that a search came to a block.
    pub(super) fn searched(&self, progress: &Progress, at: i32) -> Result<()> {
        if progress.all {
            let next = height(at)? + 1;
            self.owe(|owed| Owed { from: Some(next), ..owed })?;
        }
        Ok(())
    }
}

/// Searches, again if a reorganisation comes in between; but a chain cannot have that happen for ever.
pub(super) fn again<T>(mut search: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let done = (0..100).find_map(|_| search().transpose());
    let restless = || Err(Error::Refused("the node's chain changes faster than it can be searched".into()));
    done.unwrap_or_else(restless)
}

pub(super) fn wanted(data: bool) -> FoundBlockRequest {
    let next = FoundBlockRequest { want_hash: true, ..FoundBlockRequest::default() };
    FoundBlockRequest {
        want_time: true,
        want_max_time: true,
        want_in_active_chain: true,
        next_block: Some(Box::new(next)),
        want_data: data,
        ..FoundBlockRequest::default()
    }
}

fn next_hash(found: &FoundBlock) -> Option<BlockHash> {
    found.next_block.as_ref().filter(|next| next.found).and_then(|next| next.hash)
}

pub(super) fn height(height: i32) -> Result<u32> {
    u32::try_from(height).map_err(|_| Error::Refused("the node gave a negative height".into()))
}
