//! The tables of the address book and of payment requests.
//!
//! In: entries by output script. Out: the same after the next start.

use std::collections::BTreeMap;

use bdk_wallet::rusqlite::{Transaction, params};
use bitcoin::ScriptBuf;
use bitcoin_ipc::types::AddressPurpose;

use super::Store;
use crate::Result;

/// An entry of the address book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BookEntry {
    pub(crate) label: String,
    pub(crate) purpose: AddressPurpose,
}

/// Payment requests by script and id.
pub(crate) type Requests = BTreeMap<(ScriptBuf, Vec<u8>), Vec<u8>>;

impl Store {
    /// The address book.
    pub(crate) fn book(&self) -> Result<BTreeMap<ScriptBuf, BookEntry>> {
        let mut statement = self.connection.prepare("SELECT script, label, purpose FROM book")?;
        let rows = statement.query_map([], |row| {
            let purpose = match row.get::<_, i64>(2)? {
                0 => AddressPurpose::Receive,
                1 => AddressPurpose::Send,
                _ => AddressPurpose::Refund,
            };
            Ok((ScriptBuf::from_bytes(row.get(0)?), BookEntry { label: row.get(1)?, purpose }))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The payment requests.
    pub(crate) fn receive_requests(&self) -> Result<Requests> {
        let mut statement = self.connection.prepare("SELECT script, id, value FROM receive_request")?;
        let rows = statement
            .query_map([], |row| Ok(((ScriptBuf::from_bytes(row.get(0)?), row.get(1)?), row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Writes an entry.
pub(crate) fn put(tx: &Transaction<'_>, script: &ScriptBuf, entry: &BookEntry) -> Result<()> {
    tx.execute(
        "REPLACE INTO book(script, label, purpose) VALUES (?1, ?2, ?3)",
        params![script.as_bytes(), entry.label, entry.purpose as i64],
    )?;
    Ok(())
}

/// Takes an entry and its payment requests out.
pub(crate) fn delete(tx: &Transaction<'_>, script: &ScriptBuf) -> Result<()> {
    tx.execute("DELETE FROM book WHERE script = ?1", [script.as_bytes()])?;
    tx.execute("DELETE FROM receive_request WHERE script = ?1", [script.as_bytes()])?;
    Ok(())
}

/// Writes a payment request, or takes it out if it is empty.
pub(crate) fn put_request(tx: &Transaction<'_>, script: &ScriptBuf, id: &[u8], value: &[u8]) -> Result<()> {
    if value.is_empty() {
        let key = params![script.as_bytes(), id];
        tx.execute("DELETE FROM receive_request WHERE script = ?1 AND id = ?2", key)?;
    } else {
        tx.execute(
            "REPLACE INTO receive_request(script, id, value) VALUES (?1, ?2, ?3)",
            params![script.as_bytes(), id, value],
        )?;
    }
    Ok(())
}
