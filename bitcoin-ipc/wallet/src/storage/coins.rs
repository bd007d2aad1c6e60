//! The table of locked coins.
//!
//! In: coins that must not be chosen. Out: the same after the next start.

use std::collections::BTreeSet;

use bdk_wallet::rusqlite::{Transaction, params};
use bitcoin::OutPoint;

use super::Store;
use crate::{Error, Result};

impl Store {
    /// The coins that are locked for good.
    pub(crate) fn locked_coins(&self) -> Result<BTreeSet<OutPoint>> {
        let mut statement = self.connection.prepare("SELECT txid, vout FROM locked_coin")?;
        let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        rows.map(|row| {
            let (txid, vout) = row?;
            let txid = txid.parse().map_err(|_| Error::File("a locked coin is damaged".into()))?;
            Ok(OutPoint { txid, vout })
        })
        .collect()
    }
}

/// Locks a coin for good, or unlocks it.
pub(crate) fn set_locked(tx: &Transaction<'_>, coin: OutPoint, locked: bool) -> Result<()> {
    let sql = if locked {
        "INSERT OR IGNORE INTO locked_coin(txid, vout) VALUES (?1, ?2)"
    } else {
        "DELETE FROM locked_coin WHERE txid = ?1 AND vout = ?2"
    };
    tx.execute(sql, params![coin.txid.to_string(), coin.vout])?;
    Ok(())
}

/// Unlocks coins that are spent.
pub(crate) fn free(tx: &Transaction<'_>, spent: &[(OutPoint, bool)]) -> Result<()> {
    let mut written = spent.iter().filter(|(_, written)| *written);
    written.try_for_each(|(coin, _)| set_locked(tx, *coin, false))
}
