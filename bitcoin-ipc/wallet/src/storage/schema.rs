//! The tables, and the few values that belong to the whole wallet.
//!
//! In: a new or older file. Out: the tables of today beside BDK's.

use bdk_wallet::chain::rusqlite_impl::migrate_schema;
use bdk_wallet::chain::{ConfirmationBlockTime, local_chain, tx_graph};
use bdk_wallet::rusqlite::{self, Connection, OptionalExtension as _, Transaction, params};

use crate::{Error, Result};

const NAME: &str = "bitcoin_wallet";

/// Every version after the first adds a script here.
const SCRIPTS: &[&str] = &[
    "
    CREATE TABLE wallet_value(name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT;
    CREATE TABLE descriptor(
        id INTEGER PRIMARY KEY NOT NULL, public TEXT NOT NULL UNIQUE, kind INTEGER NOT NULL,
        internal INTEGER NOT NULL, active INTEGER NOT NULL, birth INTEGER NOT NULL) STRICT;
    CREATE UNIQUE INDEX one_active ON descriptor(kind, internal) WHERE active = 1;
    CREATE TABLE secret(
        descriptor INTEGER PRIMARY KEY NOT NULL REFERENCES descriptor, nonce BLOB, data BLOB NOT NULL) STRICT;
    CREATE TABLE data_key(
        id INTEGER PRIMARY KEY CHECK (id = 0), salt BLOB NOT NULL, memory_kib INTEGER NOT NULL,
        passes INTEGER NOT NULL, lanes INTEGER NOT NULL, nonce BLOB NOT NULL, data BLOB NOT NULL) STRICT;
    CREATE TABLE book(script BLOB PRIMARY KEY NOT NULL, label TEXT NOT NULL, purpose INTEGER NOT NULL) STRICT;
    CREATE TABLE receive_request(
        script BLOB NOT NULL, id BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (script, id)) STRICT;
    CREATE TABLE locked_coin(txid TEXT NOT NULL, vout INTEGER NOT NULL, PRIMARY KEY (txid, vout)) STRICT;
    CREATE TABLE tx_note(
        txid TEXT PRIMARY KEY NOT NULL, place INTEGER NOT NULL, time INTEGER NOT NULL,
        abandoned INTEGER NOT NULL, value_map TEXT NOT NULL, order_form TEXT NOT NULL,
        block_index INTEGER NOT NULL) STRICT;
",
    "
    ALTER TABLE secret ADD COLUMN hd_keys TEXT;
",
    // BDK's index knew a descriptor by its first script, of which two descriptors may have the same. What it
    // noted stays for rows that cannot be read yet. An older program finds its tables gone and stops.
    "
    ALTER TABLE descriptor RENAME COLUMN public TO identity;
    ALTER TABLE descriptor ADD COLUMN text TEXT;
    ALTER TABLE descriptor ADD COLUMN range_start INTEGER;
    ALTER TABLE descriptor ADD COLUMN range_end INTEGER;
    ALTER TABLE descriptor ADD COLUMN next_index INTEGER;
    CREATE TABLE script(
        descriptor INTEGER NOT NULL REFERENCES descriptor, number INTEGER NOT NULL, place INTEGER NOT NULL,
        script BLOB NOT NULL, PRIMARY KEY (descriptor, number, place)) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS bdk_descriptor_last_revealed(
        descriptor_id TEXT PRIMARY KEY NOT NULL, last_revealed INTEGER NOT NULL) STRICT;
    ALTER TABLE bdk_descriptor_last_revealed RENAME TO old_last_revealed;
    DROP TABLE IF EXISTS bdk_descriptor_derived_spks;
",
    "
    ALTER TABLE tx_note ADD COLUMN time_smart INTEGER;
",
    "
    CREATE TABLE public_key(
        descriptor INTEGER NOT NULL REFERENCES descriptor, number INTEGER NOT NULL, place INTEGER NOT NULL,
        key BLOB NOT NULL, PRIMARY KEY (descriptor, number, place)) STRICT, WITHOUT ROWID;
",
];

/// Refuses a file that a newer version has written, before anything is changed in it.
///
/// # Errors
///
/// A table is of a version that this program does not know.
pub(super) fn check(connection: &Connection) -> Result<()> {
    let known = newest_versions()?;
    let newer =
        |(name, found): &(String, i64)| known.iter().any(|(other, newest)| other == name && found > newest);
    if versions(connection)?.iter().any(newer) {
        return Err(Error::File(format!(
            "{} was written by a newer version of this program and is left as it is: open it with that version",
            connection.path().unwrap_or("the wallet")
        )));
    }
    Ok(())
}

/// The versions of a file's tables, by the names that BDK notes them under.
fn versions(connection: &Connection) -> rusqlite::Result<Vec<(String, i64)>> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'bdk_schemas'";
    if connection.query_row(sql, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT name, version FROM bdk_schemas")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// The versions of the tables that this program makes.
fn newest_versions() -> Result<Vec<(String, i64)>> {
    let mut new = Connection::open_in_memory()?;
    let tx = new.transaction()?;
    migrate(&tx)?;
    tx.commit()?;
    Ok(versions(&new)?)
}

/// Makes what is missing.
pub(super) fn migrate(tx: &Transaction<'_>) -> Result<()> {
    local_chain::ChangeSet::init_sqlite_tables(tx)?;
    tx_graph::ChangeSet::<ConfirmationBlockTime>::init_sqlite_tables(tx)?;
    Ok(migrate_schema(tx, NAME, SCRIPTS)?)
}

pub(super) fn value(tx: &Transaction<'_>, name: &str) -> Result<Option<i64>> {
    let found = tx.query_row("SELECT value FROM wallet_value WHERE name = ?1", [name], |row| row.get(0));
    Ok(found.optional()?)
}

/// Writes a value, or takes it out.
pub(super) fn put_value(tx: &Transaction<'_>, name: &str, value: Option<i64>) -> Result<()> {
    match value {
        Some(value) => set_value(tx, name, value),
        None => Ok(tx.execute("DELETE FROM wallet_value WHERE name = ?1", [name]).map(drop)?),
    }
}

fn set_value(tx: &Transaction<'_>, name: &str, value: i64) -> Result<()> {
    tx.execute("REPLACE INTO wallet_value(name, value) VALUES (?1, ?2)", params![name, value])?;
    Ok(())
}

/// The bits of Bitcoin Core's `WalletFlags`.
pub(crate) fn flags(tx: &Transaction<'_>) -> Result<u64> {
    Ok(value(tx, "flags")?.unwrap_or_default().cast_unsigned())
}

pub(crate) fn set_flags(tx: &Transaction<'_>, flags: u64) -> Result<()> {
    set_value(tx, "flags", flags.cast_signed())
}

/// The time of the highest block that the wallet knows, in seconds since 1970.
pub(crate) fn tip_time(tx: &Transaction<'_>) -> Result<i64> {
    Ok(value(tx, "tip_time")?.unwrap_or_default())
}

pub(crate) fn set_tip_time(tx: &Transaction<'_>, time: i64) -> Result<()> {
    set_value(tx, "tip_time", time)
}

/// Whether deleted secrets may still be in free parts of the file.
pub(super) fn is_scrub_due(tx: &Transaction<'_>) -> Result<bool> {
    Ok(value(tx, "scrub_due")?.is_some_and(|due| due != 0))
}

pub(crate) fn set_scrub_due(tx: &Transaction<'_>, due: bool) -> Result<()> {
    set_value(tx, "scrub_due", due.into())
}
