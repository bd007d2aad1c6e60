//! The file of a wallet: an SQLite database with BDK's tables and our own beside them.
//!
//! In: changes, in transactions. Out: what was acknowledged, also after a crash at any moment.

pub(crate) mod book;
pub(crate) mod coins;
pub(crate) mod descriptors;
mod files;
mod ledger;
mod owed;
mod schema;
pub(crate) mod secrets;
pub(crate) mod transactions;

use std::path::{Path, PathBuf};

use bdk_wallet::rusqlite::config::DbConfig;
use bdk_wallet::rusqlite::{self, Connection, ErrorCode, OpenFlags, Transaction};

pub(crate) use book::BookEntry;
pub(crate) use descriptors::{Descriptors, NewDescriptor, SetAside};
pub(crate) use files::{copy, is_database, put_in_place, remove_database, sync_folder};
pub(crate) use owed::Owed;
pub(crate) use schema::{flags, set_flags, set_scrub_due, set_tip_time, tip_time};
pub(crate) use secrets::Stored;
pub(crate) use transactions::TxMetadata;

use crate::{Error, Result};

/// The name of the file, in the folder that has the name of the wallet.
pub(crate) const FILE: &str = bitcoin_init::origin::WALLET_FILE;

/// An open file. Nobody else can open it until it is dropped.
pub(crate) struct Store {
    connection: Connection,
    path: PathBuf,
}

/// Whether the file has to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    /// It has to.
    Existing,
    /// It must not.
    New,
}

impl Store {
    /// Opens a file, and makes its tables in a new one.
    ///
    /// # Errors
    ///
    /// It is in use, is missing or is no wallet; the text names it.
    pub(crate) fn open(path: &Path, opening: Opening) -> Result<Store> {
        let there = path.exists();
        match opening {
            Opening::Existing if !there => {
                return Err(Error::NotFound(format!("there is no wallet at {}", path.display())));
            }
            Opening::New if there => {
                return Err(Error::AlreadyThere(format!("there is a wallet at {}", path.display())));
            }
            Opening::New => files::make(path)?,
            Opening::Existing => files::restrict(path)?,
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|error| unusable(path, error))?;
        let mut store = Store { connection, path: path.to_owned() };
        store.prepare().and_then(|()| store.write(schema::migrate)).map_err(|error| match error {
            Error::Database(error) => unusable(path, error),
            other => other,
        })?;
        if store.is_scrub_due()? {
            store.scrub()?;
        }
        Ok(store)
    }

    fn prepare(&mut self) -> Result<()> {
        self.connection.busy_timeout(std::time::Duration::ZERO)?;
        // The lock has to be exclusive before the first use of the log; the file is then nobody else's.
        self.connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
        // A file that is refused stays as it is, with its log.
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        schema::check(&self.connection)?;
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        self.connection.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA secure_delete = ON;
             PRAGMA temp_store = MEMORY;
             BEGIN EXCLUSIVE; COMMIT;",
        )?;
        Ok(())
    }

    /// Where the file is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs changes as one: when this returns, all of them are on disk, or none.
    pub(crate) fn write<T>(&mut self, change: impl FnOnce(&Transaction<'_>) -> Result<T>) -> Result<T> {
        let transaction = self.connection.transaction()?;
        let done = change(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Copies the wallet to a file, which is replaced if it is there.
    pub(crate) fn copy_to(&self, target: &Path) -> Result<()> {
        let same = || Some(target.canonicalize().ok()? == self.path.canonicalize().ok()?);
        if same() == Some(true) {
            return Err(Error::Refused(format!("{} is the wallet itself", target.display())));
        }
        let mut part = target.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let text =
            part.to_str().ok_or_else(|| Error::Invalid("the name of a backup has to be UTF-8".into()))?;
        remove_database(&part)?;
        // SQLite fills an empty file, and keeps its mode.
        files::make(&part)?;
        self.connection.execute("VACUUM INTO ?1", [text])?;
        put_in_place(&part, target)
    }

    /// Writes the whole file anew, so that nothing of what was deleted is left in it or in its log.
    pub(crate) fn scrub(&mut self) -> Result<()> {
        self.connection.execute_batch("VACUUM")?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        self.write(|tx| schema::set_scrub_due(tx, false))?;
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    fn is_scrub_due(&mut self) -> Result<bool> {
        self.write(schema::is_scrub_due)
    }
}

fn unusable(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.display();
    Error::File(match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("the wallet {path} is in use, by this or another process")
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            format!("{path} is damaged or no wallet of this program")
        }
        _ => format!("the wallet {path} cannot be opened: {error}"),
    })
}
