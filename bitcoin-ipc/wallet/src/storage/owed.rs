//! Values that say what of the chain is still to be searched.
//!
//! In: where a search has to begin. Out: the same after the next start, until the search has come to its end.

use bdk_wallet::rusqlite::Transaction;

use super::schema::{put_value, value};
use crate::Result;

/// What of the chain is still to be searched, up to the wallet's highest block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owed {
    /// For descriptors that were imported, blocks since this time, in seconds since 1970.
    pub(crate) since: Option<i64>,
    /// Blocks from this height on.
    pub(crate) from: Option<u32>,
    /// Blocks from this height on, for scripts that were derived when it was taken in.
    pub(crate) derived: Option<u32>,
}

impl Owed {
    pub(super) fn get(tx: &Transaction<'_>) -> Result<Self> {
        let height = |name| Ok::<_, crate::Error>(value(tx, name)?.and_then(|height| height.try_into().ok()));
        Ok(Owed {
            since: value(tx, "owed_since")?,
            from: height("owed_from")?,
            derived: height("owed_derived")?,
        })
    }

    pub(crate) fn put(self, tx: &Transaction<'_>) -> Result<()> {
        put_value(tx, "owed_since", self.since)?;
        put_value(tx, "owed_from", self.from.map(i64::from))?;
        put_value(tx, "owed_derived", self.derived.map(i64::from))
    }

    /// Blocks from a height on as well.
    pub(crate) fn and_from(self, height: u32) -> Self {
        Owed { from: Some(self.from.map_or(height, |from| from.min(height))), ..self }
    }

    /// Blocks since a time as well.
    pub(crate) fn and_since(self, time: i64) -> Self {
        Owed { since: Some(self.since.map_or(time, |since| since.min(time))), ..self }
    }

    /// Blocks from a height on, for derived scripts, as well.
    pub(crate) fn and_derived(self, height: u32) -> Self {
        Owed { derived: Some(self.derived.map_or(height, |derived| derived.min(height))), ..self }
    }

    /// In words for the user; none if nothing is owed.
    pub(crate) fn warning(self) -> Option<String> {
        let blocks = match (self.from.or(self.derived), self.since) {
            (Some(height), _) => format!("from {height} on"),
            (None, Some(time)) => format!("since the time {time}"),
            (None, None) => return None,
        };
        Some(format!(
            "A search of the chain was aborted or interrupted: the blocks {blocks} are still to be searched, and coins of the wallet may be missing. It goes on when the wallet is loaded again, or with rescanblockchain."
        ))
    }
}

impl super::Store {
    /// What of the chain is still to be searched.
    pub(crate) fn owed(&mut self) -> Result<Owed> {
        self.write(Owed::get)
    }
}
