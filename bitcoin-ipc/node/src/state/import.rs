//! Transactions of a file on their way into the mempool.
//!
//! In: a file of another node, or of this one. Out: how many of its transactions were taken. Each is a
//! change of its own, so that nobody has to wait for a large file.

use std::collections::HashMap;
use std::path::Path;

use bitcoin::Txid;
use mp_runtime::{Error, Result};

use super::{State, lock};
use crate::mempool::AcceptOptions;
use crate::mempool::persist::import::Records;
use crate::mempool::persist::journal::Record;

/// What to believe of a file: Bitcoin Core's `ImportMempoolOptions`.
#[derive(Clone, Copy, Debug)]
pub struct ImportOptions {
    /// Its transactions came now; otherwise when the file says.
    pub use_current_time: bool,
    /// Its fee deltas are added to those that there are.
    pub apply_fee_deltas: bool,
    /// Those of its transactions that no peer had taken yet count as such here.
    pub apply_unbroadcast: bool,
}

/// What became of a file's transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// They were taken.
    pub taken: usize,
    /// They were refused.
    pub refused: usize,
    /// They have waited for too long.
    pub expired: usize,
    /// They were there before.
    pub present: usize,
}

impl State {
    /// Takes the transactions of a file into the mempool: a `mempool.dat` of Bitcoin Core, or a
    /// journal as [`State::save_mempool`] writes it.
    ///
    /// # Errors
    ///
    /// The file cannot be read, ends early or is of another kind; or the node stops, or cannot go on.
    /// What was taken before stays.
    pub fn import_mempool(&self, path: &Path, options: ImportOptions) -> Result<Imported> {
        let mut imported = Imported::default();
        let mut applied: HashMap<Txid, i64> = HashMap::new();
        for record in Records::open(path)? {
            if self.shutdown.requested() || self.seen().stopping {
                return Err(Error::failed("the node stops"));
            }
            let record = record?;
            if let Record::Unbroadcast { txid } = record {
                if options.apply_unbroadcast {
                    let _writer = lock(&self.writer);
                    self.note_unbroadcast(&mut self.mempool(), txid);
                }
                continue;
            }
            if options.apply_fee_deltas {
                let (txid, sum) = match &record {
                    Record::Transaction { tx, delta, .. } => (tx.compute_txid(), *delta),
                    Record::Delta { txid, delta } => (*txid, *delta),
                    Record::Unbroadcast { .. } => continue,
                };
                // A journal may tell of one transaction more than once, each time of the whole sum.
                let before = applied.insert(txid, sum).unwrap_or(0);
                if sum != before {
                    self.prioritise(txid, sum.saturating_sub(before))?;
                }
            }
            let Record::Transaction { tx, time, .. } = record else { continue };
            let now = self.clock.now();
            let time = if options.use_current_time { now } else { time };
            if time.saturating_add(self.mempool().options().expiry.as_secs()) <= now {
                imported.expired += 1;
                continue;
            }
            let txid = tx.compute_txid();
            let options = AcceptOptions { entry_time: Some(time), ..AcceptOptions::default() };
            match self.accept(tx, options)? {
                Ok(_) => imported.taken += 1,
                Err(_) if self.mempool().get(&txid).is_some() => imported.present += 1,
                Err(rejected) => {
                    tracing::debug!(target: "mempool", "{txid} of a file is not taken: {rejected}");
                    imported.refused += 1;
                }
            }
        }
        Ok(imported)
    }
}
