//! The tables of descriptors, of the scripts that are derived of them, and of public keys that take private ones.
//!
//! In: parsed descriptors, scripts. Out: the same after the next start; rows that cannot be read are told
//! apart, and keep nobody from reading the others.

use bdk_wallet::rusqlite::{self, Row, Transaction, params};
use bitcoin::hashes::{Hash as _, sha256};
use bitcoin::{Network, PublicKey, ScriptBuf};
use bitcoin_ipc::types::OutputType;

use bitcoin_rpc::descriptor::PrivateKeys;

use super::Store;
use crate::Result;
use crate::keys::{
    Derived, Deriver, Descriptor, Identity, Public, PublicKeys, Range, SECP, Unused, read_public,
};
use crate::ledger::ScriptChanges;

/// A descriptor that has no number yet.
pub(crate) struct NewDescriptor {
    pub(crate) identity: String,
    pub(crate) deriver: Deriver,
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

/// A row that means nothing to this program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SetAside {
    pub(crate) id: i64,
    /// The descriptor, as far as it can be read.
    pub(crate) text: String,
    pub(crate) reason: String,
}

/// What the table has.
#[derive(Default)]
pub(crate) struct Descriptors {
    /// By number; files of older versions do not say what is derived.
    pub(crate) all: Vec<(Descriptor, Option<Range>)>,
    /// The keys that none of them uses yet.
    pub(crate) unused: Vec<Unused>,
    pub(crate) aside: Vec<SetAside>,
}

impl Store {
    /// All descriptors.
    pub(crate) fn descriptors(&self, network: Network) -> Result<Descriptors> {
        let sql =
            "SELECT id, identity, text, kind, internal, active, birth, range_start, range_end, next_index
                   FROM descriptor ORDER BY id";
        let mut statement = self.connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut found = Descriptors::default();
        while let Some(row) = rows.next()? {
            if let Err(reason) = read(row, network, &mut found) {
                let text = row.get::<_, String>(2).or_else(|_| row.get(1)).unwrap_or_default();
                found.aside.push(SetAside { id: row.get(0)?, text, reason });
            }
        }
        Ok(found)
    }

    /// The scripts that were derived of a descriptor, number by number; none if some are missing.
    pub(crate) fn scripts(&self, id: u32, range: Range, width: usize) -> Result<Option<Derived>> {
        let sql = "SELECT number, place, script FROM script WHERE descriptor = ?1 ORDER BY number, place";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        let mut scripts = Vec::with_capacity(range.len().saturating_mul(width));
        let mut wanted = range.numbers(width).zip((0..width).cycle());
        while let Some(row) = rows.next()? {
            let place = || Ok::<_, rusqlite::Error>((row.get::<_, u32>(0)?, row.get::<_, usize>(1)?));
            match (place().ok(), wanted.next(), row.get(2)) {
                (Some(place), Some(next), Ok(script)) if place == next => {
                    scripts.push(ScriptBuf::from_bytes(script));
                }
                _ => return Ok(None),
            }
        }
        let keys = self.public_keys(id)?;
        Ok(wanted.next().is_none().then_some(Derived { range, scripts, keys }))
    }

    /// The public keys of a descriptor's scripts that were written, but for those of damaged rows.
    fn public_keys(&self, id: u32) -> Result<PublicKeys> {
        let sql = "SELECT number, place, key FROM public_key WHERE descriptor = ?1 ORDER BY number, place";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([id])?;
        let mut keys = PublicKeys::new();
        while let Some(row) = rows.next()? {
            let read =
                || Some((row.get(0).ok()?, row.get::<_, usize>(1).ok()?, row.get::<_, Vec<u8>>(2).ok()?));
            let Some((number, place, key)) = read() else { continue };
            let all = keys.entry(number).or_default();
            if let Ok(key) = PublicKey::from_slice(&key)
                && all.len() == place
            {
                all.push(key);
            }
        }
        Ok(keys)
    }

    /// The number of the next new script of a descriptor in a file of an older version, which knew it by
    /// the hash of its first script.
    pub(crate) fn old_next_index(&self, first: &ScriptBuf) -> Result<u32> {
        let id = sha256::Hash::hash(first.as_bytes()).to_string();
        let sql = "SELECT last_revealed FROM old_last_revealed WHERE descriptor_id = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut found = statement.query_map([id], |row| row.get::<_, u32>(0))?;
        Ok(found.next().transpose()?.map_or(0, |last| last.saturating_add(1)))
    }
}

