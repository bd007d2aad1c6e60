//! Changes of the set of coins, gathered before they are written.
//!
//! In: coins that come and go, block by block. Out: the least changes that come to the same, in the
//! order of their keys, and the new [`Totals`].
//!
//! Most coins of a long stretch of blocks are spent within it: these never reach the database.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bitcoin::{OutPoint, Script};
use bitcoin_ipc::types::Coin;
use redb::{ReadableTable, Table};

use super::error::{Error, Result};
use super::tables::{CoinKey, coin_key, outpoint};
use super::totals::Totals;

/// Bytes above which no script can be run: Bitcoin Core's `MAX_SCRIPT_SIZE`.
const MAX_SCRIPT_SIZE: usize = 10_000;

/// Whether an output is never kept as a coin: Bitcoin Core's `CScript::IsUnspendable`.
pub(crate) fn is_unspendable(script: &Script) -> bool {
    script.is_op_return() || script.len() > MAX_SCRIPT_SIZE
}

/// One coin's bytes in the database and after the changes; `None` for spent, or not there yet.
struct Change {
    before: Option<Vec<u8>>,
    now: Option<Vec<u8>>,
}

/// Changes that are not written yet.
pub(super) struct Changes {
    coins: BTreeMap<CoinKey, Change>,
    pub(super) totals: Totals,
}

fn unusable(key: &CoinKey, what: &str) -> Error {
    Error::Unusable(format!("coin {} {what}", outpoint(key)))
}

impl Changes {
    pub(super) fn new(totals: Totals) -> Self {
        Changes { coins: BTreeMap::new(), totals }
    }

    /// How many coins are changed.
    pub(super) fn len(&self) -> usize {
        self.coins.len()
    }

    /// Adds a coin. It replaces one of its name only where two coinbases were the same, which
    /// BIP 30 forbids but for two blocks of the main chain.
    pub(super) fn add(
        &mut self,
        place: &OutPoint,
        coin: &Coin,
        table: &Table<'_, CoinKey, &'static [u8]>,
    ) -> Result<()> {
        let key = coin_key(place);
        let change = match self.coins.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let before =
                    if coin.coinbase { table.get(key)?.map(|row| row.value().to_vec()) } else { None };
                entry.insert(Change { now: before.clone(), before })
            }
        };
        if let Some(replaced) = change.now.replace(coin.to_bytes()) {
            let replaced = Coin::from_bytes(&replaced).ok().filter(|replaced| replaced.coinbase);
            let replaced = replaced.ok_or_else(|| unusable(&key, "is there twice"))?;
            self.totals =
                self.totals.without(&replaced).ok_or_else(|| unusable(&key, "was never counted"))?;
        }
        self.totals = self.totals.with(coin).ok_or_else(|| unusable(&key, "is too much"))?;
        Ok(())
    }

    /// Takes a coin away.
    pub(super) fn remove(&mut self, place: &OutPoint, coin: &Coin) -> Result<()> {
        let key = coin_key(place);
        let bytes = coin.to_bytes();
        match self.coins.entry(key) {
            Entry::Vacant(entry) => {
                // Whether the database has it is seen when the change is written.
                entry.insert(Change { before: Some(bytes), now: None });
            }
            Entry::Occupied(mut entry) if entry.get().now.as_ref() == Some(&bytes) => {
                entry.get_mut().now = None;
            }
            Entry::Occupied(_) => return Err(unusable(&key, "is not there")),
        }
        self.totals = self.totals.without(coin).ok_or_else(|| unusable(&key, "was never counted"))?;
        Ok(())
    }

    /// Writes what has changed, and makes sure that the database held what it should.
    pub(super) fn write(self, table: &mut Table<'_, CoinKey, &'static [u8]>) -> Result<()> {
        for (key, Change { before, now }) in self.coins {
            if before == now {
                continue;
            }
            let held = match &now {
                Some(bytes) => table.insert(key, bytes.as_slice())?,
                None => table.remove(key)?,
            };
            if held.as_ref().map(|row| row.value()) != before.as_deref() {
                return Err(unusable(&key, "is not as it was written"));
            }
        }
        Ok(())
    }
}
