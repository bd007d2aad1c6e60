//! The tables, and the few values that belong to the whole wallet.
//!
//! In: a new or older file. Out: the tables of today beside BDK's.

use bdk_wallet::chain::rusqlite_impl::migrate_schema;
use bdk_wallet::chain::{ConfirmationBlockTime, keychain_txout, local_chain, tx_graph};
use bdk_wallet::rusqlite::{OptionalExtension as _, Transaction, params};

use crate::Result;

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
];

/// Makes what is missing.
pub(super) fn migrate(tx: &Transaction<'_>) -> Result<()> {
    local_chain::ChangeSet::init_sqlite_tables(tx)?;
    tx_graph::ChangeSet::<ConfirmationBlockTime>::init_sqlite_tables(tx)?;
    keychain_txout::ChangeSet::init_sqlite_tables(tx)?;
    Ok(migrate_schema(tx, NAME, SCRIPTS)?)
}

fn value(tx: &Transaction<'_>, name: &str) -> Result<i64> {
    let found = tx.query_row("SELECT value FROM wallet_value WHERE name = ?1", [name], |row| row.get(0));
    Ok(found.optional()?.unwrap_or_default())
}

fn set_value(tx: &Transaction<'_>, name: &str, value: i64) -> Result<()> {
    tx.execute("REPLACE INTO wallet_value(name, value) VALUES (?1, ?2)", params![name, value])?;
    Ok(())
}

/// The bits of Bitcoin Core's `WalletFlags`.
pub(crate) fn flags(tx: &Transaction<'_>) -> Result<u64> {
    Ok(value(tx, "flags")?.cast_unsigned())
}

pub(crate) fn set_flags(tx: &Transaction<'_>, flags: u64) -> Result<()> {
    set_value(tx, "flags", flags.cast_signed())
}

/// The time of the highest block that the wallet knows, in seconds since 1970.
pub(crate) fn tip_time(tx: &Transaction<'_>) -> Result<i64> {
    value(tx, "tip_time")
}

pub(crate) fn set_tip_time(tx: &Transaction<'_>, time: i64) -> Result<()> {
    set_value(tx, "tip_time", time)
}

/// Whether deleted secrets may still be in free parts of the file.
pub(super) fn is_scrub_due(tx: &Transaction<'_>) -> Result<bool> {
    Ok(value(tx, "scrub_due")? != 0)
}

pub(crate) fn set_scrub_due(tx: &Transaction<'_>, due: bool) -> Result<()> {
    set_value(tx, "scrub_due", due.into())
}
