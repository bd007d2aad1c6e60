//! Searching blocks that the wallet knows again, and what is owed until that is done.
//!
//! In: where to begin. Out: what was missed in those blocks. What is to be searched is written first, and
//! taken out when it was: a search that was aborted, or that was killed, goes on when the wallet is loaded.

use std::cell::Cell;

use bitcoin_ipc::types::FoundBlockRequest;

use super::WalletHandle;
use super::scan::{Progress, Purpose, ScanResult, WINDOW, again, height};
use crate::listeners::lock;
use crate::storage::Owed;
use crate::{Error, Result};

impl WalletHandle {
    /// Searches blocks that the wallet knows again, from a height to a height, which are the ends of
    /// the chain unless given, and then the mempool.
    ///
    /// # Errors
    ///
    /// A search is running, the node cannot be asked, or it lacks blocks.
    pub fn rescan(&self, from: i32, to: Option<i32>) -> Result<ScanResult> {
        let result = {
            let Ok(_scanning) = self.0.scanning.try_lock() else { return Err(running()) };
            let _unlocked = self.keep_unlocked();
            self.search_again(from, to)?
        };
        self.hear_mempool()?;
        Ok(result)
    }

    /// Goes on with a search that did not come to its end.
    pub(super) fn search_owed(&self) -> Result<()> {
        let _scanning = lock(&self.0.scanning);
        let owed = self.owed_blocks()?;
        let Some(from) = owed.from.into_iter().chain(owed.derived).min() else { return Ok(()) };
        let name = self.name();
        tracing::info!(target: "wallet", wallet = name, from, "the search of the chain goes on");
        match self.search_again(i32::try_from(from).unwrap_or(i32::MAX), None) {
            Ok(ScanResult::Done(_)) => Ok(()),
            Ok(ScanResult::Aborted(at)) => {
                tracing::warn!(target: "wallet", wallet = name, at, "the search of the chain was aborted again");
                Ok(())
            }
            // It would be so the next time as well.
            Err(error @ Error::Unreadable(_)) => {
                tracing::warn!(target: "wallet", wallet = name, %error, "coins may be missing");
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// The first block since a time, and a while before, if there is one.
    pub(super) fn first_since(&self, time: i64) -> Result<Option<i32>> {
        let wanted = FoundBlockRequest { want_height: true, ..FoundBlockRequest::default() };
        let time = time.saturating_sub(WINDOW);
        let first = self.chain().find_first_block_with_time_and_height(time, 0, &wanted)?;
        Ok(first.map(|found| found.height))
    }

    /// What is owed, by height.
    fn owed_blocks(&self) -> Result<Owed> {
        let owed = self.owed()?;
        let Some(time) = owed.since else { return Ok(owed) };
        let first = self.first_since(time)?.map(height).transpose()?;
        let by_height = Owed { since: None, ..owed };
        let by_height = first.map_or(by_height, |first| by_height.and_from(first));
        self.owe(|now| match now.since == owed.since {
            true => Owed { derived: now.derived, ..by_height },
            false => now,
        })
    }

    /// Searches, for whoever holds the lock of searches.
    pub(super) fn search_again(&self, from: i32, to: Option<i32>) -> Result<ScanResult> {
        let chain = self.chain();
        let tip = || Ok::<_, Error>(i32::try_from(self.tip()?.0).unwrap_or(i32::MAX));
        let last = tip()?;
        if from < 0 || from > to.unwrap_or(last).min(last) {
            if to.is_none() && from > 0 {
                // What comes there is told.
                return Ok(ScanResult::Done(last));
            }
            return Err(Error::Invalid("Invalid start_height or stop_height".into()));
        }
        let start = height(from)?;
        let before = self.owed_blocks()?;
        let all = to.is_none_or(|to| to >= last) && before.from.is_none_or(|owed| owed >= start);
        self.owe(|_| before.and_from(start))?;
        let progress = Progress { all, unreadable: Cell::new(None) };
        let result = again(|| {
            let last = tip()?;
            let to = to.unwrap_or(last).min(last);
            self.scan(&*chain, from.min(to), to, Purpose::Again(&progress))
        })?;
        if let ScanResult::Done(_) = result {
            let after = if all { Owed { from: None, ..before } } else { before };
            self.owe(|now| {
                let derived = now.derived.filter(|derived| !all || *derived < start);
                Owed { derived, ..after }
            })?;
            if let Some(block) = progress.unreadable.get() {
                return Err(Error::Unreadable(block));
            }
        }
        Ok(result)
    }
}

pub(super) fn running() -> Error {
    Error::Refused("Wallet is currently rescanning. Abort existing rescan or wait.".into())
}
