//! The transactions of a wallet, as far as they are known.
//!
//! In: pages of entries, the newest ones first. Out: rows, one for each output that counts.

use std::collections::HashSet;

use bitcoin::Txid;

use super::row::Row;
use super::rows::Rows;

/// How many changed transactions are remembered one by one.
const REMEMBERED: usize = 500;

/// How many entries a page has.
pub(crate) const PAGE: usize = 200;

/// How many entries are asked for at once on a long way: of a search, or to the oldest ones.
pub(crate) const FAR: usize = 5_000;

/// What is known of the transactions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    /// The newest ones first.
    pub(crate) rows: Rows,
    /// Whether there are no older ones.
    pub(crate) to_the_end: bool,
    /// Whether there may be newer ones, or some may have changed.
    pub(crate) stale: bool,
    /// Transactions that changed since the newest page was asked for.
    changed: Vec<Txid>,
    /// Whether more changed than are remembered.
    many_changed: bool,
    /// How many entries were taken over altogether.
    pub(crate) fetched: u64,
}

impl History {
    /// A transaction has changed.
    pub(crate) fn change(&mut self, txid: Txid) {
        self.stale = true;
        if self.changed.len() < REMEMBERED {
            self.changed.push(txid);
        } else {
            self.many_changed = true;
        }
    }

    /// Takes over the newest page. What follows it in the old rows stays if the two meet, and if nothing behind the
    /// page has changed.
    pub(crate) fn newest(&mut self, page: Vec<Row>) {
        self.fetched += page.len() as u64;
        let ended = page.len() < PAGE;
        let changed = std::mem::take(&mut self.changed);
        let many = std::mem::take(&mut self.many_changed);
        let behind = page.last().and_then(|last| self.rows.iter().position(|row| row.key() == last.key()));
        let mut rows = Rows::default();
        rows.add(page);
        let fresh = rows.len();
        if let Some(place) = behind.filter(|_| !ended && !many) {
            let changed: HashSet<Txid> = changed.into_iter().collect();
            let mut rest = self.rows.range(place + 1..self.rows.len());
            // What has changed and is not in the page is somewhere behind it.
            if changed.is_empty() || !rest.any(|row| changed.contains(&row.txid)) {
                rows.add_rest(&self.rows, place + 1);
            }
        }
        self.to_the_end = ended || (self.to_the_end && rows.len() > fresh);
        self.rows = rows;
        self.stale = false;
    }

    /// Takes over a page of `asked` entries that begins behind `skip` newer ones. One that does not fit is dropped, and
    /// the rows are stale.
    pub(crate) fn older(&mut self, skip: usize, asked: usize, mut page: Vec<Row>) {
        self.fetched += page.len() as u64;
        // One more than is needed was asked for: it has to be the last row that is known.
        let known = self.rows.get(skip);
        let meets = match (known, page.first()) {
            (Some(known), Some(first)) => known.key() == first.key(),
            (Some(_), None) => false,
            (None, _) => skip == self.rows.len(),
        };
        if !meets {
            self.stale = true;
            return;
        }
        self.to_the_end = page.len() < asked;
        if skip + 1 == self.rows.len() && known == page.first() {
            // The last page stays as it is, and with it what is known of it.
            page.remove(0);
        } else {
            self.rows.truncate(skip);
        }
        self.rows.add(page);
    }

    /// Behind how many entries the next older page begins.
    pub(crate) fn next_skip(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::row::tests::{row, rows};

    fn known(history: &History) -> Vec<Row> {
        history.rows.iter().cloned().collect()
    }

    #[test]
    fn pages_are_joined() {
        let mut history = History::default();
        history.newest(rows(1_000, 200));
        assert!(!history.to_the_end);
        assert_eq!(history.next_skip(), 199);
        history.older(199, 200, rows(801, 200));
        assert_eq!(known(&history), rows(1_000, 399));
        // Three new ones.
        history.newest(rows(1_003, 200));
        assert_eq!(known(&history), rows(1_003, 402));
        history.older(401, 200, rows(602, 100));
        assert!(history.to_the_end);
        assert_eq!(known(&history), rows(1_003, 501));
        assert_eq!(history.fetched, 200 + 200 + 200 + 100);
    }

    #[test]
    fn a_page_that_does_not_meet_the_rows_is_not_taken() {
        let mut history = History::default();
        history.newest(rows(1_000, 200));
        // Something came meanwhile: all has moved by one.
        history.older(199, 200, rows(802, 200));
        assert_eq!(known(&history), rows(1_000, 200));
        assert!(history.stale);
        // More than a page came.
        history.newest(rows(1_300, 200));
        assert_eq!(known(&history), rows(1_300, 200));
        assert!(!history.to_the_end && !history.stale);
    }

    #[test]
    fn what_changed_far_behind_is_not_kept() {
        let mut history = History::default();
        history.newest(rows(1_000, 200));
        history.older(199, 200, rows(801, 200));
        history.change(row(700).txid);
        history.newest(rows(1_000, 200));
        assert_eq!(known(&history), rows(1_000, 200), "the rest is asked for anew");
        history.older(199, 200, rows(801, 50));
        history.change(row(900).txid);
        history.newest(rows(1_000, 200));
        assert_eq!(known(&history), rows(1_000, 249), "the page has what changed");
        assert!(history.to_the_end);
    }
}
