//! The table of what the wallet notes about its transactions.
//!
//! In: times, texts, orders. Out: the same after the next start.

use std::collections::{BTreeMap, HashMap};

use bdk_wallet::rusqlite::{Transaction, params};
use bitcoin::Txid;
use serde_json::{Map, Value};

use super::Store;
use crate::{Error, Result};

/// What is noted about a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TxNote {
    /// Its place in the order in which the wallet heard of its transactions.
    pub(crate) place: i64,
    /// When it was made or first seen, in seconds since 1970.
    pub(crate) time: i64,
    /// Its place in its block, if it is in one.
    pub(crate) block_index: i64,
    /// Whether the user has given it up.
    pub(crate) abandoned: bool,
    /// Texts by name; `replaces_txid` and `replaced_by_txid` link replacements as in Bitcoin Core.
    pub(crate) value_map: BTreeMap<String, String>,
    /// Notes in their order.
    pub(crate) order_form: Vec<(String, String)>,
}

impl Store {
    /// All notes.
    pub(crate) fn notes(&self) -> Result<HashMap<Txid, TxNote>> {
        let sql = "SELECT txid, place, time, abandoned, value_map, order_form, block_index FROM tx_note";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let note = TxNote {
                place: row.get(1)?,
                time: row.get(2)?,
                abandoned: row.get(3)?,
                block_index: row.get(6)?,
                ..TxNote::default()
            };
            Ok((row.get::<_, String>(0)?, note, row.get::<_, String>(4)?, row.get::<_, String>(5)?))
        })?;
        rows.map(|row| {
            let (txid, note, value_map, order_form) = row?;
            let damaged = || Error::File(format!("the note about transaction {txid} is damaged"));
            let value_map = serde_json::from_str(&value_map).map_err(|_| damaged())?;
            let order_form = serde_json::from_str(&order_form).map_err(|_| damaged())?;
            Ok((txid.parse().map_err(|_| damaged())?, TxNote { value_map, order_form, ..note }))
        })
        .collect()
    }
}

/// Writes a note.
pub(crate) fn put(tx: &Transaction<'_>, txid: Txid, note: &TxNote) -> Result<()> {
    let text = |value: &String| Value::from(value.clone());
    let value_map: Map<String, Value> =
        note.value_map.iter().map(|(key, value)| (key.clone(), text(value))).collect();
    let value_map = Value::Object(value_map).to_string();
    let pairs = note.order_form.iter().map(|(key, value)| Value::Array(vec![text(key), text(value)]));
    let order_form = Value::Array(pairs.collect()).to_string();
    let row = params![
        txid.to_string(),
        note.place,
        note.time,
        note.abandoned,
        value_map,
        order_form,
        note.block_index
    ];
    tx.execute(
        "REPLACE INTO tx_note(txid, place, time, abandoned, value_map, order_form, block_index)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        row,
    )?;
    Ok(())
}

/// Takes a note out.
pub(crate) fn delete(tx: &Transaction<'_>, txid: Txid) -> Result<()> {
    tx.execute("DELETE FROM tx_note WHERE txid = ?1", [txid.to_string()])?;
    Ok(())
}
