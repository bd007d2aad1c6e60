//! The table of descriptors.
//!
//! In: parsed descriptors. Out: the same after the next start.

use bdk_wallet::rusqlite::{Transaction, params};
use bitcoin::bip32::Xpub;
use bitcoin_ipc::types::OutputType;

use super::Store;
use crate::keys::{Descriptor, Public, Unused};
use crate::{Error, Result};

/// A descriptor that has no number yet.
pub(crate) struct NewDescriptor {
    pub(crate) public: Public,
    pub(crate) kind: OutputType,
    pub(crate) internal: bool,
    pub(crate) active: bool,
    pub(crate) birth: i64,
}

const KINDS: [OutputType; 5] = [
    OutputType::Legacy,
    OutputType::P2shSegwit,
    OutputType::Bech32,
    OutputType::Bech32m,
    OutputType::Unknown,
];

impl Store {
    /// All descriptors, by number, and the keys among them that none uses yet.
    pub(crate) fn descriptors(&mut self) -> Result<(Vec<Descriptor>, Vec<Unused>)> {
        let sql = "SELECT id, public, kind, internal, active, birth FROM descriptor ORDER BY id";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map([], |row| {
            let columns = (row.get(0)?, row.get::<_, String>(1)?, row.get::<_, usize>(2)?);
            Ok((columns, row.get(3)?, row.get(4)?, row.get(5)?))
        })?;
        let (mut descriptors, mut unused) = (Vec::new(), Vec::new());
        for row in rows {
            let ((id, public, kind), internal, active, birth) = row?;
            let damaged = || Error::File(format!("descriptor {id} of the wallet is damaged"));
            if let Some(key) = Unused::key(&public) {
                unused.push(Unused { id, xpub: key.parse().map_err(|_| damaged())?, birth });
                continue;
            }
            let public = public.parse().map_err(|_| damaged())?;
            let kind = *KINDS.get(kind).ok_or_else(damaged)?;
            descriptors.push(Descriptor { id, public, kind, internal, active, birth });
        }
        Ok((descriptors, unused))
    }
}

/// Adds a descriptor; an active one takes the place of the one that was active.
pub(crate) fn insert(tx: &Transaction<'_>, new: &NewDescriptor) -> Result<Descriptor> {
    let NewDescriptor { public, kind, internal, active, birth } = new;
    if *active {
        deactivate(tx, *kind, *internal)?;
    }
    let id = tx.query_row(
        "INSERT INTO descriptor(public, kind, internal, active, birth) VALUES (?1, ?2, ?3, ?4, ?5) RETURNING id",
        params![public.to_string(), *kind as i64, internal, active, birth],
        |row| row.get(0),
    )?;
    Ok(Descriptor {
        id,
        public: public.clone(),
        kind: *kind,
        internal: *internal,
        active: *active,
        birth: *birth,
    })
}

/// Adds a key that no descriptor uses yet, as a descriptor without scripts.
pub(crate) fn insert_unused(tx: &Transaction<'_>, xpub: &Xpub, birth: i64) -> Result<Unused> {
    let id = tx.query_row(
        "INSERT INTO descriptor(public, kind, internal, active, birth) VALUES (?1, ?2, 0, 0, ?3) RETURNING id",
        params![Unused::text(xpub), OutputType::Unknown as i64, birth],
        |row| row.get(0),
    )?;
    Ok(Unused { id, xpub: *xpub, birth })
}

/// Changes the use of a descriptor.
pub(crate) fn update(tx: &Transaction<'_>, changed: &Descriptor) -> Result<()> {
    if changed.active {
        deactivate(tx, changed.kind, changed.internal)?;
    }
    tx.execute(
        "UPDATE descriptor SET internal = ?2, active = ?3, birth = ?4 WHERE id = ?1",
        params![changed.id, changed.internal, changed.active, changed.birth],
    )?;
    Ok(())
}

fn deactivate(tx: &Transaction<'_>, kind: OutputType, internal: bool) -> Result<()> {
    tx.execute(
        "UPDATE descriptor SET active = 0 WHERE kind = ?1 AND internal = ?2",
        params![kind as i64, internal],
    )?;
    Ok(())
}
