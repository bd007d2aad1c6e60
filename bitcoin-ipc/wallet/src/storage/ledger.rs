//! BDK's tables of blocks and transactions, and changes of derived scripts.
//!
//! In: change sets. Out: their sum after the next start.

use bdk_wallet::chain::{ConfirmationBlockTime, local_chain, tx_graph};
use bdk_wallet::rusqlite::Transaction;
use bitcoin::Txid;

use super::{Store, descriptors};
use crate::Result;
use crate::ledger::{LedgerChanges, ScriptChanges};

type Graph = tx_graph::ChangeSet<ConfirmationBlockTime>;

impl LedgerChanges {
    /// Reads the blocks and transactions that were written so far.
    pub(crate) fn get(tx: &Transaction<'_>) -> Result<Self> {
        Ok(LedgerChanges {
            chain: local_chain::ChangeSet::from_sqlite(tx)?,
            graph: Graph::from_sqlite(tx)?,
            scripts: ScriptChanges::default(),
        })
    }

    /// Writes them.
    pub(crate) fn put(&self, tx: &Transaction<'_>) -> Result<()> {
        self.chain.persist_to_sqlite(tx)?;
        self.graph.persist_to_sqlite(tx)?;
        descriptors::put_scripts(tx, &self.scripts)
    }

    /// Takes a transaction out of what was written.
    pub(crate) fn delete(tx: &Transaction<'_>, txid: Txid) -> Result<()> {
        // The other tables refer to the last one.
        for table in [Graph::ANCHORS_TABLE_NAME, Graph::TXOUTS_TABLE_NAME, Graph::TXS_TABLE_NAME] {
            tx.execute(&format!("DELETE FROM {table} WHERE txid = ?1"), [txid.to_string()])?;
        }
        Ok(())
    }
}

impl Store {
    /// The blocks and transactions that were written so far.
    pub(crate) fn ledger(&mut self) -> Result<LedgerChanges> {
        self.write(LedgerChanges::get)
    }
}
