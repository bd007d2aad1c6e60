//! The transactions of a wallet, as far as they are known.
//!
//! In: pages of entries, the newest ones first. Out: rows, one for each output that counts.

use std::sync::Arc;

use crate::text::words::mark;
use bitcoin::Txid;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Category {
    /// Paid to somebody.
    Send,
    /// Paid by somebody.
    Receive,
    /// Mined.
    Generate,
    /// Mined not long ago.
    Immature,
    /// Mined in a block that is not in the chain.
    Orphan,
}

impl Category {
    /// As Bitcoin Core writes it.
    pub(crate) fn read(text: &str) -> Option<Category> {
        Some(match text {
            "send" => Category::Send,
            "receive" => Category::Receive,
            "generate" => Category::Generate,
            "immature" => Category::Immature,
            "orphan" => Category::Orphan,
            _ => return None,
        })
    }

    /// What happened, in a word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Category::Send => mark!("Sent"),
            Category::Receive => mark!("Received"),
            Category::Generate => mark!("Mined"),
            Category::Immature => mark!("Mined, immature"),
            Category::Orphan => mark!("Mined, not accepted"),
        }
    }
}

/// How far a transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// In a block of this height.
    Confirmed {
        /// The height.
        height: i32,
    },
    /// In no block yet.
    Unconfirmed,
    /// A block has another one that spends the same.
    Conflicted,
    /// Given up.
    Abandoned,
    /// Another one with a higher fee takes its place.
    Replaced,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The transaction.
    pub(crate) txid: Txid,
    /// Its output.
    pub(crate) vout: u32,
    /// What happened.
    pub(crate) category: Category,
    /// How much, in satoshi; negative for what was sent.
    pub(crate) amount: i64,
    /// The fee of what was sent, in satoshi.
    pub(crate) fee: Option<u64>,
    /// The address; empty where there is none.
    pub(crate) address: String,
    /// The label of the address.
    pub(crate) label: String,
    /// When it was made or seen, in seconds since 1970.
    pub(crate) time: i64,
    /// How far it is.
    pub(crate) status: Status,
}

impl Row {
    fn key(&self) -> (Txid, u32, bool) {
        (self.txid, self.vout, self.category == Category::Send)
    }
}

/// How many changed transactions are remembered one by one.
const REMEMBERED: usize = 500;

/// How many entries a page has.
pub(crate) const PAGE: usize = 200;

/// What is known of the transactions.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct History {
    /// The newest ones first.
    pub(crate) rows: Arc<Vec<Arc<Row>>>,
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
        let mut rows: Vec<Arc<Row>> = page.into_iter().map(Arc::new).collect();
        let fresh = rows.len();
        if let Some(place) = behind.filter(|_| !ended && !many) {
            let rest = &self.rows[place + 1..];
            // What has changed and is not in the page is somewhere behind it.
            if !rest.iter().any(|row| changed.contains(&row.txid)) {
                rows.extend_from_slice(rest);
            }
        }
        self.to_the_end = ended || (self.to_the_end && rows.len() > fresh);
        self.rows = Arc::new(rows);
        self.stale = false;
    }

    /// Takes over a page that begins behind `skip` newer entries. One that does not fit is dropped, and the rows are
    /// stale.
    pub(crate) fn older(&mut self, skip: usize, page: Vec<Row>) {
        self.fetched += page.len() as u64;
        // One more than is needed was asked for: it has to be the last row that is known.
        let meets = match (skip < self.rows.len(), page.first()) {
            (true, Some(first)) => self.rows.get(skip).map(|row| row.key()) == Some(first.key()),
            (true, None) => false,
            (false, _) => skip == self.rows.len(),
        };
        if !meets {
            self.stale = true;
            return;
        }
        self.to_the_end = page.len() < PAGE;
        let rows = Arc::make_mut(&mut self.rows);
        rows.truncate(skip);
        rows.extend(page.into_iter().map(Arc::new));
    }

    /// Behind how many entries the next older page begins.
    pub(crate) fn next_skip(&self) -> usize {
        self.rows.len().saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use bitcoin::hashes::Hash;

    use super::*;

    fn row(number: u32) -> Row {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        Row {
            txid: Txid::from_byte_array(bytes),
            vout: 0,
            category: Category::Receive,
            amount: i64::from(number),
            fee: None,
            address: String::new(),
            label: String::new(),
            time: i64::from(number),
            status: Status::Unconfirmed,
        }
    }

    /// Rows with falling numbers, the first one first.
    fn rows(first: u32, count: u32) -> Vec<Row> {
        (0..count).map(|index| row(first - index)).collect()
    }

    fn known(history: &History) -> Vec<Row> {
        history.rows.iter().map(|row| Row::clone(row)).collect()
    }

    #[test]
    fn pages_are_joined() {
        let mut history = History::default();
        history.newest(rows(1_000, 200));
        assert!(!history.to_the_end);
        assert_eq!(history.next_skip(), 199);
        history.older(199, rows(801, 200));
        assert_eq!(known(&history), rows(1_000, 399));
        // Three new ones.
        history.newest(rows(1_003, 200));
        assert_eq!(known(&history), rows(1_003, 402));
        history.older(401, rows(602, 100));
        assert!(history.to_the_end);
        assert_eq!(known(&history), rows(1_003, 501));
        assert_eq!(history.fetched, 200 + 200 + 200 + 100);
    }

    #[test]
    fn a_page_that_does_not_meet_the_rows_is_not_taken() {
        let mut history = History::default();
        history.newest(rows(1_000, 200));
        // Something came meanwhile: all has moved by one.
        history.older(199, rows(802, 200));
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
        history.older(199, rows(801, 200));
        history.change(row(700).txid);
        history.newest(rows(1_000, 200));
        assert_eq!(known(&history), rows(1_000, 200), "the rest is asked for anew");
        history.older(199, rows(801, 50));
        history.change(row(900).txid);
        history.newest(rows(1_000, 200));
        assert_eq!(known(&history), rows(1_000, 249), "the page has what changed");
        assert!(history.to_the_end);
    }
}