/// Reads a row; the error says what is wrong with it.
fn read(row: &Row<'_>, network: Network, found: &mut Descriptors) -> Result<(), String> {
    let damaged = |_: rusqlite::Error| "its row is damaged".to_owned();
    let id = row.get::<_, u32>(0).map_err(damaged)?;
    let identity = row.get::<_, String>(1).map_err(damaged)?;
    let text = row.get::<_, Option<String>>(2).map_err(damaged)?;
    let public = read_public(text.as_deref().unwrap_or(&identity), network);
    let mut public = public.map_err(|error| error.to_string())?;
    let birth = row.get(6).map_err(damaged)?;
    if public.is_unused() {
        found.unused.push(Unused { id, public, birth });
        return Ok(());
    }
    let kind = row.get::<_, i64>(3).map_err(damaged)?;
    let kind = usize::try_from(kind).ok().and_then(|kind| KINDS.get(kind)).copied();
    let kind = kind.ok_or("a newer version gave it a kind of addresses that this one does not know")?;
    let (internal, active) = (row.get(4).map_err(damaged)?, row.get(5).map_err(damaged)?);
    let identity = match text {
        Some(_) => Identity::Given(identity),
        None => {
            // Older versions wrote other marks of hardened steps than Bitcoin Core shows.
            let normal = public.to_normalized_text(&PrivateKeys::default(), &SECP);
            let normal = normal.and_then(|text| read_public(&text, network).ok());
            public = normal.unwrap_or(public);
            Identity::Derived(public.to_compat_text())
        }
    };
    let deriver = Deriver::new(public);
    let ends = || Ok::<_, rusqlite::Error>((row.get(7)?, row.get(8)?, row.get(9)?));
    let range = match ends().map_err(damaged)? {
        (Some(start), Some(end), Some(next)) if start <= next && next <= end => {
            Some(Range { start, end, next })
        }
        _ => None,
    };
    found.all.push((Descriptor { id, identity, deriver, kind, internal, active, birth }, range));
    Ok(())
}

/// Adds a descriptor and its scripts; an active one takes the place of the one that was active.
pub(crate) fn insert(tx: &Transaction<'_>, new: &NewDescriptor, derived: &Derived) -> Result<Descriptor> {
    let NewDescriptor { identity, deriver, kind, internal, active, birth } = new;
    if *active {
        deactivate(tx, *kind, *internal)?;
    }
    let text = deriver.public().to_public_text();
    let id = tx.query_row(
        "INSERT INTO descriptor(identity, text, kind, internal, active, birth) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         RETURNING id",
        params![identity, text, *kind as i64, internal, active, birth],
        |row| row.get(0),
    )?;
    put_derived(tx, id, derived)?;
    Ok(Descriptor {
        id,
        identity: Identity::Given(identity.clone()),
        deriver: deriver.clone(),
        kind: *kind,
        internal: *internal,
        active: *active,
        birth: *birth,
    })
}

/// Adds a key that no descriptor uses yet, as a descriptor without scripts.
pub(crate) fn insert_unused(tx: &Transaction<'_>, public: &Public, birth: i64) -> Result<Unused> {
    let id = tx.query_row(
        "INSERT INTO descriptor(identity, text, kind, internal, active, birth) VALUES (?1, ?2, ?3, 0, 0, ?4)
         RETURNING id",
        params![public.to_compat_text(), public.to_public_text(), OutputType::Unknown as i64, birth],
        |row| row.get(0),
    )?;
    Ok(Unused { id, public: public.clone(), birth })
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

/// Writes what is derived of a descriptor, in place of what was.
pub(crate) fn put_derived(tx: &Transaction<'_>, id: u32, derived: &Derived) -> Result<()> {
    tx.execute("DELETE FROM script WHERE descriptor = ?1", [id])?;
    tx.execute("DELETE FROM public_key WHERE descriptor = ?1", [id])?;
    put_range(tx, id, derived.range)?;
    let width = derived.width();
    let places = derived.range.numbers(width).zip((0_u32..).take(width).cycle());
    for ((number, place), script) in places.zip(&derived.scripts) {
        put_script(tx, (id, number, place), script)?;
    }
    put_public_keys(tx, id, &derived.keys)
}

/// Writes public keys of a descriptor's scripts.
pub(crate) fn put_public_keys(tx: &Transaction<'_>, id: u32, keys: &PublicKeys) -> Result<()> {
    keys.iter().try_for_each(|(number, keys)| put_keys(tx, id, *number, keys))
}

/// Writes what changed in the index of scripts.
pub(crate) fn put_scripts(tx: &Transaction<'_>, changes: &ScriptChanges) -> Result<()> {
    for (id, range) in &changes.ranges {
        put_range(tx, *id, *range)?;
    }
    for ((id, number, place), script) in &changes.scripts {
        put_script(tx, (*id, *number, *place), script)?;
    }
    changes.keys.iter().try_for_each(|((id, number), keys)| put_keys(tx, *id, *number, keys))
}

fn put_range(tx: &Transaction<'_>, id: u32, range: Range) -> Result<()> {
    let sql = "UPDATE descriptor SET range_start = ?2, range_end = ?3, next_index = ?4 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![id, range.start, range.end, range.next])?;
    Ok(())
}

fn put_script(tx: &Transaction<'_>, at: (u32, u32, u32), script: &ScriptBuf) -> Result<()> {
    let sql = "REPLACE INTO script(descriptor, number, place, script) VALUES (?1, ?2, ?3, ?4)";
    tx.prepare_cached(sql)?.execute(params![at.0, at.1, at.2, script.as_bytes()])?;
    Ok(())
}

fn put_keys(tx: &Transaction<'_>, id: u32, number: u32, keys: &[PublicKey]) -> Result<()> {
    let sql = "REPLACE INTO public_key(descriptor, number, place, key) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = tx.prepare_cached(sql)?;
    for (place, key) in (0_u32..).zip(keys) {
        statement.execute(params![id, number, place, key.to_bytes()])?;
    }
    Ok(())
}
