//! What a search finds in the history.
//!
//! In: a text, and all rows that are known. Out: the places of those that fit. Of many rows a few are looked at in each
//! frame, so that no frame waits for the end of it.

use crate::model::row::Row;
use crate::model::rows::Rows;
use crate::text::amount;

/// So many rows are looked at in one frame.
pub(crate) const SLICE: usize = 2_000;

/// What a search has found so far.
#[derive(Default)]
pub(crate) struct Found {
    text: String,
    rows: Rows,
    searched: usize,
    places: Vec<usize>,
}

impl Found {
    /// Goes on where it was, if the text is the same and what was searched has not changed.
    pub(super) fn search(&mut self, text: &str, rows: &Rows) {
        let wanted = text.to_lowercase();
        if self.text != wanted || !self.rows.begin(rows) {
            *self = Found { text: wanted, ..Found::default() };
        }
        self.rows = rows.clone();
        let places = self.searched..self.rows.len().min(self.searched + SLICE);
        // An amount has digits, and the id of a transaction nothing but those of hexadecimal numbers.
        let digits = self.text.bytes().any(|byte| byte.is_ascii_digit());
        let hex = self.text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let fits = |row: &Row| {
            row.label.to_lowercase().contains(&self.text)
                || row.address.to_lowercase().contains(&self.text)
                || hex && row.txid.to_string().contains(&self.text)
                || digits && amount::digits(row.amount.unsigned_abs(), amount::Unit::Btc).contains(&self.text)
        };
        let found = places.clone().zip(self.rows.range(places.clone())).filter(|(_, row)| fits(row));
        let found: Vec<usize> = found.map(|(place, _)| place).collect();
        self.places.extend(found);
        self.searched = places.end;
    }

    /// Whether all rows that are known were looked at.
    pub(super) fn is_whole(&self) -> bool {
        self.searched == self.rows.len()
    }

    /// How many rows were looked at.
    pub(crate) fn searched(&self) -> usize {
        self.searched
    }

    /// The places of those that fit.
    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }
}
