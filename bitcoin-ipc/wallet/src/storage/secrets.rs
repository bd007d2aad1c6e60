//! The tables of secrets.
//!
//! In: private descriptors, sealed or not. Out: the same, one at a time, and their extended public keys.

use std::collections::BTreeMap;

use bdk_wallet::rusqlite::{OptionalExtension as _, Row, Transaction, params};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::Store;
use crate::keys::{Cost, HdKey, Sealed, WrappedKey};
use crate::{Error, Result};

/// A private descriptor as it is stored.
pub(crate) enum Stored {
    /// In the clear.
    Open(Zeroizing<Vec<u8>>),
    /// Encrypted.
    Sealed(Sealed),
}

impl Store {
    /// The private descriptors, with the numbers of the descriptors.
    pub(crate) fn secrets(&self) -> Result<Vec<(u32, Stored)>> {
        let mut statement = self.connection.prepare("SELECT descriptor, nonce, data FROM secret")?;
        let rows = statement.query_map([], |row| {
            let data: Vec<u8> = row.get(2)?;
            let stored = match row.get::<_, Option<Vec<u8>>>(1)? {
                Some(nonce) => Stored::Sealed(Sealed { nonce, data }),
                None => Stored::Open(Zeroizing::new(data)),
            };
            Ok((row.get(0)?, stored))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The texts of those private descriptors that are not encrypted.
    pub(crate) fn open_secrets(&self) -> Result<BTreeMap<u32, Zeroizing<String>>> {
        let open = self.secrets()?.into_iter().filter_map(|(id, stored)| match stored {
            Stored::Open(bytes) => Some((id, Zeroizing::new(std::str::from_utf8(&bytes).ok()?.to_owned()))),
            Stored::Sealed(_) => None,
        });
        Ok(open.collect())
    }

    /// The descriptors that have private keys.
    pub(crate) fn with_secrets(&self) -> Result<Vec<u32>> {
        let mut statement = self.connection.prepare("SELECT descriptor FROM secret ORDER BY descriptor")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The extended public keys of the private descriptors; `None` where an older version did not note them.
    pub(crate) fn hd_keys(&self) -> Result<Vec<(u32, Option<Vec<HdKey>>)>> {
        let mut statement = self.connection.prepare("SELECT descriptor, hd_keys FROM secret")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?)))?;
        rows.map(|row| {
            let (id, text) = row?;
            let damaged = || Error::File(format!("the keys of descriptor {id} are damaged"));
            let keys = text.map(|text| hd_keys_of(&text).ok_or_else(damaged)).transpose()?;
            Ok((id, keys))
        })
        .collect()
    }

    /// The sealed data key; `None` in a wallet that is not encrypted.
    pub(crate) fn wrapped_key(&self) -> Result<Option<WrappedKey>> {
        let sql = "SELECT salt, memory_kib, passes, lanes, nonce, data FROM data_key";
        let read = |row: &Row<'_>| {
            let cost = Cost { memory_kib: row.get(1)?, passes: row.get(2)?, lanes: row.get(3)? };
            let sealed = Sealed { nonce: row.get(4)?, data: row.get(5)? };
            Ok(WrappedKey { salt: row.get(0)?, cost, sealed })
        };
        Ok(self.connection.query_row(sql, [], read).optional()?)
    }
}

/// Writes a private descriptor in the clear.
pub(crate) fn put_open(tx: &Transaction<'_>, descriptor: u32, text: &str) -> Result<()> {
    put(tx, descriptor, None, text.as_bytes())
}

/// Writes an encrypted private descriptor.
pub(crate) fn put_sealed(tx: &Transaction<'_>, descriptor: u32, sealed: &Sealed) -> Result<()> {
    put(tx, descriptor, Some(&sealed.nonce), &sealed.data)
}

fn put(tx: &Transaction<'_>, descriptor: u32, nonce: Option<&[u8]>, data: &[u8]) -> Result<()> {
    tx.execute(
        "INSERT INTO secret(descriptor, nonce, data) VALUES (?1, ?2, ?3)
         ON CONFLICT(descriptor) DO UPDATE SET nonce = ?2, data = ?3",
        params![descriptor, nonce, data],
    )?;
    Ok(())
}

/// Notes the extended public keys of a private descriptor, which are shown also while the wallet is locked.
pub(crate) fn put_hd_keys(tx: &Transaction<'_>, descriptor: u32, keys: &[HdKey]) -> Result<()> {
    let keys = keys.iter().map(|key| json!([key.xpub.to_string(), key.private]));
    let text = Value::Array(keys.collect()).to_string();
    tx.execute("UPDATE secret SET hd_keys = ?2 WHERE descriptor = ?1", params![descriptor, text])?;
    Ok(())
}

fn hd_keys_of(text: &str) -> Option<Vec<HdKey>> {
    let keys: Vec<(String, bool)> = serde_json::from_str(text).ok()?;
    keys.into_iter().map(|(xpub, private)| Some(HdKey { xpub: xpub.parse().ok()?, private })).collect()
}

/// Writes the sealed data key.
pub(crate) fn put_wrapped_key(tx: &Transaction<'_>, key: &WrappedKey) -> Result<()> {
    let WrappedKey { salt, cost, sealed } = key;
    tx.execute(
        "REPLACE INTO data_key(id, salt, memory_kib, passes, lanes, nonce, data)
         VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6)",
        params![salt, cost.memory_kib, cost.passes, cost.lanes, sealed.nonce, sealed.data],
    )?;
    Ok(())
}
