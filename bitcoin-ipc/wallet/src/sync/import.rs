//! Importing descriptors, and searching the chain for their coins.
//!
//! In: descriptors. Out: a wallet that has them and what the chain has for them, or that notes what is still to be
//! searched.

use bitcoin::BlockHash;
use bitcoin_ipc::types::FoundBlockRequest;

use super::WalletHandle;
use super::owed::running;
use super::scan::{ScanResult, WINDOW};
use crate::keys::{DescriptorImport, Imported};
use crate::storage::Owed;
use crate::{Error, Result};

impl WalletHandle {
    /// Adds descriptors, one by one, and then searches the chain from the earliest timestamp on. One
    /// that the wallet has already only changes its use.
    ///
    /// # Errors
    ///
    /// The search failed or was aborted; what was imported stays, and the search goes on when the wallet is loaded
    /// again. What is wrong with a descriptor is told in its place, also that the node lacks blocks which may have
    /// coins of it.
    pub fn import_descriptors(&self, imports: &[DescriptorImport]) -> Result<Vec<Imported>> {
        let Some(earliest) = imports.iter().map(|import| import.timestamp).min() else {
            return Ok(Vec::new());
        };
        let Ok(scanning) = self.0.scanning.try_lock() else { return Err(running()) };
        let _unlocked = self.keep_unlocked();
        // Before there is anything to search for, so that it is never forgotten.
        let mut before = Owed::default();
        self.owe(|owed| {
            before = owed;
            owed.and_since(earliest)
        })?;
        let mut done = self.import_each(imports);
        if done.iter().all(|done| done.result.is_err()) {
            self.owe(|_| before)?;
            return Ok(done);
        }
        let result = match self.first_since(earliest)? {
            Some(from) => self.search_again(from, None),
            // No block is that new.
            None => self.owe(|_| before).map(|_| ScanResult::Done(0)),
        };
        drop(scanning);
        self.hear_mempool()?;
        match result {
            Ok(ScanResult::Done(_)) => {}
            Ok(ScanResult::Aborted(_)) => return Err(Error::Aborted),
            Err(Error::Unreadable(block)) => self.tell_unsearched(block, imports, &mut done)?,
            Err(error) => return Err(error),
        }
        Ok(done)
    }

    /// Has descriptors fail that may have coins in or before a block that could not be read.
    fn tell_unsearched(
        &self,
        block: BlockHash,
        imports: &[DescriptorImport],
        done: &mut [Imported],
    ) -> Result<()> {
        let chain = self.chain();
        let wanted = FoundBlockRequest { want_max_time: true, ..FoundBlockRequest::default() };
        let time = chain.find_block(block, &wanted)?.map_or(i64::MAX, |found| found.max_time);
        let searched = time.saturating_add(WINDOW + 1);
        let reason = if chain.have_pruned()? {
            "This error could be caused by pruning or data corruption (see bitcoind log for details) and could be dealt with by downloading and rescanning the relevant blocks (see -reindex option and rescanblockchain RPC)."
        } else if chain.has_assumed_valid_chain()? {
            "This error is likely caused by an in-progress assumeutxo background sync. Check logs or getchainstates RPC for assumeutxo background sync progress and try again later."
        } else {
            "This error could potentially caused by data corruption. If the issue persists you may want to reindex (see -reindex option)."
        };
        for (import, Imported { result, .. }) in imports.iter().zip(done) {
            if result.is_ok() && searched > import.timestamp {
                *result = Err(Error::Unsearched(format!(
                    "Rescan failed for descriptor with timestamp {}. There was an error reading a block from time {time}, which is after or within {WINDOW} seconds of key creation, and could contain transactions pertaining to the desc. As a result, transactions and coins using this desc may not appear in the wallet. {reason}",
                    import.timestamp
                )));
            }
        }
        Ok(())
    }
}
