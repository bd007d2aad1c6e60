//! The table of the metadata of the wallet's transactions.
//!
//! In: times, texts, orders. Out: the same after the next start.

use std::collections::{BTreeMap, HashMap};

use bdk_wallet::rusqlite::{Transaction, params};
use bitcoin::Txid;
use serde_json::{Map, Value};

use super::Store;
use crate::{Error, Result};

/// What the wallet notes about a transaction (in Bitcoin Core, members of `CWalletTx`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TxMetadata {
    /// Its place in the order in which the wallet heard of its transactions.
    pub(crate) order_pos: i64,
    /// When it was made or first seen, in seconds since 1970.
    pub(crate) time_received: i64,
    /// When it came about, as far as blocks tell: Bitcoin Core's `nTimeSmart`.
    pub(crate) time_smart: Option<i64>,
    /// Its place in its block, if it is in one.
    pub(crate) block_index: i64,
    /// Whether the user has abandoned it.
    pub(crate) abandoned: bool,
    /// Texts by name; `replaces_txid` and `replaced_by_txid` link replacements as in Bitcoin Core.
    pub(crate) value_map: BTreeMap<String, String>,
    /// Notes in their order.
    pub(crate) order_form: Vec<(String, String)>,
}

impl TxMetadata {
    /// The time that users see: Bitcoin Core's `GetTxTime`.
    pub(crate) fn time(&self) -> i64 {
        self.time_smart.unwrap_or(self.time_received)
    }
}

impl Store {
    /// The metadata of all transactions.
    pub(crate) fn metadata(&self) -> Result<HashMap<Txid, TxMetadata>> {
        let sql = "SELECT txid, place, time, abandoned, value_map, order_form, block_index, time_smart FROM tx_note";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let metadata = TxMetadata {
                order_pos: row.get(1)?,
                time_received: row.get(2)?,
                time_smart: row.get(7)?,
                abandoned: row.get(3)?,
                block_index: row.get(6)?,
                ..TxMetadata::default()
            };
            Ok((row.get::<_, String>(0)?, metadata, row.get::<_, String>(4)?, row.get::<_, String>(5)?))
        })?;
        rows.map(|row| {
            let (txid, metadata, value_map, order_form) = row?;
            let damaged = || Error::File(format!("the note about transaction {txid} is damaged"));
            let value_map = serde_json::from_str(&value_map).map_err(|_| damaged())?;
            let order_form = serde_json::from_str(&order_form).map_err(|_| damaged())?;
            Ok((txid.parse().map_err(|_| damaged())?, TxMetadata { value_map, order_form, ..metadata }))
        })
        .collect()
    }
}

/// Writes the metadata of a transaction.
pub(crate) fn put(tx: &Transaction<'_>, txid: Txid, metadata: &TxMetadata) -> Result<()> {
    let text = |value: &String| Value::from(value.clone());
    let value_map: Map<String, Value> =
        metadata.value_map.iter().map(|(key, value)| (key.clone(), text(value))).collect();
    let value_map = Value::Object(value_map).to_string();
    let pairs = metadata.order_form.iter().map(|(key, value)| Value::Array(vec![text(key), text(value)]));
    let order_form = Value::Array(pairs.collect()).to_string();
    let row = params![
        txid.to_string(),
        metadata.order_pos,
        metadata.time_received,
        metadata.abandoned,
        value_map,
        order_form,
        metadata.block_index,
        metadata.time_smart
    ];
    tx.execute(
        "REPLACE INTO tx_note(txid, place, time, abandoned, value_map, order_form, block_index, time_smart)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        row,
    )?;
    Ok(())
}

/// Takes the metadata of a transaction out.
pub(crate) fn delete(tx: &Transaction<'_>, txid: Txid) -> Result<()> {
    tx.execute("DELETE FROM tx_note WHERE txid = ?1", [txid.to_string()])?;
    Ok(())
}
